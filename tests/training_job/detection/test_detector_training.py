"""A detector's training job on real storage: what it leaves behind, and that it can be killed and run again."""

import logging
import re
import signal
import subprocess
import sys
from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import pytest
from msgspec.structs import replace

from shared.imaging.resize import copies
from shared.models.domains import DomainType
from shared.models.images import ImageRecord, RegionMark, TagMark, new_image_id, new_region_id
from shared.models.iterations import Iteration, IterationRecord, IterationStatus, TrainingRun, TrainingType
from shared.models.projects import Project, ProjectSettings
from shared.models.tags import Tag
from shared.models.training import DatasetHeader, Evaluation, ModelSpec
from shared.models.wire import now
from shared.prediction.model import Model
from shared.settings import ROOT, JobSettings, Settings, child_environment
from shared.storage.account import blobs
from shared.storage.account.store import Store
from shared.storage.training import datasets, iterations
from shared.storage.workspace import projects
from tests.training_job.detection.scenes import SHAPES, rendered
from training_job import training
from training_job.detection import detector_recipe
from training_job.detection.detector_recipe import RECIPE, TUNING

DOMAIN = UUID("7ec2ac80-887b-48a6-8df9-8b1357765430")
TAGS = [Tag(UUID(int=number), shape, None) for number, shape in enumerate(SHAPES, 1)]
# 16 epochs, each of a moment.
BRIEF = replace(RECIPE.quick(), width=16, views_each=1, seen=16 * 12)
BRIEF_TUNING = replace(TUNING, epochs=4, least_views=12)


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detector_recipe, "RECIPE", BRIEF)
    monkeypatch.setattr(detector_recipe, "TUNING", BRIEF_TUNING)


def prepared(
    store: Store,
    images: int = 12,
    kind: TrainingType = TrainingType.REGULAR,
    age: int = 0,
    domain: UUID = DOMAIN,
) -> JobSettings:
    """A project with an iteration in training, asked for `age` minutes ago, whose dataset is frozen; the settings of
    its job.
    """
    time, project_id, iteration_id = now() - timedelta(minutes=age), uuid4(), uuid4()
    projects.insert(store, Project(project_id, str(project_id), None, ProjectSettings(domain, None), time, time))
    header = DatasetHeader(project_id, iteration_id, domain, None, TAGS)
    datasets.write(store, header, [stored(store, project_id, seed) for seed in range(images)])
    status = IterationStatus.TRAINING
    iteration = Iteration(iteration_id, "Iteration 1", status, time, time, project_id, True, domain, None, kind)
    iterations.lock_training(store, project_id, iteration_id)
    iterations.insert(store, IterationRecord(iteration, TrainingRun(1, started=time)))
    return JobSettings(job_project_id=project_id, job_iteration_id=iteration_id)


def stored(store: Store, project_id: UUID, seed: int) -> ImageRecord:
    """Every sixth image is background: its shapes go unnamed."""
    (data, boxes, tags), image_id, time = rendered(seed), new_image_id(), now()
    blobs.put_picture(store, project_id, image_id, "resized", copies(data).resized, "image/jpeg")
    corners = [] if seed % 6 == 5 else zip(boxes.tolist(), tags.tolist(), strict=True)
    regions = [
        RegionMark(new_region_id(image_id), TAGS[tag].id, time, left, top, right - left, bottom - top)
        for (left, top, right, bottom), tag in corners
    ]
    marks = [TagMark(tag, time) for tag in {region.tag_id for region in regions}]
    return ImageRecord(image_id, time, 200, 150, str(seed), marks, regions)


def record_of(store: Store, of: JobSettings) -> IterationRecord:
    return iterations.get(store, of.job_project_id, of.job_iteration_id)


def files_of(store: Store, of: JobSettings) -> set[str]:
    prefix = f"{of.job_project_id}/{of.job_iteration_id}/"
    return {name.removeprefix(prefix) for name in blobs.names(store, "models", prefix)}


@pytest.mark.usefixtures("brief")
def test_a_job_leaves_a_detector_its_description_and_its_results(store: Store) -> None:
    of = prepared(store)
    training.run(store, of)
    iteration = record_of(store, of).iteration
    assert (iteration.status, iteration.training_error_details) == (IterationStatus.COMPLETED, None)
    assert files_of(store, of) == {
        *("dataset.index", "dataset.jsonl", "model.json", "model.onnx", "performance.index", "performance.json")
    }

    ids = of.job_project_id, of.job_iteration_id
    graph, description, performance = (
        blobs.model_read(store, *ids, name) for name in ("model.onnx", "model.json", "performance.json")
    )
    spec = msgspec.json.decode(description, type=ModelSpec)
    assert (spec.domain_type, spec.classification_type) == (DomainType.OBJECT_DETECTION, None)
    assert spec.architecture == "efficientnet-lite0-320-detector"
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
from tests.training_job.detection.test_detector_training import BRIEF, BRIEF_TUNING
detector_recipe.RECIPE, detector_recipe.TUNING = BRIEF, BRIEF_TUNING
from training_job.__main__ import main
sys.exit(main())
"""


def test_a_killed_job_loses_no_more_than_an_epoch(store: Store, settings: Settings) -> None:
    of = prepared(store)
    before, after = killed_and_started_again(store, settings, of, r"Epoch (\d+) of 16 is done", until=8)
    # The epoch that was under way is begun anew; one that was done a moment before the end may not have been heard of.
    assert before == list(range(1, 9))
    assert after in (list(range(9, 17)), list(range(10, 17)))


def test_a_killed_advanced_job_loses_no_more_than_an_epoch(store: Store, settings: Settings) -> None:
    of = prepared(store, kind=TrainingType.ADVANCED)
    before, after = killed_and_started_again(store, settings, of, r"Epoch (\d+) of fine-tuning is done", until=2)
    assert before == [1, 2]
    assert after in ([3, 4], [4])


def killed_and_started_again(
    store: Store, settings: Settings, of: JobSettings, pattern: str, until: int
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
        training.run(store, of)
    iteration = record_of(store, of).iteration
    assert (iteration.status, iteration.training_type) == (IterationStatus.COMPLETED, TrainingType.ADVANCED)
    assert (iteration.training_time_in_minutes > 60) == spent
    assert ("of fine-tuning is done" in caplog.text) != spent


def started(of: JobSettings, settings: Settings) -> subprocess.Popen[str]:
    environment = child_environment(
        STORAGE_CONNECTION_STRING=settings.storage_connection_string,
        JOB_PROJECT_ID=str(of.job_project_id),
        JOB_ITERATION_ID=str(of.job_iteration_id),
        OMP_NUM_THREADS="1",
    )
    command = [sys.executable, "-c", RUN_BRIEFLY]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)


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
