"""The recipe of quick detection: what to train with, and what that was measured to give."""

from msgspec import Struct, structs

from shared.models.preprocessing import Preprocessing


class Recipe(Struct, frozen=True):
    """Quick detection."""

    backbone: str = "efficientnet-lite0"
    pixels: int = 320
    width: int = 96
    depth: int = 1
    samples: int = 600
    most_views: int = 8
    epochs: int = 4
    last_epochs: int = 2
    batch: int = 6
    rate: float = 4e-3
    last_rate: float = 1e-3
    decay: float = 0.01
    parts: int = 5
    judged: int = 400
    overlap: float = 0.5
    boxes: int = 100

    @property
    def preprocessing(self) -> Preprocessing:
        return Preprocessing(self.pixels, self.pixels)

    def views(self, images: int) -> int:
        """Of how many views of each image the features are kept: many where images are few."""
        return min(max(self.samples // images, 1), self.most_views)

    def quick(self) -> "Recipe":
        """The same path in seconds, for rendered scenes."""
        return structs.replace(self, width=32, depth=1, samples=64, most_views=2, epochs=6)


RECIPE = Recipe()
