"""JSON that is none to a strict reader: read as Custom Vision's parser reads it, and never otherwise than JSON is."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.edge.body import lenient
from functions.edge.body.values import read_json, read_value
from shared.errors import BadRequest
from shared.models.serving.predictions import PredictionQueryToken
from shared.models.workspace.images import ImageUrl, ImageUrlCreateBatch, ImageUrlCreateEntry
from shared.models.workspace.projects import ProjectUpdate
from shared.models.workspace.tags import TagUpdate

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner),
)  # fmt: skip
NEAR_JSON = st.text(st.sampled_from("{}[]:,'\"\\ \n\tabuntrel0189.-+eED$_é\ud800\udce9/"), max_size=60)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{'url' : 'https://a/b?c=1'}", {"url": "https://a/b?c=1"}),
        ("{url: 'a'}", {"url": "a"}),
        ('{"url": "a",}', {"url": "a"}),
        ("[1, 2 , \n]", [1, 2]),
        (r"""{'a': 'it\'s "so"', "b": "it's", 'c': '\u0041\n\\'}""", {"a": 'it\'s "so"', "b": "it's", "c": "A\n\\"}),
        ("{$a_1: [true, false, null], é: -1.5e3}", {"$a_1": [True, False, None], "é": -1500.0}),
        ('{"a": "line\nbreak\t"}', {"a": "line\nbreak\t"}),
        ("{'true': true, null: null}", {"true": True, "null": None}),
        ("{'a': '}{][,:'}", {"a": "}{][,:"}),
    ],
)
def test_what_clients_send_is_read(text, value):
    assert read_value(text.encode()) == value


@pytest.mark.parametrize(
    "text",
    [
        "{a:1,,}",
        "{'a':1",
        "{'a' 1}",
        "{a}",
        "[tru]",
        "'",
        '"',
        "{'a':'\\x'}",
        "a:1",
        "[1 2]",
        "{1:2}",
        "/**/1",
        "{'a': NaN}",
        "[-Infinity]",
        "{a: 1e400}",
    ],
)
def test_what_is_no_json_is_refused_as_the_strict_reader_does(text):
    with pytest.raises(BadRequest, match="not valid JSON"):
        read_value(text.encode())


def test_numbers_that_are_none_cost_one_entry_of_a_batch():
    assert read_value(b"[NaN, -Infinity, 1e400, 1]", mend=True) == ["NaN", "-Infinity", "1e400", 1]


def test_a_large_text_beyond_ascii_is_read_strictly_alone(monkeypatch):
    monkeypatch.setattr(lenient, "BEYOND_ASCII", 10)
    assert read_value(b"{'a': 'bcdefgh'}") == {"a": "bcdefgh"}
    assert read_value('{"a": "bcdefgé"}'.encode()) == {"a": "bcdefgé"}
    with pytest.raises(BadRequest, match="not valid JSON"):
        read_value("{'a': 'bcdefgé'}".encode())


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_json_means_what_it_means(value):
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=1)):
        assert lenient.decode(text.encode(), mend=True) == value


@settings(max_examples=500, deadline=None)
@given(NEAR_JSON, st.booleans())
def test_nothing_but_unreadable_comes_of_any_text(text, mend):
    try:
        value = lenient.decode(text.encode("utf-8", "surrogatepass"), mend)
    except lenient.Unreadable:
        return
    json.dumps(value, ensure_ascii=False).encode()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80))
def test_nothing_but_unreadable_comes_of_any_bytes(data):
    try:
        lenient.decode(b"{'a': '" + data + b"'}", mend=True)
    except lenient.Unreadable:
        return


@pytest.mark.parametrize(
    "text", ['""' * 400_000, "a " * 400_000, "{'a':'" + r"\'" * 800_000 + "'}", "[" * 9_000, '"' + r"\udc80" * 9 + "x"]
)
def test_too_many_tokens_and_too_deep_ones_are_unreadable(text):
    with pytest.raises(lenient.Unreadable):
        lenient.decode(text.encode(), mend=True)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        (rb"caf\udce9.jpg", "café.jpg"),
        (rb"caf\udcc3\udca9.jpg", "café.jpg"),
        (b"caf\xe9.jpg", "café.jpg"),
        (rb"a\ud800.jpg", "a\ufffd.jpg"),
        (rb"a\udc00\ud83d\udca5.jpg", "a\ufffd💥.jpg"),
        (rb"\\ud800", "\\ud800"),
    ],
)
def test_broken_text_in_a_batch_is_read_as_far_as_it_can_be(name, read):
    batch = read_json("", b'{"images": [{"url": "%b"}]}' % name, ImageUrlCreateBatch)
    assert [each.entry for each in batch.images or []] == [ImageUrlCreateEntry(read)]


@pytest.mark.parametrize("name", [rb"a\ud800", b"a\xe9", rb"\udc00\ud800"])
def test_broken_text_is_refused_elsewhere_without_a_word_of_python(name):
    with pytest.raises(BadRequest, match="not valid JSON") as caught:
        read_json("", b'{"name": "%b"}' % name, TagUpdate)
    assert "codec" not in caught.value.message


def test_numbers_may_be_text_where_numbers_belong():
    token = read_json("", b'{"maxCount": "5", "application": "7", "tags": null}', PredictionQueryToken)
    assert (token.max_count, token.application) == (5, "7")
    for text in ("five", "0x5", "5 5", "1_0", "", "1e5"):
        with pytest.raises(BadRequest, match=r"Expected `int \| null`, got `str` - at `\$.maxCount`"):
            read_json("", b'{"maxCount": "%b"}' % text.encode(), PredictionQueryToken)


def test_null_is_an_empty_body_where_one_may_be_empty():
    assert read_json("", b"null", ProjectUpdate) == ProjectUpdate()
    with pytest.raises(BadRequest, match="Expected `object`, got `null`"):
        read_json("", b"null", ImageUrl)
