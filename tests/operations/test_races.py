"""What happens when two calls meet, or when one is cut off half-way: by the states that they leave in storage."""

from datetime import timedelta
from uuid import uuid4

import pytest
from msgspec.structs import replace

from shared import errors
from shared.models.messages.tasks import Announce, SweepTag
from shared.models.serving.predictions import Pointer
from shared.models.training.iterations import IterationStatus, TrainingLock, TrainingRun
from shared.models.wire import now
from shared.models.workspace.images import TaggingStatus
from shared.models.workspace.tags import TagUpdate
from shared.operations.serving import publish
from shared.operations.training import iterations, train, watch
from shared.operations.workspace import images, projects, tags
from shared.storage.account import blobs, queues
from shared.storage.account.store import Store
from shared.storage.serving import published
from shared.storage.training import iterations as stored_iterations
from shared.storage.workspace import catalog
from shared.storage.workspace import tags as stored_tags
from tests.operations.making import DETECTION, image_with, record_of, tag_of


@pytest.fixture
def iteration(store, project_id):
    record = record_of(project_id)
    stored_iterations.insert(store, record)
    return record.iteration


def publish_as(store, iteration, name, overwrite=False) -> bool:
    return publish.publish_iteration(
        store, iteration.project_id, iteration.id, publish_name=name, prediction_id="r", overwrite=overwrite
    )


def names(store, project_id) -> list[str]:
    return [pointer.publish_name for pointer in published.list_all(store, project_id)]


def test_a_publishing_that_meets_another_takes_its_name_back(store, project_id, iteration, monkeypatch):
    put = published.put

    def overtaken(store, pointer, *, replace) -> None:
        monkeypatch.setattr(published, "put", put)
        publish_as(store, iteration, "first")
        put(store, pointer, replace=replace)

    monkeypatch.setattr(published, "put", overtaken)
    with pytest.raises(errors.IterationIsPublished, match="first"):
        publish_as(store, iteration, "second")
    assert names(store, project_id) == ["first"]
    publish.unpublish_iteration(store, project_id, iteration.id)
    assert names(store, project_id) == []


def test_an_iteration_that_is_published_while_it_is_deleted_stays(store, project_id, iteration, monkeypatch):
    delete = stored_iterations.delete

    def overtaken(*args) -> None:
        publish_as(store, iteration, "live")
        delete(*args)

    monkeypatch.setattr(stored_iterations, "delete", overtaken)
    with pytest.raises(errors.IterationIsPublished):
        iterations.delete_iteration(store, project_id, iteration.id)
    assert iterations.get_iteration(store, project_id, iteration.id).publish_name == "live"
    assert names(store, project_id) == ["live"]


def test_of_two_that_overwrite_a_name_at_once_one_ends_as_published(store, project_id, iteration, monkeypatch):
    other = record_of(project_id)
    stored_iterations.insert(store, other)
    put = published.put

    def overtaken(store, pointer, *, replace) -> None:
        monkeypatch.setattr(published, "put", put)
        put(store, pointer, replace=replace)
        publish_as(store, other.iteration, "live", overwrite=True)

    monkeypatch.setattr(published, "put", overtaken)
    publish_as(store, iteration, "live", overwrite=True)
    held = {each.id: each.publish_name for each in iterations.get_iterations(store, project_id)}
    assert held == {iteration.id: None, other.iteration.id: "live"}
    assert published.get(store, project_id, "live")[0].iteration_id == other.iteration.id


def test_a_publishing_that_was_cut_off_is_completed_by_the_same_call(store, project_id, iteration):
    published.put(store, Pointer.to_one(project_id, iteration.id, "live", now()), replace=False)
    publish_as(store, iteration, "live")
    assert iterations.get_iteration(store, project_id, iteration.id).publish_name == "live"


def test_deleting_an_iteration_frees_a_name_that_a_cut_off_publishing_holds(store, project_id, iteration):
    published.put(store, Pointer.to_one(project_id, iteration.id, "live", now()), replace=False)
    iterations.delete_iteration(store, project_id, iteration.id)
    assert names(store, project_id) == []


def test_a_deletion_of_a_tag_that_was_cut_off_is_finished_by_upkeep(store, project_id):
    tag = tag_of(store, project_id)
    image_with(store, project_id, tag.id)
    stored_tags.delete(store, project_id, tag.id)
    assert catalog.read(store, project_id).per_tag == {tag.id: 1}
    assert stored_tags.sweep(store, project_id, tag.id)
    assert catalog.read(store, project_id).per_tag == {}


def test_delete_tag_asks_for_its_completion_before_it_begins(store, project_id, monkeypatch):
    tag, sent = tag_of(store, project_id), []

    def note(store, message, delay=0.0) -> None:
        sent.append((message, delay >= 60, tag.id in stored_tags.names(store, project_id)))

    monkeypatch.setattr(queues, "send", note)
    tags.delete_tag(store, project_id, tag.id)
    assert sent == [(SweepTag(project_id, tag.id), True, True)]


