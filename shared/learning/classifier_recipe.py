"""Recipes: what to train with, and what that was measured to give."""

import re
from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct, structs

from shared.models.training.preprocessing import Preprocessing
from shared.models.workspace.domains import Domain
from shared.models.workspace.projects import ClassificationType


class Crop(StrEnum):
    """What the backbone sees: the whole picture, or the middle 80 % of each side, 1.25 times larger."""

    WHOLE = "whole"
    CENTRE = "centre"


FRACTION = {Crop.WHOLE: 1.0, Crop.CENTRE: 0.8}


# Of an architecture whose backbones were fine-tuned.
TUNED = "-tuned"
LITE0, LITE2 = "efficientnet-lite0", "efficientnet-lite2"


class Recipe(Struct, frozen=True):
    """Frozen backbones, and a linear head on each of their layers, which has unit length, times `scale`.

    `crops` begins with the one to prefer; another has to beat it by two standard errors on images held out.
    `strength` is the logistic regression's C; a tag's positive images count (negatives / positives) to the power of
    `positive_weight`. At most `judged` images take part in the evaluation, in `folds` folds.

    docs/accuracy.md and benchmarks/README.md have what `python -m benchmarks.accuracy` measured.
    """

    backbones: tuple[str, ...]
    pixels: int
    crops: tuple[Crop, ...] = (Crop.CENTRE, Crop.WHOLE)
    scale: float = 16.0
    strength: float = 10.0
    positive_weight: float = 0.0
    folds: int = 5
    judged: int = 2000
    mirrored: bool = True
    # Which weights the backbones have, where they were fine-tuned.
    tuned: str = ""

    @property
    def architecture(self) -> str:
        """A head fits embeddings of its own alone."""
        return f"{'+'.join(self.backbones)}-{self.pixels}{TUNED if self.tuned else ''}"

    def preprocessing(self, crop: Crop) -> Preprocessing:
        """The input of a crop's graph, which cuts the middle out of it by itself."""
        side = round(self.pixels / FRACTION[crop])
        return Preprocessing(side, side)

    def graph(self, backbone: str) -> str:
        """The file of the graph of one of its backbones, which answers all layers."""
        return graph_file(backbone, self.pixels)

    def space(self, backbone: str, crop: Crop) -> str:
        """Names what an embedding depends on beside the picture."""
        return f"{backbone}-{self.pixels}-{crop}-layers{self.tuned}"


def graph_file(backbone: str, pixels: int) -> str:
    return f"{backbone}-{pixels}-layers.onnx"


GENERAL, SMALL = Recipe((LITE2,), 260), Recipe((LITE0,), 288)
PRINTED, SMALL_PRINTED = (structs.replace(recipe, mirrored=False) for recipe in (GENERAL, SMALL))

# What quick training does in each domain.
QUICK = {
    "General": GENERAL,
    "General [A1]": Recipe((LITE2,), 384),
    "General [A2]": Recipe((LITE2,), 320),
    "Food": GENERAL,
    "Landmarks": Recipe((LITE2,), 320, (Crop.WHOLE, Crop.CENTRE)),
    "Retail": PRINTED,
    "Adult": GENERAL,
    "General (compact)": SMALL,
    "General (compact) [S1]": SMALL,
    "Food (compact)": SMALL,
    "Landmarks (compact)": Recipe((LITE0,), 288, (Crop.WHOLE, Crop.CENTRE)),
    "Retail (compact)": SMALL_PRINTED,
}
# What advanced training tries beside it. A compact model stays small.
LARGER: dict[bool, list[tuple[tuple[str, ...], int]]] = {
    False: [((LITE2,), 320), ((LITE2,), 384), ((LITE0, LITE2), 320)],
    True: [((LITE0,), 384)],
}
# A backbone of a hub is named after what it is and eight digits of its revision.
OF_HUB = re.compile(r"[\w.-]+-[0-9a-f]{8}")
TOLD = re.compile(rf"({OF_HUB.pattern})(?:\+.*)?-(\d{{1,4}})")
BESIDE = LITE2


def quick(domain: Domain, kind: ClassificationType) -> Recipe:
    """In multilabel, what is at a picture's edge may carry a tag, too."""
    recipe = QUICK[domain.name]
    if kind == ClassificationType.MULTICLASS:
        return recipe
    return structs.replace(recipe, crops=(Crop.WHOLE, Crop.CENTRE), positive_weight=0.5)


def advanced(domain: Domain, kind: ClassificationType, of_hub: Iterable[tuple[str, int]] = ()) -> list[Recipe]:
    """What advanced training tries, quick training's first. Backbones `of_hub`, each with the pixels that it sees, are
    tried alone and beside one of ours, but in compact domains.
    """
    first = quick(domain, kind)
    ways = list(LARGER[domain.compact])
    if not domain.compact:
        ways += [(names, pixels) for name, pixels in of_hub for names in ((name,), (name, BESIDE))]
    tried = [structs.replace(first, backbones=names, pixels=pixels) for names, pixels in ways]
    return [first, *(recipe for recipe in tried if recipe != first)]


def continued(architecture: str, domain: Domain, kind: ClassificationType) -> Recipe | None:
    """By which a model of that architecture can be trained on, if it is one of the domain's, or of what all domains had
    at first.
    """
    named = architecture.removesuffix(TUNED)
    told = TOLD.fullmatch(named)
    first, *others = advanced(domain, kind, [(told[1], int(told[2]))] if told else [])
    known = [first, *others, structs.replace(first, backbones=SMALL.backbones, pixels=SMALL.pixels)]
    return next((recipe for recipe in known if recipe.architecture == named), None)
