"""What a command has done already, a line of JSON each, so that a killed one goes on where it was."""

from pathlib import Path
from typing import Self

import msgspec
from msgspec import Struct

from cli.faults import CommandError


class Entry(Struct, frozen=True, omit_defaults=True):
    """A file, the project that it went into or came from, and the image that it is, where that is known."""

    project: str
    file: str
    image: str = ""


class Journal:
    """Without a path it remembers nothing. A line that a kill cut off counts as not written."""

    def __init__(self, path: Path | None, project: str) -> None:
        self._path, self._project = path, project
        # The images of files; of a file that came again, the last.
        self.done: dict[str, str] = {}
        self.of_others = False

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
                raise CommandError(f"{path} is no journal of ours; name another place for it.") from fault
            journal.done = {entry.file: entry.image for entry in entries if entry.project == project}
            journal.of_others = any(entry.project != project for entry in entries)
        return journal

    def add(self, images: dict[str, str]) -> None:
        """Files, and which images they are."""
        if self._path:
            with self._path.open("ab") as out:
                out.write(self._lines(images))

    def replace(self, images: dict[str, str]) -> None:
        """These alone, in place of all that it says."""
        if self._path:
            partial = self._path.with_name(f"{self._path.name}.partial")
            partial.write_bytes(self._lines(images))
            partial.replace(self._path)

    def _lines(self, images: dict[str, str]) -> bytes:
        entries = (Entry(self._project, file, image) for file, image in images.items())
        return b"".join(msgspec.json.encode(entry) + b"\n" for entry in entries)


def _whole_lines(path: Path) -> list[bytes]:
    """Those that end; the rest of one that does not is cut off."""
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        path.write_bytes(whole)
    return whole.splitlines()
