"""Quick classification training, top to bottom: look, choose layers and crop on held-out images, fit, compose."""

from collections.abc import Mapping, Sequence, Set
from typing import NamedTuple

import numpy as np
from msgspec import structs

from shared.arrays import Doubles, Floats, Ints
from shared.learning import evaluate, holdout
from shared.learning.classifier_recipe import Crop, Recipe
from shared.learning.embeddings import Cache, Picture, Report
from shared.learning.head import Head, logits, probabilities
from shared.learning.layers import Layer, Views, full_name, joined
from shared.learning.mixing import Mix, best_mix, fit_mix, mixed
from shared.models.training.preprocessing import Preprocessing
from shared.models.workspace.projects import ClassificationType
from training_job.classification.claim import doubted
from training_job.classification.seeing import Backbones, part_of, see
from training_job.graphs.classifier import classifier
from training_job.result import Claim

# With fewer images of a tag nothing is held out that could tell layers apart.
LEAST_MIXED = 3
# Crops are told apart by so many images, or by so many of each tag: to look costs more than all else.
TRIED, TRIED_EACH = 200, 10


class Examples(NamedTuple):
    """What is learned from: truths (N, tags) are 0 and 1, at least one 1 an image; two tags have two images or more."""

    pictures: Sequence[Picture]
    truths: Floats
    kind: ClassificationType
    cache: Cache

    def at(self, places: Ints) -> "Examples":
        return self._replace(pictures=[self.pictures[place] for place in places], truths=self.truths[places])


class Base(NamedTuple):
    """What to continue from: a head for the tags of this training, the full names of the layers that it was fitted to,
    how they were seen, by one crop, the pictures (by their keys) that it was fitted on, or None where nobody knows, and
    the backbones, where it has its own.
    """

    head: Head
    layers: Sequence[str]
    recipe: Recipe
    seen: Set[str] | None
    backbones: Backbones | None = None


class Candidate(NamedTuple):
    """A way to train, and what came of it for images held out: their probabilities, (J, tags), and losses, (J,)."""

    backbones: Backbones
    recipe: Recipe
    crop: Crop
    mix: Mix
    probabilities: Doubles
    losses: Doubles

    def __str__(self) -> str:
        return f"{self.recipe.architecture}, {self.crop}"


class TrainedClassifier(NamedTuple):
    """The served graph, how to feed it, and what held-out heads said, (J, tags), of the images at `judged`, (J,)."""

    graph: bytes
    architecture: str
    preprocessing: Preprocessing
    judged: Ints
    probabilities: Doubles
    claim: Claim | None = None


def train(
    backbones: Backbones, examples: Examples, recipe: Recipe, report: Report, base: Base | None = None
) -> TrainedClassifier:
    """With a base its recipe is needed."""
    examples = divided(examples)
    judged = holdout.sample(examples.truths, recipe.judged)
    some = examples.at(judged)
    wanted = narrowed(backbones, some, recipe, part_of(report, 0, 0.4))
    shown = show(backbones, some, wanted, part_of(report, 0 if wanted is recipe else 0.4, 0.8))
    report(0.8, "Judging on held-out images")
    groups = near_duplicates(shown, some.truths)
    chosen = judge(backbones, shown, groups, some, wanted, base)
    claim = None if base else doubted(chosen.probabilities, first_view(shown), groups, some.truths, some.kind, recipe)
    return fitted(chosen, examples, judged, part_of(report, 0.8, 1), base)._replace(claim=claim)


def divided(examples: Examples) -> Examples:
    """In multiclass an image of several tags is a part of each."""
    if examples.kind == ClassificationType.MULTILABEL:
        return examples
    return examples._replace(truths=examples.truths / examples.truths.sum(axis=1, keepdims=True))


def narrowed(backbones: Backbones, examples: Examples, recipe: Recipe, report: Report) -> Recipe:
    """With the crop that is best for some of the images, where there are many."""
    tried = holdout.sample(examples.truths, max(TRIED, TRIED_EACH * examples.truths.shape[1]))
    if len(recipe.crops) == 1 or len(tried) == len(examples.pictures):
        return recipe
    some = examples.at(tried)
    shown = show(backbones, some, recipe, report)
    crop = judge(backbones, shown, near_duplicates(shown, some.truths), some, recipe).crop
    return structs.replace(recipe, crops=(crop,))


