"""`python -m training_job.prepare`: converts the backbones of all recipes, and those that LARGE_CLASSIFIER
names, so that a job starts at once.
"""

import logging
import sys
from pathlib import Path

from shared.learning.classifier_recipe import advanced, quick
from shared.models.workspace.domains import DOMAINS, Domain, DomainType
from shared.models.workspace.projects import ClassificationType
from shared.settings import Settings
from shared.storage.account.store import Store
from shared.storage.training import backbones as stored_backbones
from training_job.graphs.backbones import BackboneUnavailable, prepare, prepare_features
from training_job.graphs.hub import backbones as hub


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    settings = Settings.read()
    folder = Path(settings.backbones_folder)
    for name, pixels in sorted(classifying()):
        logging.info("Backbone %s at %d px: %s", name, pixels, prepare(folder, name, pixels))
    # Torch comes with it, which takes seconds that a job spares.
    from training_job.detection.detector_recipe import RECIPE

    name, pixels = RECIPE.backbone, RECIPE.pixels
    logging.info("Features of %s at %d px: %s", name, pixels, prepare_features(folder, name, pixels))
    for wanted in hub.chosen(settings.large_classifier):
        logging.info("Backbone %s of the hub: %s", wanted, hub.prepare(folder, wanted).path)


def publish(store: Store, folder: Path) -> None:
    """Put the backbones of quick trainings where functions find them, which look at new images."""
    recipes = {quick(domain, kind) for domain in _classifying() for kind in ClassificationType}
    for recipe in sorted(recipes, key=lambda recipe: recipe.architecture):
        for name in recipe.backbones:
            stored_backbones.write(store, recipe.graph(name), prepare(folder, name, recipe.pixels).read_bytes())


def classifying() -> set[tuple[str, int]]:
    """Each backbone that a classifier may need, and at which size."""
    recipes = [recipe for domain in _classifying() for kind in ClassificationType for recipe in advanced(domain, kind)]
    return {(name, recipe.pixels) for recipe in recipes for name in recipe.backbones}


def _classifying() -> list[Domain]:
    return [domain for domain in DOMAINS.values() if domain.type == DomainType.CLASSIFICATION]


if __name__ == "__main__":
    try:
        main()
    except BackboneUnavailable as error:
        sys.exit(str(error))
