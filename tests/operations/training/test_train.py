"""From the train call to the launch: what is frozen, what is refused, and what goes on after a death half-way."""

from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest
from msgspec import UNSET, Struct
from msgspec.structs import replace

from shared import errors
from shared.events import Publisher
from shared.models.limits import Limits
from shared.models.messages.events import EventType
from shared.models.messages.tasks import Announce, AnyTask, DropIteration, PrepareTraining, WatchTraining
from shared.models.training.iterations import CustomBaseModelInfo, EndedIteration, IterationStatus, IterationUpdate
from shared.models.wire import now
from shared.operations import upkeep
from shared.operations.training import ending, iterations, train, watch
from shared.operations.workspace import tags
from shared.packages.exportability import iteration_with_exports
from shared.storage.training import datasets
from shared.storage.training import iterations as stored_iterations
from shared.storage.workspace import images as stored_images
from shared.storage.workspace import tags as stored_tags
from tests.operations.making import frozen_images, image_with, stored_record, train_project
from tests.storage.making import delete_image


class Events(Publisher):
    """Keeps what is published."""

    def __init__(self, client) -> None:
        super().__init__(client)
        self.published: list[tuple[EventType, Struct]] = []

    def publish(self, event_type, subject, data, event_id) -> None:
        self.published.append((event_type, data))


@pytest.fixture
def tagged(store, project_id):
    """Two tags with five images each."""
    made = [
        tags.create_tag(store, Limits(), project_id, name=name, description=None, kind=None) for name in ("disc", "bar")
    ]
    for tag in made:
        for _ in range(5):
            image_with(store, project_id, tag.id)
    return made


def lose_an_image(store, project_id, tag) -> None:
    """After the call has counted them."""
    gone = next(image for image in stored_images.each(store, project_id) if tag.id in image.tag_ids)
    delete_image(store, project_id, gone.id)


def lock_of(store, iteration):
    return next((lock for lock in stored_iterations.running(store) if lock.iteration_id == iteration.id), None)


def dies_long_ago(store, iteration) -> None:
    """As if nothing had been heard since yesterday."""
    stored_iterations.update(
        store,
        iteration.project_id,
        iteration.id,
        lambda record: replace(record, run=replace(record.run, started=now() - timedelta(days=1))),
    )


def test_a_small_project_is_frozen_and_launched_within_the_call(store, settings, project_id, tagged, launches):
    iteration = train_project(store, settings, project_id)
    assert len(frozen_images(store, iteration)) == 10
    assert (launches.launched, launches.tasks) == ([iteration.id], [])
    assert launches.watches == [WatchTraining(project_id, iteration.id)]


def test_an_iteration_in_training_says_null_and_leaves_out_as_custom_vision_does(
    store, settings, project_id, tagged, launches
):
    iteration = iteration_with_exports(settings, train_project(store, settings, project_id))
    answer = msgspec.json.decode(msgspec.json.encode(iteration))
    nulls = {name for name, value in answer.items() if value is None}
    assert nulls == {
        "exportableTo",
        "publishName",
        "originalPublishResourceId",
        "customBaseModelInfo",
        "trainingErrorDetails",
    }
    assert "trainedAt" not in answer
    assert (answer["reservedBudgetInHours"], answer["trainingTimeInMinutes"], answer["exportable"]) == (0, 0, True)


def test_an_iteration_tells_its_progress_while_it_is_trained(store, settings, project_id, tagged, launches):
    iteration = train_project(store, settings, project_id)
    assert (iteration.training_progress, iteration.training_message) == (0, UNSET)
    half = stored_iterations.update(
        store,
        project_id,
        iteration.id,
        lambda record: replace(record, run=replace(record.run, progress=0.5, message="Judging")),
    )
    renamed = iterations.update_iteration(store, project_id, iteration.id, IterationUpdate("half"))
    read = [iterations.get_iteration(store, project_id, iteration.id), *iterations.get_iterations(store, project_id)]
    assert [each.training_progress for each in (renamed, *read)] == [0.5] * 3
    assert [each.training_message for each in (renamed, *read)] == ["Judging"] * 3
    ending.cancel(store, half)
    ended = iterations.get_iteration(store, project_id, iteration.id)
    assert (ended.training_progress, ended.training_message) == (UNSET, UNSET)


def test_a_large_project_is_frozen_and_launched_aside(store, settings, project_id, tagged, launches, large):
    iteration = train_project(store, settings, project_id)
    assert (iteration.status, iteration.name) == (IterationStatus.TRAINING, "Iteration 1")
    assert (launches.launched, datasets.frozen(store, project_id, iteration.id)) == ([], False)
    (task,) = launches.tasks
    for _ in range(2):
        upkeep.do(store, settings, Publisher.open(settings), task)
    assert len(frozen_images(store, iteration)) == 10
    assert launches.launched == [iteration.id]


def test_prepare_fails_the_iteration_with_the_reason(store, settings, project_id, tagged, launches, large):
    iteration = train_project(store, settings, project_id)
    lose_an_image(store, project_id, tagged[0])
    train.prepare(store, settings, launches.tasks[0])
    ended = iteration_with_exports(settings, stored_record(store, iteration).iteration)
    assert (ended.status, ended.exportable_to) == (IterationStatus.FAILED, [])
    assert "disc has fewer than 5" in (ended.training_error_details or "")
    assert [task.event for task in launches.of(Announce)] == [EventType.ITERATION_FAILED]
    assert lock_of(store, iteration) is None
    assert launches.launched == []


