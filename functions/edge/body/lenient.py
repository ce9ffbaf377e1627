"""JSON as Custom Vision's parser takes it, made strict in one pass: single quotes, bare keys, trailing commas.

Every repetition is possessive and whatever it consumed is not looked at again, so the time is linear.
"""

import re
from functools import partial
from math import isinf

import msgspec

from functions.edge.body.text import text

# Over those of the largest batch.
TOKENS = 750_000
# Beyond ASCII each copy of a text takes up to four bytes a character, and reading it takes five copies.
BEYOND_ASCII = 8 * 1024 * 1024
TOKEN = re.compile(
    r"""
    "(?P<double>(?:[^"\\]++|\\.)*+)"
    | '(?P<single>(?:[^'\\]++|\\.)*+)'
    | (?P<word>[^\W\d][\w$]*+|\$[\w$]*+)(?P<colon>\s*+:)?+
    | (?P<number>-?+(?:\d[\w.+-]*+|Infinity\b))
    | (?P<comma>,)(?P<trailing>\s*+(?=[\]}]))?+
    | (?P<rest>[\s{}\[\]:]++)
    | (?P<wrong>.)
    """,
    re.VERBOSE | re.DOTALL,
)
# The inside of a string: what is strict JSON, a pair of surrogates too, and what is none.
PAIR = r"\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}"
LOW, HIGH = r"\\u[dD][c-fC-F][\da-fA-F]{2}", r"\\u[dD][89abAB][\da-fA-F]{2}"
INSIDE = re.compile(
    rf"""
    (?:{PAIR}|\\u(?![dD][89a-fA-F])|\\[^'u]|[^\\"\x00-\x1f\ud800-\udfff]++)++
    | (?P<lone>(?:{LOW})++|{HIGH})
    | (?P<raw>[\ud800-\udfff]++)
    | (?P<bare>["\x00-\x1f])
    | \\.
    """,
    re.VERBOSE | re.DOTALL,
)
UNSURE = re.compile(r"""[\\"\x00-\x1f\ud800-\udfff]""")
# Python writes these, and numbers that no float can hold; as text they are wrong in one entry instead of everywhere.
NO_NUMBERS = {"NaN", "Infinity"}


class Unreadable(Exception):
    """This is no JSON, however leniently it is read."""


def decode(data: bytes, mend: bool) -> object:
    """`mend`: broken text is read as far as it can be, where it is refused else. Raises Unreadable."""
    if len(data) > BEYOND_ASCII and not data.isascii():
        raise Unreadable
    try:
        strict = TOKEN.sub(partial(_strict, Left(TOKENS), mend), data.decode("utf-8", "surrogateescape"))
        return msgspec.json.decode(strict)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Unreadable from error


class Left:
    """How many tokens may come yet."""

    def __init__(self, most: int) -> None:
        self._most = most

    def take(self) -> None:
        self._most -= 1
        if self._most < 0:
            raise Unreadable


def _strict(left: Left, mend: bool, found: re.Match[str]) -> str:
    """The token as JSON has it."""
    left.take()
    if found["wrong"]:
        raise Unreadable
    if found["rest"] or found["comma"]:
        return found[0] if found["trailing"] is None else found["trailing"]
    if found["word"]:
        return _word(found["word"], found["colon"] or "", mend)
    if found["number"]:
        return _number(found["number"]) if mend else found["number"]
    inside = found["double"] if found["double"] is not None else found["single"]
    return f'"{INSIDE.sub(partial(_mended, left, mend), inside) if UNSURE.search(inside) else inside}"'


def _word(word: str, colon: str, mend: bool) -> str:
    """A key or a literal."""
    return f'"{word}"{colon}' if colon or (mend and word in NO_NUMBERS) else word


def _number(number: str) -> str:
    try:
        return f'"{number}"' if isinf(float(number)) else number
    except ValueError:
        return number


def _mended(left: Left, mend: bool, found: re.Match[str]) -> str:
    left.take()
    if found["lone"] or found["raw"]:
        if not mend:
            raise Unreadable
        return _characters(found["raw"] or _unescaped(found["lone"]))
    if found["bare"]:
        return f"\\u{ord(found['bare']):04x}"
    return "'" if found[0] == r"\'" else found[0]


def _unescaped(escapes: str) -> str:
    return "".join(chr(int(each, 16)) for each in re.findall("[uU](....)", escapes))


def _characters(lone: str) -> str:
    """Lone surrogates: bytes that a file system's names had in place of UTF-8, as Python escapes them, or nothing."""
    try:
        return text(lone.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        return "\ufffd" * len(lone)
