"""Advanced training of classifiers: what it tries, and what it takes."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from msgspec.structs import replace

from shared.imaging.resize import model_input
from shared.learning.classifier_recipe import LITE0, TUNED, Recipe, advanced, quick
from shared.models.workspace.domains import DOMAINS, DomainType
from shared.models.workspace.projects import ClassificationType
from shared.settings import Settings
from tests.learning.scenes import SHAPES, memory, one_hot, pictures
from tests.training_job.kept import NOWHERE
from training_job.classification.advanced import Effort, train
from training_job.classification.quick import Examples, TrainedClassifier
from training_job.classification.seeing import Backbones
from training_job.classification.tuning_recipe import TUNING, ClassifierTuning
from training_job.graphs import backbones

MULTICLASS = ClassificationType.MULTICLASS
# The same ways with less to look at.
FIRST = Recipe((LITE0,), 32, folds=2)
LARGER, BOTH = replace(FIRST, pixels=96), replace(FIRST, backbones=("efficientnet-lite2", LITE0), pixels=96)


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Recipe], Backbones]:
    folder = tmp_path_factory.mktemp("backbones")
    return lambda recipe: backbones.load(folder, recipe.backbones, recipe.pixels)


@pytest.fixture(scope="module")
def examples() -> Examples:
    """Small shapes in clutter, of which nothing is left at 32 pixels."""
    truths = one_hot(list(range(len(SHAPES))) * 6)
    return Examples(pictures(range(6)), truths, MULTICLASS, memory())


def trained(
    load: Callable[[Recipe], Backbones],
    examples: Examples,
    *recipes: Recipe,
    seconds: float = 600,
    tuning: ClassifierTuning | None = None,
) -> TrainedClassifier:
    end = time.monotonic() + seconds
    effort = Effort(lambda: end - time.monotonic(), tuning or TUNING.quick(), NOWHERE)
    return train(load, examples, recipes, effort, lambda *_: None)


def network(trained: TrainedClassifier) -> str:
    """Fine-tuned or not."""
    return trained.architecture.removesuffix(TUNED)


def right(trained: TrainedClassifier, examples: Examples) -> int:
    return int((trained.probabilities.argmax(1) == examples.truths.argmax(1)).sum())


def test_a_larger_way_is_taken_where_held_out_images_tell_so(
    load: Callable[[Recipe], Backbones], examples: Examples, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    small, better = trained(load, examples, FIRST), trained(load, examples, FIRST, LARGER)
    assert network(small) == "efficientnet-lite0-32"
    assert network(better) == "efficientnet-lite0-96"
    assert right(better, examples) > right(small, examples)
    assert "efficientnet-lite0-96, centre, held-out loss" in caplog.text
    assert network(trained(load, examples, LARGER, FIRST)) == "efficientnet-lite0-96"
    assert "is not clearly better than efficientnet-lite0-96" in caplog.text


def test_what_takes_too_long_is_left_out(
    load: Callable[[Recipe], Backbones], examples: Examples, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    fresh = examples._replace(cache=memory())
    assert trained(load, fresh, FIRST, LARGER, seconds=0).architecture == "efficientnet-lite0-32"
    assert "efficientnet-lite0-96 would take too long" in caplog.text
    assert "Fine-tuning would take too long" in caplog.text


def test_the_log_says_why_nothing_is_fine_tuned(
    load: Callable[[Recipe], Backbones], examples: Examples, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    harmful = replace(TUNING.quick(), steps=replace(TUNING.steps, rate=1.0), tried=1)
    assert trained(load, examples, FIRST, tuning=harmful).architecture == "efficientnet-lite0-32"
    assert "given up: on the first images held out it was no better than efficientnet-lite0-32" in caplog.text


def test_two_backbones_are_one_graph(load: Callable[[Recipe], Backbones], examples: Examples) -> None:
    result = trained(load, examples, BOTH)
    assert network(result) == "efficientnet-lite2+efficientnet-lite0-96"
    session = onnxruntime.InferenceSession(result.graph)
    answers = [
        session.run(None, {"data": model_input(picture.read(), result.preprocessing)})[0][0]
        for picture in examples.pictures
    ]
    assert (np.argmax(answers, axis=1) == examples.truths.argmax(1)).mean() > 0.9


@pytest.mark.parametrize("kind", list(ClassificationType))
def test_every_domain_has_a_recipe_that_advanced_training_begins_with(kind: ClassificationType) -> None:
    for domain in DOMAINS.values():
        if domain.type == DomainType.CLASSIFICATION:
            first, *larger = advanced(domain, kind)
            assert first == quick(domain, kind)
            assert larger
            assert first not in larger


def test_what_a_domain_says_of_itself_is_its_recipe() -> None:
    folder = Path(Settings.read().backbones_folder)
    for domain in DOMAINS.values():
        if domain.type == DomainType.CLASSIFICATION:
            told, recipe = domain.model_information, quick(domain, MULTICLASS)
            (name,) = recipe.backbones
            assert told is not None
            assert f"EfficientNet-{name.rpartition('-')[2].title()} at {recipe.pixels} pixels" in told.description
            size = backbones.prepare(folder, name, recipe.pixels).stat().st_size / 1e6
            assert told.estimated_model_size_in_megabytes == pytest.approx(size, abs=1)
