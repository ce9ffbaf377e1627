"""A project's counts: a ledger that every write adds a row to, so that writers never wait for each other.

`count:base` holds what was folded, each `count:d:...` what one transaction added. Their sum is the truth.
"""

import random
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from uuid import UUID

import msgspec
from msgspec import Struct

from shared.errors import ProjectNotFound, ServiceUnavailable
from shared.models.images import ImageRecord
from shared.storage import rows
from shared.storage.rows import Row
from shared.storage.store import Store
from shared.storage.transactions import LIMIT, Change, RowChanged, RowExists, RowMissing, transact

BASE = "count:base"
DELTA = "count:d:"
WORKSPACE = "workspace"
# A transaction has room for so many changes beside the workspace and a delta.
ROOM = LIMIT - 2
# And for so many deltas beside the workspace and the base.
FOLD = LIMIT - 2
FOLD_CHANCE = 1 / 32

Deltas = Mapping[str, int]


class Counts(Struct, frozen=True):
    """`changes` grows with every change of tags, images, regions, metadata or settings: the project's revision."""

    images: int = 0
    tagged: int = 0
    changes: int = 0
    per_tag: dict[UUID, int] = {}
    regions: int = 0

    @property
    def untagged(self) -> int:
        return self.images - self.tagged


def read(store: Store, project_id: UUID) -> Counts:
    """Raises ProjectNotFound."""
    ledger = _ledger(store, project_id)
    if len(ledger) > FOLD:
        _fold(store, project_id, ledger)
    if not ledger:
        require_project(store, project_id)
    return _counts(_sum(ledger))


def recount(store: Store, project_id: UUID) -> Counts:
    """What the images themselves say. `changes` is read from the ledger, its only source."""
    partition, total = str(project_id), Counter[str]()
    for row in rows.scan(store.catalog, partition, "image:", "image;"):
        total.update(weight(msgspec.json.decode(row.doc, type=ImageRecord)))
    total["changes"] = _sum(_ledger(store, project_id))["changes"]
    return _counts(total)


def weight(record: ImageRecord | None) -> dict[str, int]:
    """What one image adds to the counts."""
    if record is None:
        return {}
    own = {"images": 1, "tagged": 1 if record.tags else 0, "regions": len(record.regions)}
    return {**own, **{f"tag:{tag_id}": 1 for tag_id in record.tag_ids}}


def difference(old: ImageRecord | None, new: ImageRecord | None) -> dict[str, int]:
    """What a change of one image adds to the counts."""
    total = Counter(weight(new))
    total.subtract(weight(old))
    return {name: value for name, value in total.items() if value} | {"changes": 1}


def commit(store: Store, project_id: UUID, changes: Iterable[Change], deltas: Deltas | None = None) -> None:
    """A transaction on a project that must exist, with what it adds to the counts.

    Raises RowMissing (also when the project is gone), RowExists or RowChanged.
    """
    partition, ledger = str(project_id), []
    if deltas:
        ledger = [Change("insert", f"{DELTA}{uuid.uuid4().hex}", rows.encode(deltas))]
    transact(store.catalog, partition, [Change("touch", WORKSPACE), *changes, *ledger])
    if deltas and random.random() < FOLD_CHANCE:  # noqa: S311
        # The change is made; that tidying up fails is no reason to say otherwise.
        with suppress(ServiceUnavailable):
            _fold(store, project_id, _ledger(store, project_id))


def bump(store: Store, project_id: UUID) -> None:
    """Count a change of something that lies outside the project's partition. Raises ProjectNotFound."""
    try:
        commit(store, project_id, [], {"changes": 1})
    except RowMissing:
        raise project_absent(project_id) from None
    except RowExists:
        # Sent twice, as the first answer was lost.
        return


def require_project(store: Store, project_id: UUID) -> None:
    """Raises ProjectNotFound."""
    if rows.read(store.catalog, str(project_id), WORKSPACE) is None:
        raise project_absent(project_id)


def project_absent(project_id: UUID) -> ProjectNotFound:
    return ProjectNotFound(f"There is no project {project_id}.")


def _ledger(store: Store, project_id: UUID) -> list[Row]:
    """The base, if there is one, and all deltas, as they stood at one moment."""
    for _ in rows.attempts():
        pages = list(rows.scan_pages(store.catalog, str(project_id), "count:", "count;"))
        ledger = list(chain.from_iterable(pages))
        # One page is one moment; over several, a fold in between has changed the base.
        if len(pages) <= 1 or _base_etag(ledger) == _etag(rows.read(store.catalog, str(project_id), BASE)):
            return ledger
    raise AssertionError("attempts() raises")


def _fold(store: Store, project_id: UUID, ledger: Sequence[Row]) -> None:
    """Move deltas into the base. Whoever loses the race against another fold leaves everything as it was."""
    deltas = [row for row in ledger if row.key != BASE][:FOLD]
    base = [row for row in ledger if row.key == BASE]
    if not deltas:
        return
    total = {name: value for name, value in _sum([*base, *deltas]).items() if value}
    doc = rows.encode(total)
    kept = Change("replace", BASE, doc, base[0].etag) if base else Change("insert", BASE, doc)
    gone = [Change("delete", row.key) for row in deltas]
    try:
        transact(store.catalog, str(project_id), [Change("touch", WORKSPACE), kept, *gone])
    except (RowMissing, RowExists, RowChanged):
        return


def _sum(ledger: Iterable[Row]) -> Counter[str]:
    total = Counter[str]()
    for row in ledger:
        total.update(msgspec.json.decode(row.doc, type=dict[str, int]))
    return total


def _counts(total: Counter[str]) -> Counts:
    per_tag = {UUID(name[4:]): value for name, value in total.items() if name.startswith("tag:") and value}
    return Counts(total["images"], total["tagged"], total["changes"], per_tag, total["regions"])


def _base_etag(ledger: Sequence[Row]) -> str | None:
    return ledger[0].etag if ledger and ledger[0].key == BASE else None


def _etag(row: Row | None) -> str | None:
    return row.etag if row else None
