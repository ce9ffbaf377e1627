"""What a command has done already, a line of JSON each, so that a killed one goes on where it was."""

from collections.abc import Iterable
from pathlib import Path
from typing import Self

import msgspec
from msgspec import Struct

from cli.faults import CommandError


class Entry(Struct, frozen=True):
    """A file, and the project that has it."""

    project: str
    file: str


class Journal:
    """Without a path it remembers nothing. A line that a kill cut off counts as not written."""

    def __init__(self, path: Path | None, project: str) -> None:
        self._path, self._project = path, project
        self.done: frozenset[str] = frozenset()

    @classmethod
    def open(cls, path: Path | None, project: str) -> Self:
        """Raises CommandError where it can't be written, or is no journal."""
        journal = cls(path, project)
        if path:
            try:
                path.touch()
                entries = [msgspec.json.decode(line, type=Entry) for line in _whole_lines(path)]
            except OSError as fault:
                raise CommandError(f"{path} can't be written: {fault.strerror}.") from fault
            except msgspec.DecodeError as fault:
                raise CommandError(f"{path} is no journal of ours; name another by --journal.") from fault
            journal.done = frozenset(entry.file for entry in entries if entry.project == project)
        return journal

    def add(self, files: Iterable[str]) -> None:
        lines = b"".join(msgspec.json.encode(Entry(self._project, file)) + b"\n" for file in files)
        if self._path:
            with self._path.open("ab") as out:
                out.write(lines)


def _whole_lines(path: Path) -> list[bytes]:
    """Those that end; the rest of one that does not is cut off."""
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        path.write_bytes(whole)
    return whole.splitlines()
