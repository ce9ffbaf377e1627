"""Exports and imports of projects step by step, on storage alone: what hostile exports and cut off steps end as."""

import urllib.error
import urllib.request
from datetime import timedelta
from functools import partial
from uuid import uuid4

import msgspec
import pytest
from msgspec.structs import replace

from shared import errors
from shared.models.limits import Limits
from shared.models.messages.tasks import ReadImport, WriteExport
from shared.models.training.evaluations import Evaluation
from shared.models.training.iterations import IterationStatus, TrainingParameters, TrainingType
from shared.models.training.model_spec import ModelSpec
from shared.models.wire import now
from shared.models.workspace.images import RegionMark, TagMark, new_region_id
from shared.models.workspace.projects import ProjectStatus, ProjectUpdate
from shared.operations.training import train
from shared.operations.transfer import project_export, project_import
from shared.operations.transfer.exported import renamed
from shared.operations.workspace import images, metadata, projects, tags, uploads
from shared.storage.account import blobs, queues
from shared.storage.training import datasets
from shared.storage.training import iterations as stored_iterations
from shared.storage.workspace import catalog, transfers
from shared.storage.workspace import images as stored_images
from shared.storage.workspace import projects as stored_projects
from shared.storage.workspace import tags as stored_tags
from tests.operations.making import DETECTION, create_images, do, record_of, tag_of
from tests.operations.transfers import begin, imported, marked, records, step, steps
from tests.prediction.graphs import make_graph
from tests.storage.making import assert_consistent, delete_image


@pytest.mark.parametrize("times", [1, 2])
def test_an_import_has_all_of_an_export_in_parts(store, settings, project_id, exported, monkeypatch, times):
    monkeypatch.setattr(project_export, "PART", 2)
    token = project_export.export_project(store, project_id).token
    project = imported(store, settings, token, times)
    assert project.status == ProjectStatus.SUCCEEDED
    originals, copies = records(store, project_id), records(store, project.id)
    assert [(r.id, r.created, r.sha256, r.metadata, r.width) for r in copies] == [
        (r.id, r.created, r.sha256, r.metadata, r.width) for r in originals
    ]
    names = [{t.id: t.name for t in stored_tags.list_all(store, id)} for id in (project_id, project.id)]
    assert list(names[0].values()) == list(names[1].values()) == ["apple", "leaf"]
    assert not names[0].keys() & names[1].keys()
    assert [[names[1][tag] for tag in r.tag_ids] for r in copies] == [
        [names[0][tag] for tag in r.tag_ids] for r in originals
    ]
    assert_consistent(store, project.id)
    for kind in blobs.KINDS:
        for record in originals:
            assert blobs.picture(store, project.id, record.id, kind) == blobs.picture(
                store, project_id, record.id, kind
            )
    assert not list(blobs.names(store, "exports", f"{project.id}/"))


def test_what_is_beyond_the_first_parts_is_exported_by_upkeep(store, settings, project_id, exported, monkeypatch):
    monkeypatch.setattr(project_export, "PART", 2)
    monkeypatch.setattr(project_export, "PARTS_AT_ONCE", 1)
    sent = []
    monkeypatch.setattr(queues, "send", lambda store, message, delay=0: sent.append(message))
    token = project_export.export_project(store, project_id).token
    first = begin(store, settings, token)
    second = step(store, settings, first)
    assert project_import.read_import(store, settings, second) is None
    assert sent == [WriteExport(project_id, sent[0].export_id, 0, 1, sent[0].after), first, replace(second, waits=1)]
    task: WriteExport | None = sent[0]
    while task:
        task = project_export.write_part(store, task)
    steps(store, settings, sent[-1])
    assert catalog.read(store, first.project_id).images == 5


def test_a_step_that_was_cut_off_is_repeated(store, settings, exported, monkeypatch):
    project = project_import.import_project(store, settings, token=exported, name=None)
    for broken in ("insert_many", "get_many"):
        with monkeypatch.context() as patched:
            patched.setattr(stored_images, broken, lambda *_: (_ for _ in ()).throw(errors.ServiceUnavailable("away")))
            with pytest.raises(errors.ServiceUnavailable):
                project_import.read_import(store, settings, ReadImport(project.id))
    steps(store, settings, ReadImport(project.id))
    assert stored_projects.get(store, project.id).status == ProjectStatus.SUCCEEDED
    assert_consistent(store, project.id)


