"""The blobs of project exports, and of imports under way."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from uuid import UUID

import msgspec

from shared.models.transfer import ExportInfo, ImportState, PartHeader, PartImage
from shared.models.workspace.images import ImageRecord
from shared.storage.account import blobs, rows, signing
from shared.storage.account.store import Store
from shared.storage.workspace import catalog

EXPORT = "project-export"
IMPORT = "project-import"


def write_info(store: Store, project_id: UUID, export_id: UUID, info: ExportInfo) -> str:
    """The address that it can be read at."""
    name = _export_name(project_id, export_id, "info.json")
    blobs.write(store, "exports", name, msgspec.json.encode(info))
    return signing.uri(store, "exports", name)


def read_info(store: Store, project_id: UUID, export_id: UUID) -> ExportInfo | None:
    blob = blobs.read(store, "exports", _export_name(project_id, export_id, "info.json"))
    return msgspec.json.decode(blob.data, type=ExportInfo) if blob else None


def part_reference(store: Store, project_id: UUID, export_id: UUID, section: int, part: int) -> str:
    """Where a part lies, or will lie once it is written, beside the export's other files."""
    return signing.reference(store, "exports", _part_name(project_id, export_id, section, part))


def write_part(
    store: Store,
    project_id: UUID,
    export_id: UUID,
    section: int,
    part: int,
    lines: Iterable[PartHeader | PartImage],
) -> None:
    data = msgspec.json.Encoder().encode_lines(lines)
    blobs.write(store, "exports", _part_name(project_id, export_id, section, part), data)


def model_reference(store: Store, project_id: UUID, iteration_id: UUID, name: str) -> str:
    return signing.reference(store, "models", blobs.model_name(project_id, iteration_id, name))


def images_after(store: Store, project_id: UUID, after: UUID | None, limit: int) -> list[ImageRecord]:
    """So many images of the workspace, the newest first, beginning behind that one."""
    first = f"{catalog.IMAGE}{after}~" if after else catalog.IMAGE
    found = rows.scan(store.catalog, str(project_id), first, f"{catalog.IMAGE}~", page=limit)
    return [row.decode(ImageRecord) for row in islice(found, limit)]


def begin_import(store: Store, project_id: UUID, state: ImportState) -> None:
    blobs.write(store, "exports", _import_name(project_id, "state.json"), msgspec.json.encode(state))


def read_import(store: Store, project_id: UUID) -> ImportState | None:
    """None when the import has ended."""
    blob = blobs.read(store, "exports", _import_name(project_id, "state.json"))
    return msgspec.json.decode(blob.data, type=ImportState) if blob else None


def end_import(store: Store, project_id: UUID) -> None:
    """Delete what only the import itself needs."""
    for name in list(blobs.names(store, "exports", _import_name(project_id, ""))):
        blobs.delete(store, "exports", name)


def keep_records(store: Store, project_id: UUID, section: int, part: int, images: Iterable[ImageRecord]) -> None:
    """A part of the dataset of an iteration, until all of it is there."""
    name = _import_name(project_id, f"{section:03}/{part:06}.jsonl")
    blobs.write(store, "exports", name, msgspec.json.Encoder().encode_lines(images))


def kept_records(store: Store, project_id: UUID, section: int, parts: int) -> Iterator[ImageRecord]:
    """All parts of that dataset, one after the other."""
    for part in range(parts):
        blob = blobs.read(store, "exports", _import_name(project_id, f"{section:03}/{part:06}.jsonl"))
        if blob:
            yield from msgspec.json.Decoder(ImageRecord).decode_lines(blob.data)


def endpoint(store: Store) -> str:
    """Where our own blobs are."""
    return str(store.blobs.url)


def expire_exports(store: Store, before: datetime) -> None:
    """Delete the exports that were written before that time."""
    for name in blobs.names_before(store, "exports", before):
        if name.split("/")[1:2] == [EXPORT]:
            blobs.delete(store, "exports", name)


def _export_name(project_id: UUID, export_id: UUID, name: str) -> str:
    return f"{project_id}/{EXPORT}/{export_id}/{name}"


def _part_name(project_id: UUID, export_id: UUID, section: int, part: int) -> str:
    return _export_name(project_id, export_id, f"{section:03}-{part:06}.jsonl")


def _import_name(project_id: UUID, name: str) -> str:
    return f"{project_id}/{IMPORT}/{name}"
