"""How a picture becomes a model's input: data that travels with the model, so training, serving and export agree."""

from enum import StrEnum

from shared.models.wire import Wire


class Interpolation(StrEnum):
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"


class Preprocessing(Wire, frozen=True):
    """Squash the upright RGB picture to width x height pixels; values stay 0..255.

    No crop and no padding: consumers of exported models do no more than this. A model that looks at a part of the
    picture, or that wants other values, does that inside its graph.
    """

    width: int
    height: int
    interpolation: Interpolation = Interpolation.BICUBIC
