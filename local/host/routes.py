"""Route templates and the table that finds the function of a request, by the rules of the real host."""

import re
from typing import NamedTuple
from urllib.parse import unquote

from local.host.functions import HostedFunction

METHODS = frozenset({"GET", "POST", "DELETE", "HEAD", "PATCH", "PUT", "OPTIONS"})
PARAMETER = re.compile(r"\{(\*?)(\w+)\}")
ENCODED_SLASH = re.compile("%2f", re.IGNORECASE)


class RouteError(Exception):
    """A route template can't be read; the message names it."""


class Segment(NamedTuple):
    """The part of a template between two slashes: a literal in lower case, or a parameter's name.

    `rest` is a parameter that takes all that is left, be it nothing.
    """

    literal: str
    parameter: str = ""
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
        if self.segments and self.segments[-1].rest:
            return count >= len(self.segments) - 1
        return count == len(self.segments)

    def match(self, path: list[str]) -> dict[str, str] | None:
        """The values of the template's parameters, if a path of a count that it takes matches."""
        values: dict[str, str] = {}
        for position, segment in enumerate(self.segments):
            if segment.rest and position == len(path):
                break
            if segment.parameter:
                values[segment.parameter] = "/".join(path[position:]) if segment.rest else path[position]
            elif path[position].lower() != segment.literal:
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
    parts = template.split("/") if template else []
    segments = tuple(_segment(part, template, left=len(parts) - number) for number, part in enumerate(parts, 1))
    return Route(function, segments, frozenset(method.upper() for method in function.trigger.methods or ()))


def _segment(part: str, template: str, left: int) -> Segment:
    found = PARAMETER.fullmatch(part)
    if found and not (found[1] and left):
        return Segment("", found[2], rest=bool(found[1]))
    if "{" in part or "}" in part:
        raise RouteError(
            f"The route '{template}' has a part that the local host does not know: '{part}'. It knows words, {{name}}, "
            "and {*name} at the end; the handler checks the rest."
        )
    return Segment(part.lower())
