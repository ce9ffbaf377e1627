"""Requests that no client should send, made from what the handlers declare: request n of a seed is always the same."""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import Enum
from random import Random
from types import NoneType, UnionType
from typing import Annotated, NamedTuple, Union, get_args, get_origin
from urllib.parse import quote
from uuid import UUID

import msgspec
from msgspec import Struct, UnsetType

from functions.edge.operation import VERSIONS, Operation
from functions.edge.parameters import Parameter
from shared.models.entries import Given
from tests.functions.wire import Request

JSON = "application/json"
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


class World(NamedTuple):
    """What there is in the service: values by the names of the parameters that take them, as `tag_id` or `url`."""

    keys: Mapping[str, str]
    values: Mapping[str, list[str]]
    pictures: list[bytes]

    def of(self, name: str, random: Random) -> str:
        """A value that a parameter of that name takes, now and then one that another takes."""
        kind = re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", name).removesuffix("s")
        pool = self.values.get(kind if random.random() < 0.95 else random.choice(list(self.values)))
        return random.choice(pool or [f"{name} {random.randrange(50)}"])


def request(operation: Operation, world: World, random: Random) -> Request:
    """A call of an operation with some things wrong; about a third has nothing wrong but what it names."""
    faults = {random.choice(FAULTS) for _ in range(random.choice([0, 0, 0, 1, 1, 1, 2, 3]))}
    target = _path(operation, world, random, "path" in faults) + _query(operation, world, random, "query" in faults)
    content_type, body = _body(operation, world, random, "body" in faults)
    if "type" in faults:
        content_type = random.choice(MEDIA_TYPES)
    headers = [("Content-Type", content_type)] if content_type else []
    if "key" not in faults or random.random() < 0.3:
        headers.append((f"{operation.api.service.capitalize()}-Key", world.keys[operation.api.service]))
    if "header" in faults:
        headers += [random.choice(HEADERS) for _ in range(random.randint(1, 3))]
    method = random.choice(METHODS) if "method" in faults else operation.method
    if body is None and method in ("POST", "PATCH", "PUT") and random.random() < 0.8:
        body = b""
    return Request(method, target, _ascii(headers), body, chunked=body is not None and random.random() < 0.1)


FAULTS = ["path", "query", "query", "query", "body", "body", "body", "type", "key", "header", "method"]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


def _ascii(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value.encode().decode("latin-1")) for name, value in headers]


def _path(operation: Operation, world: World, random: Random, wrong: bool) -> str:
    segments = operation.route.replace("{version}", random.choice(VERSIONS)).split("/")
    places = [at for at, segment in enumerate(segments) if segment.startswith("{")]
    values = [quote(world.of(part[1:-1], random), safe="") if part[0] == "{" else part for part in segments]
    if wrong:
        place = random.choice(places) if places and random.random() < 0.8 else random.randrange(len(values))
        values[place] = random.choice([random.choice(ESCAPED), quote(random.choice(TEXTS)), random.choice(segments)])
        values[place] = values[place].replace("{", "%7B").replace("}", "%7D")
    slash = random.choice(["/"] * 8 + ["//", "/./"])
    path = "/" + slash.join(values) + random.choice([""] * 9 + ["/"])
    return random.choice([str] * 8 + [str.upper, str.title])(path)


def _query(operation: Operation, world: World, random: Random, wrong: bool) -> str:
    declared = [each for each in operation.parameters.values() if each.source == "query"]
    given = [(each.name, _value(each, world, random)) for each in declared if each.required or random.random() < 0.7]
    if wrong:
        names = [each.name for each in declared] or ["take"]
        evil = random.choice(
            [random.choice(ESCAPED), quote(random.choice(TEXTS)), ",".join([GUID] * random.randint(1, 500))]
        )
        given = [pair for pair in given if random.random() < 0.8] + [(random.choice(names), evil)]
    spell = random.choice([str] * 8 + [str.upper, str.title])
    return "?" + "&".join(f"{quote(spell(name))}={value}" for name, value in given) if given else ""


