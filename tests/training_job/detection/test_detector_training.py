"""A detector's training job on real storage: what it leaves behind, and that it can be killed and run again."""

import logging
import re
import signal
import subprocess
import sys

import msgspec
import pytest

from shared.models.messages.jobs import TrainJob
from shared.models.training.evaluations import Evaluation
from shared.models.training.iterations import IterationStatus, TrainingType
from shared.models.training.model_spec import ModelSpec
from shared.models.workspace.domains import DomainType
from shared.prediction.model import Model
from shared.settings import ROOT, Settings
from shared.storage.account import blobs
from shared.storage.account.store import Store
from shared.storage.training import datasets
from tests.training_job.detection.jobs import BRIEF, BRIEF_TUNING, files_of, prepared
from tests.training_job.detection.scenes import SHAPES, rendered
from tests.training_job.jobs import environment, record_of, train
from training_job.detection import detector_recipe


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detector_recipe, "RECIPE", BRIEF)
    monkeypatch.setattr(detector_recipe, "TUNING", BRIEF_TUNING)


@pytest.mark.usefixtures("brief")
def test_a_job_leaves_a_detector_its_description_and_its_results(store: Store) -> None:
    of = prepared(store)
    train(store, of)
    iteration = record_of(store, of).iteration
    assert (iteration.status, iteration.training_error_details) == (IterationStatus.COMPLETED, None)
    assert files_of(store, of) == {
        *("dataset.columns", "dataset.jsonl", "model.json", "model.onnx", "performance.columns", "performance.json")
    }

    ids = of.project_id, of.iteration_id
    graph, description, performance = (
        blobs.model_read(store, *ids, name) for name in ("model.onnx", "model.json", "performance.json")
    )
    spec = msgspec.json.decode(description, type=ModelSpec)
    assert (spec.domain_type, spec.classification_type) == (DomainType.OBJECT_DETECTION, None)
    assert spec.architecture == "efficientnet-lite0-160-detector"
    assert [tag.name for tag in spec.tags] == list(SHAPES)
    results = msgspec.json.decode(performance, type=Evaluation)
    dataset = datasets.read(store, *ids)
    assert dataset
    images = {image.id: image for image in dataset.images}
    assert 0 < len(results.images) < 6
    for image in results.images:
        assert image.regions == images[image.id].regions
        assert set(image.tags) == {region.tag_id for region in image.regions}
        assert image.probabilities == []
        assert all(0 <= box.left <= box.left + box.width <= 1.000001 for box in image.boxes)
    Model.load(graph, description).predict(rendered(77)[0])


RUN_BRIEFLY = """
import sys
from training_job.detection import detector_recipe
from tests.training_job.detection.jobs import BRIEF, BRIEF_TUNING
detector_recipe.RECIPE, detector_recipe.TUNING = BRIEF, BRIEF_TUNING
from training_job.__main__ import main
code = main()
assert "torch._dynamo" not in sys.modules, "it loaded torch's compiler, which takes longer than all else that it loads"
sys.exit(code)
"""


def test_a_killed_job_loses_no_more_than_an_epoch(store: Store, settings: Settings) -> None:
    of = prepared(store)
    before, after = killed_and_started_again(store, settings, of, r"Epoch (\d+) of 16 is done", until=8)
    # The epoch that was under way is begun anew; one that was done a moment before the end may not have been heard of.
    assert before == list(range(1, 9))
    assert after in (list(range(9, 17)), list(range(10, 17)))


def test_a_killed_advanced_job_loses_no_more_than_an_epoch(store: Store, settings: Settings) -> None:
    """Takes as long as two processes load torch and fine-tune."""
    of = prepared(store, kind=TrainingType.ADVANCED)
    before, after = killed_and_started_again(store, settings, of, r"Epoch (\d+) of fine-tuning is done", until=1)
    assert before == [1]
    assert after in ([2, 3], [3])


def killed_and_started_again(
    store: Store, settings: Settings, of: TrainJob, pattern: str, until: int
) -> tuple[list[int], list[int]]:
    """The numbers of the epochs that were done before and after."""
    with started(of, settings) as first:
        before = epochs_done(first, pattern, until)
        first.send_signal(signal.SIGKILL)
    assert record_of(store, of).iteration.status == IterationStatus.TRAINING
    assert "checkpoint.pt" in files_of(store, of)
    with started(of, settings) as second:
        after = epochs_done(second, pattern)
    assert second.returncode == 0
    assert record_of(store, of).iteration.status == IterationStatus.COMPLETED
    assert {"checkpoint.pt", "tuning.pt"}.isdisjoint(files_of(store, of))
    return before, after


@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize("spent", [False, True], ids=["in its budget", "with its budget spent"])
def test_an_advanced_job_fine_tunes_within_its_budget(
    store: Store, spent: bool, caplog: pytest.LogCaptureFixture
) -> None:
    of = prepared(store, kind=TrainingType.ADVANCED, age=61 if spent else 0)
    with caplog.at_level(logging.INFO, "training_job"):
        train(store, of)
    iteration = record_of(store, of).iteration
    assert (iteration.status, iteration.training_type) == (IterationStatus.COMPLETED, TrainingType.ADVANCED)
    assert (iteration.training_time_in_minutes > 60) == spent
    assert ("of fine-tuning is done" in caplog.text) != spent


def started(of: TrainJob, settings: Settings) -> subprocess.Popen[str]:
    of_one_thread = environment(of, settings) | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", RUN_BRIEFLY]
    return subprocess.Popen(command, cwd=ROOT, env=of_one_thread, stderr=subprocess.PIPE, text=True)


def epochs_done(process: subprocess.Popen[str], pattern: str, until: int = 0) -> list[int]:
    """The numbers of the epochs whose end its log tells, up to that one or to the end of the process."""
    done: list[int] = []
    assert process.stderr
    for line in process.stderr:
        if found := re.search(pattern, line):
            done.append(int(found[1]))
            if done[-1] == until:
                return done
    process.wait()
    return done
