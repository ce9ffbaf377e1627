"""The linear head."""

import numpy as np
import pytest
from msgspec.structs import replace

from shared.learning.head import Head, fit, logits, probabilities
from shared.models.workspace.projects import ClassificationType
from tests.learning.scenes import RECIPES, clusters, one_hot, unit

MULTICLASS, MULTILABEL = ClassificationType.MULTICLASS, ClassificationType.MULTILABEL


@pytest.mark.parametrize("width", [8, 200])
@pytest.mark.parametrize("kind", [MULTICLASS, MULTILABEL])
def test_fit_separates_clusters(width: int, kind: ClassificationType) -> None:
    embeddings, truths = clusters(60, width)
    head = fit(embeddings, truths, kind, RECIPES[kind])
    unseen, expected = clusters(60, width, seed=1)
    answers = probabilities(logits(head, unseen), kind)
    assert (head.weights.shape, head.bias.shape) == ((3, width), (3,))
    assert (answers.argmax(1) == expected.argmax(1)).all()
    assert ((answers > 0.5) == (expected > 0)).all()


def test_multiclass_probabilities_sum_to_one() -> None:
    head = Head(np.eye(3, dtype=np.float32), np.zeros(3, np.float32))
    answers = probabilities(logits(head, unit([[1, 0, 0], [1, 1, 1]])), MULTICLASS)
    assert answers.sum(1) == pytest.approx([1, 1])
    assert answers[1] == pytest.approx([1 / 3] * 3)


def test_multilabel_probabilities_are_independent() -> None:
    head = Head(np.zeros((2, 2), np.float32), np.array([0, np.log(3)], np.float32))
    assert probabilities(logits(head, unit([[1, 0]])), MULTILABEL)[0] == pytest.approx([0.5, 0.75])


@pytest.mark.parametrize("kind", [MULTICLASS, MULTILABEL])
def test_fit_finds_the_minimum(kind: ClassificationType) -> None:
    """There the weights are strength x scale x residuals.T @ embeddings, and the bias has no slope."""
    embeddings, truths = clusters(30, 50)
    recipe = RECIPES[MULTICLASS]
    head = fit(embeddings, truths, kind, recipe)
    residuals = truths - probabilities(logits(head, embeddings), kind)
    expected = recipe.strength * recipe.scale**2 * residuals.T @ embeddings
    assert head.weights == pytest.approx(expected, abs=0.05 * float(np.abs(head.weights).max()))
    assert residuals.sum(0) == pytest.approx(0, abs=0.01)


def test_a_rare_tags_positives_count_more_in_multilabel() -> None:
    embeddings = unit(np.random.default_rng(0).normal(size=(40, 8)))
    truths = one_hot([1] * 36 + [0] * 4)
    plain, weighted = (replace(RECIPES[MULTILABEL], strength=0.001, positive_weight=power) for power in (0.0, 0.5))
    heads = [fit(embeddings, truths, MULTILABEL, recipe) for recipe in (plain, weighted)]
    answers = [probabilities(logits(head, embeddings), MULTILABEL)[:, 0].mean() for head in heads]
    # Uninformative embeddings give the rate itself, 4 of 40; weights of 3 give 12 of 48.
    assert answers == pytest.approx([0.1, 0.25], abs=0.03)


def test_negative_tag_is_a_tag_like_others_in_multilabel() -> None:
    embeddings = unit([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1]] * 4)
    truths = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1]] * 4, np.float32)
    head = fit(embeddings, truths, MULTILABEL, RECIPES[MULTILABEL])
    answers = probabilities(logits(head, embeddings), MULTILABEL)
    assert ((answers > 0.5) == (truths > 0)).all()
