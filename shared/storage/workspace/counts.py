"""A project's counts: a ledger that every write adds a row to, so that writers never wait for each other.

`count:base` holds what was folded, each `count:d:...` what one transaction added. Their sum is the truth. The ledger
tells, too, which images changed: each delta for its transaction, and `turned:...` for the deltas of a fold.
"""

import random
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from contextlib import suppress
from typing import NamedTuple, Self
from uuid import UUID

import msgspec
from msgspec import Struct

from shared.errors import ServiceError
from shared.models.images import ImageRecord
from shared.storage.account import rows
from shared.storage.account.memory import Memory
from shared.storage.account.rows import Row
from shared.storage.account.store import Store
from shared.storage.account.transactions import LIMIT, Change, RowChanged, RowExists, RowMissing, transact
from shared.storage.workspace import ledger as door
from shared.storage.workspace.tally import TAG, TAGGED, TURNED, Parts, Tally, pair, weight, without

BASE = "count:base"
DELTA = "count:d:"
# Characters of a base: some 12,000 kinds of images. It is read for every count and written by every fold.
BASE_LENGTH = 180_000
# A transaction has room for so many changes beside the workspace and a delta.
ROOM = LIMIT - 2
# And for so many deltas beside the workspace, the base, and the folds that come and go.
FOLD = LIMIT - 4
FOLD_CHANCE = 1 / 32
# Of so many folds it is known which images they turned: some 2,000 transactions.
FOLDS = 64
# What a transaction turned an image into: one without a tag, or one with tags or none at all.
UNTAGGED, ELSE = 1, 2

# The keys of metadata that a project has ceased to count: deltas without them are short, and bring no key back.
uncounted = Memory(1_000, 24 * 3600.0)

Deltas = Mapping[str, int]


class Revision(NamedTuple):
    """A moment of a project: how many changes it had seen by then, and which of them were not folded yet."""

    changes: int
    folded: int
    deltas: frozenset[str]


# Longer ago than anything is known.
NEVER = Revision(-1, -1, frozenset())


class Kinds(Struct, frozen=True):
    """How many images there are of each kind. No kind has a pair of an `uncounted` key, given by its digest.

    Where tags are `apart`, a kind tells whether its images are tagged, not how.
    """

    numbers: dict[Parts, int] = {}
    uncounted: frozenset[str] = frozenset()
    apart: bool = False

    def having(self, pairs: Iterable[tuple[str, str]]) -> int:
        """How many images have at least one of the pairs, without those of uncounted keys."""
        wanted = {pair(*each) for each in pairs}
        return sum(number for parts, number in self.numbers.items() if not wanted.isdisjoint(parts))


class Counts(Struct, frozen=True):
    """`changes` grows with every change of tags, images, regions, metadata or settings.

    `sets` has the images of each exact set of tags; None where only sums are known. `kinds` is None where images were
    counted before their metadata was.
    """

    images: int = 0
    tagged: int = 0
    changes: int = 0
    per_tag: dict[UUID, int] = {}
    regions: int = 0
    sets: dict[frozenset[UUID], int] | None = {}
    kinds: Kinds | None = Kinds()

    @classmethod
    def of(cls, tally: Tally) -> Self:
        sums = Counter({name[len(TAG) :]: value for name, value in tally.sums.items() if name.startswith(TAG)})
        for parts, value in tally.sets.items():
            sums.update(dict.fromkeys(parts, value))
        ids = {text: UUID(text) for text in sums}
        sets = {frozenset(ids[text] for text in parts): value for parts, value in tally.sets.items() if value}
        kinds = Kinds(
            {parts: value for parts, value in tally.kinds.items() if value}, frozenset(tally.uncounted), tally.apart
        )
        images = tally.sums["images"]
        return cls(
            images,
            tally.sums[TAGGED] + sum(sets.values()),
            tally.sums["changes"],
            {ids[text]: value for text, value in sums.items() if value},
            tally.sums["regions"],
            None if tally.summed else sets,
            kinds if sum(kinds.numbers.values()) == images else None,
        )

    @property
    def untagged(self) -> int:
        return self.images - self.tagged

    def dead(self, live: Set[UUID]) -> frozenset[UUID]:
        """Deleted tags that some images still have: all but the live ones."""
        return frozenset(self.per_tag.keys() - live)

    @property
    def several(self) -> int | None:
        """How many images have more than one tag, if that is known."""
        return self._having(lambda tag_ids: len(tag_ids) > 1)

    def with_any(self, tag_ids: Iterable[UUID]) -> int | None:
        """How many images have at least one of the tags, if that is known."""
        wanted = set(tag_ids)
        if len(wanted) <= 1:
            return sum(self.per_tag.get(tag_id, 0) for tag_id in wanted)
        return self._having(lambda tag_ids: not wanted.isdisjoint(tag_ids))

    def _having(self, test: Callable[[frozenset[UUID]], bool]) -> int | None:
        return None if self.sets is None else sum(number for tag_ids, number in self.sets.items() if test(tag_ids))


def read(store: Store, project_id: UUID) -> Counts:
    """Raises ProjectNotFound."""
    tally = _tally(_read(store, project_id))
    _remember(store, project_id, tally)
    return Counts.of(tally)


def revision(store: Store, project_id: UUID) -> Revision:
    """Raises ProjectNotFound."""
    return _revision(_read(store, project_id))


