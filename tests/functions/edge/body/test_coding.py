"""Compressed request bodies: inflated, but never beyond the limit."""

import gzip
import zlib

import pytest

from functions.edge.body.coding import decoded
from shared.errors import BadRequest, BodyTooLarge, UnsupportedMediaType

DATA = b'{"url": "http://a/b.jpg"}' * 50
CODED = {"gzip": gzip.compress(DATA, mtime=0), "deflate": zlib.compress(DATA)}
BARE = zlib.compressobj(wbits=-zlib.MAX_WBITS)


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("", DATA),
        ("identity", DATA),
        ("gzip", CODED["gzip"]),
        ("GZip", CODED["gzip"]),
        ("x-gzip", CODED["gzip"]),
        ("identity, gzip", CODED["gzip"]),
        ("deflate", CODED["deflate"]),
        ("deflate", BARE.compress(DATA) + BARE.flush()),
    ],
)
def test_a_body_is_inflated_as_its_coding_says(encoding, data):
    assert decoded(encoding, data) == DATA


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "utf-8", "a" * 200])
def test_other_codings_are_refused_with_what_to_send(encoding):
    with pytest.raises(UnsupportedMediaType, match="send the body as it is, or by gzip or deflate"):
        decoded(encoding, DATA)
    assert decoded(encoding, b"") == b""


@pytest.mark.parametrize("coding", CODED)
@pytest.mark.parametrize("spoil", [lambda data: data[:-5], lambda data: data + b"more", lambda data: DATA])
def test_what_is_not_whole_is_refused(coding, spoil):
    with pytest.raises(BadRequest, match=f"not complete {coding} data"):
        decoded(coding, spoil(CODED[coding]))


@pytest.mark.parametrize("coding", CODED)
def test_a_body_that_inflates_beyond_the_limit_is_refused(coding):
    assert decoded(coding, CODED[coding], len(DATA)) == DATA
    with pytest.raises(BodyTooLarge, match="over 1,249 bytes"):
        decoded(coding, CODED[coding], len(DATA) - 1)
