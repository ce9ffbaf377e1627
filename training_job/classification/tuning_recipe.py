"""How long and how fast a classifier is fine-tuned."""

from typing import NamedTuple

import numpy as np
from msgspec import Struct, structs


class Optimization(Struct, frozen=True):
    """Of AdamW on `batch` images, at `rate` after `warm` steps. Two images are mixed by a share that is drawn from a
    beta distribution, `mixup` being both of its parameters. What is judged and served is an `average` of the weights of
    all steps, in which the latest weighs 1 - `average`.
    """

    batch: int = 16
    rate: float = 2e-4
    warm: int = 10
    decay: float = 0.01
    mixup: float = 0.2
    average: float = 0.97


class Way(NamedTuple):
    """So many epochs, and the part of the way from the first weights to theirs."""

    epochs: int
    part: float


class ClassifierTuning(Struct, frozen=True):
    """About so many `views` are learned from, in `least` to `most` epochs; on an image `windows` are looked at, or
    fewer, so that all are no more than `kept`. Judged is what came of each share of the epochs, at each of the `parts`
    of the way from the first weights to the last. It is given up after `tried` folds where it is no better.
    """

    steps: Optimization = Optimization()
    views: int = 1600
    least: int = 2
    most: int = 24
    windows: int = 8
    kept: int = 4000
    shares: tuple[float, ...] = (0.5, 1.0)
    parts: tuple[float, ...] = (0.25, 0.5, 1.0)
    tried: int = 2

    def epochs(self, images: int) -> int:
        return int(np.clip(round(self.views / images), self.least, self.most))

    def ways(self, images: int) -> list[Way]:
        marks = sorted({max(round(share * self.epochs(images)), 1) for share in self.shares})
        return [Way(mark, part) for mark in marks for part in self.parts]

    def windows_each(self, images: int) -> int:
        return int(np.clip(self.kept // images, 1, min(self.windows, self.epochs(images))))

    def quick(self) -> "ClassifierTuning":
        """The same path in seconds."""
        return structs.replace(self, views=16, windows=2)


TUNING = ClassifierTuning()
