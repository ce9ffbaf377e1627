"""A data set in a zip, read once: which pictures it has, with which tags and boxes, in shares to be taken in."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from io import BufferedReader
from typing import BinaryIO, NamedTuple, cast
from uuid import UUID, uuid4, uuid5
from zipfile import ZipFile

import msgspec
from msgspec.structs import replace

from shared import errors
from shared.formats import archive, carrying, catalogue
from shared.formats.archive import PackedFile, Ranged
from shared.formats.dataset import DatasetError, Labelled
from shared.formats.source import Source
from shared.models.texts import checked_name, folded
from shared.models.workspace.domains import DomainType
from shared.models.workspace.exchange import DatasetImport, DatasetWork
from shared.models.workspace.tags import Tag
from shared.operations.transfer import dataset_tasks
from shared.operations.workspace import projects
from shared.settings import Settings
from shared.storage.account.store import Store
from shared.storage.account.transport import patience
from shared.storage.workspace import exchanges
from shared.storage.workspace import tags as stored_tags

MEGABYTE = 1024 * 1024
# Beside each picture there may be a text and a list that names it; all that is no picture is held in memory.
FILES_PER_PICTURE, DESCRIBED_BYTES = 3, 32 * MEGABYTE
# What is read of the zip at once while its directory and its texts are.
AHEAD = 4 * MEGABYTE
# So long a step reads: shorter than functionTimeout, and longer than what is read takes.
READ_SECONDS = 200.0
# What ends the process by its size, or whatever it does, is not tried more often.
TRIES = 4
# So many pictures are taken in by a step.
SHARE = 256


class ToTakeIn(NamedTuple):
    """A picture to bring in, and where it lies in the zip."""

    picture: Labelled
    place: PackedFile


class ZipContent(NamedTuple):
    """What a zip has: its format, its pictures, what of them can't be carried, and what is left out, and why."""

    format: str
    lines: list[ToTakeIn]
    lost: dict[str, int]
    faults: list[str]


@contextmanager
def opened(store: Store, settings: Settings, project_id: UUID, dataset_id: UUID) -> Iterator[ZipFile]:
    """Raises ArchiveError."""
    size = exchanges.zip_size(store, project_id, dataset_id)
    file = BufferedReader(Ranged(exchanges.zip_reader(store, project_id, dataset_id), size), AHEAD)
    with archive.opened(cast(BinaryIO, file), FILES_PER_PICTURE * settings.limits.images_per_project) as zipped:
        yield zipped


def read(store: Store, settings: Settings, project_id: UUID, state: DatasetWork, work: DatasetImport) -> None:
    """Raises DatasetError, ArchiveError, and what a tag would."""
    dataset_id = state.task.id
    if _count(store, project_id, dataset_id, 1).begun > TRIES:
        raise DatasetError("it can't be read within the time and memory that there is; make several of it.")
    try:
        _read(store, settings, project_id, dataset_id, work)
    except errors.ServiceUnavailable:
        # Which is no fault of the zip.
        with suppress(errors.ServiceError):
            _count(store, project_id, dataset_id, -1)
        raise


def _read(store: Store, settings: Settings, project_id: UUID, dataset_id: UUID, work: DatasetImport) -> None:
    begun = time.monotonic()
    try:
        with patience(READ_SECONDS):
            found = _found(store, settings, project_id, dataset_id, work)
    except errors.ServiceUnavailable:
        if time.monotonic() - begun < READ_SECONDS:
            raise
        raise DatasetError("it takes too long to read; import it by `ocellus dataset import`.") from None
    tags = _tags(store, settings, project_id, dataset_id, found.lines)
    run = uuid4().hex
    shares = [found.lines[start : start + SHARE] for start in range(0, len(found.lines), SHARE)]
    for number, share in enumerate(shares, 1):
        data = msgspec.json.Encoder().encode_lines(share)
        exchanges.put_share(store, project_id, dataset_id, _name(run, number), data)

    def known(state: DatasetWork) -> DatasetWork:
        if state.shares:
            return state
        task = replace(
            state.task,
            format=found.format,
            total=len(found.lines),
            lost=found.lost,
            left_out=len(found.faults),
            reasons=dataset_tasks.named(state.task, found.faults),
        )
        return replace(state, task=task, work=replace(work, tags=tags), shares=len(shares), listed_by=run)

    exchanges.update(store, project_id, dataset_id, known)


def _count(store: Store, project_id: UUID, dataset_id: UUID, more: int) -> DatasetWork:
    """How often it was begun to be read."""
    return exchanges.update(store, project_id, dataset_id, lambda state: replace(state, begun=state.begun + more))


def lines(store: Store, project_id: UUID, state: DatasetWork, number: int) -> list[ToTakeIn]:
    """Those of a share, from 1 on. Raises NotFound."""
    data = exchanges.share(store, project_id, state.task.id, _name(state.listed_by, number))
    return msgspec.json.Decoder(ToTakeIn).decode_lines(data)


def _found(store: Store, settings: Settings, project_id: UUID, dataset_id: UUID, work: DatasetImport) -> ZipContent:
    project = projects.get_workspace(store, project_id)
    detects = projects.domain_of(project).type == DomainType.OBJECT_DETECTION
    with opened(store, settings, project_id, dataset_id) as zipped:
        source = Source.sent(zipped, DESCRIBED_BYTES, READ_SECONDS)
        format = catalogue.named(work.format) if work.format else catalogue.format_of(source)
        reading = catalogue.read(source, format)
        pictures = carrying.fitting(reading, project.name, detects=detects, untagged=work.untagged or work.background)
        found = [ToTakeIn(picture, archive.place(zipped.getinfo(picture.file))) for picture in pictures]
    if len(found) > (most := settings.limits.images_per_project):
        raise DatasetError(f"it has {len(found):,} pictures, and a project takes {most:,}.")
    left_out = [f"{source.left_out} links or paths lead out of it"] * bool(source.left_out)
    return ZipContent(format.name, found, dict(reading.lost), [*reading.faults, *left_out])


def _tags(
    store: Store, settings: Settings, project_id: UUID, dataset_id: UUID, found: Sequence[ToTakeIn]
) -> dict[str, UUID]:
    """The ids of tags by name; those that there are in any case are taken, the others made.

    Raises TagLimitExceeded, BadTagName.
    """
    names = sorted({tag for line in found for tag in line.picture.said})
    known = {folded(tag.name): tag.id for tag in stored_tags.names(store, project_id).values()}
    new = {folded(name): name for name in names if folded(name) not in known}
    if len(known) + len(new) > (most := settings.limits.tags_per_project):
        raise errors.TagLimitExceeded(
            f"With the tags of the data set the project would have {len(known) + len(new)}; {most} are allowed."
        )
    for name in new.values():
        checked_name(name, f"A tag's ('{name[:80]}')", errors.BadTagName)
    for key, name in new.items():
        known[key] = uuid5(dataset_id, key)
        stored_tags.insert(store, project_id, Tag(known[key], name, None))
    return {name: known[folded(name)] for name in names}


def _name(run: str, number: int) -> str:
    return f"{run}/{number:05}.jsonl"
