"""Settings: the environment, the sample file, and what does not fit."""

import json

import msgspec
import pytest

from shared.settings import ROOT, Settings


def test_the_sample_names_every_setting():
    sample = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    ours = {field.name.upper() for field in msgspec.structs.fields(Settings)}
    assert set(sample) == ours | {"FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage"}


def test_read_takes_the_environment(monkeypatch):
    monkeypatch.setenv("SERVICES", "prediction")
    monkeypatch.setenv("MODEL_MEMORY_MB", "64")
    monkeypatch.setenv("ALLOW_PRIVATE_URLS", "true")
    monkeypatch.setenv("LIMITS", '{"tagsPerProject": 7}')
    settings = Settings.read()
    assert (settings.services, settings.model_memory_mb, settings.allow_private_urls) == ("prediction", 64, True)
    assert (settings.limits.tags_per_project, settings.limits.images_per_batch) == (7, 64)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MODEL_MEMORY_MB", "many"),
        ("LAUNCHER", "rocket"),
        ("ALLOW_PRIVATE_URLS", "perhaps"),
        ("LIMITS", '{"tags": 1}'),
        ("LIMITS", "{"),
    ],
)
def test_read_refuses_what_does_not_fit(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(msgspec.ValidationError, match=name):
        Settings.read()
