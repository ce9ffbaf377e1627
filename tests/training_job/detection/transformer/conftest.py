"""The folders of tiny detectors, saved once."""

from pathlib import Path

import pytest
import torch

from tests.training_job.detection.scenes import SHAPES, example
from tests.training_job.detection.transformer.tiny import D_FINE, RT_DETR, save, saved
from training_job.detection.augmentation import plain
from training_job.detection.batches import together
from training_job.detection.detector_recipe import RECIPE
from training_job.detection.transformer.detector import Transformer
from training_job.tuning.adamw import AdamW


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("detectors")
    return {architecture: saved(root / architecture, architecture) for architecture in (D_FINE, RT_DETR)}


@pytest.fixture(params=[D_FINE, RT_DETR])
def folder(folders: dict[str, Path], request: pytest.FixtureRequest) -> Path:
    return folders[request.param]


@pytest.fixture
def d_fine(folders: dict[str, Path]) -> Path:
    return folders[D_FINE]


@pytest.fixture(scope="session")
def schooled(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A detector that has learned what shapes look like in 12 scenes, as a pretrained one would."""
    root = folders[RT_DETR]
    transformer = Transformer(str(root), root, len(SHAPES), RECIPE, torch.device("cpu"))
    how, examples = transformer.views, [example(seed) for seed in range(12)]
    views = [plain(how.picture(each.read()), each.boxes, each.tags, how) for each in examples]
    optimizer = AdamW(transformer.module.parameters(), lr=3e-3)
    transformer.module.train()
    for _ in range(30):
        cost = transformer.loss(together(views))
        optimizer.zero_grad()
        torch.autograd.backward(cost)
        torch.nn.utils.clip_grad_norm_(transformer.module.parameters(), 1.0)
        optimizer.step()
    return save(transformer.module, tmp_path_factory.mktemp("schooled"))
