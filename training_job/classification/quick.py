"""Quick classification training, top to bottom: embed, choose the crop on held-out images, fit, compose."""

from collections.abc import Sequence, Set
from typing import NamedTuple

import numpy as np
import onnx
from msgspec import structs

from shared.arrays import Doubles, Flags, Floats, Ints
from shared.learning import evaluate, holdout
from shared.learning.classifier_recipe import Crop, Recipe
from shared.learning.embeddings import Cache, Picture, Report, embed
from shared.learning.head import Head, fit
from shared.models.training.preprocessing import Preprocessing
from shared.models.workspace.projects import ClassificationType
from training_job.graphs.classifier import classifier, embedder


class TrainedClassifier(NamedTuple):
    """The served graph, how to feed it, and what held-out heads said, (J, tags), of the images at `judged`, (J,)."""

    graph: bytes
    preprocessing: Preprocessing
    judged: Ints
    probabilities: Doubles


class Base(NamedTuple):
    """What to continue from: a head for the tags of this training, the crop it was fitted to, and the pictures (by
    their keys) that it was fitted on, or None where nobody knows.
    """

    head: Head
    crop: Crop
    seen: Set[str] | None


def train(
    backbone: onnx.ModelProto,
    pictures: Sequence[Picture],
    truths: Floats,
    kind: ClassificationType,
    recipe: Recipe,
    cache: Cache,
    report: Report,
    base: Base | None = None,
) -> TrainedClassifier:
    """Truths (N, tags) are 0 and 1, at least one 1 an image. Needs two tags with two images or more each."""
    if base:
        recipe = structs.replace(recipe, crops=(base.crop,))

    def embedded(crop: Crop, chosen: Sequence[Picture], start: float, end: float) -> Floats:
        def part(progress: float, message: str) -> None:
            report(start + (end - start) * progress, message)

        spec = recipe.preprocessing(crop)
        graph = embedder(backbone, spec).SerializeToString()
        return embed(graph, spec, recipe.space(crop), chosen, cache, part)

    if kind == ClassificationType.MULTICLASS:
        # An image of several tags is a part of each.
        truths = truths / truths.sum(axis=1, keepdims=True)
    judged = holdout.sample(truths, recipe.judged)
    seen, answers = [pictures[position] for position in judged], truths[judged]
    share = 0.8 / len(recipe.crops) * len(judged) / len(pictures)
    vectors = {crop: embedded(crop, seen, share * at, share * (at + 1)) for at, crop in enumerate(recipe.crops)}
    report(0.8, "Judging on held-out images")
    known = np.array([base is not None and (base.seen is None or picture.key in base.seen) for picture in seen])
    crop, probabilities = _choose(vectors, answers, kind, recipe, base.head if base else None, known)
    everything = embedded(crop, pictures, share * len(recipe.crops), 0.9)
    report(0.9, "Fitting the model to all images")
    head = fit(everything, truths, kind, recipe, base.head if base else None)
    spec = recipe.preprocessing(crop)
    graph = classifier(backbone, spec, head, kind).SerializeToString()
    return TrainedClassifier(graph, spec, judged, probabilities)


def _choose(
    vectors: dict[Crop, Floats],
    truths: Floats,
    kind: ClassificationType,
    recipe: Recipe,
    base: Head | None,
    known: Flags,
) -> tuple[Crop, Doubles]:
    """The preferred crop, or one that is clearly better on held-out images; with its held-out probabilities.

    `known`, (J,), marks the images that the base was fitted on.
    """
    preferred, *others = recipe.crops
    groups = holdout.near_duplicates(vectors.get(Crop.WHOLE, vectors[preferred]), truths)
    folds = holdout.folds(groups, truths, recipe.folds)
    known = np.isin(groups, groups[known])

    def judged(crop: Crop) -> Doubles:
        answers = evaluate.held_out(vectors[crop], truths, folds, kind, recipe, base)
        # A head that begins at the base has seen through it what the base saw, held out or not. Such images, and
        # their near-duplicates, are judged by heads that begin at nothing: that may understate the model, and never
        # flatters it. Near-duplicates among images that only the base had can't be known here.
        if known.any():
            answers[known] = evaluate.held_out(vectors[crop], truths, folds, kind, recipe)[known]
        return answers

    best = judged(preferred)
    chosen, least = preferred, evaluate.losses(best, truths, kind)
    for crop in others:
        answers = judged(crop)
        losses = evaluate.losses(answers, truths, kind)
        if evaluate.clearly_better(losses, least, groups):
            chosen, best, least = crop, answers, losses
    return chosen, best
