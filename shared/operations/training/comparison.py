"""Two iterations beside each other, on the images that both were judged by and by the same labels."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import numpy as np
from msgspec.structs import replace

from shared import errors
from shared.metrics.counts import performance
from shared.models.limits import Limits
from shared.models.training.evaluations import EvaluatedImage
from shared.models.training.performance import (
    ComparedImage,
    IterationComparison,
    Rates,
    TagComparison,
    TagPerformance,
)
from shared.operations.training.evaluated import EvaluatedIteration
from shared.storage.account import blobs
from shared.storage.account.store import Store
from shared.storage.columns.ids import Flags


class Side(NamedTuple):
    """One of the two: how it does by all images and by each tag, and of which images it is wrong, (N,)."""

    total: Rates
    tags: dict[UUID, TagPerformance]
    wrong: Flags


def compare_iterations(
    store: Store, limits: Limits, project_id: UUID, a: UUID, b: UUID, *, threshold: float, overlap_threshold: float
) -> IterationComparison:
    """Raises BadRequest where one classifies and the other detects."""
    before, after = (EvaluatedIteration.read(store, project_id, each, overlap_threshold) for each in (a, b))
    if (before.overlap is None) != (after.overlap is None):
        raise errors.BadRequest("One of the iterations classifies, and the other detects; compare two of a kind.")
    former, latter = _common(before, after)
    first, second = _side(before, former, threshold), _side(after, latter, threshold)

    def shown(flags: Flags) -> list[ComparedImage]:
        chosen = [latter[place].id for place in np.flatnonzero(flags)[: limits.page_size]]
        return [ComparedImage(each, blobs.picture_uri(store, project_id, each, "thumbnail")) for each in chosen]

    fixed, broken = first.wrong & ~second.wrong, second.wrong & ~first.wrong
    names = {tag.id: tag.name for tag in (*after.kept.tags, *before.kept.tags)}
    tags = [
        TagComparison(tag_id, name, _rates(first.tags.get(tag_id)), _rates(second.tags.get(tag_id)))
        for tag_id, name in names.items()
    ]
    numbers = int(fixed.sum()), int(broken.sum())
    return IterationComparison(len(latter), first.total, second.total, tags, *numbers, shown(fixed), shown(broken))


def _common(before: EvaluatedIteration, after: EvaluatedIteration) -> tuple[list[EvaluatedImage], list[EvaluatedImage]]:
    """The images of both, the newest first; those of the first with the labels of the second, as far as it has them."""
    known = {tag.id for tag in before.kept.tags}
    former = {image.id: image for image in before.images()}
    latter = [image for image in after.images() if image.id in former]
    relabelled = [
        replace(
            former[image.id],
            tags=[tag_id for tag_id in image.tags if tag_id in known],
            regions=[mark for mark in image.regions if mark.tag_id in known],
        )
        for image in latter
    ]
    return relabelled, latter


def _side(judged: EvaluatedIteration, images: Sequence[EvaluatedImage], threshold: float) -> Side:
    told = performance(judged.kept.tags, judged.curves_of(images), threshold)
    pairs = judged.outcomes_of(images).at(threshold)
    wrong = np.zeros(len(images), bool)
    wrong[pairs.images[pairs.wrong]] = True
    total = Rates(told.precision, told.recall, told.average_precision)
    return Side(total, {tag.id: tag for tag in told.per_tag_performance}, wrong)


def _rates(tag: TagPerformance | None) -> Rates | None:
    return Rates(tag.precision, tag.recall, tag.average_precision) if tag else None
