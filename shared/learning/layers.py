"""What a classifier's heads see of a picture: several layers of one pass of a backbone."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

import numpy as np

from shared.arrays import Floats, Halves


class Layer(StrEnum):
    """Of length 1 each. Of our own backbones none is negative, but of those of a hub.

    MEAN: the means of the last maps. POWER: the square roots of the last maps' quadratic means, which tell of what is
    strong in a small place. MIDDLE: the square roots of means and deviations of maps from the middle of the network,
    which tell of textures. Of a hub's, MEAN begins with what the network itself pools, such as its class token, and
    no roots are taken but those that make deviations.
    """

    MEAN = "mean"
    POWER = "power"
    MIDDLE = "middle"


# The layers of one or several backbones, (N, width) each, by their full names.
Views = Mapping[str, Halves]


def full_name(backbone: str, layer: str) -> str:
    return f"{backbone}/{layer}"


def views(backbone: str, vectors: Halves, widths: Mapping[Layer, int]) -> dict[str, Halves]:
    """The layers of embeddings (N, width), in which they stand one after the other."""
    borders = np.cumsum(list(widths.values()))[:-1]
    parts = np.split(vectors, borders, axis=1)
    return {full_name(backbone, layer): part for layer, part in zip(widths, parts, strict=True)}


def joined(seen: Views, names: Iterable[str]) -> Floats:
    """These layers one after the other, (N, sum of widths)."""
    return np.hstack([seen[name].astype(np.float32) for name in names])