def test_images_of_several_tags_are_trained_on_in_multiclass(store, settings, project_id, tagged, launches):
    both = image_with(store, project_id, *(tag.id for tag in tagged))
    iteration = train_project(store, settings, project_id)
    assert {image.id: len(image.tags) for image in frozen_images(store, iteration)}[both.id] == 2
    assert len(frozen_images(store, iteration)) == 11


def test_prepare_leaves_out_a_tag_that_was_deleted_meanwhile(store, settings, project_id, tagged, launches, large):
    pear = tags.create_tag(store, Limits(), project_id, name="pear", description=None, kind=None)
    for _ in range(5):
        image_with(store, project_id, pear.id)
    iteration = train_project(store, settings, project_id)
    # Not swept off its images yet.
    stored_tags.delete(store, project_id, pear.id)
    train.prepare(store, settings, launches.tasks[0])
    dataset = datasets.read(store, project_id, iteration.id)
    assert dataset
    assert [tag.id for tag in dataset.header.tags] == [tag.id for tag in tagged]
    assert len(dataset.images) == 10


def test_prepare_leaves_what_is_no_longer_its_own(store, settings, project_id, tagged, launches, large):
    iteration = train_project(store, settings, project_id)
    train.prepare(store, settings, PrepareTraining(project_id, iteration.id, 1))
    train.prepare(store, settings, PrepareTraining(project_id, uuid4(), 0))
    assert (launches.launched, datasets.frozen(store, project_id, iteration.id)) == ([], False)


def test_what_is_refused_leaves_no_trace(store, settings, project_id, tagged, launches, monkeypatch):
    def overtaken(store, project_id) -> int:
        lose_an_image(store, project_id, tagged[0])
        return 1

    monkeypatch.setattr(stored_iterations, "take_number", overtaken)
    with pytest.raises(errors.MultiClassTrainingValidationFailed):
        train_project(store, settings, project_id)
    assert stored_iterations.list_all(store, project_id) == []
    assert not [lock for lock in stored_iterations.running(store) if lock.project_id == project_id]


def test_watching_prepares_again_what_died_before_its_launch(store, settings, project_id, tagged, launches, large):
    iteration = train_project(store, settings, project_id)
    launches.tasks.clear()
    dies_long_ago(store, iteration)
    watch.watch_training(store, settings, lock_of(store, iteration))
    assert launches.tasks == [PrepareTraining(project_id, iteration.id, 1)]
    train.prepare(store, settings, launches.tasks[0])
    assert (len(frozen_images(store, iteration)), launches.launched) == (10, [iteration.id])


def test_a_job_that_dies_again_is_given_up(store, settings, project_id, tagged, launches):
    iteration = train_project(store, settings, project_id)
    for _ in range(3):
        dies_long_ago(store, iteration)
        watch.watch_training(store, settings, lock_of(store, iteration))
        for task in launches.of(PrepareTraining):
            train.prepare(store, settings, task)
    assert (launches.launched, launches.attempts) == ([iteration.id] * 3, [0, 1, 2])
    assert "died 3 times" in (stored_record(store, iteration).iteration.training_error_details or "")


def test_selected_tags_leave_out_other_images_and_other_tags(store, settings, project_id, tagged, launches):
    other = tags.create_tag(store, Limits(), project_id, name="other", description=None, kind=None)
    image_with(store, project_id, other.id)
    image_with(store, project_id, other.id, tagged[0].id)
    iteration = train_project(store, settings, project_id, [tag.id for tag in tagged])
    assert len(frozen_images(store, iteration)) == 11
    assert {tag_id for image in frozen_images(store, iteration) for tag_id in image.tag_ids} == {
        tag.id for tag in tagged
    }
    with pytest.raises(errors.TagNotFound):
        train_project(store, settings, project_id, [uuid4()])


def test_the_event_of_the_end_carries_the_address(store, settings, project_id, tagged, launches, large):
    events = Events(None)
    train_project(store, settings, project_id, address="a@example.com")
    lose_an_image(store, project_id, tagged[0])
    train.prepare(store, settings, launches.tasks[0])
    (announced,) = launches.of(Announce)
    upkeep.do(store, settings, events, announced)
    ((event, data),) = events.published
    assert event == EventType.ITERATION_FAILED
    assert isinstance(data, EndedIteration)
    assert data.notification_email_address == "a@example.com"


@pytest.mark.parametrize("task", [PrepareTraining(uuid4(), uuid4(), 2), DropIteration(uuid4(), uuid4())])
def test_tasks_travel_through_the_queue(task):
    assert msgspec.json.decode(msgspec.json.encode(task), type=AnyTask) == task


def test_a_base_that_can_not_be_continued_is_refused(store, settings, project_id, tagged, launches, create_project):
    def base(iteration) -> CustomBaseModelInfo:
        return CustomBaseModelInfo(iteration.project_id, iteration.id)

    first = train_project(store, settings, project_id)
    with pytest.raises(errors.CustomBaseModelNotCompleted):
        train_project(store, settings, project_id, base=base(first))
    with pytest.raises(errors.IterationNotFound):
        train_project(store, settings, project_id, base=CustomBaseModelInfo(project_id, uuid4()))
    with pytest.raises(errors.ProjectNotFound):
        train_project(store, settings, project_id, base=CustomBaseModelInfo(uuid4(), first.id))
