"""The uncertainty of predictions, by hand-worked numbers and by one that Custom Vision was seen to answer."""

import math
from uuid import uuid4

import pytest

from shared.models.serving.predictions import Prediction, uncertainty


def of(*probabilities: float) -> float:
    return uncertainty([Prediction(probability, uuid4(), "tag") for probability in probabilities])


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [
        ([], 0.0),
        ([0.0], 0.0),
        ([1.0], 0.0),
        ([0.5], 1.0),
        ([0.5, 1.0, 0.0, 0.5], 0.5),
        # log2 of 1/4 is -2, so 0.25 * 2 + 0.75 * log2(4/3).
        ([0.25], 0.5 + 0.75 * 0.4150374992788438),
        # Two tags of Custom Vision: 1 - 18 / 2^24 in float32 and 1.4e-12, of which its float32 sum keeps nothing.
        ([1 - 18 / 2**24, 0.0], 1.14116027e-05),
        ([1 - 18 / 2**24, 1.4e-12], 1.14116e-05),
    ],
)
def test_uncertainty_is_the_mean_entropy_in_bits(probabilities: list[float], expected: float) -> None:
    assert of(*probabilities) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("small", [5e-324, 1e-300, 1e-18, 2**-53])
def test_uncertainty_is_exact_near_0_and_1(small: float) -> None:
    # -p log2 p - (1 - p) log2(1 - p) is p (log2(1/p) + 1/ln 2) but for terms of p squared.
    expected = small * (1.4426950408889634 - math.log2(small))
    assert of(small) == pytest.approx(expected, rel=1e-12)
    if 1 - small < 1:
        assert of(1 - small) == pytest.approx(expected, rel=1e-12)
    assert 0 <= of(1 - small) <= 1
