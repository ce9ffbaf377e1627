"""The backbones that detectors look through."""

from pathlib import Path

import onnx
import pytest
import torch

from shared.settings import Settings
from training_job.detection.detector_recipe import RECIPE, Recipe
from training_job.graphs import backbones


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Two that wait for each other take many times as long where other tests or programs use the cores."""
    torch.set_num_threads(1)


def features_of(recipe: Recipe) -> onnx.ModelProto:
    folder = Path(Settings.read().backbones_folder)
    return onnx.load(backbones.prepare_features(folder, recipe.backbone, recipe.pixels))


@pytest.fixture(scope="session")
def backbone() -> onnx.ModelProto:
    return features_of(RECIPE)
