"""How much the head of each layer counts: what was best for images that none of them had seen."""

from collections.abc import Callable, Mapping

import numpy as np
from scipy.optimize import minimize, minimize_scalar

from shared.arrays import Doubles, Floats
from shared.learning.classifier_recipe import Recipe
from shared.learning.head import Head, cost, fit, importance, logits
from shared.learning.layers import Views, joined
from shared.models.workspace.projects import ClassificationType

# What each layer's logits count, by its full name. The sum is how sure the model is: less than 1 where heads were too
# sure of images that they had not seen.
Mix = Mapping[str, float]

# The cost of logits, (N, tags), and its slopes.
Paid = Callable[[Floats], tuple[float, Doubles]]

# In nats: what it costs to give all to one of many layers, and to be e times less sure. With few images it is better to
# take a little of each.
UNEVEN, UNSURE = 3.0, 10.0
LEAST_SURE, MOST_SURE = 0.2, 2.0
# A layer that counts less is left out of the graph.
LEAST_SHARE = 0.02


def mixed(said: Mapping[str, Floats], mix: Mix) -> Floats:
    """The logits, (N, tags), that a mix makes of those of its layers."""
    answer: Floats = np.sum([np.float32(weight) * said[name] for name, weight in mix.items()], axis=0)
    return answer


def fit_mix(
    seen: Views, mix: Mix, truths: Floats, kind: ClassificationType, recipe: Recipe, base: Head | None = None
) -> Head:
    """A head for the layers of the mix one after the other.

    A base, a head for the same tags and layers, is corrected.
    """
    given = logits(base, joined(seen, mix)) if base else None
    heads = [fit(seen[name].astype(np.float32), truths, kind, recipe, given) for name in mix]
    counts = np.array(list(mix.values()), np.float32)
    weights = np.hstack([count * head.weights for count, head in zip(counts, heads, strict=True)])
    bias: Floats = counts @ np.stack([head.bias for head in heads])
    return Head(weights + base.weights, bias + base.bias) if base else Head(weights, bias)


def best_mix(said: Mapping[str, Floats], truths: Floats, kind: ClassificationType, recipe: Recipe) -> Mix:
    """By each layer's logits for held-out images, (N, tags)."""

    paid = _paid(truths, kind, recipe)
    shares = _shares(np.stack(list(said.values())), paid)
    kept = {name: share for name, share in zip(said, shares.tolist(), strict=True) if share >= LEAST_SHARE}
    whole = {name: share / sum(kept.values()) for name, share in kept.items()}
    sure = sureness(mixed(said, whole), truths, kind, recipe)
    return {name: share * sure for name, share in whole.items()}


def _shares(said: Floats, paid: Paid) -> Doubles:
    """Of each of the layers, (L,), none negative, 1 in sum; by their logits (L, N, tags)."""
    even = np.full(len(said), 1 / len(said))

    def objective(shares: Doubles) -> tuple[float, Doubles]:
        sum_paid, slopes = paid(np.tensordot(shares.astype(np.float32), said, 1))
        uneven = shares - even
        return sum_paid + UNEVEN * (uneven**2).sum(), np.tensordot(said, slopes, 2) + 2 * UNEVEN * uneven

    whole = {"type": "eq", "fun": lambda shares: shares.sum() - 1, "jac": lambda shares: np.ones(len(shares))}
    bounds = [(0, 1)] * len(even)
    found: Doubles = minimize(objective, even, jac=True, bounds=bounds, constraints=whole, method="SLSQP").x
    return found


def sureness(said: Floats, truths: Floats, kind: ClassificationType, recipe: Recipe) -> float:
    """What logits for held-out images, (N, tags), are to be multiplied by."""
    paid = _paid(truths, kind, recipe)

    def objective(power: float) -> float:
        return paid(np.float32(np.exp(power)) * said)[0] + UNSURE * power**2

    bounds = np.log([LEAST_SURE, MOST_SURE])
    return float(np.exp(minimize_scalar(objective, bounds=bounds, method="bounded").x))


def _paid(truths: Floats, kind: ClassificationType, recipe: Recipe) -> Paid:
    counts = importance(truths, kind, recipe)
    return lambda logits: cost(logits.astype(np.float64), truths, kind, counts)
