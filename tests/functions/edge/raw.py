"""Requests that no description can make: raw paths, queries, JSON, parts and headers, for every operation."""

from collections.abc import Iterator, Mapping
from itertools import cycle
from random import Random
from typing import get_args, get_origin
from urllib.parse import quote

import msgspec
from msgspec import Struct

from functions.edge.operation import VERSIONS, Operation
from functions.edge.parameters import camel
from shared.models.entries import Given
from tests.functions.wire import Request

JSON = "application/json"
OCTETS = "application/octet-stream"
GUID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
# As they stand in a URL: broken and overlong UTF-8, surrogates, NUL, byte order marks, other scripts' digits, ...
ESCAPED = [
    "", "%20", "%", "%zz", "%u0041", "%00", "%C0%AF", "%ED%A0%80", "%FF%FE", "%EF%BB%BF1", "%0D%0AX:%201", "%2C",
    "%2C%2C", "%2F", "%2e%2e", "..%5c..", "%E2%80%AE", "%F0%9F%92%A5", "%D9%A1", "%C2%A0", "+", "++1", ";a=1",
    "a" * 9_000,
]  # fmt: skip
TEXTS = [
    "null", "NaN", "Infinity", "1e400", "1e-400", "-1", "-0", "0x10", "1_000", "1.5", "0.5", ".5", "5e-1",
    "99999999999999999999", "9223372036854775808", "٣", "true", "True", "1", "yes", "[]", "{}", "'", '"',
    "a' or 'a' eq 'a", "a eq 'b' and", "((((", "undefined", "2020-13-45T99:99:99Z", "2020-01-01", f"{{{GUID}}}",
    GUID.upper(), GUID.replace("-", ""), GUID[:-1], f"urn:uuid:{GUID}", f"{GUID},{GUID}", ",", f"{GUID},,x",
    "0" * 32, "http://169.254.169.254/", "file:///etc/passwd", "http://[::1", "\\\\host\\share", "日本", "e\u0301",
    "\u202e", "\x7f", "\x00", "\ufeff", "💥" * 300, "a" * 10_000,
]  # fmt: skip
WRITTEN = [*ESCAPED, *map(quote, TEXTS)]
# As they stand in JSON.
TOKENS = [
    "null", "true", "0", "-1", "1.5", "1e400", "-1e400", "NaN", "Infinity", "1" * 400, "0.1e-400", '""', '"\\u0000"',
    '"\\ud800"', '"\\ud83d\\udca5"', "[]", "{}", "[null]", '[""]', "[[]]", '{"a":null}', "[" * 2_000 + "]" * 2_000,
    '{"a":' * 2_000 + "1" + "}" * 2_000, "[" + "1," * 5_000 + "1]", '"' + "a" * 70_000 + '"', f'"{GUID}"',
    f'["{GUID}"]', '"AAEC"', '"not base64!"', '"2020-01-01T00:00:00"', '"0001-01-01T00:00:00Z"',
    '"9999-12-31T23:59:59.9999999+14:00"', "01", "'a'", "{a:1}", "[1,]", "/**/1", "",
]  # fmt: skip
BODIES = [
    b"", b" ", b"{", b"}", b"[1]", b"null", b"true", b'"a"', b"1", b"\x00", b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}",
    b"{}{}", b'{"name": "\xff"}', b'{"a":1,"a":2}', b'{"name":"a","NAME":"b"}', b'{"":{}}', b"\x1f\x8b\x08\x00",
    b"<a/>", b"a=1&b=2", b"[" * 50_000, b'{"a":' * 50_000, b'{"a":"' + b"b" * 500_000 + b'"}',
]  # fmt: skip
MEDIA_TYPES = [
    "", JSON, "application/json; charset=utf-16", "APPLICATION/JSON;;", "text/plain", "application/xml", "a", "/",
    "*/*", "é", "application/octet-stream", "image/jpeg", "application/x-www-form-urlencoded", "multipart/form-data",
    "multipart/form-data; boundary=", 'multipart/form-data; boundary="B', "multipart/form-data; boundary=B",
    f"multipart/form-data; boundary={'b' * 300}", "multipart/mixed; boundary=B", f"a/{'b' * 9_000}",
]  # fmt: skip
DISPOSITIONS = [
    'form-data; name="imageData"', "form-data; name=a; filename=b", 'form-data; name="a"; filename="x', "form-data",
    "", "a", 'form-data; name="%s"' % ("n" * 5_000), "form-data; name=\"a\"; filename*=UTF-8''%FF",
    'form-data; name="\x00"; filename=""', 'form-data; filename="..\\..\\a.jpg"', 'form-data; name="é"; filename="日"',
]  # fmt: skip
HEADERS = [
    ("Content-Encoding", "gzip"), ("Content-Encoding", "br"), ("Expect", "nonsense"), ("Accept", "application/xml"),
    ("Accept-Encoding", "identity;q=0"), ("Range", "bytes=0-1"), ("If-Match", "*"),
    ("X-HTTP-Method-Override", "DELETE"), ("X-Forwarded-For", "é"), ("Host", ""), ("Host", "other"),
    ("Cookie", "a" * 9_000), ("X-Long", "a" * 30_000), ("X-Empty", ""), ("Content-Type", "text/plain"),
    ("Training-Key", "wrong"), ("Prediction-Key", ""), ("Ocp-Apim-Subscription-Key", "é"), ("apim-request-id", "x"),
    ("Authorization", "Bearer x"),
]  # fmt: skip


