"""New images and the backbone that looks at them."""

from datetime import timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import pytest
from msgspec.structs import replace

from shared import launcher
from shared.errors import ServiceUnavailable
from shared.learning.classifier_recipe import Crop
from shared.learning.embeddings import Cache, Picture
from shared.models.messages.jobs import BackbonesJob
from shared.models.messages.tasks import CollectPictures, EmbedImages
from shared.models.wire import now
from shared.models.workspace.images import new_image_id
from shared.operations.labelling import embedding
from shared.operations.labelling.embedding import AGAIN, COURTESY, LATER, View
from shared.operations.step import Rest
from shared.operations.workspace import deletion, images, projects
from shared.storage.account import blobs, queues
from shared.storage.training import backbones, embeddings, iterations
from shared.storage.workspace import images as stored_images
from tests.operations.making import DETECTION, create_images, do
from tests.storage.making import emptied
from training_job import prepare
from training_job.classification.seeing import see


@pytest.fixture
def view(store, project_id):
    return View.of(projects.get_project(store, project_id).settings)


def keys(store, project_id, image_ids) -> set[str]:
    return {record.sha256 for record in stored_images.get_many(store, project_id, image_ids)}


def kept(store, project_id, view, image_ids):
    return embeddings.get(store, project_id, view.space, keys(store, project_id, image_ids))


def test_an_upload_asks_for_its_new_images_once(store, settings, project_id, create_project, sent):
    first = create_images(store, settings, project_id, range(2))
    assert sent == [EmbedImages(project_id, first)]
    create_images(store, settings, project_id, range(2))
    third = create_images(store, settings, project_id, range(1, 3))[-1]
    assert sent[1:] == [EmbedImages(project_id, [third])]
    create_images(store, replace(settings, embed_at_upload=False), project_id, [9])
    create_images(store, settings, create_project(DETECTION).id, range(2))
    assert len(sent) == 2


def test_an_upload_goes_well_where_nobody_can_be_asked(store, settings, project_id, monkeypatch):
    def unavailable(*_) -> None:
        raise ServiceUnavailable("The queue is away.")

    monkeypatch.setattr(queues, "send", unavailable)
    assert len(create_images(store, settings, project_id, range(2))) == 2


def test_what_is_kept_is_what_a_training_would_see_and_it_looks_no_more(store, settings, project_id, view, sent):
    image_ids = create_images(store, settings, project_id, range(3))
    do(store, settings, sent[0])
    records = stored_images.get_many(store, project_id, image_ids)
    graph = onnx.load(Path(settings.backbones_folder) / view.recipe.graph(view.backbone))

    def seen(read, get):
        pictures = [Picture(record.sha256, partial(read, record.id)) for record in records]
        cache = Cache(get, lambda *_: None)
        return see({view.backbone: graph}, view.recipe, view.crop, pictures, cache, lambda *_: None)

    def unread(image_id) -> bytes:
        raise AssertionError(f"{image_id} is looked at again")

    anew = seen(lambda image_id: blobs.picture(store, project_id, image_id, "resized"), lambda _: {})
    found = seen(unread, lambda space: embeddings.get(store, project_id, space, keys(store, project_id, image_ids)))
    assert all(np.array_equal(found[layer], anew[layer]) for layer in anew)
    assert len(anew) == 3
    assert view.crop is Crop.CENTRE


def test_the_same_message_again_costs_nothing(store, settings, project_id, view, sent, monkeypatch):
    image_ids = create_images(store, settings, project_id, range(2))
    do(store, settings, sent[0])
    monkeypatch.setattr(embedding, "embedder_of", None)
    do(store, settings, sent[0])
    assert len(kept(store, project_id, view, image_ids)) == 2
    assert len(embeddings.names(store, project_id, view.space)) == 1


def test_each_picture_lets_those_go_first_who_look(store, settings, project_id, view, sent, monkeypatch):
    waited: list[float] = []
    monkeypatch.setattr(embedding, "courtesy", SimpleNamespace(wait=waited.append))
    create_images(store, settings, project_id, range(3))
    do(store, settings, sent[0])
    assert waited == [COURTESY] * 3


