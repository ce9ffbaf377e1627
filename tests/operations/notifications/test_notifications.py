"""A project's own container and queue: tested when they are given, and told of what ended; real ones, with SAS."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

import msgspec
import pytest
from azure.storage.blob import ContainerClient, ContainerSasPermissions, generate_container_sas
from azure.storage.queue import QueueClient, QueueSasPermissions, generate_queue_sas
from msgspec.structs import replace

from local.azurite import ACCOUNT
from shared import errors
from shared.models.messages.tasks import NotifyExport, NotifyTraining
from shared.models.training.exports import ExportRecord, ExportStatus
from shared.models.training.iterations import IterationStatus
from shared.models.wire import now
from shared.models.workspace.projects import Project, ProjectOptions, ProjectSettingsUpdate, ProjectUpdate
from shared.operations.notifications import destinations
from shared.operations.workspace import projects
from shared.storage.account import queues
from shared.storage.training import exports
from shared.storage.workspace import projects as stored_projects
from tests.operations.making import do


class Target(NamedTuple):
    """A customer's container and queue, and their addresses with a SAS."""

    container: ContainerClient
    container_uri: str
    queue: QueueClient
    queue_uri: str

    def messages(self) -> list[dict[str, object]]:
        return [msgspec.json.decode(message.content) for message in self.queue.receive_messages()]


@pytest.fixture(scope="module")
def target(azurite) -> Iterator[Target]:
    name, until = f"own-{uuid4()}", datetime.now(UTC) + timedelta(hours=1)
    with (
        ContainerClient.from_connection_string(azurite, name) as container,
        QueueClient.from_connection_string(azurite, name) as queue,
    ):
        container.create_container()
        queue.create_queue()
        key, writing = queue.credential.account_key, ContainerSasPermissions(create=True, write=True)
        blob_sas = generate_container_sas(ACCOUNT, name, account_key=key, permission=writing, expiry=until)
        adding = QueueSasPermissions(add=True)
        queue_sas = generate_queue_sas(ACCOUNT, name, key, permission=adding, expiry=until)
        yield Target(container, f"{container.url}?{blob_sas}", queue, f"{queue.url}?{queue_sas}")


def create(store, settings, container=None, queue=None, allow=True) -> Project:
    return projects.create_project(
        store,
        settings.limits,
        name="own storage",
        description=None,
        domain_id=None,
        classification_type=None,
        target_export_platforms=[],
        options=ProjectOptions(container, queue),
        allow_private_urls=allow,
    )


def exported(store, project, status=ExportStatus.DONE, flavor=None) -> NotifyExport:
    record = ExportRecord(uuid4(), project.id, uuid4(), "ONNX", flavor)
    exports.write_package(store, record, b"package")
    return NotifyExport(project.id, now(), record, status)


def test_create_project_writes_a_test_to_both(store, settings, target):
    project = create(store, settings, target.container_uri, target.queue_uri)
    assert target.container.get_blob_client(f"{project.id} - ConnectionTest").exists()
    content = {"projectId": str(project.id)}
    assert target.messages() == [{"type": "ConnectionTest", "Content": content, "version": "1.0"}]
    assert project.settings.notification_queue_uri == target.queue_uri


def test_a_training_is_told(store, settings, target):
    project, iteration_id = create(store, settings, queue=target.queue_uri), uuid4()
    target.messages()
    for status in (IterationStatus.COMPLETED, IterationStatus.FAILED):
        do(store, settings, NotifyTraining(project.id, now(), iteration_id, status))
    told = target.messages()
    assert [message["type"] for message in told] == ["Training", "Training"]
    assert [message["Content"] for message in told] == [
        {"projectId": str(project.id), "iterationId": str(iteration_id), "trainingStatus": status}
        for status in ("TrainingCompleted", "TrainingFailed")
    ]


