"""Style sheets come with the screens that need them, and stay: no screen looks another way after a visit elsewhere."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from shared.settings import ROOT

SRC = ROOT / "portal" / "src"
# It is there from the beginning.
ALWAYS = SRC / "portal.css"
RULE = re.compile(r"([^{}]+)\{[^{}]*\}")
# Both give classes to what may match, not to what is styled.
CONDITION = re.compile(r":(?:not|has)\((?:[^()]|\([^()]*\))*\)")
STATIC = re.compile(r'^(?:import|export)(?! type)[^;]*?"(\.[^"]+)";', re.MULTILINE)
LATER = re.compile(r'import\("(\.[^"]+)"\)')
GIVEN = re.compile(r'class=(?:"([^"]*)"|\{((?:[^{}]|\{[^{}]*\})*)\})')

Graph = dict[Path, set[Path]]


def loose(sheet: str) -> set[str]:
    """The classes that a sheet styles wherever they stand."""
    selectors = RULE.findall(re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL))
    each = (one.strip() for some in selectors for one in re.split(r",(?![^()]*\))", CONDITION.sub("", some)))
    alone = (re.findall(r"\.([\w-]+)", one) for one in each if not re.search(r"[\s>~+](?![^()]*\))", one))
    return {classes[0] for classes in alone if len(classes) == 1}


def given(module: str) -> set[str]:
    """The classes that a module gives to what it shows."""
    words = [text or " ".join(quoted(code)) for text, code in GIVEN.findall(module)]
    return {name for word in words for name in re.findall(r"[\w-]+", word)}


def quoted(code: str) -> list[str]:
    return [*re.findall(r'"([^"]*)"', code), *re.findall(r"`([^`]*)`", re.sub(r"\$\{[^{}]*\}", " ", code))]


def graph(imports: re.Pattern[str]) -> Graph:
    return {path: set(targets(path, imports)) for path in SRC.rglob("*.ts*")}


def targets(path: Path, imports: re.Pattern[str]) -> Iterator[Path]:
    for spec in imports.findall(path.read_text()):
        found = (path.parent / spec).resolve()
        yield from (each for end in ("", ".ts", ".tsx") if (each := found.with_name(found.name + end)).is_file())


def reached(start: Path, *graphs: Graph) -> set[Path]:
    found, left = {start}, [start]
    while left:
        module = left.pop()
        fresh = {each for every in graphs for each in every.get(module, ())} - found
        found |= fresh
        left += fresh
    return found


def unstyled(static: Graph, later: Graph, owners: dict[str, set[Path]]) -> Iterator[str]:
    """What has a class whose sheet may have come with another screen only."""
    parts = {each: reached(each, static) for each in {SRC / "main.tsx"}.union(*later.values())}
    for start, modules in parts.items():
        around = [whole for whole in parts.values() if any(start in later.get(each, ()) for each in whole)] or [set()]
        for module in modules & static.keys():
            own = reached(module, static, later)
            for name in given(module.read_text()):
                for sheet in owners[name]:
                    if not all(sheet in modules | whole | own for whole in around):
                        yield f"{module.relative_to(SRC)} has .{name} of {sheet.relative_to(SRC)}"


def test_no_sheet_styles_what_another_screen_shows() -> None:
    """Where this fails, begin the selector with what the sheet is for, or import the sheet."""
    owners: dict[str, set[Path]] = defaultdict(set)
    for sheet in set(SRC.rglob("*.css")) - {ALWAYS}:
        for name in loose(sheet.read_text()):
            owners[name].add(sheet)
    assert len(owners) > 50
    assert {name for name, sheets in owners.items() if len(sheets) > 1} == set()
    assert sorted(set(unstyled(graph(STATIC), graph(LATER), owners))) == []


def test_a_class_that_is_styled_anywhere_is_seen() -> None:
    sheet = "/* .no { } */ .a, .b:hover > i { } .c .d { } @media (x) { .e::before { } } .h:not(.i) { }"
    assert loose(sheet) == {"a", "e", "h"}
    assert given('<i class="a b" /><b class={`c${out ? " d" : ""}`} />') >= {"a", "b", "c", "d"}
