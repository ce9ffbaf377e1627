"""Names: every language's, but none that hides what it is."""

import pytest

from shared.errors import BadTagName
from shared.operations.workspace.texts import NAME_LENGTH, checked_name


@pytest.mark.parametrize(
    "name", ["apple", "گل\u200cها", "क्\u200dष", "👨\u200d👩\u200d👧", "a\u00a0b", "x" * NAME_LENGTH]
)
def test_names_that_people_write_are_taken(name):
    assert checked_name(name, "A tag's", BadTagName) == name


@pytest.mark.parametrize(
    "name", ["", "  ", "a\nb", "a\x00", "a\x7f", "\ud800", "a\u202eb", "a\u2066b", "a\u2028b", "\uffff", "x" * 129]
)
def test_names_that_hide_something_are_refused(name):
    with pytest.raises(BadTagName):
        checked_name(name, "A tag's", BadTagName)
