"""The live head against brute force: what it fits, what it says of images left out, how sure it is."""

import numpy as np
import pytest

from shared.learning.live import live_head
from shared.learning.live.live_head import FLOOR, POWERS, RIDGE, UNUSUAL, USUAL, LiveHead
from shared.models.workspace.projects import ClassificationType

MULTICLASS, MULTILABEL = ClassificationType.MULTICLASS, ClassificationType.MULTILABEL


def drawn(count: int, tags: int, seed: int, axes: int = 12, noise: float = 0.4, many: bool = False):
    """Points around one middle a tag; with `many` of any number of tags each."""
    chance = np.random.default_rng(seed)
    middles = chance.normal(size=(tags, axes))
    truths = np.eye(tags)[np.arange(count) % tags]
    if many:
        truths = (chance.random((count, tags)) < 0.3).astype(float)
    points = truths @ middles + noise * chance.normal(size=(count, axes))
    return points.astype(np.float32), truths.astype(np.float32)


def said(head: LiveHead, points):
    return np.concatenate(list(head.probabilities(points)))


def least_squares(points, truths):
    """Weights (tags, axes) and bias, of which the bias costs nothing."""
    count, axes = points.shape
    rows = np.vstack([np.hstack([points, np.ones((count, 1))]), np.sqrt(RIDGE) * np.eye(axes, axes + 1)])
    found = np.linalg.lstsq(rows, np.vstack([truths, np.zeros((axes, truths.shape[1]))]), rcond=None)[0]
    return found[:-1].T, found[-1]


@pytest.mark.parametrize(("count", "tags", "kind"), [(9, 3, MULTICLASS), (40, 5, MULTICLASS), (30, 4, MULTILABEL)])
def test_it_is_the_least_squares_and_left_out_images_were_not_seen(count, tags, kind):
    points, truths = drawn(count, tags, seed=count, many=kind is MULTILABEL)
    head = LiveHead.fit(points, truths, kind)
    weights, bias = least_squares(points.astype(float), truths)
    np.testing.assert_allclose(head.weights, weights, atol=1e-4)
    np.testing.assert_allclose(head.bias, bias, atol=1e-4)
    for place in range(count):
        others = np.arange(count) != place
        weights, bias = least_squares(points[others].astype(float), truths[others])
        np.testing.assert_allclose(head.left_out[place], weights @ points[place] + bias, atol=2e-3)


@pytest.mark.parametrize("kind", [MULTICLASS, MULTILABEL])
def test_the_order_of_labels_makes_no_difference_and_one_taken_off_leaves_nothing(kind):
    points, truths = drawn(60, 4, seed=1, many=kind is MULTILABEL)
    new, order = drawn(20, 4, seed=2)[0], np.random.default_rng(0).permutation(60)
    before = said(LiveHead.fit(points, truths, kind), new)
    np.testing.assert_allclose(said(LiveHead.fit(points[order], truths[order], kind), new), before, atol=1e-4)
    wrong = truths[:1][:, ::-1]
    more = LiveHead.fit(np.vstack([points, points[:1]]), np.vstack([truths, wrong]), kind)
    assert np.abs(said(more, new) - before).max() > 1e-4


def test_multiclass_is_as_sure_as_left_out_images_bear_out():
    points, truths = drawn(50, 5, seed=3, noise=1.0)
    head = LiveHead.fit(points, truths, MULTICLASS)

    def paid(power):
        chances = (np.maximum(head.left_out, 0) + FLOOR) ** power
        chances = chances / chances.sum(1, keepdims=True)
        return -np.log((chances * truths).sum(1)).sum() + UNUSUAL * np.log(power / USUAL) ** 2

    assert head.sureness.slope == pytest.approx(min(POWERS, key=paid))
    probabilities = said(head, points)
    assert np.allclose(probabilities.sum(1), 1, atol=1e-5)
    assert (probabilities > 0).all()


def test_multilabel_is_as_sure_as_left_out_images_bear_out():
    points, truths = drawn(80, 3, seed=4, noise=1.2, many=True)
    head = LiveHead.fit(points, truths, MULTILABEL)
    scores, true = head.left_out.ravel().astype(float), truths.ravel() > 0
    positives = true.sum()
    aims = np.where(true, (positives + 1) / (positives + 2), 1 / (len(true) - positives + 2))

    def paid(slope, offset):
        inner = slope * scores + offset
        return (np.logaddexp(0, inner) - aims * inner).sum()

    best = min(paid(slope, offset) for slope in np.linspace(0, 30, 61) for offset in np.linspace(-15, 5, 81))
    assert paid(head.sureness.slope, head.sureness.offset) <= best + 1e-3


@pytest.mark.parametrize("kind", [MULTICLASS, MULTILABEL])
def test_few_labels_make_nothing_certain(kind):
    points, truths = drawn(2, 2, seed=5)
    probabilities = said(LiveHead.fit(points, truths, kind), points)
    assert np.isfinite(probabilities).all()
    assert probabilities.max() < 0.99
    for count in (1, 3):
        alone = LiveHead.fit(points[:1].repeat(count, 0), truths[:1].repeat(count, 0), kind)
        assert np.isfinite(said(alone, points)).all()


def test_scores_come_in_parts_and_none_is_missing(monkeypatch):
    points, truths = drawn(40, 4, seed=6)
    head = LiveHead.fit(points, truths, MULTICLASS)
    whole = said(head, points)
    monkeypatch.setattr(live_head, "PART", 12 * 7)
    parts = list(head.probabilities(points.astype(np.float16)))
    assert [len(part) for part in parts] == [7, 7, 7, 7, 7, 5]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=5e-3)
    assert list(head.probabilities(points[:0])) == []


@pytest.mark.parametrize("kind", [MULTICLASS, MULTILABEL])
def test_wrong_labels_are_most_in_doubt(kind):
    points, truths = drawn(200, 4, seed=7)
    wrong = np.random.default_rng(0).permutation(200)[:10]
    told = truths.copy()
    told[wrong] = np.roll(told[wrong], 1, axis=1)
    doubts, tags = LiveHead.fit(points, told, kind).doubts(told)
    assert set(np.argsort(-doubts)[:10].tolist()) == set(wrong.tolist())
    assert doubts.shape == (200,)
    if kind is MULTICLASS:
        assert np.array_equal(tags[wrong], truths[wrong].argmax(1))
    else:
        assert ((truths[wrong, tags[wrong]] > 0) | (told[wrong, tags[wrong]] > 0)).all()