def show(backbones: Backbones, examples: Examples, recipe: Recipe, report: Report) -> dict[Crop, Views]:
    """What is seen of each crop."""
    count = len(recipe.crops)
    return {
        crop: see(
            backbones, recipe, crop, examples.pictures, examples.cache, part_of(report, at / count, (at + 1) / count)
        )
        for at, crop in enumerate(recipe.crops)
    }


def near_duplicates(shown: Mapping[Crop, Views], truths: Floats) -> Ints:
    """The group of each image, (J,)."""
    return holdout.near_duplicates(first_view(shown), truths)


def first_view(shown: Mapping[Crop, Views]) -> Floats:
    """The first layer of the whole picture, where that was looked at, (J, width)."""
    views = shown.get(Crop.WHOLE) or next(iter(shown.values()))
    return next(iter(views.values())).astype(np.float32)


def judge(
    backbones: Backbones,
    shown: Mapping[Crop, Views],
    groups: Ints,
    examples: Examples,
    recipe: Recipe,
    base: Base | None = None,
) -> Candidate:
    """The crop that is preferred, or another that is clearly better for held-out images by the first layer; and the mix
    of its layers that is best for them. With a base all its layers count the same.
    """
    truths, kind = examples.truths, examples.kind
    folds = holdout.folds(groups, truths, recipe.folds)
    # A head that begins at the base has seen through it what the base saw, held out or not. Such images, and their
    # near-duplicates, are judged by heads that begin at nothing: that may understate the model, and never flatters
    # it. Near-duplicates among images that only the base had can't be known here.
    known = np.isin(groups, groups[_known(examples.pictures, base)])
    first, *more = layers = _layers(backbones, truths, base)

    def held_out(crop: Crop, name: str) -> Floats:
        """The logits by one layer."""
        given = logits(base.head, joined(shown[crop], layers)) if base else np.zeros_like(truths)
        embeddings = shown[crop][name].astype(np.float32)
        said = given + evaluate.held_out(embeddings, truths, folds, kind, recipe, given)
        if known.any():
            said[known] = evaluate.held_out(embeddings, truths, folds, kind, recipe)[known]
        return said

    def losses(said: Floats) -> Doubles:
        return evaluate.losses(probabilities(said, kind), truths, kind)

    preferred, *others = recipe.crops
    best, least = preferred, held_out(preferred, first)
    for crop in others:
        said = held_out(crop, first)
        if evaluate.clearly_better(losses(said), losses(least), groups):
            best, least = crop, said
    every = {first: least} | {name: held_out(best, name) for name in more}
    mix = dict.fromkeys(layers, 1 / len(layers)) if base else best_mix(every, truths, kind, recipe)
    answers = mixed(every, mix)
    return Candidate(backbones, recipe, best, mix, probabilities(answers, kind), losses(answers))


def fitted(
    chosen: Candidate, examples: Examples, judged: Ints, report: Report, base: Base | None = None
) -> TrainedClassifier:
    """To all images."""
    backbones, recipe, crop, mix, answers, _ = chosen
    everything = see(backbones, recipe, crop, examples.pictures, examples.cache, part_of(report, 0, 0.9))
    report(0.9, "Fitting the model to all images")
    head = fit_mix(everything, mix, examples.truths, examples.kind, recipe, base.head if base else None)
    spec = recipe.preprocessing(crop)
    graph = classifier(backbones, spec, head, mix, examples.kind).SerializeToString()
    return TrainedClassifier(graph, recipe.architecture, spec, judged, answers)


def _known(pictures: Sequence[Picture], base: Base | None) -> list[bool]:
    """Whether the base was fitted on each."""
    return [base is not None and (base.seen is None or picture.key in base.seen) for picture in pictures]


def _layers(backbones: Backbones, truths: Floats, base: Base | None) -> list[str]:
    if base:
        return list(base.layers)
    layers = [full_name(name, layer) for name in backbones for layer in Layer]
    return layers if (truths > 0).sum(0).min() >= LEAST_MIXED else layers[:1]
