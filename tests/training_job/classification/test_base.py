"""Continuing from another iteration: what is taken over, that it helps, and that the results do not flatter."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from uuid import UUID

import numpy as np
import onnx
import pytest

from shared.arrays import Floats
from shared.learning.classifier_recipe import RECIPES, Crop, Recipe
from shared.learning.embeddings import Picture, embed
from shared.learning.head import Head, fit, probabilities
from shared.models.training.model_spec import ARCHITECTURE, ModelTag
from shared.models.workspace.projects import ClassificationType
from shared.models.workspace.tags import Tag
from shared.settings import Settings
from tests.learning.scenes import bursts, cluttered, memory, one_hot, unit
from training_job.classification.base import aligned
from training_job.classification.quick import Base, TrainedClassifier, train
from training_job.graphs import backbones
from training_job.graphs.classifier import classifier, embedder, head_of

MULTICLASS, MULTILABEL = ClassificationType.MULTICLASS, ClassificationType.MULTILABEL
RECIPE = RECIPES[MULTICLASS]
SHAPES = ["disc", "square", "triangle", "ring", "cross"]


@pytest.fixture(scope="module")
def backbone() -> onnx.ModelProto:
    return onnx.load(backbones.prepare(Path(Settings().backbones_folder), RECIPE.backbone, RECIPE.pixels))


def pictures(seeds: Sequence[int], *, night: bool = False) -> list[Picture]:
    """One of each shape for each seed."""
    return [
        Picture(f"{shape} {seed} {night}", partial(cluttered, shape, seed, night=night))
        for seed in seeds
        for shape in SHAPES
    ]


def embedded(backbone: onnx.ModelProto, chosen: list[Picture]) -> tuple[Floats, Floats]:
    spec = RECIPE.preprocessing(Crop.CENTRE)
    truths = one_hot(list(range(len(SHAPES))) * (len(chosen) // len(SHAPES)))
    return embed(embedder(backbone, spec).SerializeToString(), spec, "any", chosen, memory(), lambda *_: None), truths


def test_few_new_images_and_a_base_beat_few_new_images_alone(backbone: onnx.ModelProto) -> None:
    base = fit(*embedded(backbone, pictures(range(8))), MULTICLASS, RECIPE)
    few = embedded(backbone, pictures(range(100, 102), night=True))
    tests = [embedded(backbone, pictures(range(200, 206), night=night)) for night in (False, True)]

    def right(head: Head) -> list[int]:
        """How many of the 30 by day, and of the 30 by night."""
        return [
            int((probabilities(head, embeddings, MULTICLASS).argmax(1) == truths.argmax(1)).sum())
            for embeddings, truths in tests
        ]

    alone, continued = right(fit(*few, MULTICLASS, RECIPE)), right(fit(*few, MULTICLASS, RECIPE, base))
    assert continued[0] >= alone[0] + 3
    assert continued[1] >= max(alone[1], right(base)[1])
    assert continued[0] >= right(base)[0] - 1


@pytest.mark.parametrize("kind", [MULTICLASS, MULTILABEL])
def test_fit_finds_the_minimum_around_a_base(kind: ClassificationType) -> None:
    """There the change of the weights is strength x scale x residuals.T @ embeddings, and the bias has no slope."""
    random = np.random.default_rng(0)
    embeddings, truths = unit(random.normal(size=(30, 50))), one_hot([position % 3 for position in range(30)])
    base = Head(random.normal(size=(3, 50)).astype(np.float32) * 4, np.array([1, -1, 0.5], np.float32))
    head = fit(embeddings, truths, kind, RECIPE, base)
    residuals = truths - probabilities(head, embeddings, kind)
    expected = base.weights + RECIPE.strength * RECIPE.scale**2 * residuals.T @ embeddings
    assert head.weights == pytest.approx(expected, abs=0.05 * float(np.abs(head.weights).max()))
    assert residuals.sum(0) == pytest.approx(0, abs=0.01)


def test_a_base_that_is_right_already_hardly_changes() -> None:
    embeddings, truths = bursts([0, 1, 2] * 6, shots=3)
    base = fit(embeddings, truths, MULTICLASS, RECIPE)
    again = fit(embeddings[:9], truths[:9], MULTICLASS, RECIPE, base)
    change = np.linalg.norm(again.weights - base.weights) / np.linalg.norm(base.weights)
    assert change < 0.3


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        ([(1, "apple"), (2, "pear")], [0, 1]),
        ([(2, "pear"), (3, "plum")], [1, None]),
        ([(9, "PEAR"), (8, "apple")], [1, 0]),
        ([(1, "quince"), (9, "apple")], [0, None]),
        ([], []),
    ],
)
def test_tags_are_found_by_id_else_by_name(wanted: list[tuple[int, str]], rows: list[int | None]) -> None:
    had = [ModelTag(UUID(int=1), "apple"), ModelTag(UUID(int=2), "pear")]
    head = Head(np.array([[1, 2], [3, 4]], np.float32), np.array([5, 6], np.float32))
    found = aligned(head, had, [Tag(UUID(int=number), name, None) for number, name in wanted])
    assert found.weights.tolist() == [[0, 0] if row is None else head.weights[row].tolist() for row in rows]
    assert found.bias.tolist() == [0 if row is None else head.bias[row] for row in rows]


def test_the_head_is_read_out_of_the_served_graph(backbone: onnx.ModelProto) -> None:
    head = Head(np.ones((2, 1280), np.float32) * 3, np.array([1, 2], np.float32))
    graph = onnx.load_from_string(
        classifier(backbone, RECIPE.preprocessing(Crop.CENTRE), head, MULTICLASS).SerializeToString()
    )
    found = head_of(graph)
    assert np.array_equal(found.weights, head.weights)
    assert np.array_equal(found.bias, head.bias)


def test_images_that_the_base_saw_are_judged_without_it(backbone: onnx.ModelProto) -> None:
    few, truths = pictures(range(2)), one_hot(list(range(5)) * 2)
    kept = memory()
    perfect = fit(*embedded(backbone, few), MULTICLASS, RECIPE)

    def results(base: Base | None) -> TrainedClassifier:
        recipe = RECIPE if base else Recipe((Crop.CENTRE,))
        return train(backbone, few, truths, MULTICLASS, recipe, kept, lambda *_: None, base)

    def right(base: Base | None) -> float:
        return float((results(base).probabilities.argmax(1) == truths.argmax(1)).mean())

    alone = results(None).probabilities
    for seen in ({picture.key for picture in few}, None):
        assert results(Base(perfect, Crop.CENTRE, seen)).probabilities == pytest.approx(alone)
    assert right(Base(perfect, Crop.CENTRE, set())) == 1
    assert right(None) < 1


def test_every_recipe_trains_the_architecture_that_iterations_are_continued_in() -> None:
    assert {f"{recipe.backbone}-{recipe.pixels}" for recipe in RECIPES.values()} == {ARCHITECTURE}
