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


def logits(head: Head, embeddings: Floats) -> Floats:
    """(N, width) -> (N, tags)."""
    answer: Floats = embeddings @ head.weights.T + head.bias
    return answer


def probabilities(logits: Floats, kind: ClassificationType) -> Doubles:
    """(N, tags) of both."""
    exact = logits.astype(np.float64)
    answer: Doubles = softmax(exact, axis=1) if kind == ClassificationType.MULTICLASS else expit(exact)
    return answer


def fit(
    embeddings: Floats, truths: Floats, kind: ClassificationType, recipe: Recipe, given: Floats | None = None
) -> Head:
    """Embeddings (N, width) of length 1, truths (N, tags) of 0 to 1 -> the head that minimises
    strength x (sum of the images' losses) + half the squared weights, for embeddings times `recipe.scale`.

    With `given` logits (N, tags) the head is what is to be added to them: a few images change what they contradict
    and leave the rest as it was.
    """
    # What all images have in common the bias says. Without it in the inputs a third of the steps are enough.
    centre = embeddings.mean(0)
    centred = embeddings - centre
    basis = _basis(centred)
    inputs = recipe.scale * (centred if basis is None else centred @ basis.T)
    counts = importance(truths, kind, recipe)
    tags, width = truths.shape[1], inputs.shape[1]
    known = np.zeros(truths.shape, np.float32) if given is None else given

    def objective(flat: Doubles) -> tuple[float, Doubles]:
        weights, bias = flat[: tags * width].reshape(tags, width), flat[tags * width :]
        answers = (known + inputs @ weights.T.astype(np.float32)).astype(np.float64) + bias
        paid, slopes = cost(answers, truths, kind, counts)
        slopes = recipe.strength * slopes
        gradient = np.concatenate([(slopes.astype(np.float32).T @ inputs + weights).ravel(), slopes.sum(0)])
        return float(recipe.strength * paid + 0.5 * (weights**2).sum()), gradient

    options = {"maxiter": ITERATIONS, "gtol": TOLERANCE * recipe.strength}
    found = minimize(objective, np.zeros(tags * (width + 1)), jac=True, method="L-BFGS-B", options=options).x
    weights = found[: tags * width].reshape(tags, width) * recipe.scale
    whole = (weights if basis is None else weights @ basis).astype(np.float32)
    return Head(whole, found[tags * width :].astype(np.float32) - whole @ centre)


def importance(truths: Floats, kind: ClassificationType, recipe: Recipe) -> Floats:
    """What each (image, tag) counts, (N, tags): 1, but more for the positives of a rare tag in multilabel."""
    if kind == ClassificationType.MULTICLASS:
        return np.ones((len(truths), 1), np.float32)
    positives = truths.sum(0)
    ratio = np.maximum(len(truths) - positives, 1) / np.maximum(positives, 1)
    return np.where(truths > 0, ratio**recipe.positive_weight, 1).astype(np.float32)


def cost(logits: Doubles, truths: Floats, kind: ClassificationType, importance: Floats) -> tuple[float, Doubles]:
    """The sum of the cross-entropies, and its slopes by logit, (N, tags)."""
    if kind == ClassificationType.MULTICLASS:
        logs = log_softmax(logits, axis=1)
        losses, slopes = -(truths * logs).sum(1, keepdims=True), np.exp(logs) - truths
    else:
        losses, slopes = np.logaddexp(0, logits) - truths * logits, expit(logits) - truths
    return float((importance * losses).sum()), importance * slopes


def _basis(embeddings: Floats) -> Floats | None:
    """Orthonormal rows (N, width) that span fewer embeddings than their width: the best weights lie in that span."""
    count, width = embeddings.shape
    if count >= width:
        return None
    return np.linalg.qr(embeddings.T)[0].T.astype(np.float32)
