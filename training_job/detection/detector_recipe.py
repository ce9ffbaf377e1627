"""The recipes of quick detection and of fine-tuning: what to train with, and what that was measured to give."""

from msgspec import Struct, structs

from shared.models.training.preprocessing import Preprocessing
from training_job.tuning.schedule import Tuning


class Recipe(Struct, frozen=True):
    """Quick detection: a frozen backbone, of whose features in `views` of each image a head learns that is `width`
    wide and has towers `depth` deep.

    One in `parts` images, and no more than `judged`, is held out; the head learns from the others, is judged, and then
    learns from all, at a lower rate. It sees `seen` views in all, or every view `least_epochs` times, and a
    `last_share` of that while it learns from all. No more than `images` take part. A box that overlaps a better one of
    its tag by more than `overlap` is not served, nor are more than `boxes` an image. Fine-tuned, the head learns at
    `tuned_rate`, and the backbone from its finest features on at `backbone_rate`.

    Measured on 2026-11-21 by `python -m benchmarks.detection` on photographs that training never saw, mAP at an overlap
    of 0.5 and from 0.5 to 0.95, seconds and CPU seconds:
    - forks and scissors, 30 images, 10 of each split in the test: 0.994 and 0.631, the mean of 3 splits; 79 and 132 s.
    - BCCD's blood cells, 205 images and 87 in the test: 0.855 and 0.520; 91 and 153 s.
    The last phase, on all images, lifts the mAP of forks and scissors from 0.60 to 0.63, and of BCCD from 0.50 to 0.52.
    A training on all images throughout, and twice as long, gives BCCD 0.860 and 0.548. Towers 2 deep instead of 1 take
    1.4 times as long, and were no better on one split of forks and scissors. All but the 3 splits are single runs.
    """

    backbone: str = "efficientnet-lite0"
    pixels: int = 320
    width: int = 96
    depth: int = 1
    images: int = 5_000
    views_kept: int = 600
    views_each: int = 8
    seen: int = 2_400
    least_epochs: int = 3
    last_share: float = 0.25
    batch: int = 6
    rate: float = 4e-3
    last_rate: float = 1e-3
    backbone_rate: float = 2e-4
    tuned_rate: float = 1e-3
    decay: float = 0.01
    parts: int = 5
    judged: int = 400
    overlap: float = 0.5
    boxes: int = 200

    @property
    def preprocessing(self) -> Preprocessing:
        return Preprocessing(self.pixels, self.pixels)

    @property
    def architecture(self) -> str:
        return f"{self.backbone}-{self.pixels}-detector"

    def views(self, images: int) -> int:
        """Of how many views of each image the features are kept: many where images are few."""
        return min(max(self.views_kept // images, 1), self.views_each)

    def epochs(self, views: int) -> tuple[int, int]:
        """On that many views in all: how many epochs before it is judged, and how many after."""
        total = max(round(self.seen / views), self.least_epochs)
        last = max(round(total * self.last_share), 1)
        return total - last, last

    def quick(self) -> "Recipe":
        """The same path in seconds, for rendered scenes and a few photographs. With fewer pixels still, and with fewer
        views, a training of 40 photographs is no longer sure of the fork that its test looks for.
        """
        return structs.replace(self, pixels=224, width=32, views_kept=120, views_each=4, seen=1_200)


RECIPE = Recipe()
TUNING = Tuning()
