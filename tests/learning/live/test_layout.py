"""The map: images of a kind lie together, whatever else of them there is."""

import numpy as np
import pytest

from shared.learning.live import layout
from tests.storage.looks import KINDS, look


def looks(count: int, own: float = 0.1) -> np.ndarray:
    return np.array([look(at % KINDS, at, own) for at in range(count)])


def of_a_kind(places: np.ndarray) -> float:
    """The share of images whose nearest on the map is of their kind."""
    distances = ((places[:, None] - places[None]) ** 2).sum(2)
    np.fill_diagonal(distances, np.inf)
    return float(np.mean(distances.argmin(1) % KINDS == np.arange(len(places)) % KINDS))


def test_images_of_a_kind_lie_together_and_the_whole_map_is_used():
    points = looks(160)
    places = layout.layout(points)
    assert of_a_kind(places) > 0.95
    assert (places.min(0).tolist(), places.max(0).tolist()) == ([0, 0], [1, 1])
    assert np.array_equal(places, layout.layout(points))


def test_more_images_than_landmarks_lie_between_those_they_are_like(monkeypatch):
    monkeypatch.setattr(layout, "LANDMARKS", 80)
    assert of_a_kind(layout.layout(looks(160))) > 0.9


@pytest.mark.parametrize("points", [looks(1)[:0], looks(1), looks(2), looks(5)[:, :1], np.zeros((20, 0), np.float16),
                                    np.tile(looks(1), (30, 1))], ids=["none", "one", "two", "one axis", "no axis",
                                                                      "all alike"])  # fmt: skip
def test_few_images_and_images_that_are_alike_have_places(points):
    places = layout.layout(points)
    assert places.shape == (len(points), 2)
    assert np.isfinite(places).all()
    assert (places >= 0).all()
    assert (places <= 1).all()
