"""Route templates and the table that finds the function of a request, by the rules of the real host."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import unquote
from uuid import UUID

from local.host.functions import HostedFunction

METHODS = frozenset({"GET", "POST", "DELETE", "HEAD", "PATCH", "PUT", "OPTIONS"})
PARAMETER = re.compile(r"\{(\*{0,2})(\w+)((?::\w+(?:\((?:[^{}()]|\{\{|\}\}|\([^()]*\))*\))?)*)(\?)?\}")
CONSTRAINT = re.compile(r":(\w+)(?:\(((?:[^()]|\([^()]*\))*)\))?")
ENCODED_SLASH = re.compile("%2f", re.IGNORECASE)


class RouteError(Exception):
    """A route template can't be read; the message names it."""


class Segment(NamedTuple):
    """The part of a template between two slashes: a literal in lower case, or a pattern with its checks."""

    literal: str | None
    pattern: re.Pattern[str]
    checks: tuple[tuple[str, Callable[[str], bool]], ...] = ()
    optional: bool = False
    rest: bool = False


class Route(NamedTuple):
    """One HTTP function's template and methods; no methods means all of them."""

    function: HostedFunction
    segments: tuple[Segment, ...]
    methods: frozenset[str]

    def takes(self, method: str, count: int) -> bool:
        """Whether a path of so many segments can match."""
        if self.methods and method not in self.methods:
            return False
        most = 1_000_000 if any(segment.rest for segment in self.segments) else len(self.segments)
        return sum(not segment.optional for segment in self.segments) <= count <= most

    def match(self, path: list[str]) -> dict[str, str] | None:
        """The values of the template's parameters if the path matches."""
        values: dict[str, str] = {}
        for position, segment in enumerate(self.segments):
            if segment.rest:
                given = "/".join(path[position:])
            elif position < len(path):
                given = path[position]
            else:
                break
            if segment.literal is not None:
                if given.lower() != segment.literal:
                    return None
            elif not _read(segment, given, values):
                return None
        return values


class RouteTable:
    """Finds routes by method and number of segments; among those that match, the first by function name wins."""

    def __init__(self, functions: list[HostedFunction], prefix: str = "") -> None:
        http = (function for function in functions if function.trigger.type == "httpTrigger")
        self._routes = [_route(function, prefix) for function in sorted(http, key=lambda each: each.name.lower())]
        self._longest = max((len(route.segments) for route in self._routes), default=0)
        self._candidates: dict[tuple[str, int], list[Route]] = {}

    def find(self, method: str, raw_path: str) -> tuple[HostedFunction, dict[str, str]] | None:
        """The function and its route values for a path as it came over the wire."""
        path = split(raw_path)
        for route in self._routes_for(method, len(path)):
            values = route.match(path)
            if values is not None:
                return route.function, values
        return None

    def _routes_for(self, method: str, count: int) -> list[Route]:
        # Both parts of the key are bounded, so that no caller can grow the dictionary.
        key = (method if method in METHODS else "other", min(count, self._longest + 1))
        if key not in self._candidates:
            self._candidates[key] = [route for route in self._routes if route.takes(*key)]
        return self._candidates[key]


def split(raw_path: str) -> list[str]:
    """The decoded segments. Empty ones are dropped ('//a' is '/a'), dots resolved, and %2F stays, as in Kestrel."""
    segments: list[str] = []
    for raw in raw_path.split("/"):
        segment = unquote(ENCODED_SLASH.sub("%252F", raw)) if "%" in raw else raw
        if segment == "..":
            del segments[-1:]
        elif segment not in ("", "."):
            segments.append(segment)
    return segments


def _route(function: HostedFunction, prefix: str) -> Route:
    template = "/".join(part for part in (prefix.strip("/"), (function.trigger.route or "").strip("/")) if part)
    segments = tuple(_segment(part, template) for part in _parts(template))
    return Route(function, segments, frozenset(method.upper() for method in function.trigger.methods or ()))


def _parts(template: str) -> Iterator[str]:
    """The template cut at the slashes that stand outside of braces, which a constraint's regex may hold."""
    depth, start = 0, 0
    for position, character in enumerate(template):
        depth += (character == "{") - (character == "}")
        if character == "/" and depth == 0:
            yield template[start:position]
            start = position + 1
    if template[start:]:
        yield template[start:]


def _segment(part: str, template: str) -> Segment:
    parameters = list(PARAMETER.finditer(part))
    outside = PARAMETER.split(part)[:: PARAMETER.groups + 1]
    if any("{" in text or "}" in text for text in outside):
        raise RouteError(f"The route '{template}' has a part that can't be read: '{part}'.")
    if not parameters:
        return Segment(part.lower(), re.compile(re.escape(part)))
    pattern = "".join(
        f"{re.escape(text)}(?P<{parameter[2]}>.+?)" for text, parameter in zip(outside, parameters, strict=False)
    )
    checks = tuple((parameter[2], check) for parameter in parameters for check in _checks(parameter[3], template))
    only = parameters[0] if len(parameters) == 1 and outside == ["", ""] else None
    rest = bool(only and only[1])
    optional = bool(only and (only[4] or rest))
    return Segment(None, re.compile(pattern + re.escape(outside[-1]), re.I | re.S), checks, optional, rest)


def _read(segment: Segment, given: str, values: dict[str, str]) -> bool:
    """Put the parameters of a segment into `values` if it matches and its constraints hold."""
    if segment.rest and not given:
        return True
    found = segment.pattern.fullmatch(given)
    if found is None:
        return False
    named = found.groupdict()
    values.update(named)
    return all(check(named[name]) for name, check in segment.checks)


def _checks(constraints: str, template: str) -> Iterator[Callable[[str], bool]]:
    for name, argument in CONSTRAINT.findall(constraints):
        if name not in CONSTRAINTS:
            raise RouteError(f"The route '{template}' has a constraint that the local host does not know: '{name}'.")
        yield CONSTRAINTS[name](argument.replace("{{", "{").replace("}}", "}"))


def _matches(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.IGNORECASE)
    return lambda value: compiled.search(value) is not None


def _is_guid(value: str) -> bool:
    with suppress(ValueError):
        return UUID(value) is not None and "urn:" not in value.lower()
    return False


def _is_integer(value: str, bits: int) -> bool:
    return re.fullmatch(r"\s*[+-]?\d+\s*", value) is not None and -(2 ** (bits - 1)) <= int(value) < 2 ** (bits - 1)


def _between(value: str, low: str, high: str = "") -> bool:
    return _is_integer(value, 64) and int(low) <= int(value) and (not high or int(value) <= int(high))


def _sized(value: str, argument: str) -> bool:
    low, _, high = argument.partition(",")
    return int(low) <= len(value) <= int(high or low)


CONSTRAINTS: dict[str, Callable[[str], Callable[[str], bool]]] = {
    "alpha": lambda _: _matches("^[a-z]*$"),
    "bool": lambda _: _matches("^(true|false)$"),
    "guid": lambda _: _is_guid,
    "int": lambda _: lambda value: _is_integer(value, 32),
    "long": lambda _: lambda value: _is_integer(value, 64),
    "length": lambda argument: lambda value: _sized(value, argument),
    "minlength": lambda argument: lambda value: len(value) >= int(argument),
    "maxlength": lambda argument: lambda value: len(value) <= int(argument),
    "min": lambda argument: lambda value: _between(value, argument),
    "max": lambda argument: lambda value: _between(value, str(-(2**63)), argument),
    "range": lambda argument: lambda value: _between(value, *argument.split(",")),
    "regex": _matches,
    "required": lambda _: bool,
}
