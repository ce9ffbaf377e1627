"""Recipes: what to train with, and what that was measured to give."""

from enum import StrEnum

from msgspec import Struct

from shared.models.training.preprocessing import Preprocessing
from shared.models.workspace.projects import ClassificationType


class Crop(StrEnum):
    """What the backbone sees: the whole picture, or the middle 80 % of each side, 1.25 times larger."""

    WHOLE = "whole"
    CENTRE = "centre"


FRACTION = {Crop.WHOLE: 1.0, Crop.CENTRE: 0.8}


class Recipe(Struct, frozen=True):
    """Quick classification: a frozen backbone, and a linear head on unit embeddings times `scale`.

    `crops` begins with the one to prefer; another has to beat it by two standard errors on images held out.
    `strength` is the logistic regression's C; a tag's positive images count (negatives / positives) to the power of
    `positive_weight`. At most `judged` images take part in the evaluation, in `folds` folds.

    Measured on 2026-11-21 by `python -m benchmarks.training_recipes ../shared/data`:
    - grocery10 (394 photos, 10 tags; 300 test photos): test accuracy 0.903, held-out accuracy 0.926, calibration error
      0.037, log loss 0.246. The whole picture gives 0.853 and 0.41; the centre at 224 px 0.880; both crops 0.880.
    - Hemlock and Japanese Cherry (20 photos): 20 of 20 in leave-one-out; test_image.jpg is Hemlock with 0.94.
    - CPU seconds: 2.4 for the 20 photos, 24 for the 394, of which 22 embed in parallel; 27 ms a photo and crop.

    Multilabel, pairs of grocery10 photos side by side, 200 to train and 200 to test: mAP 0.875 (whole), 0.890 (centre);
    `positive_weight` 0.5 instead of 0 lifts F1 at 0.5 from 0.769 to 0.787 and keeps the calibration error at 0.04.
    """

    crops: tuple[Crop, ...]
    backbone: str = "efficientnet-lite0"
    pixels: int = 288
    scale: float = 16.0
    strength: float = 10.0
    positive_weight: float = 0.0
    folds: int = 5
    judged: int = 2000

    def preprocessing(self, crop: Crop) -> Preprocessing:
        """The input of a crop's graph, which cuts the middle out of it by itself."""
        side = round(self.pixels / FRACTION[crop])
        return Preprocessing(side, side)

    def space(self, crop: Crop) -> str:
        """Names what an embedding depends on beside the picture."""
        return f"{self.backbone}-{self.pixels}-{crop}"


RECIPES = {
    ClassificationType.MULTICLASS: Recipe((Crop.CENTRE, Crop.WHOLE)),
    ClassificationType.MULTILABEL: Recipe((Crop.WHOLE, Crop.CENTRE), positive_weight=0.5),
}
