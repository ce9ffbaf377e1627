"""How long a backup of a project takes, the next after 100 changes, and the way back into an empty installation; and
how much of the processors each takes, which a busy machine changes less. What comes back is counted again, and its
published name asked.

python -m benchmarks.backup
python -m benchmarks.backup --images 100000
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.rig import TAGS, Memory, Rig
from benchmarks.subjects import cpu_seconds
from cli.model import import_package
from local.azurite import Azurite
from local.demo import session
from local.service import RESOURCE_ID, Service, running
from shared.models.wire import now
from shared.models.workspace.images import ImageRecord, TaggingStatus, TagMark, new_image_id
from shared.operations.backup import restoring, taking
from shared.operations.backup.vault import Vault
from shared.settings import Settings
from shared.storage.account import blobs
from shared.storage.account.shelves import FolderShelf
from shared.storage.account.store import Store
from shared.storage.workspace import catalog, images, projects
from tests.importing.packages import classifier, zipped
from tests.pictures import picture
from tests.storage.making import assert_same, recount

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


class Spending:
    """The processor time of what is done, in seconds: of the command, and of both Azurites."""

    def __init__(self, rig: Rig, azurites: Sequence[Azurite]) -> None:
        self._rig, self._azurites = rig, azurites
        self.rows: list[tuple[str, str, str, str]] = []

    def once(self, name: str, act: Callable[[], object]) -> None:
        command, azurite = time.process_time(), self._azurite()
        self._rig.once(name, act)
        command, azurite = time.process_time() - command, self._azurite() - azurite
        self.rows.append((name, self._rig.figures[-1].cells[1], f"{command:.1f} s", f"{azurite:.1f} s"))

    def _azurite(self) -> float:
        return sum(cpu_seconds(each.pid) for each in self._azurites if each.pid)


def published(rig: Rig) -> None:
    """A model of all of its tags, which answers under a name."""
    trainer = session.training_client(rig.service)
    package = zipped(classifier(TAGS), [tag.name for tag in trainer.get_tags(rig.project)])
    made = import_package(trainer, str(rig.project), package, {"name": "Moved"})
    trainer.publish_iteration(rig.project, made["id"], session.PUBLISHED_NAME, RESOURCE_ID)


def answered(service: Service, rig: Rig) -> list[tuple[str, float]]:
    """What the published name says of a picture."""
    client = session.prediction_client(service)
    found = client.classify_image_with_no_store(rig.project, session.PUBLISHED_NAME, picture("leaf", 1)).predictions
    return [(each.tag_id, each.probability) for each in found]


def told(store: Store, rig: Rig) -> list[tuple[object, ...]]:
    """Every image, with its tags and when it was made; they are as many as are counted."""
    counted = catalog.read(store, rig.project)
    assert counted.columns.size == rig.size
    assert_same(counted, recount(store, rig.project))
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
            spending = Spending(rig, [service.azurite, empty.azurite])
            spending.once("made", partial(filled, rig))
            published(rig)
            said = answered(service, rig)
            project = projects.get(rig.store, rig.project)
            memory = Memory({"the command": os.getpid})
            take: Callable[[], object] = partial(taking.take, rig.store, vault, project, _quiet)
            spending.once("backup", take)
            change(rig)
            spending.once(f"backup after {CHANGED} changes", take)
            other = Store.open(Settings(storage_connection_string=empty.connection_string))
            copy = vault.copies(rig.project)[-1]
            spending.once("restore", lambda: restoring.restore(other, vault, copy, _quiet, force=False))
            memory.stop()
            if told(rig.store, rig) != told(other, rig):
                sys.exit("what came back is not what there was")
            if answered(empty, rig) != said:
                sys.exit("the published name says something else")
            other.close()
    title = f"{size} images, {size * len(blobs.KINDS)} blobs; {memory.most['the command']} MB of memory"
    table = Table("", "took", "processor: command", "Azurite", title=title)
    for row in spending.rows:
        table.add_row(*row)
    Console(highlight=False).print(table)
    return 0


def _quiet(_: int) -> None:
    """Nobody watches."""


if __name__ == "__main__":
    sys.exit(main())
