"""The live model of a project: a head on all labels of the moment, and what it says of all images without one."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from math import inf
from threading import Lock
from typing import NamedTuple, cast
from uuid import UUID

import numpy as np

from shared import errors
from shared.arrays import Floats, Ints
from shared.learning.live.live_head import LiveHead
from shared.models.labelling.live import LiveState
from shared.models.workspace.images import TaggingStatus
from shared.models.workspace.projects import ClassificationType
from shared.models.workspace.tags import Tag, TagType
from shared.operations.labelling import embedding
from shared.operations.labelling.embedding import View
from shared.operations.labelling.live import seen
from shared.operations.labelling.live.seen import KnownPoints
from shared.operations.workspace import projects
from shared.settings import Settings
from shared.storage.account.memory import Memory
from shared.storage.account.store import Store
from shared.storage.columns.columns import Columns
from shared.storage.workspace import catalog
from shared.storage.workspace import tags as stored_tags

# So many probabilities are found at most: of more images the newest, and some drawn at random.
SCORES = 20_000_000
# Fewer tags than these teach nothing.
LEAST_TAGS = {ClassificationType.MULTICLASS: 2, ClassificationType.MULTILABEL: 1}
# A process keeps so many bytes of what they say.
REMEMBERED, REMEMBERED_SECONDS = 256 * 2**20, 3_600.0

NOTHING: tuple[Ints, Floats, Floats] = (np.empty(0, np.int64), np.empty(0, np.float32), np.empty(0, np.float32))

locks = Memory(10_000, REMEMBERED_SECONDS)


class Judgement(NamedTuple):
    """What the head says of the images at `places`: the most probable of its tags, (N,), how probable that is, and by
    how much it is before the next. In multilabel also how probable `each` tag is, (N, tags).
    """

    places: Ints
    tags: Ints
    probabilities: Floats
    margins: Floats
    each: Floats | None = None


class Live(NamedTuple):
    """Places count images from the newest on, as columns do. `labelled` and `pool` are the places of images that have
    been looked at, with a tag and without; `truths` has a row for each of the labelled.
    """

    revision: str
    kind: ClassificationType
    tags: Mapping[UUID, Tag]
    known: KnownPoints
    tag_ids: Sequence[UUID]
    labelled: Ints
    truths: Floats
    pool: Ints
    head: LiveHead | None
    scores: Judgement | None

    def points(self, places: Ints) -> Floats:
        return self.known.points.places[self.known.rows[places]].astype(np.float32)

    @property
    def lacking(self) -> list[UUID]:
        """The tags that could be suggested if an image had them."""
        return sorted(_suggested(self.kind, self.tags) - set(self.tag_ids))

    @property
    def nbytes(self) -> int:
        """About how many bytes it takes in memory, without its points."""
        return sum(each.nbytes for each in (self.truths, *(self.scores or ())) if isinstance(each, np.ndarray))

    @property
    def embedded(self) -> int:
        return int((self.known.rows >= 0).sum())


remembered = Memory(REMEMBERED, REMEMBERED_SECONDS, lambda live: cast(Live, live).nbytes)


def of_project(store: Store, project_id: UUID) -> Live:
    """As of now: all labels that were acknowledged before are in it.

    Raises ProjectNotFound, OperationNotSupported.
    """
    project = projects.get_project(store, project_id)
    view = View.of(project.settings)
    if view is None:
        raise errors.OperationNotSupported(
            "Live suggestions are for classification; a detector's boxes need a training."
        )
    counted, tags = catalog.read(store, project_id), stored_tags.names(store, project_id)
    known = seen.look(store, project_id, view, counted.columns.ids)
    seen.ask_for(store, project_id, known)
    kind = cast(ClassificationType, project.settings.classification_type)
    revision = f"{counted.revision}-{int((known.rows >= 0).sum())}-{view.space}"
    # Callers who ask at once wait for one of them, and share what it finds.
    with locks.once((store, project_id), Lock):
        live = remembered.get((store, project_id))
        if not (isinstance(live, Live) and live.revision == revision):
            live = learned(revision, kind, tags, known, counted.columns)
            remembered.put((store, project_id), live)
    return live


def keep_up(store: Store, project_id: UUID) -> None:
    """Have what was embedded ready for whoever asks first, where that would take a while. In the background."""
    with suppress(errors.ProjectNotFound):
        view = View.of(projects.get_project(store, project_id).settings)
        ids = catalog.read(store, project_id).columns.ids
        if view and len(ids) >= seen.FEW:
            seen.look(store, project_id, view, ids, most=inf)


def state(store: Store, settings: Settings, live: Live, project_id: UUID) -> LiveState:
    if live.head:
        return LiveState.READY
    if live.embedded or not len(live.known.rows):
        return LiveState.LACKING
    return LiveState.EMBEDDING if embedding.can_look(store, settings, project_id) else LiveState.UNAVAILABLE


def learned(
    revision: str, kind: ClassificationType, tags: Mapping[UUID, Tag], known: KnownPoints, columns: Columns
) -> Live:
    """From nothing but these."""
    looked_at, tagged = known.rows >= 0, columns.having(TaggingStatus.TAGGED)
    labelled, pool = np.flatnonzero(looked_at & tagged), np.flatnonzero(looked_at & ~tagged)
    tag_ids = _taught(kind, tags, columns, labelled)
    truths = _truths(kind, tag_ids, columns, labelled)
    live = Live(revision, kind, tags, known, tag_ids, labelled, truths, pool, None, None)
    if len(tag_ids) < LEAST_TAGS[kind]:
        return live
    head = LiveHead.fit(live.points(labelled), truths, kind)
    return live._replace(head=head, scores=_scores(live, head))


def _taught(kind: ClassificationType, tags: Mapping[UUID, Tag], columns: Columns, labelled: Ints) -> list[UUID]:
    """The tags that a labelled image has."""
    among = np.zeros(columns.size, bool)
    among[labelled] = True
    used = set(np.unique(columns.tags.codes[among[columns.tags.images]]).tolist())
    return sorted(tag_id for tag_id in _suggested(kind, tags) if columns.tags.code_of.get(tag_id) in used)


def _suggested(kind: ClassificationType, tags: Mapping[UUID, Tag]) -> set[UUID]:
    """In multilabel the negative tag says that an image has none of the others."""
    many = kind == ClassificationType.MULTILABEL
    return {tag.id for tag in tags.values() if not (many and tag.type == TagType.NEGATIVE)}


def _truths(kind: ClassificationType, tag_ids: Sequence[UUID], columns: Columns, labelled: Ints) -> Floats:
    """1 where an image has a tag, (labelled, tags); of a multiclass image with several each a part."""
    column, row = np.full(len(columns.tags.code_of) + 1, -1), np.full(columns.size, -1)
    column[[columns.tags.code_of[tag_id] for tag_id in tag_ids]] = np.arange(len(tag_ids))
    row[labelled] = np.arange(len(labelled))
    at, of = row[columns.tags.images], column[columns.tags.codes]
    both = (at >= 0) & (of >= 0)
    truths = np.zeros((len(labelled), len(tag_ids)), np.float32)
    truths[at[both], of[both]] = 1
    if kind == ClassificationType.MULTICLASS:
        truths /= np.maximum(truths.sum(1, keepdims=True), 1)
    return truths


def _scores(live: Live, head: LiveHead) -> Judgement:
    places = _some(live.pool, max(1, SCORES // max(1, len(live.tag_ids))))
    parts = list(head.probabilities(live.known.points.places, live.known.rows[places]))
    found = [_best(part, live.kind) for part in parts]
    tags, probabilities, margins = (np.concatenate(each) for each in zip(*found, strict=True)) if found else NOTHING
    many = live.kind == ClassificationType.MULTILABEL
    return Judgement(places, tags, probabilities, margins, np.concatenate(parts) if many and parts else None)


def _best(probabilities: Floats, kind: ClassificationType) -> tuple[Ints, Floats, Floats]:
    tags = probabilities.argmax(1)
    highest = probabilities[np.arange(len(tags)), tags]
    if kind == ClassificationType.MULTILABEL:
        return tags, highest, np.abs(probabilities - np.float32(0.5)).min(1)
    return tags, highest, highest - np.partition(probabilities, -2, axis=1)[:, -2]


def _some(places: Ints, count: int) -> Ints:
    if len(places) <= count:
        return places
    newest, rest = places[: count // 2], places[count // 2 :]
    drawn = np.random.default_rng(len(places)).permutation(len(rest))[: count - len(newest)]
    return np.concatenate([newest, rest[np.sort(drawn)]])
