"""The backbones that recipes name, converted once."""

from pathlib import Path

import pytest

from shared.settings import Settings
from training_job import prepare


def test_main_prepares_what_the_recipes_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("BACKBONES_FOLDER", str(tmp_path))
    caplog.set_level("INFO")
    prepare.main()
    assert Settings.read().backbones_folder == str(tmp_path)
    assert (tmp_path / "efficientnet-lite0-288-layers.onnx").exists()
    assert (tmp_path / "efficientnet-lite0-320-features.onnx").exists()
    assert "efficientnet-lite0 at 288 px" in caplog.text
