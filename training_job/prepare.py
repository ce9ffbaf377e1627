"""`python -m training_job.prepare`: converts the backbones of all recipes, so that a job starts at once."""

import logging
from pathlib import Path

from shared.learning.classifier_recipe import RECIPES
from shared.settings import Settings
from training_job.detection.detector_recipe import RECIPE
from training_job.graphs.backbones import prepare, prepare_features


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    folder = Path(Settings.read().backbones_folder)
    for name, pixels in sorted({(recipe.backbone, recipe.pixels) for recipe in RECIPES.values()}):
        logging.info("Backbone %s at %d px: %s", name, pixels, prepare(folder, name, pixels))
    name, pixels = RECIPE.backbone, RECIPE.pixels
    logging.info("Features of %s at %d px: %s", name, pixels, prepare_features(folder, name, pixels))


if __name__ == "__main__":
    main()
