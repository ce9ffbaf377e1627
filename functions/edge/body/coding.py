"""Content codings of request bodies: what a client compressed is inflated, as far as a body may reach."""

import zlib

from shared import errors
from shared.models.limits import BODY_BYTES

# What zlib calls the formats: gzip or zlib by their first bytes, and deflate without any.
HEADED, BARE = zlib.MAX_WBITS | 32, -zlib.MAX_WBITS
CODINGS = {"gzip": [HEADED], "x-gzip": [HEADED], "deflate": [HEADED, BARE]}


def decoded(encoding: str, data: bytes, limit: int = BODY_BYTES) -> bytes:
    """Raises UnsupportedMediaType, BodyTooLarge, BadRequest."""
    names = [name for part in encoding.split(",") if (name := part.strip().lower()) not in ("", "identity")]
    if not names or not data:
        return data
    if len(names) > 1 or names[0] not in CODINGS:
        raise errors.UnsupportedMediaType(
            f"The Content-Encoding '{encoding[:80]}' is not supported; send the body as it is, or by gzip or deflate."
        )
    for bits in CODINGS[names[0]]:
        inflated = _inflated(data, bits, limit)
        if inflated is not None:
            return inflated
    raise errors.BadRequest(
        f"The body is not complete {names[0]} data; send what Content-Encoding names, or leave that header out."
    )


def _inflated(data: bytes, bits: int, limit: int) -> bytes | None:
    """None where the data are of another format, cut off, or followed by more."""
    stream = zlib.decompressobj(bits)
    try:
        inflated = stream.decompress(data, limit + 1)
    except zlib.error:
        return None
    if len(inflated) > limit:
        raise errors.BodyTooLarge(f"The body is over {limit:,} bytes once it is inflated; send less in one call.")
    return inflated if stream.eof and not stream.unused_data else None
