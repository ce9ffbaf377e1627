"""Advanced training in the larger domains fine-tunes the detector that the settings name: what a job makes of it."""

import logging
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from msgspec import UNSET
from msgspec.structs import replace

from shared.models.messages.jobs import TrainJob
from shared.models.training.datasets import Dataset, DatasetHeader
from shared.models.training.iterations import IterationStatus, TrainingType
from shared.models.training.model_spec import ModelSpec
from shared.models.workspace.domains import DOMAINS, PRODUCTS_ON_SHELVES, Domain, DomainType
from shared.prediction.model import Model
from shared.settings import Settings
from shared.storage.account import blobs
from shared.storage.account.store import Store
from tests.training_job.detection.jobs import BRIEF, TAGS, files_of, prepared
from tests.training_job.detection.scenes import example, rendered
from tests.training_job.detection.transformer.tiny import PIXELS, RT_DETR
from tests.training_job.jobs import in_environment, record_of, train
from tests.training_job.kept import Interrupted, Kept
from training_job.__main__ import main
from training_job.detection import detector_recipe
from training_job.detection.detector_recipe import TUNING
from training_job.detection.detector_training import pretrained
from training_job.detection.fine_tuning import TunedDetector, fine_tune
from training_job.detection.transformer.detector import Transformer

BRIEF_TUNING = replace(TUNING, epochs=1, least_views=8)
# One that hardly learns, so that the other is better.
POOR = replace(BRIEF, rate=1e-6, last_rate=1e-6, seen=12)


@pytest.fixture
def poor(monkeypatch: pytest.MonkeyPatch) -> None:
    """The light detector, that is."""
    monkeypatch.setattr(detector_recipe, "RECIPE", POOR)
    monkeypatch.setattr(detector_recipe, "TUNING", BRIEF_TUNING)


def asked_for(store: Store, kind: TrainingType = TrainingType.ADVANCED) -> TrainJob:
    return prepared(store, kind=kind, domain=PRODUCTS_ON_SHELVES)


def described(store: Store, of: TrainJob) -> tuple[bytes, bytes]:
    graph, description = (
        blobs.model_read(store, of.project_id, of.iteration_id, name) for name in ("model.onnx", "model.json")
    )
    return graph, description


@pytest.mark.usefixtures("poor")
def test_an_advanced_job_fine_tunes_the_detector_and_leaves_a_model_that_is_served(
    store: Store, schooled: Path
) -> None:
    of = asked_for(store)
    train(store, of, str(schooled))
    iteration = record_of(store, of).iteration
    assert (iteration.status, iteration.training_error_details) == (IterationStatus.COMPLETED, None)
    assert iteration.not_exportable_to == ["CoreML", "TensorFlow", "OpenVino"]
    graph, description = described(store, of)
    spec = msgspec.json.decode(description, type=ModelSpec)
    assert spec.architecture == f"{RT_DETR} from {schooled.name}"
    assert (spec.preprocessing.width, spec.preprocessing.height) == (PIXELS, PIXELS)
    data, boxes, _ = rendered(0)
    found = Model.load(graph, description).predict(data)
    assert found[0].bounding_box
    assert found[0].tag_id in {tag.id for tag in TAGS}
    assert len(found) >= len(boxes)
    assert "tuning.pt" not in files_of(store, of)


@pytest.mark.usefixtures("poor")
def test_quick_training_is_the_light_detectors_in_every_domain(store: Store) -> None:
    of = asked_for(store, TrainingType.REGULAR)
    train(store, of, "/nowhere")
    expected = POOR.of_domain(PRODUCTS_ON_SHELVES).architecture
    assert msgspec.json.decode(described(store, of)[1], type=ModelSpec).architecture == expected
    assert record_of(store, of).iteration.not_exportable_to is UNSET


def test_a_detector_that_can_t_be_had_fails_the_iteration_with_the_reason(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    of = asked_for(store)
    in_environment(monkeypatch, of, settings)
    monkeypatch.setenv("LARGE_DETECTOR", "ustc-community/dfine-small-coco")
    with caplog.at_level(logging.CRITICAL):
        assert main() == 1
    iteration = record_of(store, of).iteration
    assert iteration.status == IterationStatus.FAILED
    assert iteration.training_error_details
    assert iteration.training_error_details.startswith("There is no detector 'ustc-community/dfine-small-coco'. LARGE_")


DETECTORS = [domain for domain in DOMAINS.values() if domain.type == DomainType.OBJECT_DETECTION]


@pytest.mark.parametrize("domain", DETECTORS, ids=lambda domain: domain.name)
def test_it_is_for_the_domains_that_are_not_compact(domain: Domain, d_fine: Path) -> None:
    dataset = Dataset(DatasetHeader(PRODUCTS_ON_SHELVES, PRODUCTS_ON_SHELVES, domain.id, None, TAGS), [])
    found = pretrained(Settings(large_detector=str(d_fine)), dataset, BRIEF)
    assert (found is None) == ("compact" in domain.name)
    assert pretrained(Settings(), dataset, BRIEF) is None


def test_an_interrupted_fine_tuning_goes_on_from_its_last_epoch(folders: dict[str, Path]) -> None:
    folder = folders[RT_DETR]
    examples = [example(seed) for seed in range(6)]

    def run(kept: Kept) -> TunedDetector | None:
        transformer = Transformer(str(folder), folder, len(TAGS), BRIEF, torch.device("cpu"))
        # Whatever it finds is better than what is to be beaten.
        return fine_tune(
            transformer, examples, np.array([0]), BRIEF_TUNING, -1, kept.checkpoint, lambda *_: None, lambda: 1e6
        )

    kept = Kept(interrupted_after=1)
    with pytest.raises(Interrupted):
        run(kept)
    tuned = run(kept)
    assert tuned
    assert len(tuned.found) == 1
    # One that was judged, and one on all images.
    assert kept.epochs == 2
