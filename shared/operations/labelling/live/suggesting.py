"""What the live model suggests, and what it asks for."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID
from zlib import crc32

import numpy as np
from msgspec.structs import replace

from shared import errors
from shared.arrays import Floats, Ints
from shared.learning.live.choosing import LOOKED_AT, spread, typical
from shared.models.labelling.live import LiveOrder, LiveQuery, LiveSuggestion, LiveSuggestions
from shared.models.limits import Limits
from shared.operations.labelling.live import model
from shared.operations.labelling.live.measuring import kept, measured, number_of, said, waiting
from shared.operations.labelling.live.model import Judgement, Live
from shared.operations.workspace import bulk
from shared.operations.workspace.tags import require_tags
from shared.settings import Settings
from shared.storage.account.store import Store
from shared.storage.columns.ids import NOWHERE, find, ids_of, uuids
from shared.storage.training import draws
from shared.storage.training.draws import Draw

# Before there are so many labels, or as many as tags, typical images teach more than doubtful ones.
BEGINNING = 20
# Of so many doubtful images those are asked for that are not of a kind, and of twice as many as are asked for each
# caller is asked for others. One of FIFTH is drawn from all.
DOUBTFUL, FIFTH = 500, 5
# What somebody may confirm at a glance: so probable, once there are so many labels a tag. On nine sets 0.3 % of it was
# wrong then with 10 labels a tag, and it was a quarter of what had none; with 2 a tag 2 % was wrong.
NEARLY_CERTAIN, EACH = 0.98, 5


class _Found(NamedTuple):
    """A place with a column of the head, or none: how probable, how far before the next, and whether it is drawn, with
    all tags that it seems to have.
    """

    place: int
    tag: int
    probability: float
    margin: float
    drawn: bool = False
    seeming: list[UUID] = []


def query_live(store: Store, settings: Settings, project_id: UUID, query: LiveQuery, *, by: str) -> LiveSuggestions:
    """Raises ProjectNotFound, OperationNotSupported, TagNotFound, BadRequest, ExceededBatchSize."""
    _check(settings.limits, query)
    live = model.of_project(store, project_id)
    require_tags(live.tags, [query.tag_id] if query.tag_id else [])
    state = model.state(store, settings, live, project_id)
    told = LiveSuggestions(
        state, live.revision, len(live.known.rows), live.embedded, len(live.labelled), lacking=live.lacking
    )
    if query.since == live.revision:
        return replace(told, unchanged=True)
    counts, before = numbers(live, query.threshold), draws.get(store, project_id)
    found = list(_found(live, query, counts, by, before))
    drawn = _recorded(store, project_id, live, found, by, before)
    return replace(
        told,
        scored=len(live.scores.places) if live.scores else 0,
        counts=_by_tag(live, counts),
        certain=_by_tag(live, certain(live)),
        results=_shown(live, found),
        measured=measured(live, drawn),
    )


def numbers(live: Live, threshold: float) -> Ints:
    """By tag of the head: of how many images it is that probable."""
    if live.scores is None:
        return np.empty(0, np.int64)
    if live.scores.each is not None:
        return np.asarray((live.scores.each >= threshold).sum(0), np.int64)
    likely = live.scores.tags[live.scores.probabilities >= threshold]
    return np.bincount(likely, minlength=len(live.tag_ids)).astype(np.int64)


def certain(live: Live) -> Ints:
    """By tag of the head: of how many images it is nearly certain; of none before there are labels enough."""
    enough = len(live.labelled) >= EACH * len(live.tag_ids)
    return numbers(live, NEARLY_CERTAIN if enough else np.inf)


def of_tag(live: Live, tag: int) -> Floats:
    """How probable a tag of the head is for each of the scored images; in multiclass 0 where another is more so."""
    assert live.scores
    if live.scores.each is not None:
        return np.asarray(live.scores.each[:, tag], np.float32)
    return np.where(live.scores.tags == tag, live.scores.probabilities, np.float32(0))


def _by_tag(live: Live, counts: Ints) -> dict[UUID, int]:
    return {tag_id: int(count) for tag_id, count in zip(live.tag_ids, counts, strict=False) if count}


def _recorded(
    store: Store, project_id: UUID, live: Live, found: Sequence[_Found], by: str, before: Sequence[Draw]
) -> Sequence[Draw]:
    """What was said of images that were drawn, before anybody labels them."""
    known = {draw.image_id for draw in before}
    shown = [(image_id, each) for image_id, each in zip(_ids(live, found), found, strict=True) if each.drawn]
    new = [Draw(image_id, each.seeming, number_of(by)) for image_id, each in shown if image_id not in known]
    return draws.change(store, project_id, lambda held: kept(live, held, new)) if new else before


def _found(live: Live, query: LiveQuery, counts: Ints, by: str, before: Sequence[Draw]) -> Iterator[_Found]:
    if query.image_ids is not None:
        return _of_images(live, query)
    if query.order is LiveOrder.SURE:
        return _surest(live, query, counts)
    return asked(live, query, by, before)


def _surest(live: Live, query: LiveQuery, counts: Ints) -> Iterator[_Found]:
    scores = live.scores
    if scores is None or (query.tag_id and query.tag_id not in live.tag_ids):
        return
    tag = live.tag_ids.index(query.tag_id) if query.tag_id else int(counts.argmax())
    probabilities = of_tag(live, tag)
    order = np.argsort(-probabilities, kind="stable")[: query.take]
    for at in order[probabilities[order] >= max(query.threshold, 1e-9)].tolist():
        yield _Found(int(scores.places[at]), tag, float(probabilities[at]), float(scores.margins[at]))


def _of_images(live: Live, query: LiveQuery) -> Iterator[_Found]:
    places = find(live.known.points.ids, ids_of(query.image_ids or []))
    wanted = dict.fromkeys(places[places != NOWHERE].tolist())
    row_of = {place: at for at, place in enumerate(live.scores.places.tolist())} if live.scores else {}
    for place in wanted:
        if live.scores and place in row_of:
            yield _told(live.scores, row_of[place])


def asked(live: Live, query: LiveQuery, by: str, before: Sequence[Draw]) -> Iterator[_Found]:
    """Typical images at first, then doubtful ones of several kinds. One in five is drawn at random of all without a
    label, and asked for until it has one; these come first.
    """
    among, scores = live.pool, live.scores
    if query.tag_id and scores:
        tag = live.tag_ids.index(query.tag_id) if query.tag_id in live.tag_ids else NOWHERE
        among = scores.places[scores.tags == tag]
    if scores is None or len(live.labelled) < max(BEGINNING, len(live.tags)):
        some = _sample(among, LOOKED_AT)
        for place in some[typical(live.points(some), live.points(live.labelled), query.take)].tolist():
            yield _at(live, place)
        return
    at = np.flatnonzero(np.isin(scores.places, among))
    doubtful = at[np.argsort(scores.margins[at], kind="stable")[:DOUBTFUL]]
    drawn = _drawn(live, at, by, before)[: 0 if query.tag_id else query.take // FIFTH]
    doubtful = doubtful[~np.isin(doubtful, drawn)]
    count = query.take - len(drawn)
    several = doubtful[spread(live.points(scores.places[doubtful]), 2 * count)]
    # Who asks again is asked for the same.
    turns = [crc32(live.known.points.ids[place].ljust(16, b"\0") + by.encode()) for place in scores.places[several]]
    for row in drawn.tolist():
        yield _told(scores, row)._replace(drawn=True, seeming=said(live, row))
    for row in several[np.argsort(turns, kind="stable")[:count]].tolist():
        yield _told(scores, row)


def _drawn(live: Live, among: Ints, by: str, before: Sequence[Draw]) -> Ints:
    """Those of the scored rows that this caller was asked for before, then others in an order of chance."""
    assert live.scores
    places, mine = waiting(live, before), np.array([draw.asked == number_of(by) for draw in before], bool)
    scored = live.scores.places
    # As they were drawn: who asks again sees the same.
    again = np.searchsorted(scored, places[mine & np.isin(places, scored[among])])
    new = among[~np.isin(scored[among], places)]
    return np.concatenate([again, np.random.default_rng(number_of(f"{live.revision}{by}")).permutation(new)])


def _sample(places: Ints, count: int) -> Ints:
    step = max(1, -(-len(places) // count))
    return places[::step]


def _at(live: Live, place: int) -> _Found:
    scores = live.scores
    at = np.flatnonzero(scores.places == place) if scores else np.empty(0, np.int64)
    return _told(scores, int(at[0])) if scores and len(at) else _Found(place, NOWHERE, 0.0, 0.0)


def _told(scores: Judgement, at: int) -> _Found:
    return _Found(
        int(scores.places[at]), int(scores.tags[at]), float(scores.probabilities[at]), float(scores.margins[at])
    )


def _shown(live: Live, found: list[_Found]) -> list[LiveSuggestion]:
    return [
        LiveSuggestion(
            image_id,
            live.tag_ids[each.tag] if each.tag != NOWHERE else None,
            round(each.probability, 4),
            round(each.margin, 4),
            each.drawn,
        )
        for image_id, each in zip(_ids(live, found), found, strict=True)
    ]


def _ids(live: Live, found: Sequence[_Found]) -> list[UUID]:
    return uuids(live.known.points.ids[[each.place for each in found]]) if found else []


def _check(limits: Limits, query: LiveQuery) -> None:
    if not 1 <= query.take <= limits.page_size:
        raise errors.BadRequest(f"'take' is 1 to {limits.page_size}, not {query.take}.")
    bulk.require_at_most("imageIds", query.image_ids, limits.ids_per_request)
