"""Changes of many images where a step is repeated, cut off, overtaken by its undoing, or finds a tag gone."""

from datetime import timedelta
from uuid import uuid4

import pytest

from shared import errors
from shared.models.wire import now
from shared.models.workspace.bulk import ImageChoice, RetagRequest, TaskStatus
from shared.models.workspace.images import TaggingStatus
from shared.operations import upkeep
from shared.operations.workspace import bulk, retagging, tags
from shared.storage.account import blobs, queues
from shared.storage.workspace import bulk as stored_bulk
from shared.storage.workspace import images as stored_images
from tests.operations.making import do, image_with, tag_of


@pytest.fixture
def queue(monkeypatch):
    """Messages that wait; parts are of two images."""
    waiting = []
    monkeypatch.setattr(queues, "send", lambda store, message, delay=0.0: waiting.append(message))
    monkeypatch.setattr(bulk, "PART", 2)
    monkeypatch.setattr(bulk, "AT_ONCE", 0)
    return waiting


@pytest.fixture
def apple(store, project_id, queue):
    return tag_of(store, project_id)


@pytest.fixture
def pear(store, project_id, apple):
    """Five images have the apple; nobody the pear."""
    for _ in range(5):
        image_with(store, project_id, apple.id)
    return tag_of(store, project_id, "pear")


@pytest.fixture
def begin(store, settings, project_id):
    def retag(add=(), remove=()):
        request = RetagRequest([each.id for each in add], [each.id for each in remove], where=ImageChoice())
        return retagging.retag_images(store, settings.limits, project_id, request, by="me")

    return retag


@pytest.fixture
def run(store, settings, queue):
    """Do what waits, so many steps at most."""

    def steps(number=99):
        for _ in range(number):
            if queue:
                do(store, settings, queue.pop(0))

    return steps


def tagged(store, project_id, *wanted):
    return [stored_images.count(store, project_id, status=TaggingStatus.TAGGED, tag_ids=[tag.id]) for tag in wanted]


def states(store, project_id):
    return sorted(
        (image.id, [(mark.tag_id, mark.created) for mark in image.tags])
        for image in stored_images.each(store, project_id, TaggingStatus.ALL)
    )


def test_a_task_goes_part_by_part_and_tells_how_far_it_is(store, project_id, apple, pear, begin, run):
    task = begin(add=[pear], remove=[apple])
    for done in (0, 2, 4, 5):
        found = bulk.get_task(store, project_id, task.id)
        assert (found.done, found.changed, found.total) == (done, done, 5)
        assert tagged(store, project_id, apple, pear) == [5 - done, done]
        run(1)
    assert found.status == TaskStatus.COMPLETED


def test_a_step_that_is_done_twice_counts_once(store, settings, project_id, apple, pear, begin, run, queue):
    task = begin(add=[pear], remove=[apple])
    first = queue[0]
    run(1)
    do(store, settings, first)
    run()
    do(store, settings, first)
    run()
    found = bulk.get_task(store, project_id, task.id)
    assert (found.status, found.done, found.changed) == (TaskStatus.COMPLETED, 5, 5)
    assert tagged(store, project_id, apple, pear) == [0, 5]


class Killed(Exception):
    """The process ends here."""


@pytest.mark.parametrize("place", ["put_part", "update"])
def test_a_step_that_is_cut_off_goes_on_with_its_plan(
    store, settings, project_id, apple, pear, begin, run, queue, monkeypatch, place
):
    before = states(store, project_id)
    task = begin(add=[pear], remove=[apple])
    message, original = queue[0], getattr(stored_bulk, place)

    def cut_off(*args):
        monkeypatch.setattr(stored_bulk, place, original)
        if place == "put_part":
            original(*args)
        raise Killed

    monkeypatch.setattr(stored_bulk, place, cut_off)
    with pytest.raises(Killed):
        do(store, settings, message)
    run()
    found = bulk.get_task(store, project_id, task.id)
    assert (found.status, found.done, found.changed) == (TaskStatus.COMPLETED, 5, 5)
    assert tagged(store, project_id, apple, pear) == [0, 5]
    bulk.undo_task(store, project_id, task.id)
    run()
    assert states(store, project_id) == before


def test_a_task_is_taken_back_while_it_is_under_way(store, project_id, apple, pear, begin, run, queue):
    before = states(store, project_id)
    task = begin(add=[pear], remove=[apple])
    run(1)
    assert bulk.undo_task(store, project_id, task.id).status == TaskStatus.UNDOING
    # The next step of the change still waits, in front of the first that takes it back.
    assert [message.undo for message in queue] == [False, True]
    run()
    assert bulk.get_task(store, project_id, task.id).status == TaskStatus.UNDONE
    assert states(store, project_id) == before


