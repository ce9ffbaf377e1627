"""Deleted images and their pictures: while they can come back, at the end of it, and where both meet."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from shared import errors
from shared.models.limits import Limits
from shared.models.messages.tasks import CollectPictures, ReleaseImages
from shared.models.wire import now
from shared.operations.workspace import deletion, images, restoring
from shared.storage.account import blobs, queues
from shared.storage.workspace import images as stored_images
from shared.storage.workspace import ledger, trash
from tests.operations.making import create_images, do

LIMITS = Limits()


@pytest.fixture
def sent(monkeypatch):
    """Messages with their delays."""
    waiting = []
    monkeypatch.setattr(queues, "send", lambda store, message, delay=0.0: waiting.append((message, delay)))
    return waiting


@pytest.fixture
def deleted(store, settings, project_id, sent):
    """Two images, of which the first is deleted."""
    first, second = create_images(store, settings, project_id, range(2))
    images.delete_images(store, project_id, [first], all_images=False, all_iterations=False)
    return first, second


@pytest.fixture
def long_ago(monkeypatch):
    monkeypatch.setattr(deletion, "RESTORABLE", timedelta(seconds=-1))


def pictures(store, project_id, image_id) -> int:
    return len(list(blobs.names(store, "images", f"{project_id}/{image_id}")))


def restore(store, project_id, *image_ids, limits=LIMITS):
    return restoring.restore_images(store, limits, project_id, image_ids)


def test_its_pictures_are_released_when_it_can_not_come_back(store, settings, project_id, deleted, sent, long_ago):
    first, second = deleted
    ((message, delay),) = [(task, delay) for task, delay in sent if isinstance(task, ReleaseImages)]
    assert message == ReleaseImages(project_id, [first])
    assert delay == 900
    do(store, settings, message)
    assert (pictures(store, project_id, first), pictures(store, project_id, second)) == (0, 3)
    assert trash.ids(store, project_id) == set()
    assert restore(store, project_id, first).gone == [first]


def test_upkeep_leaves_the_pictures_of_one_that_can_come_back(store, settings, project_id, deleted):
    first, _ = deleted
    do(store, settings, CollectPictures(project_id, now() + timedelta(seconds=2)))
    do(store, settings, ReleaseImages(project_id, [first]))
    assert pictures(store, project_id, first) == 3
    assert restore(store, project_id, first).restored == [first]


def test_the_pictures_of_one_that_came_back_stay(store, settings, project_id, deleted, long_ago):
    first, _ = deleted
    assert restore(store, project_id, first).restored == [first]
    do(store, settings, ReleaseImages(project_id, [first]))
    assert pictures(store, project_id, first) == 3


@pytest.mark.parametrize("place", ["ids", "get_many"])
def test_the_pictures_of_one_that_comes_back_right_now_stay(store, settings, project_id, deleted, monkeypatch, place):
    first, _ = deleted
    module = trash if place == "ids" else stored_images
    original = getattr(module, place)

    def overtaken(*args):
        monkeypatch.setattr(module, place, original)
        found = original(*args)
        assert restore(store, project_id, first).restored == [first]
        return found

    monkeypatch.setattr(module, place, overtaken)
    do(store, settings, CollectPictures(project_id, now() + timedelta(seconds=2)))
    assert pictures(store, project_id, first) == 3


def test_one_that_is_deleted_right_now_keeps_its_pictures(store, settings, project_id, deleted, monkeypatch):
    _, second = deleted
    original = stored_images.get_many

    def overtaken(*args):
        monkeypatch.setattr(stored_images, "get_many", original)
        images.delete_images(store, project_id, [second], all_images=False, all_iterations=False)
        return original(*args)

    monkeypatch.setattr(stored_images, "get_many", overtaken)
    do(store, settings, CollectPictures(project_id, now() + timedelta(seconds=2)))
    assert pictures(store, project_id, second) == 3
    assert restore(store, project_id, second).restored == [second]


def test_of_two_that_restore_at_once_both_succeed(store, project_id, deleted, monkeypatch):
    first, _ = deleted
    revise = ledger.revise

    def overtaken(*args):
        monkeypatch.setattr(ledger, "revise", revise)
        assert restore(store, project_id, first).restored == [first]
        revise(*args)

    monkeypatch.setattr(ledger, "revise", overtaken)
    assert restore(store, project_id, first).restored == [first]


def test_a_full_project_takes_none_back_but_says_so_of_those_that_are_there(store, settings, project_id, deleted):
    first, second = deleted
    with pytest.raises(errors.ImageLimitExceeded, match="has 1 of 1 images"):
        restore(store, project_id, first, limits=replace(LIMITS, images_per_project=1))
    assert restore(store, project_id, second, limits=replace(LIMITS, images_per_project=1)).restored == [second]
