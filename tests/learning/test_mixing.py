"""How the heads of several layers become one."""

import numpy as np
import pytest

from shared.arrays import Floats
from shared.learning.head import Head, cost, fit, importance, logits
from shared.learning.layers import joined
from shared.learning.mixing import best_mix, fit_mix, mixed
from shared.models.workspace.projects import ClassificationType
from tests.learning.scenes import RECIPES, clusters, one_hot

MULTICLASS, MULTILABEL = ClassificationType.MULTICLASS, ClassificationType.MULTILABEL


@pytest.mark.parametrize("kind", [MULTICLASS, MULTILABEL])
def test_a_head_for_a_mix_answers_the_mix_of_what_the_heads_of_its_layers_do(kind: ClassificationType) -> None:
    """With a base the layers' heads are what is to be added to that."""
    recipe, mix = RECIPES[kind], {"b/middle": 0.2, "a/mean": 0.7}
    (first, truths), (second, _) = clusters(30, 8), clusters(30, 50, seed=2)
    seen = {"a/mean": first.astype(np.float16), "b/middle": second.astype(np.float16)}
    random = np.random.default_rng(0)
    base = Head(random.normal(size=(3, 58)).astype(np.float32), np.array([1, -1, 0.5], np.float32))
    given = logits(base, joined(seen, mix))
    for start, known in ((None, None), (base, given)):
        whole = logits(fit_mix(seen, mix, truths, kind, recipe, start), joined(seen, mix))
        views = {name: seen[name].astype(np.float32) for name in mix}
        parts = {name: logits(fit(view, truths, kind, recipe, known), view) for name, view in views.items()}
        assert whole == pytest.approx((0 if known is None else known) + mixed(parts, mix), abs=1e-3)


def said(right: float, sureness: float, count: int, seed: int) -> Floats:
    """Logits of so many images of two tags: the share of them that is right, as sure as that."""
    random = np.random.default_rng(seed)
    truths = np.arange(count) % 2
    tags = np.where(random.random(count) < right, truths, 1 - truths)
    return np.float32(sureness) * one_hot(tags.tolist(), 2)


@pytest.mark.parametrize("kind", [MULTICLASS, MULTILABEL])
def test_the_better_layer_counts_more_the_more_images_tell_so(kind: ClassificationType) -> None:
    def share(count: int) -> float:
        layers = {"a": said(0.9, 2.2, count, seed=1), "b": said(0.5, 2.2, count, seed=2)}
        mix = best_mix(layers, one_hot([0, 1] * (count // 2)), kind, RECIPES[kind])
        return mix["a"] / sum(mix.values())

    assert 0.5 < share(6) < share(200)
    assert share(200) > 0.9


def test_a_layer_that_only_misleads_is_left_out() -> None:
    layers = {"a": said(0.95, 3, 400, seed=1), "b": said(0.1, 3, 400, seed=2)}
    assert list(best_mix(layers, one_hot([0, 1] * 200), MULTICLASS, RECIPES[MULTICLASS])) == ["a"]


@pytest.mark.parametrize(("sureness", "expected"), [(3.0, 0.73), (2.2, 1.0), (9.0, 0.24)])
def test_a_mix_is_as_sure_as_it_is_right(sureness: float, expected: float) -> None:
    """Nine of ten: log(9) is 2.2."""
    layers = {"a": said(0.9, sureness, 4000, seed=1)}
    mix = best_mix(layers, one_hot([0, 1] * 2000), MULTICLASS, RECIPES[MULTICLASS])
    assert sum(mix.values()) == pytest.approx(expected, rel=0.06)


@pytest.mark.parametrize("kind", [MULTICLASS, MULTILABEL])
def test_the_slopes_of_the_cost_are_its_slopes(kind: ClassificationType) -> None:
    random = np.random.default_rng(0)
    logits, truths, step = random.normal(size=(7, 3)), one_hot([0, 1, 2, 0, 1, 2, 0]), 1e-5
    counts = importance(truths, kind, RECIPES[kind])
    _, slopes = cost(logits, truths, kind, counts)
    for place in np.ndindex(logits.shape):
        moved = np.zeros_like(logits)
        moved[place] = step
        above, below = (cost(logits + sign * moved, truths, kind, counts)[0] for sign in (1, -1))
        assert slopes[place] == pytest.approx((above - below) / (2 * step), abs=1e-4)