def _value(parameter: Parameter, world: World, random: Random) -> str:
    """A value that the parameter takes, as it stands in a URL."""
    kind = get_args(parameter.kind)[0] if get_origin(parameter.kind) is list else parameter.kind
    many = random.choice([0, 1, 1, 1, 4]) if kind is not parameter.kind else 1
    return random.choice([",", "%2C"]).join(
        quote(str(_sample(kind, parameter.name, world, random)), safe="") for _ in range(many)
    )


def _body(operation: Operation, world: World, random: Random, wrong: bool) -> tuple[str, bytes | None]:
    parameter = next((each for each in operation.parameters.values() if each.source not in ("path", "query")), None)
    if parameter is None:
        return ("", None) if not wrong else (random.choice(MEDIA_TYPES), random.choice(BODIES))
    if parameter.source == "body":
        if wrong and random.random() < 0.3:
            return JSON, random.choice(BODIES)
        return JSON, _spoilt(_sample(parameter.kind, "", world, random), random, wrong).encode(errors="surrogatepass")
    data = [random.choice(world.pictures) for _ in range(random.randint(1, 3) if parameter.source == "files" else 1)]
    if wrong:
        data[0] = random.choice([b"", data[0][:400], data[0] + bytes(6_300_000), *BODIES])
    if random.random() < 0.5:
        return "application/octet-stream", data[0]
    return "multipart/form-data; boundary=B", _multipart(data, random, wrong)


def _multipart(data: list[bytes], random: Random, wrong: bool) -> bytes:
    heads = [random.choice(DISPOSITIONS if wrong else DISPOSITIONS[:2]).encode() for _ in data]
    parts = [b"--B\r\nContent-Disposition: %b\r\n\r\n%b\r\n" % pair for pair in zip(heads, data, strict=True)]
    whole = b"".join(parts) + b"--B--\r\n"
    return whole[: random.randrange(len(whole))] if wrong and random.random() < 0.5 else whole


def _spoilt(value: object, random: Random, wrong: bool) -> str:
    """As JSON; where it is to be wrong, with one value in it replaced by a token."""
    if not wrong:
        return json.dumps(value)
    places = list(_places(value))
    holder, key = random.choice(places) if places else ({}, "a")
    holder[key] = "@here@"  # type: ignore[index]
    return json.dumps(value).replace('"@here@"', random.choice(TOKENS))


def _places(value: object) -> Iterable[tuple[object, object]]:
    pairs: Iterable[tuple[object, object]] = ()
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    for key, item in pairs:
        yield value, key
        yield from _places(item)


def _sample(kind: object, name: str, world: World, random: Random) -> object:
    """A JSON value of a type; the field's or parameter's name tells which ids fit."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _sample(arguments[0], name, world, random)
    if origin in (UnionType, Union):
        options = [option for option in arguments if option is not UnsetType]
        return _sample(random.choice(options), name, world, random)
    if origin is list:
        return [_sample(arguments[0], name, world, random) for _ in range(random.randint(0, 3))]
    if origin is dict:
        return {random.choice(TEXTS[:20]): random.choice(TEXTS[:20]) for _ in range(random.randint(0, 3))}
    assert isinstance(kind, type)
    if issubclass(kind, Given):
        return _sample(kind.kind, name, world, random)
    if issubclass(kind, Struct):
        fields = [field for field in msgspec.structs.fields(kind) if field.required or random.random() < 0.6]
        return {field.encode_name: _sample(field.type, field.name, world, random) for field in fields}
    if issubclass(kind, Enum):
        return random.choice(list(kind)).value
    return SAMPLES[kind](name, world, random)


SAMPLES: dict[type, Callable[[str, World, Random], object]] = {
    NoneType: lambda *_: None,
    UUID: lambda name, world, random: world.of(name, random),
    str: lambda name, world, random: random.choice(TEXTS) if random.random() < 0.1 else world.of(name, random),
    bytes: lambda _, world, random: b64encode(random.choice(world.pictures)).decode(),
    bool: lambda _, __, random: random.choice([True, False]),
    int: lambda _, __, random: random.choice([0, 1, 7, 50, 256, 257, 100_000]),
    float: lambda _, __, random: random.choice([0.1, 0.1, 0.2, 0.2, 0.5, 0, 1]),
    datetime: lambda _, __, random: random.choice(
        ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.1234567", "2030-12-31"]
    ),
}
