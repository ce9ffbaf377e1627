"""What is held out keeps scenes together and tags apart."""

import numpy as np
import pytest

from shared.learning import holdout
from tests.learning.scenes import bursts, one_hot, unit


def test_near_duplicates_are_one_group_each_scene() -> None:
    embeddings, truths = bursts([0, 0, 0, 1, 1, 1], shots=5)
    assert holdout.near_duplicates(embeddings, truths).tolist() == pytest.approx(
        np.repeat(holdout.near_duplicates(embeddings, truths)[::5], 5)
    )
    assert len(set(holdout.near_duplicates(embeddings, truths))) == 6


def test_pictures_of_a_fixed_camera_are_told_apart_more_finely() -> None:
    embeddings, truths = bursts([0, 0, 0, 0, 1, 1, 1, 1], shots=4)
    background = np.full(embeddings.shape[1], 1.0)
    alike = unit(embeddings + background)
    assert (alike @ alike.T).min() > 0.95
    groups = holdout.near_duplicates(alike, truths)
    for column in truths.T:
        assert len(set(groups[column > 0])) >= holdout.GROUPS


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_few_images_are_groups_of_their_own(count: int) -> None:
    embeddings = unit(np.ones((count, 4))) if count else np.zeros((0, 4), np.float32)
    groups = holdout.near_duplicates(embeddings, one_hot([0] * count, 2))
    assert sorted(groups) == list(range(count))


@pytest.mark.parametrize("images", [4, 10, 23])
def test_folds_keep_groups_whole_and_spread_tags(images: int) -> None:
    groups = np.arange(images) // 2
    truths = one_hot([position // 2 % 2 for position in range(images)])
    folds = holdout.folds(groups, truths, 5)
    assert all(len(set(folds[groups == group])) == 1 for group in groups)
    assert len(set(folds)) == min(5, len(set(groups)))
    assert all(truths[folds != fold].any(0).all() for fold in set(folds)) or images == 4


def test_sample_takes_from_all_tags_in_turn() -> None:
    truths = one_hot([0] * 90 + [1] * 10)
    chosen = holdout.sample(truths, 20)
    assert truths[chosen].sum(0).tolist() == [10, 10]
    assert holdout.sample(truths, 1000).tolist() == list(range(100))
