"""Who did what that others depend on: what the running service leaves in the audit trail."""

from collections.abc import Callable
from io import BytesIO
from uuid import uuid4
from zipfile import ZipFile

import pytest

from functions.edge.operation import operations
from shared.access.keys import fingerprint
from shared.models.audit import AuditRecord
from shared.models.wire import now
from shared.storage.account import audit
from tests.functions.flows import refused, train, upload
from tests.importing.packages import classifier, zipped
from tests.pictures import picture

COMPACT = "0732100f-1a38-4e49-a514-c9b44c697ab5"
Trail = Callable[[str], list[AuditRecord]]


@pytest.fixture
def trail(storage) -> Trail:
    """The records of one project."""
    day = now().date()

    def of(project_id: str) -> list[AuditRecord]:
        return [
            record
            for each in sorted({day, now().date()})
            for record in audit.read(storage, each)
            if record.subject.get("projectId") == project_id
        ]

    return of


def stages(records: list[AuditRecord]) -> list[tuple[str, str]]:
    return [(record.operation, record.stage) for record in records]


def one_picture() -> bytes:
    """A data set: folders by tag."""
    out = BytesIO()
    with ZipFile(out, "w") as folders:
        folders.writestr("apple/1.jpg", picture("apple", 90))
    return out.getvalue()


def test_all_that_is_audited_is_recorded(training, service, trail, ask):
    project = training.create_project(f"audited {uuid4()}", domain_id=COMPACT, classification_type="Multiclass")
    tag = upload(training, project.id, "apple", range(5))
    spare = upload(training, project.id, "leaf", range(5))
    iteration = train(training, project.id)
    training.publish_iteration(project.id, iteration.id, "live", "resource")
    ask("PATCH", f"/ocellus/v1/projects/{project.id}/publishednames/live?tiles=1")
    feedback = b'{"lowest": 0.4, "highest": 0.7, "share": 0, "perDay": 5}'
    ask("PUT", f"/ocellus/v1/projects/{project.id}/publishednames/live/camerafeedback", feedback)
    batch = ask(
        "POST", f"/ocellus/v1/projects/{project.id}/batches", b'{"publishedName": "live", "prefix": "none/"}'
    ).body
    ask("POST", f"/ocellus/v1/projects/{project.id}/batches/{batch['id']}/cancel")
    training.unpublish_iteration(project.id, iteration.id)
    training.export_iteration(project.id, iteration.id, "ONNX")
    token = training.export_project(project.id).token
    image = training.get_untagged_images(project.id) or training.get_tagged_images(project.id)
    training.delete_images(project.id, image_ids=[image[0].id])
    training.delete_tag(project.id, spare.id)
    training.delete_prediction(project.id, [str(uuid4())])
    path = f"/customvision/v2.2/training/projects/{project.id}/iterations/{iteration.id}"
    ask("PATCH", path, b'{"name": "apples", "isDefault": false}')
    training.delete_iteration(project.id, iteration.id)
    training.import_project(token, name="copy")
    ask("POST", f"/ocellus/v1/projects/{project.id}/iterations/import", zipped(classifier(2), ["apple", "leaf"]))
    for end in ("import", "export?format=csv"):
        dataset = f"/ocellus/v1/projects/{project.id}/datasets/{uuid4()}"
        ask("POST", f"{dataset}/{end}", one_picture())
    ask("POST", f"{dataset}/stop")
    training.delete_project(project.id)
    found = trail(project.id)
    done = [
        "publish_iteration", "update_published_name", "set_camera_feedback", "start_batch", "cancel_batch",
        "unpublish_iteration", "export_iteration", "export_project", "delete_images", "delete_tag",
        "delete_prediction", "update_iteration", "delete_iteration", "import_iteration", "import_dataset",
        "export_dataset", "stop_dataset", "delete_project",
    ]  # fmt: skip
    assert stages(found) == [(name, stage) for name in done for stage in ("Begun", "Done")]
    assert set(done) | {"import_project"} == {operation.name for operation in operations if operation.audit}
    assert {record.actor for record in found} == {f"key {fingerprint(service.training_key)}"}
    assert found[0].subject == {
        "projectId": project.id, "iterationId": iteration.id, "publishName": "live", "predictionId": "resource",
        "overwrite": False,
    }  # fmt: skip
    assert found[5].subject == {
        "projectId": project.id, "publishedName": "live", "lowest": 0.4, "highest": 0.7, "share": 0, "perDay": 5,
    }  # fmt: skip
    assert found[17].subject["imageIds"] == [image[0].id]
    assert found[22].subject == {
        "projectId": project.id, "iterationId": iteration.id, "name": "apples", "isDefault": False
    }  # fmt: skip
    assert tag.id not in [record.subject.get("tagId") for record in found]


def test_an_import_is_recorded_without_its_token(training, project, storage):
    token = training.export_project(project.id).token
    name = f"copy {uuid4()}"
    training.import_project(token, name=name)
    [begun, done] = [record for record in audit.read(storage, now().date()) if record.subject.get("name") == name]
    assert (begun.operation, begun.subject, done.stage) == ("import_project", {"name": name}, "Done")


def test_what_is_refused_is_recorded_with_its_code(training, project, trail):
    with refused("NotFoundIteration"):
        training.publish_iteration(project.id, str(uuid4()), "live", "resource")
    [begun, ended] = trail(project.id)
    assert (begun.stage, ended.stage, ended.code) == ("Begun", "Refused", "NotFoundIteration")
    assert begun.id == ended.id


def test_a_record_says_where_the_call_came_from_and_which(ask, project, trail):
    reply = ask(
        "DELETE", f"/customvision/v3.3/training/projects/{project.id}", X_Forwarded_For="10.1.2.3:9, 20.4.5.6:7"
    )
    [begun, _] = trail(project.id)
    assert (begun.origin, str(begun.id)) == ("10.1.2.3:9, 20.4.5.6:7", reply.headers["apim-request-id"])


def test_what_is_not_admitted_leaves_no_record(ask, project, trail):
    path = f"/customvision/v3.3/training/projects/{project.id}"
    assert ask("DELETE", path, Training_Key="wrong").status == 401
    assert ask("GET", path).status == 200
    assert trail(project.id) == []
