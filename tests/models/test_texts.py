"""Names: every language's, but none that hides what it is."""

import pytest

from shared.errors import BadTagName
from shared.models.texts import NAME_LENGTH, checked_name


@pytest.mark.parametrize(
    "name",
    [
        "apple",
        "گل\u200cها",
        "क्\u200dष",
        "👨\u200d👩\u200d👧",
        "a\u00a0b",
        "x" * NAME_LENGTH,
        "\U0001fae8",
        "\U0001fabf goose",
        "\U0001fae9",
        "\U0001f6d8",
        "\u0378",
        "\U00040000",
        "\ue000",
        "\ufffd",
        "a\u200b",
        "\u0301",
        "❤\ufe0f",
        "\U0001f3f4\U000e0067\U000e0062\U000e007f",
    ],
)
def test_names_that_people_write_are_taken(name):
    assert checked_name(name, "A tag's", BadTagName) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "  ",
        "a\nb",
        "a\x00",
        "a\x7f",
        "\ud800",
        "a\u202eb",
        "a\u2066b",
        "a\u2028b",
        "\uffff",
        "x" * 129,
        "\ufdd0",
        "\U0001fffe",
        "a\udce9",
        "\x85",
        "\u200b",
        "\u200d\u200c",
        "\ufeff",
        "\u00ad",
        "\u3164",
        "\ufe0f",
        "\u2800",
        "\u00a0",
        "\U000e0061",
        "\u2060 \u180e",
    ],
)
def test_names_that_hide_something_are_refused(name):
    with pytest.raises(BadTagName):
        checked_name(name, "A tag's", BadTagName)