def test_an_image_with_many_tags_is_imported_again_after_an_answer_was_lost(
    store, settings, project_id, exported, monkeypatch
):
    many = [tag_of(store, project_id, f"tag {number}").id for number in range(40)]
    image_id = records(store, project_id)[0].id
    stored_images.update(store, project_id, image_id, partial(marked, many))
    first = begin(store, settings, project_export.export_project(store, project_id).token)
    insert_many = stored_images.insert_many

    def lost(*args):
        insert_many(*args)
        raise errors.ServiceUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(stored_images, "insert_many", lost)
        with pytest.raises(errors.ServiceUnavailable):
            project_import.read_import(store, settings, first)
    steps(store, settings, first)
    assert len(stored_images.get(store, first.project_id, image_id).tags) == 40
    assert_consistent(store, first.project_id)


def test_a_project_can_not_be_changed_while_it_is_imported(store, settings, exported):
    project = project_import.import_project(store, settings, token=exported, name=None)
    following = step(store, settings, ReadImport(project.id))
    image, tag = records(store, project.id)[0], stored_tags.list_all(store, project.id)[0]
    for change in (
        lambda: tag_of(store, project.id, "new"),
        lambda: tags.delete_tag(store, project.id, tag.id),
        lambda: images.delete_images(store, project.id, [image.id], all_images=False, all_iterations=False),
        lambda: images.delete_image_tags(store, project.id, [image.id], [tag.id]),
        lambda: uploads.create_images_from_data(store, settings, project.id, [], []),
        lambda: metadata.update_image_metadata(store, settings.limits, project.id, [image.id], {"a": "b"}),
        lambda: projects.update_project(store, project.id, ProjectUpdate(name="other")),
        lambda: train.train_project(
            store,
            settings,
            project.id,
            training_type=TrainingType.REGULAR,
            reserved_budget_in_hours=0,
            force_train=True,
            notification_email_address=None,
            parameters=TrainingParameters(),
        ),
        lambda: project_export.export_project(store, project.id),
    ):
        with pytest.raises(errors.WorkspaceCannotBeModified):
            change()
    steps(store, settings, following)
    assert tag_of(store, project.id, "new")


def test_deleting_a_project_ends_its_import(store, settings, exported):
    project = project_import.import_project(store, settings, token=exported, name=None)
    following = step(store, settings, ReadImport(project.id))
    projects.delete_project(store, project.id)
    assert project_import.read_import(store, settings, following) is None
    while not stored_projects.purge(store, project.id):
        pass
    assert project_import.read_import(store, settings, following) is None
    assert not list(blobs.names(store, "exports", f"{project.id}/"))
    assert not list(blobs.names(store, "images", f"{project.id}/"))


def test_an_import_whose_project_was_never_written_leaves_nothing(store, settings, exported, monkeypatch):
    project = project_import.import_project(store, settings, token=exported, name=None)
    stored_projects.delete(store, project.id)
    monkeypatch.setattr(project_import, "WRITTEN", timedelta(0))
    sent = []
    monkeypatch.setattr(queues, "send", lambda store, message, delay=0: sent.append(message))
    assert project_import.read_import(store, settings, ReadImport(project.id)) is None
    do(store, settings, sent[0])
    assert transfers.read_import(store, project.id) is None


def test_no_import_goes_on_for_ever(store, settings, exported, monkeypatch):
    project = project_import.import_project(store, settings, token=exported, name=None)
    monkeypatch.setattr(project_import, "VALID", timedelta(0))
    assert project_import.read_import(store, settings, ReadImport(project.id)) is None
    assert stored_projects.get(store, project.id).status == ProjectStatus.FAILED


def test_an_image_deleted_since_the_export_is_left_out(store, settings, project_id, exported):
    gone = records(store, project_id)[0]
    delete_image(store, project_id, gone.id)
    blobs.delete_pictures(store, project_id, gone.id)
    project = imported(store, settings, exported)
    assert project.status == ProjectStatus.SUCCEEDED
    assert catalog.read(store, project.id).images == 4


def test_a_source_deleted_meanwhile_fails_the_import(store, settings, project_id, exported):
    project = project_import.import_project(store, settings, token=exported, name=None)
    following = step(store, settings, ReadImport(project.id))
    stored_projects.delete(store, project_id)
    while not stored_projects.purge(store, project_id):
        pass
    steps(store, settings, following)
    failed = stored_projects.get(store, project.id)
    assert (failed.status, "deleted" in str(failed.description)) == (ProjectStatus.FAILED, True)


def test_regions_come_along(store, settings, create_project):
    source = create_project(DETECTION).id
    tag = tag_of(store, source)
    (image_id,) = create_images(store, settings, source, [1])
    region = RegionMark(new_region_id(image_id), tag.id, now(), 0.1, 0.2, 0.3, 0.4)
    stored_images.update(store, source, image_id, lambda r: replace(r, tags=[TagMark(tag.id, now())], regions=[region]))
    export = project_export.export_project(store, source)
    assert (export.region_count, export.image_count, export.tag_count, export.iteration_count) == (1, 1, 1, 1)
    project = imported(store, settings, export.token)
    (copied,) = records(store, project.id)
    assert copied.regions == [replace(region, tag_id=copied.regions[0].tag_id)]
    assert_consistent(store, project.id)


