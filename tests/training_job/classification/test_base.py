"""Continuing from another iteration: what is taken over, that it helps, and that the results do not flatter."""

from pathlib import Path
from uuid import UUID

import numpy as np
import onnx
import pytest
from msgspec.structs import replace

from shared.arrays import Floats
from shared.learning.classifier_recipe import Crop
from shared.learning.embeddings import Picture
from shared.learning.head import Head, fit, logits, probabilities
from shared.learning.layers import Layer, Views, full_name, joined
from shared.learning.mixing import fit_mix
from shared.models.training.model_spec import ModelTag
from shared.models.workspace.projects import ClassificationType
from shared.models.workspace.tags import Tag
from shared.settings import Settings
from tests.learning.scenes import RECIPES, SHAPES, bursts, memory, one_hot, pictures, unit
from training_job.classification.base import aligned
from training_job.classification.quick import Base, Examples, TrainedClassifier, train
from training_job.classification.seeing import Backbones, see
from training_job.graphs import backbones
from training_job.graphs.classifier import classifier, head_of, widths_of

MULTICLASS, MULTILABEL = ClassificationType.MULTICLASS, ClassificationType.MULTILABEL
RECIPE = RECIPES[MULTICLASS]
CENTRE = replace(RECIPE, crops=(Crop.CENTRE,))
(NAME,) = RECIPE.backbones
LAYERS = [full_name(NAME, layer) for layer in Layer]
MIX = dict.fromkeys(LAYERS, 1 / len(LAYERS))


@pytest.fixture(scope="module")
def seeing() -> Backbones:
    return backbones.load(Path(Settings().backbones_folder), RECIPE.backbones, RECIPE.pixels)


def embedded(seeing: Backbones, chosen: list[Picture]) -> tuple[Views, Floats]:
    truths = one_hot(list(range(len(SHAPES))) * (len(chosen) // len(SHAPES)))
    return see(seeing, RECIPE, Crop.CENTRE, chosen, memory(), lambda *_: None), truths


def learned(seen: Views, truths: Floats, base: Head | None = None) -> Head:
    return fit_mix(seen, MIX, truths, MULTICLASS, RECIPE, base)


def test_few_new_images_and_a_base_beat_few_new_images_alone(seeing: Backbones) -> None:
    base = learned(*embedded(seeing, pictures(range(8))))
    few = embedded(seeing, pictures(range(100, 102), night=True))
    tests = [embedded(seeing, pictures(range(200, 206), night=night)) for night in (False, True)]

    def right(head: Head) -> list[int]:
        """How many of the 30 by day, and of the 30 by night."""
        return [int((logits(head, joined(seen, LAYERS)).argmax(1) == truths.argmax(1)).sum()) for seen, truths in tests]

    alone, continued = right(learned(*few)), right(learned(*few, base))
    assert continued[0] >= alone[0] + 3
    assert continued[1] >= max(alone[1], right(base)[1])
    assert continued[0] >= right(base)[0] - 1


@pytest.mark.parametrize("kind", [MULTICLASS, MULTILABEL])
def test_fit_finds_the_minimum_around_what_is_given(kind: ClassificationType) -> None:
    """There the weights are strength x scale x residuals.T @ embeddings, and the bias has no slope."""
    random = np.random.default_rng(0)
    embeddings, truths = unit(random.normal(size=(30, 50))), one_hot([position % 3 for position in range(30)])
    given = random.normal(size=(30, 3)).astype(np.float32)
    head = fit(embeddings, truths, kind, RECIPE, given)
    residuals = truths - probabilities(given + logits(head, embeddings), kind)
    expected = RECIPE.strength * RECIPE.scale**2 * residuals.T @ embeddings
    assert head.weights == pytest.approx(expected, abs=0.05 * float(np.abs(head.weights).max()))
    assert residuals.sum(0) == pytest.approx(0, abs=0.01)


def test_a_base_that_is_right_already_hardly_changes() -> None:
    embeddings, truths = bursts([0, 1, 2] * 6, shots=3)
    base = fit(embeddings, truths, MULTICLASS, RECIPE)
    change = fit(embeddings[:9], truths[:9], MULTICLASS, RECIPE, logits(base, embeddings[:9]))
    assert np.linalg.norm(change.weights) / np.linalg.norm(base.weights) < 0.3


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


@pytest.mark.parametrize("layers", [LAYERS, LAYERS[1:2]], ids=len)
def test_the_head_is_read_out_of_the_served_graph(seeing: Backbones, layers: list[str]) -> None:
    widths = widths_of(seeing[NAME])
    width = sum(widths[Layer(layer.split("/")[1])] for layer in layers)
    head = Head(np.ones((2, width), np.float32) * 3, np.array([1, 2], np.float32))
    graph = classifier(seeing, RECIPE.preprocessing(Crop.CENTRE), head, layers, MULTICLASS)
    found, of = head_of(onnx.load_from_string(graph.SerializeToString()))
    assert of == layers
    assert np.array_equal(found.weights, head.weights)
    assert np.array_equal(found.bias, head.bias)


def test_images_that_the_base_saw_are_judged_without_it(seeing: Backbones) -> None:
    few, truths = pictures(range(3)), one_hot(list(range(5)) * 3)
    kept = memory()
    perfect = learned(*embedded(seeing, few))
    nothing = Base(Head(np.zeros_like(perfect.weights), np.zeros_like(perfect.bias)), LAYERS, CENTRE, set())

    def results(base: Base) -> TrainedClassifier:
        return train(seeing, Examples(few, truths, MULTICLASS, kept), CENTRE, lambda *_: None, base)

    def right(base: Base) -> float:
        return float((results(base).probabilities.argmax(1) == truths.argmax(1)).mean())

    alone = results(nothing).probabilities
    for seen in ({picture.key for picture in few}, None):
        assert results(Base(perfect, LAYERS, CENTRE, seen)).probabilities == pytest.approx(alone)
    assert right(Base(perfect, LAYERS, CENTRE, set())) == 1
    assert right(nothing) < 1