@pytest.mark.parametrize("steps_back", [0, 1, 9])
def test_a_task_is_taken_back_in_the_midst_of_a_step(
    store, settings, project_id, apple, pear, begin, run, queue, monkeypatch, steps_back
):
    before = states(store, project_id)
    task = begin(add=[pear], remove=[apple])
    run(1)
    original = stored_bulk.put_part

    def overtaken(*args):
        monkeypatch.setattr(stored_bulk, "put_part", original)
        part = original(*args)
        bulk.undo_task(store, project_id, task.id)
        run(steps_back)
        return part

    monkeypatch.setattr(stored_bulk, "put_part", overtaken)
    run()
    found = bulk.get_task(store, project_id, task.id)
    assert (found.status, found.done) == (TaskStatus.UNDONE, 0)
    assert states(store, project_id) == before


@pytest.mark.parametrize("steps_back", [0, 1, 9])
def test_a_step_that_is_taken_back_and_cut_off_leaves_nothing(
    store, settings, project_id, apple, pear, begin, run, queue, monkeypatch, steps_back
):
    before = states(store, project_id)
    task = begin(add=[pear], remove=[apple])
    run(1)
    message, original = queue[0], stored_images.change_many

    def overtaken(*args):
        monkeypatch.setattr(stored_images, "change_many", original)
        queue.clear()
        bulk.undo_task(store, project_id, task.id)
        run(steps_back)
        original(*args)
        raise Killed

    monkeypatch.setattr(stored_images, "change_many", overtaken)
    with pytest.raises(Killed):
        do(store, settings, message)
    do(store, settings, message)
    run()
    assert bulk.get_task(store, project_id, task.id).status == TaskStatus.UNDONE
    assert states(store, project_id) == before


def test_a_task_whose_tag_is_deleted_fails_and_can_be_taken_back(store, project_id, apple, pear, begin, run):
    task = begin(add=[pear], remove=[apple])
    run(1)
    tags.delete_tag(store, project_id, pear.id)
    run()
    found = bulk.get_task(store, project_id, task.id)
    assert (found.status, found.done) == (TaskStatus.FAILED, 2)
    assert f"There is no tag {pear.id}" in (found.message or "")
    bulk.undo_task(store, project_id, task.id)
    run()
    assert bulk.get_task(store, project_id, task.id).status == TaskStatus.UNDONE
    assert tagged(store, project_id, apple) == [5]


def test_an_undo_that_is_asked_for_again_goes_on(store, project_id, apple, pear, begin, run, queue):
    task = begin(add=[pear])
    run()
    bulk.undo_task(store, project_id, task.id)
    run(1)
    # What was to come next is lost.
    queue.clear()
    assert bulk.undo_task(store, project_id, task.id).done == 4
    run()
    assert bulk.get_task(store, project_id, task.id).status == TaskStatus.UNDONE
    assert tagged(store, project_id, apple, pear) == [5, 0]


def test_a_step_of_a_task_that_is_gone_does_nothing(store, settings, project_id, pear, begin, run, queue):
    begin(add=[pear])
    assert len(queue) == 1
    stored_bulk.expire(store, now() + timedelta(days=1))
    run()
    assert queue == []
    assert tagged(store, project_id, pear) == [0]


def test_tasks_are_forgotten_after_a_week(store, settings, project_id, pear, begin, run):
    task = begin(add=[pear])
    run()
    upkeep.expire(store, settings.limits)
    assert bulk.get_task(store, project_id, task.id).status == TaskStatus.COMPLETED
    stored_bulk.expire(store, now() + timedelta(seconds=2))
    with pytest.raises(errors.NotFound):
        bulk.get_task(store, project_id, task.id)
    # The checkpoint of the catalog lies beside them.
    assert not list(blobs.names(store, "catalog", f"{project_id}/tasks/"))
    assert tagged(store, project_id, pear) == [5]
    with pytest.raises(errors.NotFound):
        bulk.undo_task(store, project_id, uuid4())


def test_few_images_are_changed_by_the_call_and_its_message_comes_too_late(
    store, settings, project_id, apple, pear, begin, run, queue, monkeypatch
):
    monkeypatch.setattr(bulk, "AT_ONCE", 64)
    monkeypatch.setattr(bulk, "PART", 64)
    task = begin(add=[pear], remove=[apple])
    assert (task.status, task.changed) == (TaskStatus.COMPLETED, 5)
    assert bulk.undo_task(store, project_id, task.id).status == TaskStatus.UNDONE
    assert tagged(store, project_id, apple, pear) == [5, 0]
    again = begin(add=[pear], remove=[apple])
    # What the first call sent for the case that it is cut off.
    run()
    assert tagged(store, project_id, apple, pear) == [0, 5]
    assert bulk.get_task(store, project_id, again.id).status == TaskStatus.COMPLETED


def test_a_call_that_is_cut_off_is_ended_by_its_message(
    store, settings, project_id, apple, pear, begin, run, queue, monkeypatch
):
    monkeypatch.setattr(bulk, "AT_ONCE", 64)
    original = stored_bulk.update

    def cut_off(*args):
        monkeypatch.setattr(stored_bulk, "update", original)
        raise Killed

    monkeypatch.setattr(stored_bulk, "update", cut_off)
    with pytest.raises(Killed):
        begin(add=[pear], remove=[apple])
    (message,) = queue
    run()
    task = bulk.get_task(store, project_id, message.task_id)
    assert (task.status, task.changed) == (TaskStatus.COMPLETED, 5)
