"""A handler's signature is its contract: each parameter becomes a reader of the request, and a line of the OpenAPI."""

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from functools import cache
from operator import itemgetter
from typing import Annotated, Literal, NamedTuple, cast, get_args, get_origin, get_type_hints
from uuid import UUID

from msgspec import Struct

from functions.edge.body.parts import File, read_files
from functions.edge.body.values import read_json
from functions.edge.call import Call
from shared import errors
from shared.models.limits import Limits
from shared.models.wire import enum_named

SHOWN = 80
GUID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# One of a list's values, as PHP, jQuery and .NET's form encoders name it.
ITEM = re.compile(r"(?P<name>[^[]*)(?P<item>\[(?P<at>\d{0,9})\])?", re.ASCII)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
# A number of this API is a count or a fraction.
RANGES: dict[object, tuple[int, int]] = {int: (0, 999_999_999), float: (0, 1)}


class AtMost(NamedTuple):
    """How many ids a comma list takes: the name of one of the Limits, and what a longer one is answered with."""

    limit: str
    error: type[errors.ServiceError] = errors.ExceededBatchSize


class UpTo(NamedTuple):
    """How many bytes a picture has, or how large a number is: the name of one of the Limits."""

    limit: str


class Named(NamedTuple):
    """What a query parameter is called whose name is none that Python can spell."""

    name: str


FilterTagIds = Annotated[list[UUID], AtMost("tags_per_filter")]
BatchTagIds = Annotated[list[UUID], AtMost("tags_per_batch")]
BatchImageIds = Annotated[list[UUID], AtMost("images_per_batch")]
ImageIds = Annotated[list[UUID], AtMost("ids_per_request")]
RegionIds = Annotated[list[UUID], AtMost("regions_per_batch")]
Take = Annotated[int, UpTo("page_size")]
BudgetHours = Annotated[int, UpTo("training_budget_hours")]
Filter = Annotated[str | None, Named("$filter")]
TrainingPicture = Annotated[bytes, UpTo("training_image_bytes")]
PredictionPicture = Annotated[bytes, UpTo("prediction_image_bytes")]


class Parameter(NamedTuple):
    """Where a handler's parameter comes from. `kind` is its type without `| None`; a list is never required."""

    source: Literal["path", "query", "body", "files", "picture", "package"]
    name: str
    kind: object
    default: object
    note: AtMost | UpTo | Named | None

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty and not self.is_list

    @property
    def is_list(self) -> bool:
        return get_origin(self.kind) is list

    def read(self, call: Call) -> object:
        """Its value in this request. Raises a ServiceError that names it."""
        match self.source:
            case "path":
                return _parse(self.name, call.request.route_params.get(self.name) or "", self.kind)
            case "query":
                return self._query(call)
            case "body":
                return read_json(call.content_type, call.body, cast(type[Struct], self.kind))
            case "files":
                return read_files(call.content_type, call.body)
            case "picture":
                return _picture(call, self.limit(call.limits))
            case "package":
                return _package(call)

    def limit(self, limits: Limits) -> int:
        """The most that its note allows in this installation."""
        assert isinstance(self.note, AtMost | UpTo)
        return int(getattr(limits, self.note.limit))

    def place(self, name: str) -> int | None:
        """What a query parameter of that name gives goes there in a list, or in front; None where it gives nothing.

        `tagIds`, `tagIds[]` and `tagIds[0]`, `tagIds[1]` and so on are all `tagIds`.
        """
        found = ITEM.fullmatch(name.lower())
        if not found or found["name"] != self.name.lower() or (found["item"] and not self.is_list):
            return None
        return int(found["at"] or -1)

    def _query(self, call: Call) -> object:
        name = self.name.lower()
        if self.is_list:
            return self._list(call, ",".join(self._items(call.query)) or call.body_texts.get(name, ""))
        text = call.query.get(name) or call.body_texts.get(name)
        if text is not None:
            return self._within(call, _parse(self.name, text, self.kind))
        if self.required:
            raise errors.MissingParameter(f"The query parameter '{self.name}' is required.")
        return self.default

    def _within(self, call: Call, value: object) -> object:
        if isinstance(self.note, UpTo) and isinstance(value, int) and value > self.limit(call.limits):
            raise errors.BadRequest(f"'{self.name}' must be at most {self.limit(call.limits)}, not {value}.")
        return value

    def _items(self, query: Mapping[str, str]) -> list[str]:
        found = [(self.place(name), text) for name, text in query.items()]
        mine = [(place, text) for place, text in found if place is not None]
        return [text for _, text in sorted(mine, key=itemgetter(0))]

    def _list(self, call: Call, text: str) -> list[object]:
        """The values of a comma list, without repeats."""
        texts = [part.strip() for part in text.split(",") if part.strip()]
        if isinstance(self.note, AtMost) and len(texts) > (most := self.limit(call.limits)):
            raise self.note.error(f"'{self.name}' has {len(texts)} ids; send at most {most} in one call.")
        return list(dict.fromkeys(_parse(self.name, part, get_args(self.kind)[0]) for part in texts))