def test_what_is_gone_or_can_not_be_read_is_passed_over(store, settings, project_id, view, sent, create_project):
    first, second, third = create_images(store, settings, project_id, range(3))
    blobs.put_picture(store, project_id, second, "resized", b"no picture", "image/jpeg")
    blobs.delete_pictures(store, project_id, third)
    do(store, settings, EmbedImages(project_id, [first, second, third, new_image_id()]))
    assert kept(store, project_id, view, [first, second, third]).keys() == keys(store, project_id, [first])
    for other in (create_project(DETECTION).id, new_image_id()):
        do(store, settings, EmbedImages(other, [first]))
        assert list(blobs.names(store, "models", f"{other}/")) == []


def test_a_training_that_begins_is_left_to_look_at_the_images(store, settings, project_id, view, sent, monkeypatch):
    image_ids = create_images(store, settings, project_id, range(2))
    iterations.lock_training(store, project_id, new_image_id())
    assert embedding.embed(store, settings, sent[0]) == Rest(sent[0], AGAIN)
    assert kept(store, project_id, view, image_ids) == {}
    # One that goes on has other things to do.
    monkeypatch.setattr(embedding, "BEGUN", timedelta(0))
    assert embedding.embed(store, settings, sent[0]) is None
    assert len(kept(store, project_id, view, image_ids)) == 2


def test_nothing_stays_of_images_that_are_gone(store, settings, project_id, view, sent, monkeypatch):
    image_ids = create_images(store, settings, project_id, range(3))
    do(store, settings, sent[0])
    gone = keys(store, project_id, image_ids[:2])
    images.delete_images(store, project_id, image_ids[:2], all_images=False, all_iterations=False)
    do(store, settings, CollectPictures(project_id, now()))
    # They can be restored.
    assert embeddings.get(store, project_id, view.space, gone).keys() == gone
    monkeypatch.setattr(deletion, "RESTORABLE", timedelta(seconds=-1))
    do(store, settings, CollectPictures(project_id, now()))
    assert embeddings.get(store, project_id, view.space, gone) == {}
    assert len(kept(store, project_id, view, image_ids)) == 1


def test_where_there_is_no_backbone_the_container_brings_it_once(
    store, settings, project_id, view, sent, tmp_path, monkeypatch
):
    launched = []
    monkeypatch.setattr(launcher, "launch", lambda settings, job: launched.append(job))
    away = replace(settings, backbones_folder=str(tmp_path))
    emptied(embedding.embedders)
    for name in list(blobs.names(store, "models", f"{backbones.FOLDER}/")):
        blobs.delete(store, "models", name)
    image_ids = create_images(store, settings, project_id, range(2))
    task = EmbedImages(project_id, image_ids)
    for _ in range(2):
        assert embedding.embed(store, away, task) == Rest(task, LATER)
    assert launched == [BackbonesJob(project_id)]
    monkeypatch.setattr(embedding, "BROUGHT", timedelta(seconds=-1))
    assert embedding.embed(store, away, task) == Rest(task, LATER)
    assert len(launched) == 2
    prepare.publish(store, Path(settings.backbones_folder))
    assert embedding.embed(store, away, task) is None
    assert len(kept(store, project_id, view, image_ids)) == 2


def test_that_no_job_can_be_launched_is_no_reason_to_fail(store, settings, project_id, sent, tmp_path, monkeypatch):
    def unavailable(*_) -> None:
        raise ServiceUnavailable("Azure does not answer.")

    monkeypatch.setattr(launcher, "launch", unavailable)
    monkeypatch.setattr(backbones, "FOLDER", "none")
    monkeypatch.setattr(backbones, "ASKED", f"none/{project_id}")
    emptied(embedding.embedders)
    task = EmbedImages(project_id, create_images(store, settings, project_id, [0]))
    assert embedding.embed(store, replace(settings, backbones_folder=str(tmp_path)), task) == Rest(task, LATER)
