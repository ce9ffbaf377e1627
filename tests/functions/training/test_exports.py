"""Exports and artifacts through the SDK: from a compact project's training to a package that predicts."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote, urlencode, urlsplit
from uuid import UUID, uuid4
from zipfile import ZipFile

import msgspec
import numpy as np
import onnxruntime
import pytest
from azure.cognitiveservices.vision.customvision.training.models import Export
from azure.storage.blob import (
    AccountSasPermissions,
    BlobServiceClient,
    ContainerClient,
    ResourceTypes,
    Services,
    generate_account_sas,
)
from azure.storage.queue import QueueClient
from msgspec.structs import replace
from msrest.exceptions import HttpOperationError

from local.azurite import ACCOUNT
from shared.imaging.resize import model_input
from shared.models.messages.notifications import Notification
from shared.models.training.exports import PACKAGE
from shared.models.training.preprocessing import Preprocessing
from shared.packages.platforms import offered
from shared.storage.training import exports as stored_exports
from tests.functions.flows import post, refused, train, upload
from tests.pictures import picture
from tests.prediction.small import put_small

COMPACT = "0732100f-1a38-4e49-a514-c9b44c697ab5"
OFFERED = [(platform, flavor) for platform, flavors in offered().items() for flavor in flavors]


@pytest.fixture(scope="module")
def compact(training):
    """A trained project of the compact domain."""
    project = training.create_project(f"compact {uuid4()}", domain_id=COMPACT, classification_type="Multiclass")
    for kind in ("apple", "leaf"):
        upload(training, project.id, kind, range(5))
    return SimpleNamespace(project=project, iteration=train(training, project.id))


@pytest.fixture
def exported(training, compact, eventually):
    """Waits for the end of an export."""

    def wait(flavor=None) -> Export:
        def found() -> Export:
            exports = training.get_exports(compact.project.id, compact.iteration.id)
            return next(export for export in exports if export.flavor == flavor)

        eventually(lambda: found().status != "Exporting", 60)
        return found()

    return wait


@pytest.fixture(scope="module")
def package(training, compact):
    export = training.export_iteration(compact.project.id, compact.iteration.id, "ONNX")
    assert (export.platform, export.status, export.download_uri, export.flavor) == ("ONNX", "Exporting", None, None)
    return export


def test_export_iteration_to_a_package_that_predicts_the_same(training, compact, package, exported, web):
    done = exported()
    assert (done.status, done.newer_version_available) == ("Done", False)
    assert urlsplit(done.download_uri).path.endswith(f"/{compact.iteration.id}.ONNX.zip")
    files = ZipFile(BytesIO(web.get(done.download_uri)))
    session = onnxruntime.InferenceSession(files.read("model.onnx"))
    (given,) = session.get_inputs()
    labels = files.read("labels.txt").decode().split("\n")
    data = picture("leaf", 77)
    pixels = model_input(data, Preprocessing(given.shape[3], given.shape[2]))
    found = dict(zip(labels, session.run(None, {given.name: pixels})[0][0].tolist(), strict=True))
    served = training.quick_test_image(compact.project.id, data, iteration_id=compact.iteration.id, store=False)
    assert found == {tag.tag_name: pytest.approx(tag.probability, abs=1e-6) for tag in served.predictions}
    assert np.isclose(sum(found.values()), 1)
    assert json.loads(files.read("cvexport.manifest"))["IterationId"] == compact.iteration.id


def test_export_iteration_takes_names_in_any_case_and_once_each(training, compact, exported):
    export = training.export_iteration(compact.project.id, compact.iteration.id, "onnx", flavor="onnx12")
    assert (export.platform, export.flavor) == ("ONNX", "ONNX12")
    assert exported("ONNX12").status == "Done"
    with refused("BadRequestExportAlreadyInProgress", f"{compact.iteration.id} is already queued for export"):
        training.export_iteration(compact.project.id, compact.iteration.id, "ONNX", flavor="ONNX12")


def test_export_iteration_refuses_what_is_not_there(training, compact, trained):
    for platform, flavor, message in (
        ("Abacus", None, "there is CoreML, "),
        ("VAIDK", None, "flavor TensorFlowLite"),
        ("DockerFile", None, "there is Linux, "),
        ("ONNX", "ONNX13", "leave it out, or choose from ONNX10, "),
        ("ONNX", "x" * 1000, f"'{'x' * 80}'"),
    ):
        with refused("BadRequestExportValidationFailed", message):
            training.export_iteration(compact.project.id, compact.iteration.id, platform, flavor=flavor)
    with refused("BadRequestExportWhileTraining"):
        under_way = training.train_project(compact.project.id, force_train=True)
        training.export_iteration(compact.project.id, under_way.id, "ONNX")


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        (COMPACT, "General (compact)"),
        ("da2e3a8a-40a5-4171-82f4-58522f70fbc1", "General"),
        ("a27d5ca5-bb19-49d8-a70a-fec086c47f5b", "General (compact)"),
    ],
    ids=["classifier", "detector", "grid"],
)
def test_export_iteration_to_all_that_is_offered(service, training, storage, web, eventually, domain, name):
    iteration = put_small(storage, UUID(training.create_project(name, domain_id=domain).id), UUID(domain))
    ids = str(iteration.project_id), str(iteration.id)
    for platform, flavor in OFFERED:
        export = training.export_iteration(*ids, platform.lower(), flavor=flavor and flavor.upper())
        assert (export.platform, export.flavor) == (platform, flavor)
    eventually(lambda: all(export.status == "Done" for export in training.get_exports(*ids)), 60)
    done = training.get_exports(*ids)
    assert sorted((export.platform, str(export.flavor)) for export in done) == sorted(
        (platform, str(flavor)) for platform, flavor in OFFERED
    )
    for export in done:
        check_package(export, ZipFile(BytesIO(web.get(export.download_uri))))
    loaded = Path(f"/proc/{service.host_pid}/maps").read_text()
    assert "onnxruntime" in loaded
    assert "libtorch" not in loaded


def check_package(export: Export, files: ZipFile) -> None:
    """The manifest tells of the files what is so."""
    manifest = json.loads(files.read("cvexport.manifest"))
    normal = "TensorFlowNormal" if export.platform == "TensorFlow" else None
    assert (manifest["Platform"], manifest["Flavor"]) == (export.platform, export.flavor or normal)
    model = files.read(manifest["ModelFileName"])
    assert manifest["ModelFileSHA1"] == hashlib.sha1(model).hexdigest()
    if manifest["LabelFileName"] or manifest["DomainType"] == "ObjectDetection" or export.platform != "CoreML":
        assert files.read(manifest["LabelFileName"]) == b"red\ngreen\nblue"
    assert "LICENSE" in files.namelist()


def test_an_older_export_says_so_and_can_be_repeated(training, storage, compact, package, exported):
    exported()
    project_id, iteration_id = UUID(compact.project.id), UUID(compact.iteration.id)
    record = stored_exports.get(storage, project_id, iteration_id, "ONNX", None)
    assert record
    stored_exports.update(storage, record, lambda held: replace(held, package=PACKAGE - 1))
    assert exported().newer_version_available
    again = training.export_iteration(compact.project.id, compact.iteration.id, "ONNX")
    assert (again.status, again.newer_version_available) == ("Exporting", False)
    assert exported().status == "Done"


def test_get_exports(training, compact, trained):
    assert training.get_exports(trained.project.id, trained.iteration.id) == []
    with refused("NotFoundIteration"):
        training.get_exports(trained.project.id, uuid4())


def test_an_iteration_says_where_it_can_be_exported_to(training, compact, trained):
    platforms = training.get_domain(COMPACT).exportable_platforms
    assert {"CoreML", "TensorFlow", "DockerFile", "ONNX"} <= set(platforms)
    for iteration in (compact.iteration, trained.iteration):
        assert (iteration.exportable, iteration.exportable_to) == (True, platforms)


def artifact(training, project_id, path) -> bytes:
    return b"".join(training.get_artifact(project_id, path))


def test_get_artifact_reads_what_images_and_exports_carry(training, compact, package, exported, web):
    image = training.get_tagged_images(compact.project.id)[0]
    for uri in (image.original_image_uri, image.resized_image_uri, image.thumbnail_uri, exported().download_uri):
        address = urlsplit(uri)
        relative = address.path.removeprefix("/devstoreaccount1")
        expected = web.get(uri)
        for path in (uri, uri.partition("?")[0], relative, f"{relative[1:]}?{address.query}"):
            assert artifact(training, compact.project.id, path) == expected


def test_get_artifact_refuses_all_else(training, compact, trained):
    own, other = compact.project.id, trained.project.id
    image = training.get_tagged_images(other)[0].original_image_uri
    for path in (
        image,
        image.replace(f"/{other}/", f"/{own}/../{other}/"),
        image.replace(f"/{other}/", f"/{own}/%2E%2E/{other}/"),
        image.replace("127.0.0.1", "localhost"),
        f"models/{own}/{compact.iteration.id}/model.onnx",
        f"predictions/{own}/{compact.iteration.id}/{uuid4()}",
        f"exports/{own}/project-import/state.json",
        f"images/{own}",
        f"images/{own}/",
        f"images//{own}/x",
        f"images/{own}/..\\{other}/x",
        "images",
        "https://example.com/images",
        quote(f"images/{own}/x\n"),
    ):
        with pytest.raises(HttpOperationError) as caught:
            training.get_artifact(own, path)
        assert caught.value.response.status_code == 400, path
        assert caught.value.response.json()["code"] == "BadRequestInvalidArtifactUri", path
    for project_id, code in ((own, "NotFound"), (uuid4(), "NotFoundProject")):
        with pytest.raises(HttpOperationError) as caught:
            training.get_artifact(project_id, f"images/{project_id}/{uuid4()}/original")
        assert (caught.value.response.status_code, caught.value.response.json()["code"]) == (404, code)


def test_a_projects_own_storage_is_told_and_gets_the_package(service, training, eventually):
    name = f"own-{uuid4()}"
    with (
        ContainerClient.from_connection_string(service.connection_string, name) as container,
        QueueClient.from_connection_string(service.connection_string, name) as queue,
    ):
        container.create_container()
        queue.create_queue()
        project = training.create_project(
            name,
            domain_id=COMPACT,
            classification_type="Multiclass",
            export_model_container_uri=signed(container),
            notification_queue_uri=signed(queue),
        )
        for kind in ("apple", "leaf"):
            upload(training, project.id, kind, range(5))
        iteration = train(training, project.id, notification_email_address="a@example.com")
        training.export_iteration(project.id, iteration.id, "ONNX")
        told: list[Notification] = []

        def all_told() -> bool:
            told.extend(msgspec.json.decode(message.content, type=Notification) for message in queue.receive_messages())
            return len(told) >= 3

        eventually(all_told, 60)
        assert [message.type for message in told] == ["ConnectionTest", "Training", "Export"]
        assert told[1].content.training_status == "TrainingCompleted"
        backup = container.get_blob_client(f"{project.id} - {iteration.id}.ONNX")
        assert told[2].content.model_uri == backup.url
        assert "model.onnx" in ZipFile(BytesIO(backup.download_blob().readall())).namelist()
    training.delete_iteration(project.id, iteration.id)
    with BlobServiceClient.from_connection_string(service.connection_string) as blobs:
        assert not list(blobs.get_container_client("exports").list_blobs(f"{project.id}/"))


def signed(client: ContainerClient | QueueClient) -> str:
    """Its address with a SAS that may write."""
    sas = generate_account_sas(
        ACCOUNT,
        client.credential.account_key,
        ResourceTypes(object=True),
        AccountSasPermissions(write=True, create=True, add=True),
        datetime.now(UTC) + timedelta(hours=1),
        services=Services(blob=True, queue=True),
    )
    return f"{client.url}?{sas}"


def test_create_project_takes_its_own_storage_as_query_parameters_too(service):
    name = f"own-{uuid4()}"
    with QueueClient.from_connection_string(service.connection_string, name) as queue:
        queue.create_queue()
        uri = signed(queue)
        status, project = post(service, f"projects?{urlencode({'name': name, 'notificationQueueUri': uri})}", {})
        assert (status, project["settings"]["notificationQueueUri"]) == (200, uri)
        assert len(list(queue.receive_messages())) == 1


def test_create_project_refuses_storage_that_does_not_take_a_test(training):
    with refused("BadRequestInvalidUri", "notificationQueueUri"):
        training.create_project("deaf", notification_queue_uri="http://127.0.0.1:9/queue?sig=x")
