"""The portal's rooms keep to their walls, and nothing of it opens a door that its policy would have to close."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import client
from shared.settings import ROOT

SRC = ROOT / "portal" / "src"
MAX_FILE, MAX_FUNCTION = 300, 60
# Who may import whom, beside what lies in the same room.
ROOMS = {
    "api": [],
    "model": ["api/client"],
    "state": ["api", "model"],
    "parts": ["state", "api", "model"],
    "screens": ["parts", "state", "api", "model"],
    "main.tsx": ["screens", "parts", "state", "api", "model"],
    "auth.ts": [],
}
# Screens stand side by side.
APART = ["screens"]
IMPORT = re.compile(r"""(?:from|import\()\s*"(\.[^"]*)\"""")
FORBIDDEN = {
    r"innerHTML|outerHTML|insertAdjacentHTML|dangerouslySet|document\.write": "markup out of text",
    r":\s*any\b|\bas any\b|<any>": "any",
    r"\beval\(|new Function": "text as code",
    r"@ts-(?:ignore|expect-error|nocheck)": "a type error that is passed over",
}
FUNCTION = re.compile(r"^(?:export )?(?:default )?(?:async )?function\*? (\w+)")


def sources() -> list[Path]:
    return sorted(path for path in SRC.rglob("*.ts*") if path.name != "client.ts")


def import_faults(place: str, text: str) -> Iterator[str]:
    """What a file at a place, from `src`, imports through a wall."""
    room = place.split("/")[0]
    for spec in IMPORT.findall(text):
        parts: list[str] = []
        for part in [*place.split("/")[:-1], *spec.split("/")]:
            parts = parts[:-1] if part == ".." else parts if part == "." else [*parts, part]
        wanted = "/".join(parts)
        allowed = [*ROOMS[room], *([] if room in APART else [room])]
        if not any(wanted == each or wanted.startswith(f"{each}/") for each in allowed):
            yield f"{place} may not import {wanted}"


def size_faults(place: str, text: str) -> Iterator[str]:
    lines = text.splitlines()
    if len(lines) > MAX_FILE:
        yield f"{place} has {len(lines)} lines; a file has {MAX_FILE} at most"
    for number, line in enumerate(lines):
        if found := FUNCTION.match(line):
            length = lines[number:].index("}") + 1 if "}" in lines[number:] else 1
            if length > MAX_FUNCTION:
                yield f"{place}: {found[1]} has {length} lines; a function has {MAX_FUNCTION} at most"


def style_faults(place: str, text: str) -> Iterator[str]:
    if not text.startswith("// "):
        yield f"{place} does not say what is in it"
    for pattern, fault in FORBIDDEN.items():
        if found := re.search(pattern, text):
            yield f"{place} has {fault}: {found[0]}"
    if "localStorage" in text and place != "state/preferences.ts":
        yield f"{place} uses localStorage, which state/preferences alone does"


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.relative_to(SRC).as_posix())
def test_the_rooms_keep_to_their_walls(path: Path) -> None:
    place, text = path.relative_to(SRC).as_posix(), path.read_text()
    assert [*import_faults(place, text), *size_faults(place, text), *style_faults(place, text)] == []


@pytest.mark.parametrize(
    ("place", "text", "fault"),
    [
        ("model/keys.ts", 'import { a } from "../state/route";', "may not import state/route"),
        ("model/keys.ts", 'import { a } from "../api/send";', "may not import api/send"),
        ("screens/train.tsx", 'import { a } from "./images";', "may not import screens/images"),
        ("parts/grid/grid.tsx", 'const a = await import("../../screens/images");', "may not import screens/images"),
    ],
)
def test_an_import_through_a_wall_is_seen(place: str, text: str, fault: str) -> None:
    assert any(fault in found for found in import_faults(place, text))


def test_the_types_fit() -> None:
    script = 'PATH="$PATH:.venv/bin" exec node node_modules/typescript/bin/tsc -p portal'
    done = subprocess.run(["sh", "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_client_is_the_services_own() -> None:
    """Where this fails, `python -m local.client` writes it anew."""
    assert client.client() == client.PLACE.read_text()
