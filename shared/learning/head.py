"""The head: logistic regression on embeddings, softmax over the tags or one sigmoid a tag."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_softmax, softmax
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from shared.arrays import Doubles, Floats
from shared.learning.classifier_recipe import Recipe
from shared.models.workspace.projects import ClassificationType

# These products are small: threads that wait for each other make them ten times slower on a busy machine.
threadpool_limits(1, user_api="blas")

ITERATIONS, TOLERANCE = 300, 1e-3


class Head(NamedTuple):
    """logits = embedding @ weights.T + bias; weights (tags, width), bias (tags)."""

    weights: Floats
    bias: Floats


def probabilities(head: Head, embeddings: Floats, kind: ClassificationType) -> Doubles:
    """(N, width) -> (N, tags)."""
    logits = (embeddings @ head.weights.T + head.bias).astype(np.float64)
    answer: Doubles = softmax(logits, axis=1) if kind == ClassificationType.MULTICLASS else expit(logits)
    return answer


def fit(embeddings: Floats, truths: Floats, kind: ClassificationType, recipe: Recipe, base: Head | None = None) -> Head:
    """Embeddings (N, width) of length 1, truths (N, tags) of 0 to 1 -> the head that minimises
    strength x (sum of the images' losses) + half the squared weights, for embeddings times `recipe.scale`.

    With a base, a head for the same tags, fitting begins there, and it is the squared differences from its weights
    that count: a few images change what they contradict and leave the rest as it was.
    """
    basis = _basis(embeddings)
    inputs = recipe.scale * (embeddings if basis is None else embeddings @ basis.T)
    importance = _importance(truths, kind, recipe)
    tags, width = truths.shape[1], inputs.shape[1]
    given = embeddings @ base.weights.T + base.bias if base else np.zeros(truths.shape, np.float32)

    def objective(flat: Doubles) -> tuple[float, Doubles]:
        weights, bias = flat[: tags * width].reshape(tags, width), flat[tags * width :]
        logits = (given + inputs @ weights.T.astype(np.float32)).astype(np.float64) + bias
        losses, slopes = _loss(logits, truths, kind)
        slopes = recipe.strength * importance * slopes
        gradient = np.concatenate([(slopes.astype(np.float32).T @ inputs + weights).ravel(), slopes.sum(0)])
        return float(recipe.strength * (importance * losses).sum() + 0.5 * (weights**2).sum()), gradient

    options = {"maxiter": ITERATIONS, "gtol": TOLERANCE * recipe.strength}
    found = minimize(objective, np.zeros(tags * (width + 1)), jac=True, method="L-BFGS-B", options=options).x
    weights = found[: tags * width].reshape(tags, width) * recipe.scale
    whole = (weights if basis is None else weights @ basis).astype(np.float32)
    bias = found[tags * width :].astype(np.float32)
    return Head(whole + base.weights, bias + base.bias) if base else Head(whole, bias)


def _basis(embeddings: Floats) -> Floats | None:
    """Orthonormal rows (N, width) that span fewer embeddings than their width: the best weights lie in that span."""
    count, width = embeddings.shape
    if count >= width:
        return None
    return np.linalg.qr(embeddings.T)[0].T.astype(np.float32)


def _importance(truths: Floats, kind: ClassificationType, recipe: Recipe) -> Floats:
    """What each (image, tag) counts, (N, tags): 1, but more for the positives of a rare tag in multilabel."""
    if kind == ClassificationType.MULTICLASS:
        return np.ones((len(truths), 1), np.float32)
    positives = truths.sum(0)
    ratio = np.maximum(len(truths) - positives, 1) / np.maximum(positives, 1)
    return np.where(truths > 0, ratio**recipe.positive_weight, 1).astype(np.float32)


def _loss(logits: Doubles, truths: Floats, kind: ClassificationType) -> tuple[Doubles, Doubles]:
    """Cross-entropies, (N, 1) or (N, tags), and their slopes by logit, (N, tags)."""
    if kind == ClassificationType.MULTICLASS:
        logs = log_softmax(logits, axis=1)
        return -(truths * logs).sum(1, keepdims=True), np.exp(logs) - truths
    return np.logaddexp(0, logits) - truths * logits, expit(logits) - truths
