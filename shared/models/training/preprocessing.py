"""How a picture becomes a model's input: data that travels with the model, so training, serving and export agree."""

from enum import StrEnum

from shared.models.wire import Wire


class Interpolation(StrEnum):
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"


class Fit(StrEnum):
    """SQUASH fills the input; LETTERBOX keeps the picture's proportions, in the middle of grey (127, 127, 127); CROP
    keeps them, too, and shows of the picture the middle that fills the input.
    """

    SQUASH = "squash"
    LETTERBOX = "letterbox"
    CROP = "crop"


class Preprocessing(Wire, frozen=True):
    """Resize the upright RGB picture to width x height pixels; values stay 0..255.

    Consumers of exported models squash and do no more, so a model that shall be exported is trained for that. One that
    looks at a part of the picture, or that wants other values, does that inside its graph.
    """

    width: int
    height: int
    interpolation: Interpolation = Interpolation.BICUBIC
    fit: Fit = Fit.SQUASH
