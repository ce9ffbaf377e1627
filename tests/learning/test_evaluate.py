"""Evaluation that does not flatter."""

import numpy as np
import pytest

from shared.learning import evaluate, holdout
from shared.learning.head import probabilities
from shared.models.workspace.projects import ClassificationType
from tests.learning.scenes import RECIPES, bursts, one_hot

MULTICLASS = ClassificationType.MULTICLASS
RECIPE = RECIPES[MULTICLASS]


def test_bursts_do_not_leak_into_the_score() -> None:
    """Scenes tell nothing of their tags, so an honest score is chance; plain cross-validation recognises the scenes."""
    embeddings, truths = bursts([0, 1] * 12, shots=8)
    honest = holdout.folds(holdout.near_duplicates(embeddings, truths), truths, 5)
    plain = holdout.folds(np.arange(len(truths)), truths, 5)
    scores = [
        (evaluate.held_out(embeddings, truths, folds, MULTICLASS, RECIPE).argmax(1) == truths.argmax(1)).mean()
        for folds in (honest, plain)
    ]
    assert scores[0] < 0.7
    assert scores[1] > 0.95


def test_every_image_is_judged_once_by_a_head_that_never_saw_it() -> None:
    embeddings, truths = np.eye(6, dtype=np.float32), one_hot([0, 1, 0, 1, 0, 1])
    answers = probabilities(evaluate.held_out(embeddings, truths, np.arange(6), MULTICLASS, RECIPE), MULTICLASS)
    assert answers.sum(1) == pytest.approx(1)
    # Orthogonal to all that its head saw: 2 of one tag and 3 of the other; nothing speaks for its own.
    assert ((answers * truths).sum(1) <= 0.5).all()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(MULTICLASS, [-np.log(0.8)]), (ClassificationType.MULTILABEL, [-np.log(0.8) - np.log(0.7)])],
)
def test_losses(kind: ClassificationType, expected: list[float]) -> None:
    answers, truths = np.array([[0.8, 0.3]]), np.array([[1, 0]], np.float32)
    assert evaluate.losses(answers, truths, kind) == pytest.approx(expected)


def test_losses_of_an_image_of_two_tags_are_halves_of_both() -> None:
    answers, truths = np.array([[0.6, 0.3, 0.1], [0.6, 0.3, 0.1]]), np.array([[0.5, 0.5, 0], [1, 0, 0]], np.float32)
    expected = [-(np.log(0.6) + np.log(0.3)) / 2, -np.log(0.6)]
    assert evaluate.losses(answers, truths, MULTICLASS) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("gains", "groups", "expected"),
    [
        ([], [], False),
        ([1.0] * 9, list(range(9)), True),
        ([1.0] * 9, [0] * 9, False),
        ([1.0, -1.0] * 5, list(range(10)), False),
        ([-1.0] * 9, list(range(9)), False),
    ],
)
def test_clearly_better_counts_scenes_and_not_shots(gains: list[float], groups: list[int], expected: bool) -> None:
    old = np.full(len(gains), 2.0)
    assert evaluate.clearly_better(old - np.array(gains), old, np.array(groups, np.int64)) is expected
