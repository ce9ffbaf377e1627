"""What is told where images of a tag look alike."""

import numpy as np
import pytest

from shared.arrays import Floats
from shared.learning import evaluate, holdout
from shared.learning.head import probabilities
from shared.models.workspace.projects import ClassificationType
from tests.learning.scenes import RECIPES, bursts, clusters
from training_job.classification.claim import doubted, right
from training_job.result import Claim

MULTICLASS, MULTILABEL = ClassificationType.MULTICLASS, ClassificationType.MULTILABEL


def claim(embeddings: Floats, truths: Floats, kind: ClassificationType) -> Claim | None:
    groups = holdout.near_duplicates(embeddings, truths)
    folds = holdout.folds(groups, truths, 5)
    answers = probabilities(evaluate.held_out(embeddings, truths, folds, kind, RECIPES[kind]), kind)
    return doubted(answers, embeddings, groups, truths, kind, RECIPES[kind])


@pytest.mark.parametrize("kind", [MULTICLASS, MULTILABEL])
def test_scenes_that_tell_nothing_of_their_tag_are_known_by_themselves_alone(kind: ClassificationType) -> None:
    told = claim(*bursts([0, 1] * 12, shots=8), kind)
    assert told is not None
    assert told.at_least < 0.7
    assert told.at_most > 0.95


@pytest.mark.parametrize("kind", [MULTICLASS, MULTILABEL])
def test_nothing_is_in_doubt_where_it_makes_no_difference(kind: ClassificationType) -> None:
    embeddings, truths = clusters(30, 8)
    assert claim(embeddings, truths, kind) is None
    assert claim(np.repeat(embeddings, 3, axis=0), np.repeat(truths, 3, axis=0), kind) is None


def test_what_is_right() -> None:
    answers, truths = np.array([[0.6, 0.4], [0.2, 0.8], [0.7, 0.3]]), np.array([[0.5, 0.5], [1, 0], [1, 0]], np.float32)
    assert right(answers, truths, MULTICLASS) == pytest.approx(2 / 3)
    # Of the tags one of two, none of two (one is wrong), and one of one.
    assert right(answers, truths, MULTILABEL) == pytest.approx(2 / 5)
