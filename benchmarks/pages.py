"""Whole sessions of labelling by pages, labels of sets with rare tags, and wrong labels, simulated as in
`benchmarks.simulated`.
"""

from collections.abc import Mapping, Sequence
from statistics import geometric_mean, mean
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.simulated import Pool, by_chance, by_model, shuffle, until
from shared.arrays import Ints
from shared.models.labelling.live import LiveOrder, LiveQuery
from shared.operations.labelling.live import suggesting
from shared.operations.labelling.live.model import Live

# Pages as in portal/src/state/turned.ts: of so many images, with so many at least; what is nearly certain apart from so
# many on; and so many to label one by one.
PAGE, FEWEST, APART, TAUGHT = 24, 3, 8, 8
LIKELY = LiveQuery().threshold
ACTIONS_GOAL, MOST_GOAL = 28, 40
# Of the most frequent tag there are so many times as many images as of the rarest; few images, so many draws.
TAIL, TAIL_GOAL, TAIL_DRAWS = 10, 0.8, 10
# Of so many labels that are wrong so many are to be among the first tenth in doubt.
FLIPPED, FOUND_GOAL = 0.05, 0.8


class Page(NamedTuple):
    """Images to look at, what they are taken for, and whether that is nearly certain; to label one by one without."""

    places: Ints
    tag: int | None = None
    certain: bool = False


class Session(NamedTuple):
    """Keys for a hundred images; how many came on pages, as nearly certain, and of these how many were wrong."""

    actions: float
    images: int
    on_pages: int
    certain: int
    wrong: int


def run(pools: Mapping[str, Pool], draws: int) -> None:
    table = Table("", "images", "keys for 100", "on pages", "nearly certain, wrong", title="until all is labelled")
    found = {name: [session(_whole(pool, draw), str(draw)) for draw in range(draws)] for name, pool in pools.items()}
    for name, of in found.items():
        table.add_row(name, *_cells(of), style="red" if mean(each.actions for each in of) > MOST_GOAL else None)
    every = [each for of in found.values() for each in of]
    style = "red" if mean(each.actions for each in every) > ACTIONS_GOAL else None
    table.add_row("mean, or all", *_cells(every), style=style)
    Console(highlight=False).print(table, _others(list(pools.values()), draws))


def _others(pools: Sequence[Pool], draws: int) -> Table:
    table = Table("", "measured", "goal")
    ratio = geometric_mean([_of_tail(pool, draw) for pool in pools for draw in range(TAIL_DRAWS)])
    style = "red" if ratio > TAIL_GOAL else None
    table.add_row("labels, of random order, where a tag is rare", f"{ratio:.2f}", str(TAIL_GOAL), style=style)
    found = [_doubted(_whole(pool, draw), draw) for pool in pools for draw in range(draws)]
    tenth, first = (mean(column) for column in zip(*found, strict=True))
    style = "red" if tenth < FOUND_GOAL else None
    table.add_row("wrong labels among the tenth most in doubt", f"{tenth:.2f}", str(FOUND_GOAL), style=style)
    table.add_row("wrong ones of as many first as are wrong", f"{first:.2f}", "")
    return table


def session(pool: Pool, by: str) -> Session:
    """Until all is labelled: a key for each image that is wrong or comes alone, and one for the rest of a page."""
    kinds, done = pool.truths.argmax(1), list[int]()
    actions = on_pages = certain = wrong = 0
    while len(done) < len(kinds):
        page = _page(pool.live(done), by)
        done += page.places.tolist()
        if page.tag is None:
            actions += len(page.places)
            continue
        others = int((kinds[page.places] != page.tag).sum())
        actions += others + (others < len(page.places))
        on_pages += len(page.places)
        if page.certain:
            certain, wrong = certain + len(page.places), wrong + others
    return Session(100 * actions / len(kinds), len(kinds), on_pages, certain, wrong)


def _page(live: Live, by: str) -> Page:
    counts = suggesting.numbers(live, LIKELY)
    if live.scores and counts.max(initial=0) >= FEWEST:
        tag = int(counts.argmax())
        probabilities = suggesting.of_tag(live, tag)
        order = np.argsort(-probabilities, kind="stable")[: counts[tag]]
        certain = int(suggesting.certain(live)[tag])
        shown = order[: certain if certain >= APART else None][:PAGE]
        return Page(live.scores.places[shown], live.tag_ids[tag].int - 1, certain >= APART)
    query = LiveQuery(order=LiveOrder.UNSURE, take=TAUGHT)
    return Page(np.array([each.place for each in suggesting.asked(live, query, by, [])], np.int64))


def _whole(pool: Pool, draw: int) -> Pool:
    """All images of the set, in an order of chance."""
    points, truths = np.concatenate([pool.points, pool.test_points]), np.concatenate([pool.truths, pool.answers])
    order = np.random.default_rng(draw).permutation(len(points))
    return pool.of(points[order], truths[order])


def _of_tail(pool: Pool, draw: int) -> float:
    """The labels in the order of `Unsure`, of those in random order, where each tag has fewer images than the last."""
    kinds, tags = pool.truths.argmax(1), np.random.default_rng(draw).permutation(pool.truths.shape[1])
    shares = dict(zip(tags.tolist(), TAIL ** -np.linspace(0, 1, len(tags)), strict=True))
    shuffled = np.array(shuffle(pool, draw))
    places = [shuffled[kinds[shuffled] == tag] for tag in shares]
    some = np.sort(np.concatenate([of[: round(shares[tag] * len(of))] for tag, of in zip(shares, places, strict=True)]))
    tailed = pool.of(pool.points[some], pool.truths[some])
    final = tailed.right(tailed.live(range(len(some))))
    orders = by_model(tailed, str(draw)), by_chance(tailed, shuffle(tailed, draw))
    unsure, chance = (until(order, final, tailed) for order in orders)
    return unsure / chance


def _doubted(pool: Pool, draw: int) -> tuple[float, float]:
    """Of wrong labels, how many are among the tenth most in doubt; and how many of the first are wrong."""
    chance, kinds, tags = np.random.default_rng(draw), pool.truths.argmax(1), pool.truths.shape[1]
    wrong = chance.permutation(len(kinds))[: round(FLIPPED * len(kinds))]
    kinds[wrong] = (kinds[wrong] + chance.integers(1, tags, len(wrong))) % tags
    live = pool.of(pool.points, np.eye(tags, dtype=np.float32)[kinds]).live(range(len(kinds)))
    assert live.head
    scores, _ = live.head.doubts(live.truths)
    order = live.labelled[np.argsort(-scores, kind="stable")]
    tenth, first = np.isin(wrong, order[: len(order) // 10]), np.isin(order[: len(wrong)], wrong)
    return float(tenth.mean()), float(first.mean())


def _cells(of: list[Session]) -> list[str]:
    actions, images, on_pages, certain, wrong = (sum(column) for column in zip(*of, strict=True))
    share = f"{100 * on_pages / images:.0f} %"
    return [f"{images / len(of):.0f}", f"{actions / len(of):.1f}", share, f"{certain:.0f}, {wrong:.0f}"]
