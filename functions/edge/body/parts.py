"""Bodies of pictures: raw, or the parts of a multipart body, by names of files in every way that clients write them."""

import re
from email.errors import MessageError
from email.header import decode_header
from io import BytesIO
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from multipart import (
    MultipartError,
    MultipartParser,
    MultipartPart,
    content_disposition_unquote,
    parse_options_header,
)

from functions.edge.body.text import text
from shared import errors

PARTS, HEADER_BYTES, HEADERS = 1_000, 65_536, 64
# Python's reader of encoded words takes quadratic time.
WORDS = 2_048
# What is not quoted as it should be reaches to the next semicolon: unquoted names hold blanks, and one in Shift_JIS,
# or a folder of Windows, may end in a backslash before the quote.
PARAMETER = re.compile(r'; *(?P<name>[\w*]+) *= *(?P<value>"(?:[^"\\]|\\.)*+"(?= *+(?:;|$))|[^;]*+)', re.DOTALL)
# Go and Java escape backslashes by backslashes, browsers do not.
ESCAPED_BACKSLASHES = re.compile(r"(?:[^\\]|\\\\)*+")
# Those that names of files come in; some others of Python's are slow, or are no encodings of text.
CHARSETS = re.compile(
    r"utf-?8|(us-)?ascii|iso-?8859-\d{1,2}|latin-?1|(windows-|cp)125\d|shift[-_]?jis|cp932|iso-2022-jp|euc-(jp|kr)"
    r"|gb(2312|k|18030)|big5|koi8-[ru]",
    re.IGNORECASE,
)


class File(NamedTuple):
    name: str
    contents: bytes


def read_files(content_type: str, data: bytes, what: str = "picture") -> list[File]:
    """The pictures or packages of a body, whatever its parts are called. Raises BadImageBatch, UnsupportedMediaType.

    The Python SDK sends parts without file name and type, .NET an unquoted name, others a raw body.
    """
    kind, options = parse_options_header(content_type) if content_type else ("", {})
    if kind == "multipart/form-data":
        if not options.get("boundary"):
            raise errors.BadImageBatch("The Content-Type multipart/form-data lacks its boundary parameter.")
        return read_parts(data, options["boundary"])
    if kind in ("application/json", "text/json", "application/x-www-form-urlencoded"):
        raise errors.UnsupportedMediaType(
            f"The request entity's media type '{kind}' is not supported for this resource; send the {what} as "
            "multipart/form-data or application/octet-stream."
        )
    return [File("", data)] if data else []


def read_parts(data: bytes, boundary: str) -> list[File]:
    """Raises BadImageBatch."""
    # Headers in Latin-1 keep their bytes, whatever these mean.
    parser = MultipartParser(
        BytesIO(data), boundary, len(data), "latin-1", header_limit=HEADERS, headersize_limit=HEADER_BYTES,
        part_limit=PARTS, spool_limit=len(data) + 1, memory_limit=len(data) + 1,
    )  # fmt: skip
    try:
        return [File(_name(part), part.raw) for part in parser]
    except MultipartError as error:
        raise errors.BadImageBatch(f"The multipart body is broken: {error.args[0]}.") from None


def _name(part: MultipartPart) -> str:
    """What the client calls the file, or else the part."""
    disposition = next(value for name, value in part.headerlist if name == "Content-Disposition")
    given = {found["name"].lower(): found["value"].strip(" \t") for found in PARAMETER.finditer(disposition)}
    extended, plain = given.get("filename*", ""), given.get("filename", "")
    name = _extended(extended) or _worded(text(_unquoted(plain).encode("latin-1")))
    return name or text((part.name or "").encode("latin-1")).strip('"')


def _unquoted(value: str) -> str:
    name: str = content_disposition_unquote(value)
    return name.replace("\\\\", "\\") if ESCAPED_BACKSLASHES.fullmatch(name) else name


def _extended(value: str) -> str:
    """A name as RFC 8187 writes it: charset'language'percent-encoded."""
    charset, _, rest = value.strip('"').partition("'")
    return _decoded(unquote_to_bytes(rest.partition("'")[2].encode("latin-1")), charset)


def _worded(name: str) -> str:
    """A name as RFC 2047 writes it, =?charset?B?...?=, or as it is."""
    if not name.startswith("=?") or len(name) > WORDS:
        return name
    try:
        parts = decode_header(name)
    except (MessageError, ValueError):
        return name
    return "".join(part if isinstance(part, str) else _decoded(part, charset or "latin-1") for part, charset in parts)


def _decoded(data: bytes, charset: str) -> str:
    try:
        return data.decode(charset) if CHARSETS.fullmatch(charset) else text(data)
    except (LookupError, UnicodeError):
        return text(data)
