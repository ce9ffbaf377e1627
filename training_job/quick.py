"""Quick classification training, top to bottom: embed, choose the view on held-out images, fit, compose."""

from collections.abc import Sequence
from typing import NamedTuple

import onnx

from shared.models.preprocessing import Preprocessing
from shared.models.projects import ClassificationType
from training_job import evaluate
from training_job.classification import Doubles, Floats, fit
from training_job.embeddings import Cache, Picture, Report, embed
from training_job.evaluate import Ints
from training_job.export import classifier
from training_job.recipe import Recipe, View


class Trained(NamedTuple):
    """The served graph, how to feed it, and what held-out heads said, (J, tags), of the images at `judged`, (J,)."""

    graph: bytes
    preprocessing: Preprocessing
    judged: Ints
    probabilities: Doubles


def train(
    backbone: onnx.ModelProto,
    pictures: Sequence[Picture],
    truths: Floats,
    kind: ClassificationType,
    recipe: Recipe,
    cache: Cache,
    report: Report,
) -> Trained:
    """Truths (N, tags) are 0 and 1. Needs two tags with two images or more each."""

    def embedded(view: View, chosen: Sequence[Picture], start: float, end: float) -> Floats:
        def part(progress: float, message: str) -> None:
            report(start + (end - start) * progress, message)

        return embed(backbone, recipe.preprocessing(view), recipe.space(view), chosen, cache, part)

    judged = evaluate.sample(truths, recipe.judged)
    seen, answers = [pictures[position] for position in judged], truths[judged]
    share = 0.8 / len(recipe.views) * len(judged) / len(pictures)
    vectors = {view: embedded(view, seen, share * at, share * (at + 1)) for at, view in enumerate(recipe.views)}
    report(0.8, "Judging on held-out images")
    view, probabilities = _choose(vectors, answers, kind, recipe)
    everything = embedded(view, pictures, share * len(recipe.views), 0.9)
    report(0.9, "Fitting the model to all images")
    head = fit(everything, truths, kind, recipe)
    spec = recipe.preprocessing(view)
    graph = classifier(backbone, spec, head, kind).SerializeToString()
    return Trained(graph, spec, judged, probabilities)


def _choose(
    vectors: dict[View, Floats], truths: Floats, kind: ClassificationType, recipe: Recipe
) -> tuple[View, Doubles]:
    """The preferred view, or one that is clearly better on held-out images; with its held-out probabilities."""
    groups = evaluate.near_duplicates(vectors[View.WHOLE], truths)
    folds = evaluate.folds(groups, truths, recipe.folds)
    preferred, *others = recipe.views
    best = evaluate.held_out(vectors[preferred], truths, folds, kind, recipe)
    chosen, least = preferred, evaluate.losses(best, truths, kind)
    for view in others:
        answers = evaluate.held_out(vectors[view], truths, folds, kind, recipe)
        losses = evaluate.losses(answers, truths, kind)
        if evaluate.clearly_better(losses, least, groups):
            chosen, best, least = view, answers, losses
    return chosen, best