@pytest.mark.parametrize("error", [errors.Conflict("Too many at once."), errors.ServiceUnavailable("Away.")])
def test_what_fails_after_a_change_is_made_does_not_reach_the_caller(store, project_id, iteration, monkeypatch, error):
    def fails(*_) -> None:
        raise error

    def sent(store, task, delay=0.0) -> None:
        if not delay and not isinstance(task, Announce):
            raise error

    monkeypatch.setattr(queues, "send", sent)
    tag, record = tag_of(store, project_id), record_of(project_id)
    image_with(store, project_id, tag.id)
    publish_as(store, iteration, "live")
    stored_iterations.insert(store, record)
    for place, name in (stored_tags, "sweep"), (blobs, "delete_model"), (published, "get"):
        monkeypatch.setattr(place, name, fails)
    tags.delete_tag(store, project_id, tag.id)
    assert tags.get_tags(store, project_id) == []
    assert publish_as(store, record.iteration, "live", overwrite=True)
    publish.unpublish_iteration(store, project_id, iteration.id)
    iterations.delete_iteration(store, project_id, iteration.id)
    publish.unpublish_iteration(store, project_id, record.iteration.id)
    assert [each.id for each in iterations.get_iterations(store, project_id)] == [record.iteration.id]
    projects.delete_project(store, project_id)
    with pytest.raises(errors.ProjectNotFound):
        projects.get_project(store, project_id)


def test_a_deleted_project_is_gone_for_every_read(store, project_id, iteration):
    image_with(store, project_id, tag_of(store, project_id).id)
    projects.delete_project(store, project_id)
    for read in (
        lambda: images.get_image_count(store, project_id, status=TaggingStatus.ALL, tag_ids=[]),
        lambda: tags.get_tags(store, project_id),
        lambda: iterations.get_iteration(store, project_id, iteration.id),
        lambda: iterations.get_iterations(store, project_id),
    ):
        with pytest.raises(errors.ProjectNotFound):
            read()


def test_a_tag_becomes_negative_only_where_it_stands_alone(store, project_id, create_project):
    apple, leaf = tag_of(store, project_id), tag_of(store, project_id, "leaf")
    image_with(store, project_id, apple.id, leaf.id)
    with pytest.raises(errors.NegativeAndRegularTagOnSameImage):
        tags.update_tag(store, project_id, apple.id, TagUpdate(type="Negative"))
    pear = tag_of(store, project_id, "pear")
    assert tags.update_tag(store, project_id, pear.id, TagUpdate(type="Negative")).type == "Negative"
    detector = create_project(DETECTION).id
    with pytest.raises(errors.BadTagType):
        tags.update_tag(store, detector, tag_of(store, detector).id, TagUpdate(type="Negative"))


def test_watching_while_storage_is_away_leaves_the_lock(store, settings, project_id):
    record = record_of(project_id, IterationStatus.TRAINING)
    stored_iterations.insert(store, record)
    stored_iterations.lock_training(store, project_id, record.iteration.id)
    (lock,) = [lock for lock in stored_iterations.running(store) if lock.project_id == project_id]
    nowhere = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:9/a;" + (
        "BlobEndpoint=http://127.0.0.1:9/a;QueueEndpoint=http://127.0.0.1:9/a"
    )
    away = Store.open(replace(settings, storage_connection_string=nowhere))
    with pytest.raises(errors.ServiceUnavailable):
        watch.watch_training(away, settings, lock)
    away.close()
    watch.watch_training(store, settings, lock)
    assert lock in stored_iterations.running(store)
    stored_iterations.unlock_training(store, project_id, record.iteration.id)


def test_a_lock_without_an_iteration_goes_only_when_it_is_old(store, settings, project_id):
    young = TrainingLock(project_id, uuid4(), now())
    stored_iterations.lock_training(store, project_id, young.iteration_id)
    watch.watch_training(store, settings, young)
    assert project_id in [lock.project_id for lock in stored_iterations.running(store)]
    watch.watch_training(store, settings, replace(young, since=now() - timedelta(hours=1)))
    assert project_id not in [lock.project_id for lock in stored_iterations.running(store)]


def test_a_training_that_has_ended_does_not_hold_up_the_next(store, project_id):
    ended, following = record_of(project_id), uuid4()
    stored_iterations.insert(store, ended)
    stored_iterations.lock_training(store, project_id, ended.iteration.id)
    train.lock_training(store, project_id, following)
    stored_iterations.unlock_training(store, project_id, ended.iteration.id)
    with pytest.raises(errors.TrainingInProgress):
        train.lock_training(store, project_id, ended.iteration.id)
    stored_iterations.unlock_training(store, project_id, following)


def test_a_job_that_has_not_begun_to_beat_is_given_time_to_start(settings):
    started = now() - timedelta(seconds=settings.job_heartbeat_seconds + 1)
    waiting = TrainingRun(0, started=started)
    assert not watch._is_dead(waiting, settings)
    assert watch._is_dead(replace(waiting, heartbeat=started + timedelta(seconds=0.1)), settings)
    assert watch._is_dead(replace(waiting, started=now() - timedelta(seconds=settings.job_start_seconds + 1)), settings)
