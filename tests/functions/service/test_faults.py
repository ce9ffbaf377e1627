"""Processes killed at the worst moment: after a restart everything ends right and nothing is lost."""

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from uuid import UUID, uuid4
from zipfile import ZipFile

import pytest
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import ImageFileCreateBatch, ImageFileCreateEntry
from azure.storage.blob import ContainerClient
from msrest.authentication import ApiKeyCredentials

from local.service import Options, Service, running
from shared.models.serving.batches import Batch, BatchStatus
from shared.models.serving.camera import Outcome
from shared.models.training.exports import ExportRecord, ExportStatus
from shared.operations.serving.batches import SHARE
from shared.settings import Settings
from shared.storage.account import blobs
from shared.storage.account.store import Store
from shared.storage.account.transport import SEND_SECONDS
from shared.storage.serving import batches, results
from shared.storage.training import exports, iterations
from shared.storage.workspace import catalog as stored
from tests.functions.flows import train, upload
from tests.functions.wire import ask
from tests.pictures import picture
from tests.storage.making import recount

# Together they take long enough to be cut off.
PACKED = ["TensorFlow", "OpenVino"]
# Three shares, which take seconds.
BLOBS = 2 * SHARE + 1


@pytest.fixture(scope="module")
def fragile(tmp_path_factory) -> Iterator[Service]:
    """A service of its own, that notices dead jobs soon."""
    options = Options(environment={"JOB_HEARTBEAT_SECONDS": "5", "JOB_START_SECONDS": "15"})
    with running(tmp_path_factory.mktemp("fragile"), options=options) as service:
        yield service


@pytest.fixture(scope="module")
def client(fragile) -> CustomVisionTrainingClient:
    credentials = ApiKeyCredentials(in_headers={"Training-key": fragile.training_key})
    client = CustomVisionTrainingClient(fragile.endpoint, credentials)
    client.config.retry_policy.retries = 0
    return client


@pytest.fixture
def catalog(fragile) -> Iterator[Store]:
    store = Store.open(Settings(storage_connection_string=fragile.connection_string))
    yield store
    store.close()


@pytest.fixture
def labelled(client) -> UUID:
    """A project of two tags with ten pictures each."""
    project = client.create_project(f"faults {uuid4()}", classification_type="Multiclass")
    for kind in ("apple", "leaf"):
        upload(client, project.id, kind, range(10))
    return UUID(str(project.id))


def job_of(catalog: Store, project_id: UUID, iteration_id: str) -> int:
    """The process id of the training job, once it has been launched."""
    while not (execution := iterations.get(catalog, project_id, UUID(str(iteration_id))).run.execution):
        time.sleep(0.02)
    return int(execution)


def test_a_killed_job_is_started_again(client, catalog, labelled, eventually):
    iteration = client.train_project(labelled)
    os.kill(job_of(catalog, labelled, iteration.id), signal.SIGKILL)
    eventually(lambda: client.get_iteration(labelled, iteration.id).status != "Training", 60)
    assert client.get_iteration(labelled, iteration.id).status == "Completed"
    assert iterations.get(catalog, labelled, UUID(str(iteration.id))).run.attempts == 1


def test_a_job_that_always_dies_fails_with_the_reason(client, catalog, labelled, eventually):
    """Takes as long as a silence of three jobs."""
    iteration = client.train_project(labelled)

    def ended() -> bool:
        run = iterations.get(catalog, labelled, UUID(str(iteration.id))).run
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(run.execution or 0) or 2**22, signal.SIGKILL)
        return client.get_iteration(labelled, iteration.id).status == "Failed"

    eventually(ended, 90, longest=0.05)
    assert "died" in client.get_iteration(labelled, iteration.id).training_error_details
    assert train(client, labelled).status == "Completed"


def test_azurite_killed_during_an_upload_batch(fragile, client, catalog, web):
    project = client.create_project("cut", classification_type="Multiclass")
    tag = client.create_tag(project.id, "apple")
    earlier = upload(client, project.id, "leaf", range(8))
    entries = [ImageFileCreateEntry(name=f"{seed}", contents=picture("apple", seed)) for seed in range(64)]
    batch = ImageFileCreateBatch(images=entries, tag_ids=[tag.id])
    with ThreadPoolExecutor(1) as pool:
        cut = pool.submit(client.create_images_from_files, project.id, batch)
        time.sleep(0.4)
        fragile.kill_azurite()
        fault = cut.exception()
        statuses = [] if fault else [image.status for image in cut.result().images]
    assert fault or "ErrorStorage" in statuses
    fragile.start_azurite()
    kept = client.get_images(project.id, tag_ids=[earlier.id])
    assert len([image for image in kept if len(web.get(image.original_image_uri)) > 1000]) == 8
    summary = client.create_images_from_files(project.id, batch)
    assert {image.status for image in summary.images} <= {"OK", "OKDuplicate"}
    assert client.get_tagged_image_count(project.id, tag_ids=[tag.id]) == 64
    assert stored.read(catalog, UUID(str(project.id))).images == 72
    recounted = recount(catalog, UUID(str(project.id)))
    assert (recounted.images, recounted.tagged) == (72, 72)


