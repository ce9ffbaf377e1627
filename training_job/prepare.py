"""`python -m training_job.prepare`: converts the backbones of all recipes, so that a job starts at once."""

import logging
from pathlib import Path

from shared.learning.classifier_recipe import advanced
from shared.models.workspace.domains import DOMAINS, DomainType
from shared.models.workspace.projects import ClassificationType
from shared.settings import Settings
from training_job.detection.detector_recipe import RECIPE
from training_job.graphs.backbones import prepare, prepare_features


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    folder = Path(Settings.read().backbones_folder)
    for name, pixels in sorted(classifying()):
        logging.info("Backbone %s at %d px: %s", name, pixels, prepare(folder, name, pixels))
    name, pixels = RECIPE.backbone, RECIPE.pixels
    logging.info("Features of %s at %d px: %s", name, pixels, prepare_features(folder, name, pixels))


def classifying() -> set[tuple[str, int]]:
    """Each backbone that a classifier may need, and at which size."""
    domains = [domain for domain in DOMAINS.values() if domain.type == DomainType.CLASSIFICATION]
    recipes = [recipe for domain in domains for kind in ClassificationType for recipe in advanced(domain, kind)]
    return {(name, recipe.pixels) for recipe in recipes for name in recipe.backbones}


if __name__ == "__main__":
    main()
