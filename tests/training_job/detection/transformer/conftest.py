"""The folders of tiny detectors, saved once."""

from pathlib import Path

import pytest

from tests.training_job.detection.transformer.tiny import D_FINE, RT_DETR, saved


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