def test_whoever_no_longer_waits_knows_that_nothing_more_comes_of_the_call(fragile, client, labelled):
    [image] = client.get_images(labelled, take=1)
    path = f"/customvision/v3.3/training/projects/{labelled}/images/tags"
    marks = f"imageIds={image.id}&tagIds={image.tags[0].tag_id}"
    os.kill(fragile.azurite.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        reply = ask(fragile, "DELETE", f"{path}?{marks}", Training_Key=fragile.training_key, Prefer="wait=2")
        waited = time.monotonic() - began
    finally:
        os.kill(fragile.azurite.pid, signal.SIGCONT)
    assert reply.status == 503
    assert waited < SEND_SECONDS / 2
    assert client.get_images(labelled, take=1)[0].tags == image.tags


def test_the_host_killed_between_the_camera_steps_and_amid_exports_and_a_batch(
    fragile, client, catalog, labelled, eventually, web
):
    iteration = train(client, labelled)
    client.publish_iteration(labelled, iteration.id, "gate", "resource")

    def batch() -> Batch:
        return batches.get(catalog, labelled, labelled).batch

    names, data = [f"{labelled}/{number:03}.jpg" for number in range(BLOBS)], picture("apple", 1)
    list(catalog.threads.map(lambda name: blobs.write(catalog, "archives", name, data), names))
    begin_batch(fragile, labelled)
    with ContainerClient.from_connection_string(fragile.connection_string, "uploads") as uploads:
        for number in range(40):
            uploads.upload_blob(f"{labelled}/gate/{number}.jpg", picture("apple", 500 + number))
    for platform in PACKED:
        client.export_iteration(labelled, iteration.id, platform)
    eventually(lambda: any(record.attempts for record in cut_off(catalog, labelled, iteration.id)), longest=0.02)
    eventually(lambda: len(list(results.list_all(catalog, labelled))) > 3, longest=0.05)
    fragile.kill_host()
    assert batch().done < BLOBS
    assert len(list(results.list_all(catalog, labelled))) < 40
    assert any(record.attempts for record in cut_off(catalog, labelled, iteration.id))
    assert not any(exports.read_package(catalog, record) for record in cut_off(catalog, labelled, iteration.id))
    fragile.start_host()
    eventually(lambda: len(list(results.list_all(catalog, labelled))) == 40, 60)
    assert {result.outcome for result in results.list_all(catalog, labelled)} == {Outcome.RESULT}
    eventually(lambda: not cut_off(catalog, labelled, iteration.id), 60)
    done = client.get_exports(labelled, iteration.id)
    assert {(export.platform, export.status) for export in done} == {(platform, "Done") for platform in PACKED}
    assert [ZipFile(BytesIO(web.get(export.download_uri))).testzip() for export in done] == [None] * len(PACKED)
    eventually(lambda: batch().status == BatchStatus.COMPLETED, 60)
    assert sorted(blobs_in(catalog, batch())) == names
    assert (batch().done, batch().failed) == (BLOBS, 0)


def begin_batch(service: Service, project_id: UUID) -> None:
    """One whose id is the project's."""
    wanted = {"publishedName": "gate", "prefix": f"{project_id}/", "id": str(project_id)}
    path, body = f"/ocellus/v1/projects/{project_id}/batches", json.dumps(wanted).encode()
    assert ask(service, "POST", path, body, Training_Key=service.training_key).status == 202


def blobs_in(catalog: Store, batch: Batch) -> list[str]:
    """Of each row its blob."""
    parts = [blobs.read(catalog, "results", name) for name in blobs.names(catalog, "results", batch.results)]
    return [json.loads(line)["blob"] for part in parts if part for line in part.data.splitlines()]


def cut_off(catalog: Store, project_id: UUID, iteration_id: str) -> list[ExportRecord]:
    """The exports that are not over."""
    records = exports.list_all(catalog, project_id, UUID(str(iteration_id)))
    return [record for record in records if record.status == ExportStatus.EXPORTING]


def test_the_host_killed_while_a_job_trains(fragile, client, labelled, eventually):
    iteration = client.train_project(labelled)
    fragile.kill_host()
    fragile.start_host()
    eventually(lambda: client.get_iteration(labelled, iteration.id).status == "Completed", 60)