def parameters(handler: Callable[..., object], path: str) -> dict[str, Parameter]:
    """Those of a handler, but for its `call`, by their names in Python."""
    hints = get_type_hints(handler, include_extras=True)
    declared = inspect.signature(handler).parameters
    in_path = set(re.findall(r"\{(\w+)\}", path))
    return {
        name: _parameter(name, hints[name], declared[name].default, name in in_path)
        for name in declared
        if hints[name] is not Call
    }


def refuse_lookalikes(known: Iterable[Parameter], query: Mapping[str, str]) -> None:
    """What is none of the names that are `known`, but reads like one, would be passed over in silence: BadRequest.

    What reads like none of them is no concern of ours: clients send more than they need.
    """
    mine = [each for each in known if each.source == "query"]
    for name in (name for name, text in query.items() if text):
        alike = [each for each in mine if _bare(each.name) == _bare(name)]
        if alike and all(each.place(name) is None for each in alike):
            raise errors.BadRequest(
                f"There is no query parameter '{name[:SHOWN]}'; the one that reads like it is '{alike[0].name}'."
            )


def _bare(name: str) -> str:
    """What names have in common that differ by brackets, dashes, underscores, signs, or by one or many."""
    return re.sub(r"\[[^][]*\]|[\W_]", "", name.lower()).removesuffix("s")


def result(handler: Callable[..., object]) -> object:
    """The type that a handler returns."""
    return get_type_hints(handler)["return"]


def _parameter(name: str, hint: object, default: object, in_path: bool) -> Parameter:
    kind, note = hint, None
    if get_origin(hint) is Annotated:
        kind, note = get_args(hint)[:2]
    kind = next((part for part in get_args(kind) if part is not type(None)), kind) if _is_optional(kind) else kind
    if in_path:
        return Parameter("path", name, kind, default, note)
    if kind == list[File]:
        return Parameter("files", name, kind, default, note)
    if kind is bytes:
        return Parameter("picture" if note else "package", name, kind, default, note)
    if get_origin(kind) is dict or (isinstance(kind, type) and issubclass(kind, Struct)):
        return Parameter("body", name, kind, default, note)
    return Parameter("query", note.name if isinstance(note, Named) else camel(name), kind, default, note)


@cache
def camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


def _is_optional(kind: object) -> bool:
    return type(None) in get_args(kind)


def _picture(call: Call, limit: int) -> bytes:
    files = read_files(call.content_type, call.body)
    if len(files) != 1:
        raise errors.BadImageBatch(f"Send exactly one picture in the body, not {len(files)}.")
    size = len(files[0].contents)
    if size > limit:
        raise errors.BadImageSize(f"The picture has {size:,} bytes; at most {limit:,} are allowed.")
    return files[0].contents


def _package(call: Call) -> bytes:
    """As large as a body may be; empty where there is none, which the operation knows what to say of."""
    files = read_files(call.content_type, call.body, "zip")
    if len(files) > 1:
        raise errors.BadRequest(f"Send exactly one package in the body, not {len(files)}.")
    return files[0].contents if files else b""


def _parse(name: str, text: str, kind: object) -> object:
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        member = enum_named(kind, text)
        if member is None:
            raise errors.BadRequest(f"'{name}' must be one of {', '.join(kind)}, not '{text[:SHOWN]}'.")
        return member
    return PARSERS[kind](camel(name), text)


def _id(name: str, text: str) -> UUID:
    """With or without dashes and braces, as GUIDs are written."""
    text = text.strip()
    bare = text[1:-1] if text[:1] + text[-1:] == "{}" else text
    if not GUID.fullmatch(bare):
        raise errors.InvalidIds(f"'{name}' must be a GUID, not '{text[:SHOWN]}'.")
    return UUID(bare)


def _integer(name: str, text: str) -> int:
    low, high = RANGES[int]
    if not re.fullmatch(r"[+-]?\d{1,9}", text.strip(), re.ASCII) or not low <= int(text) <= high:
        raise errors.BadRequest(f"'{name}' must be a whole number from {low} to {high:,}, not '{text[:SHOWN]}'.")
    return int(text)


def _fraction(name: str, text: str) -> float:
    low, high = RANGES[float]
    if not NUMBER.fullmatch(text.strip()) or not low <= float(text) <= high:
        raise errors.BadRequest(f"'{name}' must be a number from {low} to {high}, not '{text[:SHOWN]}'.")
    return float(text)


def _flag(name: str, text: str) -> bool:
    if text.strip().lower() not in ("true", "false"):
        raise errors.BadRequest(f"'{name}' must be true or false, not '{text[:SHOWN]}'.")
    return text.strip().lower() == "true"


def _text(name: str, text: str) -> str:
    return text


PARSERS: dict[object, Callable[[str, str], object]] = {
    str: _text, UUID: _id, int: _integer, float: _fraction, bool: _flag
}  # fmt: skip