def test_a_failed_iteration_comes_along(store, settings, project_id, exported):
    record = record_of(project_id, IterationStatus.FAILED)
    told = {"training_error_details": "too little", "not_exportable_to": ["CoreML"]}
    failed = replace(record.iteration, domain_id=DETECTION, **told)
    stored_iterations.insert(store, replace(record, iteration=failed))
    project = imported(store, settings, project_export.export_project(store, project_id).token)
    (copied,) = stored_iterations.list_all(store, project.id)
    assert copied.iteration == replace(failed, project_id=project.id)


@pytest.mark.parametrize("times", [1, 2])
def test_iterations_come_along_with_what_they_were_trained_on(store, settings, project_id, trained, monkeypatch, times):
    monkeypatch.setattr(project_export, "PART", 2)
    export = project_export.export_project(store, project_id)
    assert (export.iteration_count, export.image_count, export.tag_count) == (2, 4, 4)
    project = imported(store, settings, export.token, times)
    assert project.status == ProjectStatus.SUCCEEDED
    ids = dict(zip(stored_tags.names(store, project_id), stored_tags.names(store, project.id), strict=True))
    ids[project_id] = project.id
    before, after = (datasets.read(store, id, trained.id) for id in (project_id, project.id))
    assert after == renamed(before, ids)
    assert before
    for image in before.images:
        assert [blobs.picture(store, project.id, image.id, kind) for kind in blobs.KINDS]
    for name, kind in (("model.json", ModelSpec), ("performance.json", Evaluation)):
        one, other = (
            msgspec.json.decode(blobs.model_read(store, id, trained.id, name), type=kind)
            for id in (project_id, project.id)
        )
        assert other == renamed(one, ids)
    assert blobs.model_read(store, project.id, trained.id, "model.onnx") == make_graph(2)
    (copied,) = stored_iterations.list_all(store, project.id)
    # One image was deleted since, so there is something to train.
    assert (copied.iteration.project_id, copied.run.revision, copied.run.selected_tags) == (
        project.id,
        -1,
        list(stored_tags.names(store, project.id)),
    )
    assert not list(blobs.names(store, "exports", f"{project.id}/"))


def test_export_project_is_refused_while_the_project_is_trained(store, project_id):
    stored_iterations.insert(store, record_of(project_id, IterationStatus.TRAINING))
    with pytest.raises(errors.ExportWhileTraining):
        project_export.export_project(store, project_id)


def test_an_export_tells_no_secrets(store, project_id, web):
    uri = "https://account.blob.core.windows.net/mine?sig=secret"

    def change(project):
        settings = replace(project.settings, export_model_container_uri=uri, notification_queue_uri=uri)
        return replace(project, settings=settings)

    stored_projects.update(store, project_id, change)
    record = record_of(project_id)
    run = replace(record.run, notification_email_address="somebody@secret.example", execution="secret", logs="secret")
    stored_iterations.insert(store, replace(record, run=run))
    assert b"secret" not in web.get(project_export.export_project(store, project_id).token)


def test_our_own_storage_may_be_private(store, settings, exported, copy):
    strict = replace(settings, allow_private_urls=False)
    assert imported(store, strict, exported).status == ProjectStatus.SUCCEEDED
    with pytest.raises(errors.InvalidImportToken):
        project_import.import_project(store, strict, token=copy.token(), name=None)


def test_old_exports_are_deleted(store, settings, project_id, exported):
    blobs.write(store, "exports", f"{project_id}/{uuid4()}/model.zip", b"an iteration's own")
    transfers.expire_exports(store, now() - timedelta(days=1))
    assert imported(store, settings, exported).status == ProjectStatus.SUCCEEDED
    transfers.expire_exports(store, now() + timedelta(seconds=2))
    assert len(list(blobs.names(store, "exports", f"{project_id}/"))) == 1


def test_import_project_is_refused_beyond_the_limits(store, settings, exported):
    for limits, refusal in (
        (Limits(projects=1), errors.ProjectLimitExceeded),
        (Limits(tags_per_project=1), errors.TagLimitExceeded),
        (Limits(images_per_project=4), errors.ImageLimitExceeded),
    ):
        with pytest.raises(refusal):
            project_import.import_project(store, replace(settings, limits=limits), token=exported, name=None)


def test_the_token_opens_nothing_but_its_blob(exported):
    query = exported.partition("?")[2]
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(exported.partition("?")[0].replace("info.json", "000-000000.jsonl") + "?" + query)
