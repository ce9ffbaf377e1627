"""Which images are asked for, and which look alike."""

import tracemalloc

import numpy as np
import pytest

from shared.learning.live import likeness, live_head
from shared.learning.live.choosing import ALIKE, spread, typical
from shared.learning.live.likeness import groups, similarities
from shared.learning.live.live_head import LiveHead
from shared.models.workspace.projects import ClassificationType

NO_MEAN = np.zeros(9, np.float32)


def clusters(*sizes: int, axes: int = 8):
    """Points in clusters far from each other, the place of each cluster's first, and the middles."""
    chance, middles = np.random.default_rng(0), 10 * np.eye(axes)[: len(sizes)]
    points = np.vstack(
        [middle + 0.1 * chance.normal(size=(size, axes)) for middle, size in zip(middles, sizes, strict=True)]
    )
    return points.astype(np.float32), np.repeat(np.arange(len(sizes)), sizes), middles.astype(np.float32)


def test_typical_images_are_of_the_largest_clusters_without_a_label():
    points, of, middles = clusters(50, 30, 20)
    chosen = typical(points, middles[:0], 3)
    assert len(chosen) == len(set(chosen.tolist()))
    assert of[chosen[0]] == 0
    labelled = typical(points, np.repeat(middles[:1], 4, 0), 2)
    assert 0 not in of[labelled]
    assert np.array_equal(typical(points, middles[:0], 3), chosen)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_of_few_images_all_may_be_typical(count):
    points = clusters(5)[0][:count]
    assert set(typical(points, points[:0], 4).tolist()) <= set(range(count))
    assert (len(typical(points, points[:0], 4)) > 0) == (count > 0)


def test_what_is_asked_for_is_not_of_a_kind():
    points, of, _ = clusters(5, 5, 5)
    assert of[spread(points, 10)].tolist() == [0, 1, 2]
    assert spread(points, 2).tolist() == [0, 5]
    assert spread(points[:0], 3).tolist() == []


def test_similar_images_are_the_nearest_by_angle(monkeypatch):
    monkeypatch.setattr(likeness, "PART", 7)
    chance = np.random.default_rng(1)
    points = chance.normal(size=(30, 8)).astype(np.float16)
    to, exact = points[4].astype(np.float32), points.astype(float)
    expected = exact @ exact[4] / np.linalg.norm(exact, axis=1) / np.linalg.norm(exact[4])
    np.testing.assert_allclose(similarities(points, to), expected, atol=1e-3)
    assert similarities(points[:0], to).shape == (0,)


@pytest.mark.parametrize("part", [10, 2_048])
def test_near_duplicates_are_grouped_where_they_are_few(monkeypatch, part):
    monkeypatch.setattr(likeness, "PART", part)
    points = np.random.default_rng(2).normal(size=(100, 8)).astype(np.float16)
    points[[12, 13]], points[40] = points[11], points[39]
    found = {tuple(group.tolist()) for group in groups(points, np.arange(len(points)), NO_MEAN)}
    exact = points.astype(float) / np.linalg.norm(points.astype(float), axis=1, keepdims=True)
    alike = (exact @ exact.T >= likeness.TWINS) & (np.abs(np.subtract.outer(range(100), range(100))) <= likeness.WINDOW)
    assert {(11, 12, 13), (39, 40)} <= found
    assert all(alike[group[0], group[1:]].any() for group in found)
    assert sum(map(len, found)) == (alike.sum(1) > 1).sum()


def test_images_that_all_look_alike_are_no_duplicates():
    assert groups(np.ones((50, 8), np.float16), np.arange(50), NO_MEAN) == []
    assert groups(np.ones((0, 8), np.float16), np.arange(0), NO_MEAN) == []
    mean = np.append(np.zeros(8), 100).astype(np.float32)
    assert groups(np.random.default_rng(3).normal(size=(50, 8)).astype(np.float16), np.arange(50), mean) == []
    assert 0 < ALIKE < likeness.TWINS


def test_of_many_points_no_copy_is_made(monkeypatch):
    monkeypatch.setattr(likeness, "PART", 256)
    monkeypatch.setattr(live_head, "PART", 2**16)
    points = np.random.default_rng(4).normal(size=(6_000, 256)).astype(np.float16)
    rows, truths = np.arange(len(points)), np.eye(2, dtype=np.float32)[np.arange(300) % 2]
    head = LiveHead.fit(points[:300].astype(np.float32), truths, ClassificationType.MULTICLASS)
    tracemalloc.start()
    similarities(points, points[0].astype(np.float32))
    groups(points, rows, np.zeros(257, np.float32))
    for _ in head.probabilities(points, rows):
        pass
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < points.nbytes / 2
