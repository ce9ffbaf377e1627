"""What goes on in the background, on storage alone."""

import typing
from datetime import timedelta
from uuid import uuid4

from shared.models.messages.tasks import AnyTask, CollectPictures, DeleteAllImages, PurgeProject, ReleaseImages
from shared.models.serving.predictions import ImagePrediction, StoredPrediction
from shared.models.training.datasets import DatasetHeader
from shared.models.training.iterations import IterationStatus
from shared.models.wire import now
from shared.models.workspace.images import OrderBy, TaggingStatus
from shared.operations import upkeep
from shared.operations.backup import steps as backup
from shared.operations.labelling import steps as labelling
from shared.operations.notifications import steps as notifications
from shared.operations.training import steps as training
from shared.operations.transfer import steps as transfer
from shared.operations.workspace import images as operations_images
from shared.operations.workspace import projects
from shared.operations.workspace import steps as workspace
from shared.storage.account import blobs, rows
from shared.storage.account.store import CONTAINERS
from shared.storage.serving import predictions
from shared.storage.training import datasets, iterations
from shared.storage.workspace import catalog, images
from tests.operations.making import create_images, do, record_of
from tests.storage.making import delete_image, recount

ROOMS = [backup.STEPS, labelling.STEPS, notifications.STEPS, training.STEPS, transfer.STEPS, workspace.STEPS]


def test_every_task_has_a_step_that_takes_it():
    takes = {kind: typing.get_type_hints(step)["task"] for kind, step in upkeep.STEPS.items()}
    assert set(takes) == set(typing.get_args(AnyTask))
    assert [kind for kind, given in takes.items() if kind not in (given, *typing.get_args(given))] == []
    assert sum(map(len, ROOMS)) == len(takes)


def test_pictures_of_deleted_images_go_and_others_stay(store, settings, project_id):
    first, second = create_images(store, settings, project_id, range(2))
    delete_image(store, project_id, first)
    do(store, settings, ReleaseImages(project_id, [first, second]))
    assert not list(blobs.names(store, "images", f"{project_id}/{first}"))
    assert len(list(blobs.names(store, "images", f"{project_id}/{second}"))) == 3


def test_collect_pictures_deletes_what_a_cut_off_upload_left(store, settings, project_id):
    (kept,) = create_images(store, settings, project_id, [1])
    orphan = uuid4()
    blobs.put_picture(store, project_id, orphan, "original", b"half an upload", "image/jpeg")
    do(store, settings, CollectPictures(project_id, now() - timedelta(minutes=1)))
    assert blobs.picture(store, project_id, orphan, "original")
    do(store, settings, CollectPictures(project_id, now() + timedelta(seconds=2)))
    assert {name.split("/")[1] for name in blobs.names(store, "images", f"{project_id}/")} == {str(kept)}


def test_delete_all_images_spares_later_ones(store, settings, project_id):
    create_images(store, settings, project_id, range(3))
    task = DeleteAllImages(project_id, now(), False)
    later = create_images(store, settings, project_id, [9])
    for _ in range(2):
        do(store, settings, task)
    assert catalog.read(store, project_id).images == recount(store, project_id).images == 1
    assert images.get(store, project_id, later[0])


def test_purge_leaves_nothing_of_a_deleted_project(store, settings, project_id):
    create_images(store, settings, project_id, range(2))
    projects.delete_project(store, project_id)
    for _ in range(2):
        do(store, settings, PurgeProject(project_id))
    assert not [name for container in CONTAINERS for name in blobs.names(store, container, f"{project_id}/")]
    assert not list(rows.scan(store.catalog, str(project_id), " ", "~"))


def test_collecting_waits_while_a_dataset_is_being_frozen(store, settings, project_id):
    (gone,) = create_images(store, settings, project_id, [1])
    record = record_of(project_id, IterationStatus.TRAINING)
    iterations.insert(store, record)
    delete_image(store, project_id, gone)
    do(store, settings, ReleaseImages(project_id, [gone]))
    assert blobs.picture(store, project_id, gone, "original")
    iterations.delete(store, project_id, record.iteration.id)
    do(store, settings, ReleaseImages(project_id, [gone]))
    assert not list(blobs.names(store, "images", f"{project_id}/"))


def test_expire_drops_what_is_past_its_time(store, settings, project_id):
    stored = StoredPrediction(ImagePrediction(uuid4(), project_id, uuid4(), now() - timedelta(days=31), []), uuid4())
    recent = StoredPrediction(ImagePrediction(uuid4(), project_id, uuid4(), now() - timedelta(days=29), []), uuid4())
    for kept in (stored, recent):
        predictions.put(store, kept)
    upkeep.expire(store, settings.limits)
    assert list(predictions.each(store, project_id)) == [recent]
    assert not predictions.exists(store, project_id, stored.prediction.id)


def frozen(store, project_id, image_ids):
    """An iteration that was trained on these images."""
    record = record_of(project_id)
    iterations.insert(store, record)
    header = DatasetHeader(project_id, record.iteration.id, record.iteration.domain_id, None, [])
    datasets.write(store, header, images.get_many(store, project_id, image_ids))
    return record.iteration


def test_pictures_that_an_iteration_was_trained_on_stay(store, settings, project_id):
    first, second, third = create_images(store, settings, project_id, range(3))
    iteration = frozen(store, project_id, [first, second])
    for image_id in (first, second, third):
        delete_image(store, project_id, image_id)
    do(store, settings, ReleaseImages(project_id, [first, third]))
    do(store, settings, CollectPictures(project_id, now() + timedelta(seconds=2)))
    assert pictured(store, project_id) == {str(first), str(second)}
    iterations.delete(store, project_id, iteration.id)
    do(store, settings, CollectPictures(project_id, now() + timedelta(seconds=2)))
    assert pictured(store, project_id) == set()


def test_images_deleted_from_all_iterations_are_in_none(store, settings, project_id):
    first, second, kept = create_images(store, settings, project_id, range(3))
    iteration = frozen(store, project_id, [first, second, kept])
    delete_image(store, project_id, first)
    delete_image(store, project_id, second)
    for _ in range(2):
        do(store, settings, ReleaseImages(project_id, [first, second, kept], True))
    assert pictured(store, project_id) == {str(kept)}
    shown = operations_images.get_images(
        store, project_id, iteration_id=iteration.id, status=TaggingStatus.ALL, tag_ids=[],
        order=OrderBy.NEWEST, take=9, skip=0,
    )  # fmt: skip
    assert [image.id for image in shown] == [kept]


def pictured(store, project_id) -> set[str]:
    return {name.split("/")[1] for name in blobs.names(store, "images", f"{project_id}/")}
