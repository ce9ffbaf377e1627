"""How long and how fast a fine-tuning goes, and what that was measured to give."""

from collections.abc import Callable

from msgspec import Struct, structs

# Seconds, of which there are always a few left: what is not done then has to do without.
SecondsLeft = Callable[[], float]


class Tuning(Struct, frozen=True):
    """How a model is fine-tuned: in batches of `batch` for `epochs` at most, or until `patience` epochs in a row
    were no better; then a share of that, `last_share`, on all images, from `last_rate` of the rate down. An epoch looks
    at `least_views` views or more. What is judged and served is an `average` of the weights of all steps, in which the
    latest weighs 1 - `average` in the end: so the rate need not fall for the end to be seen, and a small set is not
    overrun by it.

    Measured on 2026-11-21 with the light detector, while other work took half of the machine, mAP at an overlap of 0.5
    and from 0.5 to 0.95 on photographs that training never saw, single runs:
    - BCCD's blood cells, 205 images and 87 in the test: 0.854 and 0.504 before, 0.858 and 0.509 after 2 epochs, 0.882
      and 0.534 after 6, 0.881 and 0.568 after 12, 0.884 and 0.578 after 3 more on all images; 475 CPU seconds, and 650
      seconds with all that came before. `python -m benchmarks.detection --advanced 11`: 0.874 and 0.545, 485 s.
    - forks and scissors, 30 images, 10 in the test, one split: 0.983 and 0.662 before, 1.000 and 0.717 after 7 epochs
      and 2 on all images.
    """

    batch: int = 8
    epochs: int = 40
    patience: int = 8
    least_views: int = 160
    warm_steps: int = 50
    average: float = 0.996
    decay: float = 0.01
    last_share: float = 0.25
    last_rate: float = 0.5

    def quick(self) -> "Tuning":
        """The same path in seconds."""
        return structs.replace(self, epochs=2, least_views=16)
