"""Projects and iterations as people name them on the command line: by an id, or by a name."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from cli.faults import CommandError
from shared.models.texts import folded

T = TypeVar("T")
NAME = "NAME|ID"
# What a name is looked for in, in this order.
OF_PROJECT, OF_ITERATION = ("name",), ("publish_name", "name")
LISTED = "`ocellus projects` lists those that there are."


def find(there: Iterable[T], wanted: str, fields: Sequence[str] = OF_PROJECT) -> T | None:
    """By its id, or else by its name: written so, or in any case. Raises CommandError where several have the name."""
    known, given = list(there), id_in(wanted)
    found = [each for each in known if given and _id(each) == given]
    for field in fields:
        found = found or _named(known, field, wanted, str) or _named(known, field, wanted, folded)
    if len(found) > 1:
        ids = ", ".join(str(_id(each)) for each in found)
        raise CommandError(f"several are called '{wanted}'; name one by its id: {ids}.")
    return found[0] if found else None


def require(there: Iterable[T], wanted: str, kind: str, fields: Sequence[str] = OF_PROJECT, hint: str = "") -> T:
    """The same; raises CommandError also where there is none. It lists them, unless a `hint` says how to."""
    known = list(there)
    if found := find(known, wanted, fields):
        return found
    listed = ", ".join(f"'{_field(each, fields[-1])}' ({_id(each)})" for each in known) or "none"
    raise CommandError(f"there is no {kind} '{wanted}'; {hint or f'there are {listed}.'}")


def project_id(wanted: str, there: Callable[[], Iterable[Any]], hint: str = "") -> UUID:
    """An id is taken as it is, also that of a deleted project; a name is one of those. Raises CommandError."""
    return id_in(wanted) or _id(require(there(), wanted, "project", hint=hint))


def id_in(text: str) -> UUID | None:
    """None of what is no id."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _named(known: Iterable[T], field: str, wanted: str, alike: Callable[[str], str]) -> list[T]:
    return [each for each in known if alike(_field(each, field)) == alike(wanted)]


def _field(each: object, name: str) -> str:
    return getattr(each, name) or ""


def _id(each: Any) -> UUID:
    return UUID(str(each.id))
