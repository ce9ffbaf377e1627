"""The principal axes of a project's embeddings."""

import numpy as np
import pytest

from shared.learning.live import basis
from shared.learning.live.basis import AXES, Basis


def embeddings(count: int, width: int = 40, seed: int = 0):
    drawn = np.abs(np.random.default_rng(seed).normal(size=(count, width)))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float16)


@pytest.mark.parametrize("count", [1, 2, 10, 100])
def test_few_images_keep_all_distances(count):
    vectors = embeddings(count)
    points = Basis.of(vectors).points(vectors).astype(float)
    exact = vectors.astype(float)
    for place in range(count):
        expected = np.linalg.norm(exact - exact[place], axis=1)
        np.testing.assert_allclose(np.linalg.norm(points - points[place], axis=1), expected, atol=5e-3)


@pytest.mark.parametrize("count", [300, 600])
def test_axes_are_those_along_which_images_differ_most(count):
    vectors = embeddings(count, 400) * np.linspace(1, 0.2, 400).astype(np.float16)
    found = Basis.of(vectors)
    assert found.axes.shape == (400, AXES)
    np.testing.assert_allclose(found.axes.T @ found.axes, np.eye(AXES), atol=1e-3)
    centred = vectors.astype(float) - vectors.astype(float).mean(0)
    strengths = np.linalg.svd(centred, compute_uv=False)[:AXES]
    np.testing.assert_allclose(np.linalg.norm(centred @ found.axes, axis=0), strengths, rtol=1e-2)


def test_many_images_are_sampled_and_come_in_parts(monkeypatch):
    monkeypatch.setattr(basis, "EXAMPLES", 50)
    monkeypatch.setattr(basis, "PART", 60)
    vectors = embeddings(130)
    found = Basis.of(vectors)
    np.testing.assert_allclose(found.mean, vectors[::3].astype(np.float32).mean(0), atol=1e-3)
    assert found.points(vectors).shape == (130, 40)
    assert found.points(vectors[:0]).shape == (0, 40)


def test_the_origin_tells_lengths_from_points():
    vectors = embeddings(20)
    found = Basis.of(vectors)
    origin, points = found.origin, found.points(vectors).astype(float)
    assert origin.shape == (points.shape[1] + 1,)
    lengths = np.sqrt(((points + origin[:-1]) ** 2).sum(1) + origin[-1] ** 2)
    np.testing.assert_allclose(lengths, 1, atol=5e-3)