def requests(operation: Operation, values: Mapping[str, str], key: str, picture: bytes) -> Iterator[Request]:
    """One with nothing wrong, then one for each thing that may be. `values` are of parameters, by their names.

    Where that would be too many, each operation gets a share of its own, the same one in every run.
    """
    random = Random(operation.name)
    named = (f"{operation.api.service.capitalize()}-Key", key)
    kind, body = _body(operation, picture)
    usual = Request(operation.method, _target(operation, values), _headers(named, ("Content-Type", kind)), body)
    yield usual
    for place, text in zip(cycle(_places(operation)), random.sample(WRITTEN, len(WRITTEN) // 2), strict=False):
        yield usual._replace(target=_target(operation, values, place, text))
    for each in HEADERS:
        yield usual._replace(headers=[*usual.headers, *_headers(each)])
    for number, (kind, data) in enumerate(_bodies(operation, picture, random)):
        headers = _headers(named, ("Content-Type", kind))
        yield usual._replace(headers=headers, body=data, chunked=number % 7 == 0)


def _headers(*given: tuple[str, str]) -> list[tuple[str, str]]:
    return [(name, value.encode().decode("latin-1")) for name, value in given]


def _places(operation: Operation) -> list[str]:
    """What may be written wrongly in its address: the name of a parameter, or a part of the path."""
    queries = [each.name for each in operation.parameters.values() if each.source == "query"]
    return [*queries, *operation.route.split("/")]


def _target(operation: Operation, values: Mapping[str, str], place: str = "", text: str = "") -> str:
    """With the text as it stands in the place that is named."""
    known = {**values, "version": VERSIONS[3]}
    names = [part if part[0] != "{" else camel(part[1:-1]) for part in operation.route.split("/")]
    parts = [
        text if part == place else quote(known.get(name, name), safe="")
        for part, name in zip(operation.route.split("/"), names, strict=True)
    ]
    declared = [each for each in operation.parameters.values() if each.source == "query"]
    queries = [
        f"{each.name}={text if each.name == place else quote(known.get(each.name, 'a'), safe='')}"
        for each in declared
        if each.required or each.name == place
    ]
    return f"/{'/'.join(parts)}?{'&'.join(queries)}"


def _body(operation: Operation, picture: bytes) -> tuple[str, bytes | None]:
    sources = {each.source for each in operation.parameters.values()}
    if sources & {"files", "picture"}:
        return OCTETS, picture
    return (JSON, b"{}") if "body" in sources else ("", None if operation.method == "GET" else b"")


def _bodies(operation: Operation, picture: bytes, random: Random) -> Iterator[tuple[str, bytes]]:
    for each in operation.parameters.values():
        if each.source == "body":
            texts = [text for token in TOKENS for text in dict.fromkeys(_spoilt(each.kind, token))]
            yield from ((JSON, text.encode()) for text in [*TOKENS, *random.sample(texts, len(texts) // 5)])
        if each.source in ("files", "picture"):
            yield from ((OCTETS, data) for data in (picture[:400], picture + bytes(6_300_000)))
            yield from (("multipart/form-data; boundary=B", data) for data in _multiparts(picture))
    yield from zip(cycle(MEDIA_TYPES), BODIES, strict=False)
    if (usual := _body(operation, picture))[1]:
        yield from ((kind, usual[1]) for kind in MEDIA_TYPES)
        yield from ((usual[0], data) for data in BODIES)


def _multiparts(picture: bytes) -> Iterator[bytes]:
    for disposition in DISPOSITIONS:
        head = b"--B\r\nContent-Disposition: %b\r\n\r\n" % disposition.encode()
        whole = b"%b%b\r\n--B--\r\n" % (head, picture)
        yield from (whole, whole[: len(head) // 2], whole[: len(head) + 1], whole[:-3], whole[:-5] + whole)


def _spoilt(kind: object, token: str) -> Iterator[str]:
    """JSON with the token in the place of a value, for each that there is in a value of the type."""
    yield token
    if get_origin(kind) is list:
        yield from (f"[{inner}]" for inner in _spoilt(get_args(kind)[0], token))
    elif get_args(kind):
        yield from (inner for each in get_args(kind) for inner in _spoilt(each, token))
    elif isinstance(kind, type) and issubclass(kind, Given):
        yield from _spoilt(kind.kind, token)
    elif isinstance(kind, type) and issubclass(kind, Struct):
        for field in msgspec.structs.fields(kind):
            yield from (f'{{"{field.encode_name}":{inner}}}' for inner in _spoilt(field.type, token))
