"""Labelling simulated on sets of the suite, by what the live model is made of: how many labels each order needs, and
how far its probabilities hold.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from pathlib import Path
from statistics import geometric_mean, mean
from typing import NamedTuple, Self
from uuid import UUID

import numpy as np
from msgspec.structs import replace
from rich.console import Console
from rich.table import Table

from benchmarks.accuracy import KIND, calibration_error, folder_of, load, on_disk, photos_of, served, silent
from benchmarks.accuracy import subjects as pictures_of
from shared.arrays import Floats, Halves, Ints
from shared.learning.classifier_recipe import GENERAL
from shared.learning.live.basis import Basis
from shared.models.labelling.live import LiveOrder, LiveQuery
from shared.models.workspace.tags import Tag
from shared.operations.labelling.live import model, suggesting
from shared.operations.labelling.live.confirming import CERTAIN
from shared.operations.labelling.live.model import Live
from shared.operations.labelling.live.seen import KnownPoints
from shared.operations.labelling.live.suggesting import NEARLY_CERTAIN
from shared.storage.columns.columns import Columns, Entry
from shared.storage.columns.ids import ids_of
from shared.storage.training.points import Points
from training_job.classification.quick import Examples, show, train

# By the crop that live suggestions see.
RECIPE = replace(GENERAL, crops=GENERAL.crops[:1])
# So many labels a refit, and so many a training; a set is learned at such a share of the accuracy with all labels.
AT_ONCE, TRAINED, LEARNED = 5, 50, 0.9
ORDER_GOAL = 0.75
CALIBRATED = (100, 200)
# With ten labels a tag so much of the rest is to be nearly certain, of which at most so much is wrong.
OFFERED, WRONG = 0.2, 0.01
LIKELY = 0.95
# So many images at least are left to try probabilities on.
LEFT = 50


class Needed(NamedTuple):
    """Labels until a set is learned, in three orders, and the accuracy with all labels."""

    unsure: int
    chance: int
    trained: int
    final: float


class Held(NamedTuple):
    """On images without a label: accuracy; calibration error, and what chance alone makes of it where there are so few
    images; and what is at least so probable: its share of all, and the share of all that is wrong in it. What is
    `offered` is what people are told to be nearly certain.
    """

    accuracy: float
    off: float
    by_chance: float
    likely: tuple[float, float]
    offered: tuple[float, float]
    certain: tuple[float, float]


class Pool:
    """The photographs of a set: those to label as a project of the live model, and those to test."""

    def __init__(self, folder: Path) -> None:
        photos = photos_of(folder)
        self.pictures, self.truths = pictures_of(photos.train)
        self.tests, self.answers = pictures_of(photos.test)
        self.kept = on_disk(photos.name)
        every, truths = [*self.pictures, *self.tests], np.concatenate([self.truths, self.answers])
        show(load(RECIPE), Examples(every, truths, KIND, self.kept), RECIPE, silent)
        vectors = self.kept.get(RECIPE.space(RECIPE.backbones[0], RECIPE.crops[0]))
        axes = Basis.of(np.stack([vectors[picture.key] for picture in self.pictures]))
        points = axes.points(np.stack([vectors[picture.key] for picture in every]))
        self.test_points = points[len(self.pictures) :]
        self.tag_ids = [UUID(int=at + 1) for at in range(self.truths.shape[1])]
        self.tags = {tag_id: Tag(tag_id, f"tag {at}", None) for at, tag_id in enumerate(self.tag_ids)}
        self._hold(points[: len(self.pictures)], self.truths)

    def _hold(self, points: Halves, truths: Floats) -> None:
        self.points, self.truths = points, truths
        self.ids = [UUID(int=at + 1) for at in range(len(points))]
        self.known = KnownPoints(Points(ids_of(self.ids), places=points), np.arange(len(points)))

    def of(self, points: Halves, truths: Floats) -> Self:
        """With these images to label instead."""
        other = copy(self)
        other._hold(points, truths)
        return other

    def live(self, labelled: Sequence[int]) -> Live:
        """As it is with these labels."""
        kinds, chosen = self.truths.argmax(1).tolist(), set(labelled)
        entries = {
            image_id: Entry([self.tag_ids[kinds[at]]] if at in chosen else []) for at, image_id in enumerate(self.ids)
        }
        return model.learned(str(len(labelled)), KIND, self.tags, self.known, Columns.of(entries))

    def right(self, live: Live) -> float:
        """The accuracy on the photographs to test."""
        if live.head is None:
            return 0.0
        said = np.concatenate(list(live.head.probabilities(self.test_points)))
        return float((self.kinds(live)[said.argmax(1)] == self.answers.argmax(1)).mean())

    def kinds(self, live: Live) -> Ints:
        """The column of each tag that the head knows."""
        return np.array([self.tag_ids.index(tag_id) for tag_id in live.tag_ids])


def needed(pool: Pool, draw: int) -> Needed:
    final = pool.right(pool.live(range(len(pool.ids))))
    shuffled = shuffle(pool, draw)
    orders = (by_model(pool, str(draw)), by_chance(pool, shuffled), _by_trainings(pool, shuffled))
    unsure, chance, trained = (until(order, final, pool) for order in orders)
    return Needed(unsure, chance, trained, final)


def until(order: Iterator[tuple[int, float]], final: float, pool: Pool) -> int:
    """The labels until the accuracy is enough; all where it never is."""
    return next((labels for labels, accuracy in order if accuracy >= LEARNED * final), len(pool.ids))


def shuffle(pool: Pool, draw: int) -> list[int]:
    places = list(range(len(pool.ids)))
    random.Random(draw).shuffle(places)
    return places


def by_chance(pool: Pool, shuffled: Sequence[int]) -> Iterator[tuple[int, float]]:
    for labels in range(AT_ONCE, len(shuffled) + AT_ONCE, AT_ONCE):
        yield min(labels, len(shuffled)), pool.right(pool.live(shuffled[:labels]))


def by_model(pool: Pool, by: str) -> Iterator[tuple[int, float]]:
    """As people are asked."""
    labelled: list[int] = []
    query = LiveQuery(order=LiveOrder.UNSURE, take=AT_ONCE)
    live = pool.live(labelled)
    while len(labelled) < len(pool.ids):
        labelled += [each.place for each in suggesting.asked(live, query, by, [])]
        live = pool.live(labelled)
        yield len(labelled), pool.right(live)


def _by_trainings(pool: Pool, shuffled: Sequence[int]) -> Iterator[tuple[int, float]]:
    """Quick trainings, of which each asks for what it is least sure of; at first by chance."""
    labelled = list(shuffled[:TRAINED])
    while True:
        used = np.flatnonzero(pool.truths[labelled].sum(0) >= 2)
        taught = [at for at in labelled if pool.truths[at].argmax() in used]
        examples = Examples([pool.pictures[at] for at in taught], pool.truths[taught][:, used], KIND, pool.kept)
        trained = train(load(RECIPE), examples, RECIPE, silent)
        tested = served([RECIPE], trained, pool.tests, pool.kept)
        yield len(labelled), float((used[tested.argmax(1)] == pool.answers.argmax(1)).mean())
        rest = [at for at in shuffled if at not in set(labelled)]
        if not rest:
            return
        said = np.sort(served([RECIPE], trained, [pool.pictures[at] for at in rest], pool.kept), axis=1)
        labelled += [rest[at] for at in np.argsort(said[:, -1] - said[:, -2])[:TRAINED]]


def held(pool: Pool, labelled: Sequence[int], tested: bool) -> Held:
    """With labels that were drawn by chance: by the others of the pool, and by those to test as well."""
    live = pool.live(labelled)
    assert live.head
    rest = np.setdiff1d(np.arange(len(pool.ids)), labelled)
    points, truths = pool.points[rest], pool.truths[rest].argmax(1)
    if tested:
        points, truths = np.concatenate([points, pool.test_points]), np.append(truths, pool.answers.argmax(1))
    said = np.concatenate(list(live.head.probabilities(points))).astype(np.float64)
    right = pool.kinds(live)[said.argmax(1)] == truths

    def from_on(probability: float) -> tuple[float, float]:
        likely = said.max(1) >= probability
        return float(likely.mean()), float((likely & ~right).mean())

    lucky = np.random.default_rng(len(labelled)).random(len(said)) < said.max(1)
    off, by_chance = (calibration_error(said, each.tolist()) for each in (right, lucky))
    bounds = (LIKELY, NEARLY_CERTAIN, CERTAIN)
    return Held(float(right.mean()), off, by_chance, *map(from_on, bounds))


def labelled(pool: Pool, many: int | None, draw: int) -> list[int]:
    """So many drawn by chance; without a number ten of each tag."""
    shuffled = shuffle(pool, draw)
    if many is not None:
        return shuffled[:many]
    kinds = pool.truths.argmax(1)
    return [at for tag in range(pool.truths.shape[1]) for at in [each for each in shuffled if kinds[each] == tag][:10]]


def run(photos: Path, sets: Sequence[str], draws: int) -> Mapping[str, Pool]:
    """The pools, to try other things on."""
    pools = {name: Pool(folder_of(photos, name)) for name in sets}
    orders = Table("", "all labels", "random order", "Unsure", "of random", "training every 50", title="labels to 0.9")
    found = {}
    for name, pool in pools.items():
        of = found[name] = [needed(pool, draw) for draw in range(draws)]
        orders.add_row(name, *_cells(of))
        print(f"  {name}: {', '.join(_cells(of))}", flush=True)
    every = [each for of in found.values() for each in of]
    ratio = geometric_mean([each.unsure / each.chance for each in every])
    trained = geometric_mean([each.unsure / each.trained for each in every])
    style = "red" if ratio > ORDER_GOAL else None
    orders.add_row("of random / of training", "", "", "", f"{ratio:.2f}", f"{trained:.2f}", style=style)
    Console(highlight=False).print(orders, calibration(list(pools.values()), draws))
    return pools


def _cells(of: Sequence[Needed]) -> list[str]:
    unsure, chance, trained, final = (mean(column) for column in zip(*of, strict=True))
    ratio = geometric_mean([each.unsure / each.chance for each in of])
    return [f"{100 * final:.1f} %", f"{chance:.0f}", f"{unsure:.0f}", f"{ratio:.2f}", f"{trained:.0f}"]


def calibration(pools: Sequence[Pool], draws: int) -> Table:
    bounds = (f"p >= {bound}: share, errors" for bound in (LIKELY, NEARLY_CERTAIN, CERTAIN))
    columns = ("right", "calibration error, by chance alone", *bounds)
    table = Table("labels", "sets", *columns, title="of the rest, mean of the sets")
    for many, tested in ((None, False), *((many, True) for many in (None, *CALIBRATED))):
        large = [pool for pool in pools if many is None or len(pool.ids) >= many + LEFT]
        of = [held(pool, labelled(pool, many, draw), tested) for pool in large for draw in range(draws)]
        if of:
            right, off = mean(each.accuracy for each in of), mean(each.off for each in of)
            by_chance = mean(each.by_chance for each in of)
            cells = [_shares(shares) for shares in zip(*(each[3:] for each in of), strict=True)]
            name = (f"{many} at random" if many else "10 a tag") + ("" if tested else ", without the tests")
            style = None if tested else _offered(of)
            table.add_row(
                name, str(len(large)), f"{100 * right:.1f} %", f"{off:.3f}, {by_chance:.3f}", *cells, style=style
            )
    return table


def _offered(of: Sequence[Held]) -> str | None:
    """Red where what is offered for one key is too little, or too often wrong."""
    share, wrong = (mean(column) for column in zip(*(each.offered for each in of), strict=True))
    return None if share >= OFFERED and wrong < WRONG * share else "red"


def _shares(of: Sequence[tuple[float, float]]) -> str:
    share, wrong = (mean(column) for column in zip(*of, strict=True))
    return f"{100 * share:.0f} %, {100 * wrong / max(share, 1e-9):.1f} %"
