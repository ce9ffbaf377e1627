"""What a recipe makes of the boxes, the domain and the number of images."""

from uuid import UUID

import numpy as np
import pytest

from shared.models.workspace.domains import LOGO, PRODUCTS_ON_SHELVES
from training_job.detection.detector_recipe import RECIPE

GENERAL = UUID("da2e3a8a-40a5-4171-82f4-58522f70fbc1")


@pytest.mark.parametrize(
    ("domain", "sides", "served"),
    [
        (GENERAL, [], 320),
        (GENERAL, [0.05, 0.4, 0.6], 320),
        (GENERAL, [0.05, 0.5, 0.6], 224),
        (GENERAL, [0.05, 0.12, 0.6], 480),
        (GENERAL, [0.05, 0.06, 0.6], 640),
        (LOGO, [0.6], 480),
        (LOGO, [0.06], 640),
        (PRODUCTS_ON_SHELVES, [0.6], 640),
    ],
)
def test_small_boxes_are_looked_at_larger_and_large_ones_smaller(domain: UUID, sides: list[float], served: int) -> None:
    recipe = RECIPE.of_domain(domain).fitted(np.array(sides, np.float32))
    assert (recipe.preprocessing.width, recipe.preprocessing.height) == (served, served)
    assert recipe.architecture == f"efficientnet-lite0-{served}-detector"
    # Training sees as few pixels of a view as ever.
    assert recipe.views.spec.width == min(served, 320)
    assert recipe.views.mirrored == (domain == GENERAL)
    # The coarsest scale has whole cells.
    assert served % 32 == 0


def test_few_images_are_trained_on_for_as_short_and_many_as_long_as_it_pays() -> None:
    def seen(images: int) -> int:
        views = RECIPE.views_of(images)
        return sum(RECIPE.epochs(images, views)) * images * views

    assert seen(30) == pytest.approx(RECIPE.seen_least, rel=0.1)
    assert seen(100) == pytest.approx(100 / 60 * seen(60), rel=0.1)
    assert seen(200) == pytest.approx(RECIPE.seen, rel=0.1)
    assert seen(5_000) == 5_000 * RECIPE.least_epochs
