"""The `$filter` of the image operations: comparisons of metadata, such as `line eq '7' and (shift ne 'night')`.

Beside Custom Vision's comparisons there is `startswith(filename,'IMG_04')`.
"""

import re
from collections.abc import Callable
from functools import reduce
from operator import and_, or_
from typing import NamedTuple, TypeVar, cast

from shared.errors import BadRequest

LENGTH = 2_000
DEPTH = 20
TOKEN = re.compile(r"\s*(?:'(?P<text>(?:[^']|'')*)'|(?P<word>[^\s()'=]+)|(?P<mark>[()]))")

STARTS_WITH = "startswith"

# A key and a value.
Pair = tuple[str, str]


# Whether one image has a pair, or an array of that for many.
Truth = TypeVar("Truth")


class Comparison(NamedTuple):
    """As in OData, an image without the key has no value, which differs from every text."""

    key: str
    value: str
    equal: bool

    def over(self, has: "Callable[[Pair | Beginning], Truth]") -> Truth:
        """Whether this holds for what `has` says of each pair, and of each beginning."""
        return cast(Truth, has((self.key, self.value)) == self.equal)


class Beginning(NamedTuple):
    """Holds for an image whose value of the key starts so; the empty start asks for the key alone."""

    key: str
    start: str

    def covers(self, pair: Pair) -> bool:
        return pair[0] == self.key and pair[1].startswith(self.start)

    def over(self, has: "Callable[[Pair | Beginning], Truth]") -> Truth:
        """Whether this holds, as above."""
        return has(self)


class Combination(NamedTuple):
    """Holds where `every` part does, or else where any does."""

    parts: "tuple[Condition, ...]"
    every: bool

    def over(self, has: Callable[[Pair | Beginning], Truth]) -> Truth:
        """Whether this holds, as above."""
        return reduce(and_ if self.every else or_, (part.over(has) for part in self.parts))


Condition = Comparison | Beginning | Combination


def parse(text: str) -> Condition:
    """Raises BadRequest that names the place where the filter goes wrong."""
    if len(text) > LENGTH:
        raise BadRequest(f"$filter has {len(text):,} characters; at most {LENGTH:,} are allowed.")
    parser = _Parser(text, _tokens(text))
    condition = parser.any_of(0)
    parser.expect("'and', 'or' or the end", met=parser.next.kind == "end")
    return condition


class _Token(NamedTuple):
    kind: str
    value: str
    at: int


class _Parser:
    """One method a rule of the grammar, the one that binds least first."""

    def __init__(self, text: str, tokens: list[_Token]) -> None:
        self.text, self.tokens = text, tokens

    @property
    def next(self) -> _Token:
        return self.tokens[0]

    def any_of(self, depth: int) -> Condition:
        parts = [self.all_of(depth)]
        while self.skip("or"):
            parts.append(self.all_of(depth))
        return Combination(tuple(parts), every=False) if len(parts) > 1 else parts[0]

    def all_of(self, depth: int) -> Condition:
        parts = [self.single(depth)]
        while self.skip("and"):
            parts.append(self.single(depth))
        return Combination(tuple(parts), every=True) if len(parts) > 1 else parts[0]

    def single(self, depth: int) -> Condition:
        if not self.skip("("):
            return self.comparison()
        self.expect(f"at most {DEPTH} parentheses within each other", met=depth < DEPTH)
        condition = self.any_of(depth + 1)
        self.expect("'and', 'or' or ')'", met=self.skip(")"))
        return condition

    def comparison(self) -> Comparison | Beginning:
        self.expect("a key or '('", met=self.next.kind in ("word", "text"))
        is_function = self.next.kind == "word" and self.next.value.lower() == STARTS_WITH
        key = self.tokens.pop(0).value
        if is_function and self.skip("("):
            return self.beginning()
        equal = self.skip("eq")
        self.expect("'eq' or 'ne'", met=equal or self.skip("ne"))
        self.expect("a value in single quotes", met=self.next.kind == "text")
        return Comparison(key, self.tokens.pop(0).value, equal)

    def beginning(self) -> Beginning:
        self.expect("a key", met=self.next.kind in ("word", "text") and not self.next.value.startswith(","))
        key = self.tokens.pop(0)
        # A word takes the comma behind it along.
        with_comma = key.kind == "word" and key.value.endswith(",")
        met = (with_comma or self.skip(",")) and self.next.kind == "text"
        self.expect("a comma and a value in single quotes", met=met)
        start = self.tokens.pop(0).value
        self.expect("')'", met=self.skip(")"))
        return Beginning(key.value.removesuffix(",") if with_comma else key.value, start)

    def skip(self, word: str) -> bool:
        """Whether that word or mark comes next; if so it is taken."""
        found = self.next.kind in ("word", "mark") and self.next.value.lower() == word
        if found:
            self.tokens.pop(0)
        return found

    def expect(self, wanted: str, *, met: bool) -> None:
        if not met:
            raise _misread(self.text, self.next.at, wanted)


def _tokens(text: str) -> list[_Token]:
    tokens, at, end = [], 0, len(text.rstrip())
    while at < end:
        found = TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            place = at + len(text[at:]) - len(text[at:].lstrip())
            raise _misread(text, place, "a key, a word, a closed quote or a parenthesis")
        tokens.append(_Token(found.lastgroup, found[found.lastgroup].replace("''", "'"), found.start(found.lastgroup)))
        at = found.end()
    return [*tokens, _Token("end", "", end)]


def _misread(text: str, at: int, wanted: str) -> BadRequest:
    here = text[at : at + 20].strip() or "the end"
    return BadRequest(
        f"$filter can't be read at character {at + 1}, {here}: expected {wanted}. "
        "An example: line eq '7' and shift ne 'night'."
    )
