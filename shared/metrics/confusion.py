"""What was taken for what, at any threshold: every true tag or box counts once, and so does every prediction.

A prediction that is right stands with its own tag. A wrong one stands with a truth of the same image, or box, that it
was said in place of, as long as that is not found by itself; else it stands with nothing, as does a truth that nothing
was said of.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from shared.arrays import Flags, Ints
from shared.imaging.boxes import Reals, iou, ltwh_to_xyxy
from shared.metrics.detection import EXACT, NONE, box_row, matched, truths_of
from shared.models.training.evaluations import EvaluatedImage
from shared.models.training.model_spec import ModelTag
from shared.models.workspace.projects import ClassificationType

# A probability that is below every threshold.
NEVER = -1.0


class Said(NamedTuple):
    """Predictions: the tag, its probability, the truth that it stands with, and how probably that is found by itself.

    A tag is a position in the model's order, and the number of tags stands for nothing. All (N,).
    """

    tags: Ints
    probabilities: Reals
    truths: Ints
    found: Reals


class Truths(NamedTuple):
    """Truths: the tag, and the threshold above which no prediction stands with it. All (M,)."""

    tags: Ints
    reached: Reals


class Pairs(NamedTuple):
    """What was true and what was said, of which image (its position), and how sure the model was of that. All (N,)."""

    images: Ints
    truths: Ints
    said: Ints
    sureness: Reals

    @property
    def wrong(self) -> Flags:
        flags: Flags = self.truths != self.said
        return flags

    def cells(self, tags: int) -> Ints:
        """How many of each, (tags + 1, tags + 1): rows are true, columns said, the last of each is nothing."""
        counts = np.bincount(self.truths * (tags + 1) + self.said, minlength=(tags + 1) ** 2)
        return counts.reshape(tags + 1, tags + 1).astype(np.int64)


class Outcomes(NamedTuple):
    """All predictions and truths of all images, with the position of the image of each; at no threshold yet."""

    said_of: Ints
    said: Said
    true_of: Ints
    true: Truths
    tags: int

    @property
    def nbytes(self) -> int:
        """How many bytes they take."""
        return sum(column.nbytes for column in (self.said_of, *self.said, self.true_of, *self.true))

    def at(self, threshold: float) -> Pairs:
        """The predictions whose probability reaches the threshold, and the truths that none of them stands with."""
        shown, missed = self.said.probabilities >= threshold, self.true.reached < threshold
        truths = np.where(self.said.found < threshold, self.said.truths, self.tags)
        return Pairs(
            np.concatenate([self.said_of[shown], self.true_of[missed]]),
            np.concatenate([truths[shown], self.true.tags[missed]]),
            np.concatenate([self.said.tags[shown], np.full(int(missed.sum()), self.tags)]),
            np.concatenate([self.said.probabilities[shown], 1 - np.maximum(self.true.reached[missed], 0)]),
        )


Judge = Callable[[EvaluatedImage], tuple[Said, Truths]]


def of_classifier(
    images: Iterable[EvaluatedImage], tags: Sequence[ModelTag], kind: ClassificationType | None
) -> Outcomes:
    """A multiclass model says its most probable tag, a multilabel model each tag that reaches the threshold."""
    positions = {tag.id: position for position, tag in enumerate(tags)}
    judge = _most_probable if kind == ClassificationType.MULTICLASS else _every_tag

    def judged(image: EvaluatedImage) -> tuple[Said, Truths]:
        carried = np.array(sorted(positions[tag] for tag in image.tags), np.int64)
        return judge(np.array(image.probabilities, float), carried)

    return _gathered(images, judged, len(tags))


def of_detector(images: Iterable[EvaluatedImage], tags: Sequence[ModelTag], overlap: float) -> Outcomes:
    """A wrong box stands with the true box of another tag that it overlaps most, if enough; the most probable first."""
    positions = {tag.id: position for position, tag in enumerate(tags)}

    def judged(image: EvaluatedImage) -> tuple[Said, Truths]:
        boxes = np.array([box_row(box) for box in image.boxes], float).reshape(-1, 6)
        true_boxes, true_tags = truths_of(image.regions, positions)
        return _boxes(boxes, true_boxes, true_tags, overlap, len(tags))

    return _gathered(images, judged, len(tags))


def _gathered(images: Iterable[EvaluatedImage], judge: Judge, tags: int) -> Outcomes:
    said, true, said_of, true_of = [_NOTHING_SAID], [_NOTHING_TRUE], [], []
    for position, image in enumerate(images):
        predicted, truths = judge(image)
        said.append(predicted)
        true.append(truths)
        said_of.append(np.full(len(predicted.tags), position))
        true_of.append(np.full(len(truths.tags), position))
    no_images = np.empty(0, np.int64)
    return Outcomes(
        np.concatenate([no_images, *said_of]),
        Said(*(np.concatenate(column) for column in zip(*said, strict=True))),
        np.concatenate([no_images, *true_of]),
        Truths(*(np.concatenate(column) for column in zip(*true, strict=True))),
        tags,
    )


def _most_probable(probabilities: Reals, carried: Ints) -> tuple[Said, Truths]:
    """An image counts for the most probable of its tags, as in `classification.curves`."""
    best = probabilities.argmax(0, keepdims=True) if len(probabilities) else np.empty(0, np.int64)
    counted = carried[probabilities[carried].argmax(0, keepdims=True)] if len(carried) else carried
    truth = counted if len(counted) else np.full(len(best), len(probabilities))
    said = Said(best, probabilities[best], truth, np.full(len(best), NEVER))
    return said, Truths(counted, probabilities[best] if len(counted) else np.empty(0))


def _every_tag(probabilities: Reals, carried: Ints) -> tuple[Said, Truths]:
    """The surest of the wrong tags stands with the truth that is missed the surest, and so on.

    So at every threshold as many stand with each other as can.
    """
    tags = np.arange(len(probabilities))
    wrong = np.setdiff1d(tags, carried)
    wrong = wrong[np.argsort(-probabilities[wrong], kind="stable")]
    missed = carried[np.argsort(probabilities[carried], kind="stable")]
    number = min(len(wrong), len(missed))
    truths, found = np.full(len(wrong), len(tags)), np.full(len(wrong), NEVER)
    truths[:number], found[:number] = missed[:number], probabilities[missed[:number]]
    reached = probabilities[missed].astype(float)
    reached[:number] = np.maximum(reached[:number], probabilities[wrong[:number]])
    said = Said(
        np.concatenate([missed, wrong]),
        probabilities[np.concatenate([missed, wrong])],
        np.concatenate([missed, truths]),
        np.concatenate([np.full(len(missed), NEVER), found]),
    )
    return said, Truths(missed, reached)


def _boxes(boxes: Reals, true_xyxy: Reals, true_tags: Ints, overlap: float, tags: int) -> tuple[Said, Truths]:
    """Boxes are rows of tag, probability and left, top, width, height: (N, 6), (M, 4), (M,)."""
    said, probabilities, xyxy = boxes[:, 0].astype(np.int64), boxes[:, 1], ltwh_to_xyxy(boxes[:, 2:])
    right = matched(xyxy, said, probabilities, true_xyxy, true_tags, overlap)
    found = np.full(len(true_tags), NEVER)
    found[right[right != NONE]] = probabilities[right != NONE]
    claimed, reached = _claimed(right, iou(xyxy, true_xyxy), probabilities, found, overlap), found.copy()
    truths, shown_until = np.full(len(said), tags), np.full(len(said), NEVER)
    truths[right != NONE] = said[right != NONE]
    for box in np.flatnonzero(claimed != NONE):
        truths[box], shown_until[box] = true_tags[claimed[box]], found[claimed[box]]
        reached[claimed[box]] = max(reached[claimed[box]], probabilities[box])
    return Said(said, probabilities, truths, shown_until), Truths(true_tags, reached)


def _claimed(right: Ints, overlaps: Reals, probabilities: Reals, found: Reals, overlap: float) -> Ints:
    """The true box that each wrong box stands with, (N,), or NONE: one that no surer box has found or stands with."""
    claimed = np.full(len(right), NONE)
    free = np.where(overlaps >= min(overlap, EXACT), overlaps, 0.0)
    order = np.argsort(-probabilities, kind="stable")
    for box in order[(right[order] == NONE) & free[order].any(axis=1)]:
        choice = np.where(found < probabilities[box], free[box], 0.0)
        if choice.any():
            claimed[box] = choice.argmax()
            free[:, claimed[box]] = 0.0
    return claimed


_NO_TAGS, _NO_NUMBERS = np.empty(0, np.int64), np.empty(0)
_NOTHING_SAID = Said(_NO_TAGS, _NO_NUMBERS, _NO_TAGS, _NO_NUMBERS)
_NOTHING_TRUE = Truths(_NO_TAGS, _NO_NUMBERS)
