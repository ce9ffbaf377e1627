"""The backbones of a recipe: our own, and those of a hub that the setting LARGE_CLASSIFIER names."""

from pathlib import Path
from typing import NamedTuple

import onnx

from shared.learning.classifier_recipe import OF_HUB, Recipe
from training_job.classification.seeing import Backbones
from training_job.graphs import backbones
from training_job.graphs.hub import backbones as hub


class Networks(NamedTuple):
    """`folder` has the graphs."""

    folder: Path
    large_classifier: str

    def of_hub(self) -> list[tuple[str, int]]:
        """All that the setting names, with the pixels that each sees. Raises HubUnavailable."""
        found = [hub.prepare(self.folder, wanted) for wanted in hub.chosen(self.large_classifier)]
        return [(each.name, each.pixels) for each in found]

    def load(self, recipe: Recipe) -> Backbones:
        """Raises BackboneUnavailable."""
        if not any(map(OF_HUB.fullmatch, recipe.backbones)):
            return backbones.load(self.folder, recipe.backbones, recipe.pixels)
        return {name: self._beside(name, recipe.pixels) for name in recipe.backbones}

    def _beside(self, name: str, pixels: int) -> onnx.ModelProto:
        if OF_HUB.fullmatch(name):
            return onnx.load(hub.find(self.folder, name, self.large_classifier).path)
        return backbones.load_sized(self.folder, name, pixels)
