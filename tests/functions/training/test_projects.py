"""Projects through the SDK."""

import json
from uuid import uuid4

import pytest
from azure.cognitiveservices.vision.customvision.training.models import Project, ProjectSettings

from shared.storage.account import rows
from shared.storage.account.transactions import Change, transact
from shared.storage.workspace import projects
from tests.functions.flows import DETECTION, post, refused

COMPACT = "0732100f-1a38-4e49-a514-c9b44c697ab5"


def test_create_project_has_the_defaults_of_custom_vision(training):
    project = training.create_project("orchard")
    try:
        assert (project.name, project.description, project.status) == ("orchard", "", "Succeeded")
        assert project.settings.classification_type == "Multilabel"
        assert str(project.settings.domain_id) == "ee85a74c-405e-4adc-bb47-ffa8ca0c9f31"
        assert project.settings.use_negative_set is True
        assert project.settings.target_export_platforms == []
        assert set(project.settings.image_processing_settings.augmentation_methods) >= {"rotation", "padtosquare"}
        assert project.thumbnail_uri is None
        assert project.dr_mode_enabled is False
    finally:
        training.delete_project(project.id)


def test_create_project_takes_every_option(training):
    project = training.create_project(
        "all", description="d", domain_id=COMPACT, classification_type="multiclass", target_export_platforms=["ONNX"]
    )
    training.delete_project(project.id)
    assert project.description == "d"
    assert project.settings.classification_type == "Multiclass"
    assert project.settings.target_export_platforms == ["ONNX"]


def test_create_project_takes_the_id_that_programs_know(training, service, eventually):
    """Our own `newProjectId`: a project that moves in keeps its id. What a deleted one left is removed before."""
    id = str(uuid4())
    path = f"projects?name=moved&newProjectId={id}"
    assert post(service, path, None)[1]["id"] == id
    assert post(service, path, None)[1]["code"] == "BadRequestProjectDuplicated"
    training.create_tag(id, "left behind")
    training.delete_project(id)
    eventually(lambda: post(service, path, None)[0] == 200)
    assert training.get_tags(id) == []
    training.delete_project(id)


def test_create_project_for_detection_has_no_classification_type(training):
    project = training.create_project("boxes", domain_id=DETECTION)
    training.delete_project(project.id)
    assert project.settings.classification_type is None


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"name": "x" * 129}, "BadRequestProjectName"),
        ({"name": " "}, "BadRequestProjectName"),
        ({"name": "a", "description": "x" * 4097}, "BadRequestProjectDescription"),
        ({"name": "a", "domain_id": str(uuid4())}, "BadRequestProjectUnknownDomain"),
        ({"name": "a", "classification_type": "Both"}, "BadRequestProjectUnknownClassification"),
        ({"name": "a", "target_export_platforms": ["Abacus"]}, "BadRequestProjectUnsupportedExportPlatform"),
    ],
)
def test_create_project_refuses(training, arguments, code):
    with refused(code):
        training.create_project(**arguments)


def test_get_projects_lists_the_new_one_first(training, project):
    assert training.get_projects()[0].id == project.id


def test_get_project_refuses_an_unknown_id(training):
    with refused("NotFoundProject"):
        training.get_project(uuid4())


def changes(name: str, description: str, **settings: object) -> Project:
    """What the SDK sends to update a project; it insists on every field but these of the settings."""
    given = {"domain_id": None, "classification_type": None, "target_export_platforms": None, **settings}
    return Project(name=name, description=description, settings=ProjectSettings(**given))


def test_update_project_merges(training, project):
    settings = {"domain_id": COMPACT, "classification_type": "Multilabel", "target_export_platforms": ["CoreML"]}
    changed = training.update_project(project.id, changes("renamed", "new", **settings))
    assert (changed.name, changed.description) == ("renamed", "new")
    assert (str(changed.settings.domain_id), changed.settings.target_export_platforms) == (COMPACT, ["CoreML"])
    assert changed.settings.classification_type == "Multilabel"
    assert changed.settings.use_negative_set is True
    assert training.get_project(project.id) == changed


@pytest.mark.parametrize("domain_id", [None, DETECTION])
def test_update_project_takes_back_what_it_answered(training, domain_id):
    made = training.create_project("as it is", domain_id=domain_id)
    changed = training.update_project(made.id, made)
    training.delete_project(made.id)
    changed.last_modified = made.last_modified
    assert changed == made


@pytest.mark.parametrize("version", ["v3.0", "v3.2", "v3.3", "v3.4-preview"])
def test_update_project_takes_what_every_sdk_sends_back(ask, version):
    """Python's 1.0.0 to 3.1.1 and .NET's alike: no field that is read-only, nor one that is null."""
    path = f"/customvision/{version}/training/projects"
    made = ask("POST", f"{path}?name=old%20client").body
    assert made["description"] == ""
    sent = {name: made[name] for name in ("name", "description", "status")}
    names = ("domainId", "classificationType", "targetExportPlatforms", "imageProcessingSettings")
    sent["settings"] = {name: made["settings"][name] for name in names}
    headers = {"Content_Type": "application/json; charset=utf-8"}
    reply = ask("PATCH", f"{path}/{made['id']}", json.dumps(sent).encode(), **headers)
    ask("DELETE", f"{path}/{made['id']}")
    assert (reply.status, reply.body) == (200, made | {"lastModified": reply.body["lastModified"]})


def test_a_project_from_before_descriptions_were_texts_has_one(storage, training, project):
    row = rows.read(storage.catalog, projects.PARTITION, project.id)
    assert row
    assert '"description":""' in row.doc
    null = row.doc.replace('"description":""', '"description":null')
    transact(storage.catalog, projects.PARTITION, [Change("replace", project.id, null)])
    assert training.get_project(project.id).description == ""


def test_update_project_refuses_to_turn_a_classifier_into_a_detector(training, project):
    settings = {"domain_id": DETECTION, "classification_type": "", "target_export_platforms": []}
    with refused("BadRequestProjectUnsupportedDomainTypeChange"):
        training.update_project(project.id, changes("a", "b", **settings))


def test_delete_project(training):
    project = training.create_project("short")
    training.delete_project(project.id)
    with refused("NotFoundProject"):
        training.get_project(project.id)
    with refused("NotFoundProject"):
        training.create_tag(project.id, "late")
    assert project.id not in [other.id for other in training.get_projects()]