def turned(store: Store, project_id: UUID, since: Revision) -> tuple[Revision, dict[str, bool | None] | None]:
    """The revision now, and the images that came, changed or went since then: whether each is there without a tag, or
    None where it was and was not.

    None for all where that is too long ago to tell. Raises ProjectNotFound.
    """
    ledger = _read(store, project_id)
    now, by_delta = _revision(ledger), _turned(ledger)
    if since.folded != now.folded:
        folds = _tally(ledger).folds
        first, last = _turned_by(since.folded + 1), _turned_by(now.folded + 1)
        found = list(rows.scan(store.catalog, str(project_id), first, last))
        # The oldest go while others fold.
        if since.folded not in folds or len(found) < len(folds) - folds.index(since.folded) - 1:
            return now, None
        for row in found:
            by_delta |= msgspec.json.decode(row.doc, type=dict[str, dict[str, int]])
    states = dict[str, bool | None]()
    for image_id, state in (item for key in by_delta.keys() - since.deltas for item in by_delta[key].items()):
        untagged = state == UNTAGGED
        states[image_id] = untagged if states.get(image_id, untagged) == untagged else None
    return now, states


def recount(store: Store, project_id: UUID) -> Counts:
    """What the images themselves say, in as much detail as the ledger. `changes` has no other source than that."""
    kept = _tally(_ledger(store, project_id))
    tally = Tally(uncounted=kept.uncounted, apart=kept.apart, summed=kept.summed)
    tally.add({"changes": kept.sums["changes"]})
    for row in rows.scan(store.catalog, str(project_id), "image:", "image;"):
        tally.add(weight(msgspec.json.decode(row.doc, type=ImageRecord)))
    return Counts.of(tally)


def difference(old: ImageRecord | None, new: ImageRecord | None) -> dict[str, int]:
    """What a change of one image adds to the ledger."""
    model = new or old
    assert model is not None
    total = Counter(weight(new))
    total.subtract(weight(old))
    state = UNTAGGED if new and not new.tags else ELSE
    return {name: value for name, value in total.items() if value} | {"changes": 1, f"{TURNED}{model.id}": state}


def commit(store: Store, project_id: UUID, changes: Iterable[Change], deltas: Deltas | None = None) -> None:
    """A transaction on a project that must exist, with what it adds to the counts.

    Raises RowMissing (also when the project is gone), RowExists or RowChanged.
    """
    added = []
    if deltas:
        known = uncounted.get((store, project_id))
        names = without(deltas, known) if isinstance(known, frozenset) else deltas
        added = [Change("insert", f"{DELTA}{uuid.uuid4().hex}", rows.encode(names))]
    door.commit(store, project_id, [*changes, *added])
    if deltas and random.random() < FOLD_CHANCE:  # noqa: S311
        # The change is made; that tidying up fails is no reason to say otherwise.
        with suppress(ServiceError):
            _fold(store, project_id, _ledger(store, project_id))


def bump(store: Store, project_id: UUID) -> None:
    """Count a change of something that lies outside the project's partition. Raises ProjectNotFound."""
    try:
        commit(store, project_id, [], {"changes": 1})
    except RowMissing:
        raise door.project_absent(project_id) from None
    except RowExists:
        # Sent twice, as the first answer was lost.
        return


def _read(store: Store, project_id: UUID) -> list[Row]:
    """The ledger of a project that must exist. Raises ProjectNotFound."""
    ledger = _ledger(store, project_id)
    if len(ledger) > FOLD:
        with suppress(ServiceError):
            _fold(store, project_id, ledger)
    if not ledger:
        door.require_project(store, project_id)
    return ledger


def _ledger(store: Store, project_id: UUID) -> list[Row]:
    """The base, if there is one, and all deltas that are not in it."""
    return rows.together(store.catalog, str(project_id), "count:", BASE)


def _fold(store: Store, project_id: UUID, ledger: Sequence[Row]) -> None:
    """Move deltas into the base. Whoever loses the race against another fold leaves everything as it was."""
    deltas = [row for row in ledger if row.key != BASE][:FOLD]
    base = [row for row in ledger if row.key == BASE]
    if not deltas:
        return
    tally = _tally([*base, *deltas])
    _remember(store, project_id, tally)
    tally.folds = [*(tally.folds or [tally.folded]), tally.sums["changes"]]
    news = Change("insert", _turned_by(tally.folds[-1]), rows.encode(_turned(deltas)))
    gone = [row.key for row in deltas]
    if len(tally.folds) > FOLDS:
        del tally.folds[0]
        gone.append(_turned_by(tally.folds[0]))
    doc = tally.encode(BASE_LENGTH)
    kept = Change("replace", BASE, doc, base[0].etag) if base else Change("insert", BASE, doc)
    changes = [Change("touch", door.WORKSPACE), kept, news, *(Change("delete", key) for key in gone)]
    with suppress(RowMissing, RowExists, RowChanged):
        transact(store.catalog, str(project_id), changes)


def _turned(ledger: Iterable[Row]) -> dict[str, dict[str, int]]:
    """By delta: the images that its changes turned, and the state that each came to."""
    names = {row.key: msgspec.json.decode(row.doc, type=dict[str, int]) for row in ledger if row.key != BASE}
    return {
        key: {name[len(TURNED) :]: state for name, state in some.items() if name.startswith(TURNED)}
        for key, some in names.items()
    }


def _turned_by(fold: int) -> str:
    """The key of the row that has the same of the deltas of a fold."""
    return f"{TURNED}{fold:012}"


def _revision(ledger: Sequence[Row]) -> Revision:
    tally = _tally(ledger)
    return Revision(tally.sums["changes"], tally.folded, frozenset(row.key for row in ledger if row.key != BASE))


def _remember(store: Store, project_id: UUID, tally: Tally) -> None:
    if tally.uncounted:
        uncounted.put((store, project_id), frozenset(tally.uncounted))


def _tally(ledger: Iterable[Row]) -> Tally:
    return Tally.read(row.doc for row in ledger)
