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


@pytest.mark.parametrize(
    "place", ["https://stbak.blob.core.windows.net/backups", "/srv/backups", "https://a.b/abc?sig=x"]
)
def test_a_place_of_backups_is_taken(place):
    assert Settings(backup_to=place).backup_to == place


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"BACKUP_TO": "backups"}, "BACKUP_TO is the address of a container"),
        ({"BACKUP_TO": "https://stbak.blob.core.windows.net/?sig=secret"}, "BACKUP_TO is the address of a container"),
        ({"BACKUP_TO": "/srv/backups", "STORAGE_ACCOUNT": "st"}, "name a container"),
        ({"BACKUP_DAYS": "0"}, "BACKUP_DAYS is how many days a backup is kept, 1 or more, not 0"),
        ({"BACKUP_DAYS": "some"}, "BACKUP_DAYS"),
    ],
    ids=range(5),
)
def test_a_place_of_backups_that_can_not_be_is_refused(monkeypatch, given, said):
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(msgspec.ValidationError, match=said) as refused:
        Settings.read()
    assert "secret" not in str(refused.value)
