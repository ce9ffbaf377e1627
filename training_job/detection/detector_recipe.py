"""The recipes of quick detection and of fine-tuning: what to train with, and what that was measured to give."""

from uuid import UUID

import numpy as np
from msgspec import Struct, structs

from shared.arrays import Floats
from shared.models.training.preprocessing import Preprocessing
from shared.models.workspace.domains import LOGO, PRODUCTS_ON_SHELVES
from training_job.detection.augmentation import Augmentation
from training_job.tuning.schedule import Tuning


class Recipe(Struct, frozen=True):
    """Quick detection: a frozen backbone, of whose features in `views` of each image a head learns that is `width`
    wide and has towers `depth` deep.

    One in `parts` images, and no more than `judged`, is held out; the head learns from the others, is judged, and then
    learns from all, at a lower rate. It sees `seen_each` views for each image, from `seen_least` to `seen` in all, or
    every view `least_epochs` times, and a `last_share` of that while it learns from all. No more than `images` take
    part. A box that overlaps a better one of its tag by more than `overlap` is not served, nor are more than `boxes` an
    image. Fine-tuned, the head learns at `tuned_rate`, and the backbone from its finest features on at `backbone_rate`.

    A view has `pixels` on each side. Where boxes are small the picture is served `zoom` times as large, and a view is a
    window on it, as large as ever, around an object; `zoom` times as many are seen. Each of `zooms` is for boxes whose
    median is smaller than its first number, as a share of the picture's side. Where it is over that of `large`, its
    pixels do.

    Measured on 2026-11-28 on photographs of the training part that were held out, of boards of their own and every
    fifth of the cells, after the first phase, mAP at an overlap of 0.5, single runs:
    - defects of circuit boards, 120 images, boxes of 0.06: 0.40 at zoom 1 and width 96 (134 CPU seconds), 0.37 at zoom
      2 after as many views, 0.55 at zoom 2 and width 64 with windows around objects and 2.7 times as many (213).
    - BCCD's blood cells, 164 images: 0.881 at width 64 after 3,280 views (185).
    On photographs for tests, with 4 in a batch for the cutlery and 6 for the boards:
    - boards, 150 images and 80 in the test, zoom 2: 0.830 and 0.510, 425 CPU seconds.
    - forks and scissors, 30 images, 10 of each split in the test, the mean of 2 splits: 0.805 and 0.427 at 320 pixels
      after 1,200 views with 6 in a batch, 0.897 and 0.530 after 1,600 with 4 in a batch, 1.000 and 0.609 at 224 pixels
      after 2,400, in 66 CPU seconds. At 320 pixels and width 96 it was 0.994 and 0.631 in 132, the mean of 3.
    A step takes 60 ms of CPU for a view at width 96, 27 at 64. Towers 2 deep instead of 1 take 1.4 times as long, and
    were no better on forks and scissors.
    """

    backbone: str = "efficientnet-lite0"
    pixels: int = 320
    zoom: float = 1.0
    zooms: tuple[tuple[float, float], ...] = ((0.1, 2.0), (0.15, 1.5))
    large: tuple[float, int] = (0.45, 224)
    mirrored: bool = True
    width: int = 64
    depth: int = 1
    images: int = 5_000
    views_kept: int = 1_200
    views_each: int = 8
    seen_each: int = 40
    seen_least: int = 2_400
    seen: int = 4_800
    least_epochs: int = 3
    last_share: float = 0.25
    batch: int = 4
    rate: float = 4e-3
    last_rate: float = 1e-3
    backbone_rate: float = 2e-4
    tuned_rate: float = 1e-3
    decay: float = 0.01
    parts: int = 5
    judged: int = 400
    overlap: float = 0.5
    boxes: int = 300

    @property
    def preprocessing(self) -> Preprocessing:
        return Preprocessing(self.served, self.served)

    @property
    def served(self) -> int:
        return round(self.zoom * self.pixels)

    @property
    def views(self) -> Augmentation:
        return Augmentation(Preprocessing(self.pixels, self.pixels), self.zoom, self.mirrored)

    @property
    def architecture(self) -> str:
        return f"{self.backbone}-{self.served}-detector"

    def views_of(self, images: int) -> int:
        """Of how many views of each image the features are kept: many where images are few."""
        return min(max(self.views_kept // images, 1), self.views_each)

    def of_domain(self, domain_id: UUID) -> "Recipe":
        return structs.replace(self, **OF_DOMAINS.get(domain_id, {}))

    def fitted(self, sides: Floats) -> "Recipe":
        """To boxes of which these, (M,), are the sides of squares as large, in 0..1."""
        median = np.median(sides) if len(sides) else 0.0
        fits = [zoom for most, zoom in self.zooms if 0 < median < most]
        least, pixels = self.large
        pixels = pixels if self.zoom == 1 and median > least else self.pixels
        return structs.replace(self, pixels=pixels, zoom=max([self.zoom, *fits]))

    def epochs(self, images: int, views: int) -> tuple[int, int]:
        """On that many views of each image: how many epochs before it is judged, and how many after."""
        seen = min(max(self.seen_each * images, self.seen_least), self.seen) * self.zoom
        total = max(round(seen / (images * views)), self.least_epochs)
        last = max(round(total * self.last_share), 1)
        return total - last, last

    def quick(self) -> "Recipe":
        """The same path in seconds, for rendered scenes and a few photographs. With fewer pixels still, and with fewer
        views, a training of 40 photographs is no longer sure of the fork that its test looks for.
        """
        return structs.replace(
            self, pixels=224, width=32, zooms=(), large=(1.0, 224), views_kept=120, views_each=4, seen=1_300
        )


# Marks and print are no longer what they are in a mirror, and small. Products on a shelf stand close to each other.
OF_DOMAINS: dict[UUID, dict[str, object]] = {
    LOGO: {"zoom": 1.5, "mirrored": False},
    PRODUCTS_ON_SHELVES: {"zoom": 2.0, "mirrored": False, "overlap": 0.6},
}
RECIPE = Recipe()
TUNING = Tuning()
