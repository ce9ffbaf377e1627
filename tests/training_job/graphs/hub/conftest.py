"""The folders of tiny backbones, saved once."""

from pathlib import Path

import pytest

from tests.training_job.graphs.hub.tiny import KINDS, saved


@pytest.fixture(scope="session")
def backbone_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("hub")
    return {kind: saved(root / kind, kind) for kind in KINDS}
