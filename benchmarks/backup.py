"""How long a backup of a project takes, the next after 100 changes, and the way back into an empty installation.

python -m benchmarks.backup
python -m benchmarks.backup --images 100000
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.rig import TAGS, Memory, Rig
from local.service import running
from shared.models.wire import now
from shared.models.workspace.images import ImageRecord, TaggingStatus, TagMark, new_image_id
from shared.operations.backup import restoring, taking
from shared.operations.backup.vault import Vault
from shared.settings import Settings
from shared.storage.account import blobs
from shared.storage.account.shelves import FolderShelf
from shared.storage.account.store import Store
from shared.storage.workspace import catalog, images, projects
from tests.pictures import picture

SIZE, CHANGED = 10_000, 100
# So many images are made at once.
PART = 500


def filled(rig: Rig) -> None:
    """Images that share a picture, but for their digest; half of them have a tag."""
    data = picture("apple", 1, (320, 240))

    def put(record: ImageRecord) -> None:
        for kind in blobs.KINDS:
            blobs.put_picture(rig.store, rig.project, record.id, kind, data, "image/jpeg")

    for start in range(0, rig.size, PART):
        records = [
            ImageRecord(
                new_image_id(), now(), 320, 240, f"{at:064}", [TagMark(rig.tags[at % TAGS], now())] if at % 2 else []
            )
            for at in range(start, min(start + PART, rig.size))
        ]
        list(rig.store.threads.map(put, records))
        images.insert_many(rig.store, rig.project, records)
        rig.images += [record.id for record in records]


def change(rig: Rig) -> None:
    for image_id in rig.images[:CHANGED]:
        images.update(rig.store, rig.project, image_id, lambda record: record.without_tags(record.tag_ids))


def told(store: Store, rig: Rig) -> list[tuple[object, ...]]:
    """Every image, with its tags and when it was made."""
    assert catalog.read(store, rig.project).columns.size == rig.size
    everything = images.each(store, rig.project, TaggingStatus.ALL)
    return [(record.id, record.created, record.tags, record.sha256) for record in everything]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backup", description=__doc__)
    parser.add_argument("--images", type=int, default=SIZE, metavar="N", help="of the project")
    size = parser.parse_args().images
    with tempfile.TemporaryDirectory(prefix="ocellus-benchmark-") as folder:
        vault = Vault(FolderShelf(Path(folder) / "backups"))
        with running(Path(folder) / "one") as service, running(Path(folder) / "other") as empty:
            rig = Rig(service, size, 1)
            rig.once("made", partial(filled, rig))
            project = projects.get(rig.store, rig.project)
            memory = Memory({"the command": os.getpid})
            take: Callable[[], object] = partial(taking.take, rig.store, vault, project, _quiet)
            rig.once("backup", take)
            change(rig)
            rig.once(f"backup after {CHANGED} changes", take)
            other = Store.open(Settings(storage_connection_string=empty.connection_string))
            copy = vault.copies(rig.project)[-1]
            rig.once("restore", lambda: restoring.restore(other, vault, copy, _quiet, force=False))
            memory.stop()
            if told(rig.store, rig) != told(other, rig):
                sys.exit("what came back is not what there was")
            other.close()
    table = Table("", "took", title=f"{size} images, {size * len(blobs.KINDS)} blobs")
    for figure in rig.figures:
        table.add_row(figure.name, figure.cells[1])
    table.add_row("memory of the command", f"{memory.most['the command']} MB")
    Console(highlight=False).print(table)
    return 0


def _quiet(_: int) -> None:
    """Nobody watches."""


if __name__ == "__main__":
    sys.exit(main())
