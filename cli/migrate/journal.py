"""What has moved, in a file: a move that was killed goes on where it was, and the next one takes what changed since."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import msgspec

from cli.faults import CommandError
from cli.migrate.shapes import Labels, Project, Tag

FILE = "journal.sqlite"
TABLES = """
create table if not exists ends (source text, target text);
create table if not exists projects (source text primary key, target text, seen text);
create table if not exists tags (project text, source text, target text, seen text, primary key (project, source));
create table if not exists images (project text, source text, target text, sha256 text, labels text, checked integer,
    primary key (project, source));
"""


class MovedTag(NamedTuple):
    """Its id here, and the tag as it was there when it was moved last."""

    target: UUID
    seen: Tag


class MovedImage(NamedTuple):
    """Its id here, the SHA-256 of its bytes there, and its labels there when they were moved last.

    It is `checked` when its bytes here were found to be the same.
    """

    target: UUID
    sha256: str
    labels: Labels
    checked: bool = False


class Journal:
    """Every change is on the disk when its call returns. Projects, tags and images are told by their ids there."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def require_ends(self, source: str, target: str) -> None:
        """Raises CommandError where the journal is of a move between others."""
        known = self._connection.execute("select source, target from ends").fetchone()
        if known is None:
            self._do("insert into ends values (?, ?)", source, target)
        elif known != (source, target):
            raise CommandError(
                f"this folder has the journal of a move from {known[0]} to {known[1]}; name another by --folder."
            )

    def project(self, source: UUID) -> UUID | None:
        """Its id here."""
        row = self._connection.execute("select target from projects where source = ?", [str(source)]).fetchone()
        return row and UUID(row[0])

    def put_project(self, source: UUID, target: UUID) -> None:
        self._do("insert into projects (source, target) values (?, ?)", str(source), str(target))

    def seen(self, source: UUID) -> Project | None:
        """The project as it was there when its settings were moved last."""
        row = self._connection.execute("select seen from projects where source = ?", [str(source)]).fetchone()
        return msgspec.json.decode(row[0], type=Project) if row and row[0] else None

    def put_seen(self, project: Project) -> None:
        text = msgspec.json.encode(project).decode()
        self._do("update projects set seen = ? where source = ?", text, str(project.id))

    def tags(self, project: UUID) -> dict[UUID, MovedTag]:
        rows = self._connection.execute("select source, target, seen from tags where project = ?", [str(project)])
        return {
            UUID(source): MovedTag(UUID(target), msgspec.json.decode(seen, type=Tag)) for source, target, seen in rows
        }

    def put_tag(self, project: UUID, tag: Tag, target: UUID) -> None:
        seen = msgspec.json.encode(tag).decode()
        self._do("insert or replace into tags values (?, ?, ?, ?)", str(project), str(tag.id), str(target), seen)

    def drop_tag(self, project: UUID, source: UUID) -> None:
        self._do("delete from tags where project = ? and source = ?", str(project), str(source))

    def images(self, project: UUID) -> dict[UUID, MovedImage]:
        rows = self._connection.execute(
            "select source, target, sha256, labels, checked from images where project = ? order by rowid",
            [str(project)],
        )
        return {
            UUID(source): MovedImage(UUID(target), sha256, Labels.read(labels), bool(checked))
            for source, target, sha256, labels, checked in rows
        }

    def put_images(self, project: UUID, moved: dict[UUID, MovedImage]) -> None:
        rows = [
            (str(project), str(source), str(image.target), image.sha256, image.labels.text, image.checked)
            for source, image in moved.items()
        ]
        with self._connection:
            self._connection.executemany("insert or replace into images values (?, ?, ?, ?, ?, ?)", rows)

    def drop_images(self, project: UUID, sources: list[UUID]) -> None:
        rows = [(str(project), str(source)) for source in sources]
        with self._connection:
            self._connection.executemany("delete from images where project = ? and source = ?", rows)

    def _do(self, statement: str, *values: str) -> None:
        with self._connection:
            self._connection.execute(statement, values)


@contextmanager
def opened(folder: Path) -> Iterator[Journal]:
    """Held by one command at a time. Raises CommandError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(folder / FILE, timeout=0)
        try:
            connection.execute("pragma locking_mode = exclusive")
            connection.executescript(f"begin exclusive; {TABLES} commit;")
            yield Journal(connection)
        finally:
            connection.close()
    except (OSError, sqlite3.Error) as fault:
        held = (
            "; does another `ocellus migrate` run on it?"
            if "locked" in str(fault)
            else ". Mend that, and run it again."
        )
        raise CommandError(f"the journal in {folder} can't be used: {fault}{held}") from fault