def test_an_export_is_backed_up_and_told(store, settings, target):
    project = create(store, settings, target.container_uri, target.queue_uri)
    target.messages()
    task = exported(store, project)
    for _ in range(2):
        do(store, settings, task)
    blob = target.container.get_blob_client(f"{project.id} - {task.export.iteration_id}.ONNX")
    assert blob.download_blob().readall() == b"package"
    told = target.messages()
    assert told[0] == told[1]
    assert told[0]["Content"] == {
        "projectId": str(project.id),
        "iterationId": str(task.export.iteration_id),
        "exportStatus": "ExportCompleted",
        "modelUri": blob.url,
    }


def test_an_export_without_a_container_tells_where_to_load_it_down(store, settings, target, web):
    project = create(store, settings, queue=target.queue_uri)
    target.messages()
    do(store, settings, exported(store, project, flavor="ONNX12"))
    do(store, settings, exported(store, project, ExportStatus.FAILED))
    done, failed = (message["Content"] for message in target.messages())
    assert web.get(done["modelUri"]) == b"package"
    assert (failed["exportStatus"], "modelUri" in failed) == ("ExportFailed", False)


@pytest.mark.parametrize(
    "uri",
    [
        "https://ocellus.invalid/container?sig=x",
        "ftp://example.com/queue",
        "http://[::1",
        "no address",
        "http://user:word@127.0.0.1/queue",
    ],
)
def test_what_can_not_be_written_to_is_refused(store, settings, uri):
    before = len(projects.get_projects(store))
    with pytest.raises(errors.InvalidUri, match="exportModelContainerUri"):
        create(store, settings, container=uri)
    with pytest.raises(errors.InvalidUri, match="notificationQueueUri"):
        create(store, settings, queue=uri)
    assert len(projects.get_projects(store)) == before


def test_a_sas_that_may_not_write_is_refused(store, settings, target):
    for uri in (target.container.url, target.queue_uri.replace("sig=", "sig=A"), "http://127.0.0.1:9/gone?sig=x"):
        with pytest.raises(errors.InvalidUri):
            create(store, settings, uri, uri)


def test_private_addresses_are_refused_unless_the_settings_allow_them(store, settings, target):
    with pytest.raises(errors.InvalidUri, match="public internet"):
        create(store, settings, container=target.container_uri, allow=False)
    with pytest.raises(errors.InvalidUri):
        create(store, settings, queue="http://169.254.169.254/metadata")
    project = create(store, settings, queue=target.queue_uri)
    target.messages()
    strict = replace(settings, allow_private_urls=False)
    assert not destinations.notify(store, strict, NotifyTraining(project.id, now(), uuid4(), IterationStatus.FAILED))
    assert target.messages() == []


def test_update_project_tests_what_is_new_and_an_empty_one_clears_it(store, settings, target):
    def update(**changes) -> Project:
        change = ProjectUpdate(settings=ProjectSettingsUpdate(**changes))
        return projects.update_project(store, project.id, change, allow_private_urls=True)

    project = create(store, settings)
    target.messages()
    for _ in range(2):
        assert update(notification_queue_uri=target.queue_uri).settings.notification_queue_uri == target.queue_uri
    assert [message["type"] for message in target.messages()] == ["ConnectionTest"]
    with pytest.raises(errors.InvalidUri):
        update(notification_queue_uri="http://127.0.0.1:9/queue")
    assert projects.get_project(store, project.id).settings.notification_queue_uri == target.queue_uri
    assert update(notification_queue_uri="").settings.notification_queue_uri is msgspec.UNSET


def test_a_queue_that_is_gone_is_tried_again_and_given_up_after_a_day(store, settings, monkeypatch):
    gone = create(store, settings)
    stored_projects.update(
        store,
        gone.id,
        lambda project: replace(
            project, settings=replace(project.settings, notification_queue_uri="http://127.0.0.1:9/queue?sig=x")
        ),
    )
    sent: list[tuple[object, float]] = []
    monkeypatch.setattr(queues, "send", lambda store, task, delay=0.0: sent.append((task, delay)))
    task = NotifyTraining(gone.id, now(), uuid4(), IterationStatus.COMPLETED)
    do(store, settings, task)
    assert sent == [(task, destinations.RETRY_SECONDS)]
    do(store, settings, replace(task, since=now() - timedelta(days=2)))
    do(store, settings, replace(task, project_id=uuid4()))
    assert len(sent) == 1
