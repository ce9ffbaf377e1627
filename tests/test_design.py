"""docs/design.md agrees with the code: its map with the rooms and what they may know, its names with what is there."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from shared.settings import ROOT
from tests.architecture import PLACES, RESERVED, ROOMS, imports, name_of, sources, within

PAGE = (ROOT / "docs" / "design.md").read_text()
README = (ROOT / "README.md").read_text()
# Who may know all that lies below, and needs no list.
FREE = {"tests", "benchmarks", "local"}
ALL = "all of `shared/`"
BUT = " but "
# The maps on the page: of all rooms, and of the rooms within some of them.
MAPS = ["", "shared.operations", "shared.storage", "shared.models"]


def room_of(name: str, within_room: str = "") -> str:
    """The room of a module by its full name: what lies in the root or in `shared`, or in another room."""
    if within_room:
        return name.removeprefix(f"{within_room}.").split(".")[0] if name.startswith(f"{within_room}.") else ""
    return room_of(name, "shared") or name.split(".")[0]


def rooms(within_room: str = "") -> set[str]:
    return {room_of(name_of(path), within_room) for path in sources(*ROOMS)} - {"", "shared"}


def is_room(path: Path) -> bool:
    return path.is_dir() and path.name != "__pycache__"


class Module(NamedTuple):
    """What it imports, and what it defines: its tree is too large to be kept."""

    imported: set[str]
    defined: set[str]


@cache
def modules() -> dict[str, Module]:
    trees = ((name_of(path), ast.parse(path.read_text())) for path in sources(*ROOMS))
    return {name: Module({wanted for _, wanted in imports(tree)}, set(defined(tree.body))) for name, tree in trees}


def arrows() -> set[tuple[str, str]]:
    """Who imports what."""
    return {(name, wanted) for name, module in modules().items() for wanted in module.imported}


def section() -> str:
    return PAGE.partition("## The map")[2].partition("\n## ")[0]


def lines(within_room: str = "") -> list[list[str]]:
    """A map, the highest line first."""
    blocks = re.findall(r"```text\n(.*?)```", section(), re.DOTALL)
    return [line.split() for line in dict(zip(MAPS, blocks, strict=True))[within_room].splitlines()]


def table() -> dict[str, tuple[str, str]]:
    """Of each room what it knows and which packages it has, as the page says it."""
    rows = re.findall(r"^\| (`.+?) \| (.*?) ?\| ?(.*?) ?\|$", section(), re.MULTILINE)
    return {name: (knows, packages) for names, knows, packages in rows for name in named(names)}


def named(text: str) -> set[str]:
    return set(re.findall(r"`([\w.]+)`", text))


def full(room: str) -> str:
    return room if room in (path.removesuffix(".py") for path in ROOMS) else f"shared.{room}"


def may_know(room: str) -> set[str]:
    places = [place for place in PLACES if within(place, [full(room)])]
    places = places or [max((place for place in PLACES if within(full(room), [place])), key=len)]
    return {room_of(wanted) for place in places for wanted in PLACES[place]} - {room}


def barred(room: str) -> set[str]:
    """What of `shared` is reserved for others."""
    reserved = {of: users for of, users in RESERVED.items() if of.startswith("shared.")}
    return {room_of(of) for of, users in reserved.items() if not has(full(room), users)}


def has(place: str, users: list[str]) -> bool:
    return within(place, users) or any(within(user, [place]) for user in users)


@pytest.mark.parametrize("place", MAPS)
def test_every_room_is_on_the_map_once(place):
    assert sorted(room for line in lines(place) for room in line) == sorted(rooms(place))


@pytest.mark.parametrize("place", MAPS)
def test_rooms_know_only_what_lies_below(place):
    depth = {room: number for number, line in enumerate(lines(place)) for room in line}
    for name, wanted in arrows():
        room, other = room_of(name, place), room_of(wanted, place)
        if room in depth and other in depth and {room, other} != {"tests", "benchmarks"}:
            assert room == other or depth[room] < depth[other], f"{name} imports {wanted}"


def test_the_table_says_what_a_room_may_know():
    told = table()
    assert told.keys() == rooms()
    for room in rooms() - FREE:
        knows, known = told[room][0], may_know(room)
        everything, _, but = knows.partition(BUT)
        assert (everything == ALL) == ("shared" in known), room
        assert named(but or knows) == (barred(room) if everything == ALL else known), room


def test_the_table_says_which_packages_a_room_may_import():
    for room, (_, packages) in table().items():
        having = {package for package, users in RESERVED.items() if has(full(room), users)}
        assert (
            packages == "all"
            if room in ("tests", "benchmarks")
            else named(packages) == {name for name in having if not within(name, ROOMS)}
        ), room


def test_the_readme_lists_the_rooms():
    listed = re.findall(r"^\| `([\w/]+)/` \|", README.partition("## Rooms")[2], re.MULTILINE)
    folders = {path.name for path in ROOT.iterdir() if is_room(path) and not path.name.startswith(".")}
    ours = {f"shared/{path.name}" for path in (ROOT / "shared").iterdir() if is_room(path)}
    assert set(listed) == (folders & {*ROOMS, "infra"} | ours) - {"shared", "tests"}


@cache
def definitions() -> dict[str, set[str]]:
    """What each module of that name defines: functions, classes, constants, and the methods of classes."""
    found: dict[str, set[str]] = {}
    for name, module in modules().items():
        if not within(name, ["tests"]):
            found.setdefault(name.split(".")[-1], set()).update(module.defined)
    return found


def defined(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        if isinstance(node, ast.ClassDef):
            yield from defined(node.body)


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([a-z_]+\.[a-z_]+)`", PAGE))))
def test_a_function_or_a_file_that_the_page_names_is_there(name):
    module, function = name.split(".")
    if name in RESERVED or any((folder / name).exists() for folder in (ROOT, ROOT / "local" / "azurite")):
        return
    assert function in definitions().get(module, set())


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([a-z_]+/[\w/]*(?:\.\w+)?)`", PAGE))))
def test_a_path_that_the_page_names_is_there(name):
    assert (ROOT / name).exists() or (ROOT / "shared" / name).exists()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([A-Z]\w+[a-z]\w+)`", PAGE))))
def test_a_class_that_the_page_names_is_there(name):
    assert name == "FunctionApp" or any(name in names for names in definitions().values())
