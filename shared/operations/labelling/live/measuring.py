"""How often the live model is right: by what it said of images that were drawn at random, before they had a label.

Of what is confirmed the surest first it is right more often than of the rest, so nothing else may tell.
"""

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple
from uuid import UUID
from zlib import crc32

import numpy as np

from shared.arrays import Ints
from shared.models.labelling.live import LiveMeasure
from shared.models.workspace.projects import ClassificationType
from shared.operations.labelling.live.model import Live
from shared.storage.columns.ids import NOWHERE, find, ids_of
from shared.storage.training.draws import Draw

# The model learns, so the last ones tell; of fewer than that, nothing is told. So many are kept.
LAST, LEAST, KEPT = 40, 10, 200
# In multilabel an image seems to have the tags that are so probable.
SEEMING = 0.5
# Standard errors to either side that leave one in twenty out.
SURE = 1.96


class Tally(NamedTuple):
    """Of images that were drawn: those that were seen right, those seen wrong, and those that have no label yet."""

    right: int
    wrong: int
    waiting: int


def number_of(by: str) -> int:
    return crc32(by.encode())


def measured(live: Live, draws: Sequence[Draw]) -> LiveMeasure | None:
    """None while too few of the images that were drawn last have a label."""
    right, wrong, waiting = _tally(live, draws)
    labelled = right + wrong
    if labelled < LEAST:
        return None
    # What people have passed over may be what is hard, or easy: it counts as wrong below, and as right above.
    low, _ = interval(right, labelled + waiting)
    _, high = interval(right + waiting, labelled + waiting)
    return LiveMeasure(right, labelled, round(low, 3), round(high, 3))


def interval(right: int, count: int) -> tuple[float, float]:
    """Shares that so many of so many bear out (Wilson 1927)."""
    share, bend = right / count, SURE**2 / count
    middle = (share + bend / 2) / (1 + bend)
    width = SURE * sqrt(share * (1 - share) / count + bend / count / 4) / (1 + bend)
    return max(0.0, middle - width), min(1.0, middle + width)


def waiting(live: Live, draws: Sequence[Draw]) -> Ints:
    """The places of the images that were drawn and have no label, in the order of the draws; NOWHERE of the others."""
    places = _places(live, draws)
    return np.where(np.isin(places, live.pool), places, NOWHERE)


def kept(live: Live, before: Sequence[Draw], new: Sequence[Draw]) -> list[Draw]:
    """With what is new of images that were not drawn before, without images that are gone."""
    there = [draw for draw, place in zip(before, _places(live, before).tolist(), strict=True) if place != NOWHERE]
    known = {draw.image_id for draw in there}
    return [*there, *(draw for draw in new if draw.image_id not in known)][-KEPT:]


def said(live: Live, row: int) -> list[UUID]:
    """The tags that the scored image of that row seems to have."""
    assert live.scores
    if live.scores.each is None:
        return [live.tag_ids[int(live.scores.tags[row])]]
    return [live.tag_ids[tag] for tag in np.flatnonzero(live.scores.each[row] >= SEEMING).tolist()]


def _tally(live: Live, draws: Sequence[Draw]) -> Tally:
    there = [(draw, place) for draw, place in zip(draws, _places(live, draws).tolist(), strict=True) if place >= 0]
    row_of = {place: row for row, place in enumerate(live.labelled.tolist())}
    seen = [_is_right(live, draw, row_of[place]) for draw, place in there[-LAST:] if place in row_of]
    return Tally(sum(seen), len(seen) - sum(seen), len(there[-LAST:]) - len(seen))


def _is_right(live: Live, draw: Draw, row: int) -> bool:
    own = {live.tag_ids[tag] for tag in np.flatnonzero(live.truths[row] > 0).tolist()}
    seeming = set(draw.tag_ids)
    return seeming <= own if live.kind == ClassificationType.MULTICLASS else seeming == own


def _places(live: Live, draws: Sequence[Draw]) -> Ints:
    return find(live.known.points.ids, ids_of(draw.image_id for draw in draws))
