"""Publishing: the swap of one pointer blob."""

from contextlib import suppress
from uuid import UUID, uuid4

from msgspec.structs import replace

from shared import errors
from shared.models.messages.events import EventType
from shared.models.messages.tasks import Announce
from shared.models.serving.predictions import CameraFeedback, Pointer, PublishedName
from shared.models.texts import folded, is_readable
from shared.models.training.iterations import DEFAULT, IterationRecord, IterationStatus
from shared.models.wire import now
from shared.operations.workspace import projects
from shared.storage.account import queues
from shared.storage.account.store import Store
from shared.storage.serving import published
from shared.storage.training import iterations as stored_iterations

NAME_LENGTH = 128
# 17 looks at a picture.
MOST_TILES = 4


def publish_iteration(
    store: Store,
    project_id: UUID,
    iteration_id: UUID,
    *,
    publish_name: str,
    prediction_id: str,
    overwrite: bool,
    by: str = "",
) -> bool:
    """`by` is who calls, for the name's history."""
    # A segment of one or two dots is resolved by every client before it asks.
    if (
        len(publish_name) > NAME_LENGTH
        or not is_readable(publish_name)
        or set(publish_name) & set('/\\?#"')
        or publish_name in (".", "..")
    ):
        raise errors.InvalidPublishName(
            f"A published name has 1 to {NAME_LENGTH} printable characters without / \\ ? # and quotes, "
            "and is neither . nor .."
        )
    iteration = stored_iterations.get(store, project_id, iteration_id).iteration
    if iteration.publish_name:
        raise errors.IterationIsPublished(
            f"Iteration is already published as: {iteration.publish_name}; unpublish it first."
        )
    if iteration.status != IterationStatus.COMPLETED:
        raise errors.IterationNotTrained(f"'{iteration.name}' is {iteration.status}; publish one that is Completed.")
    # The pointer first: if we die after it, the same call again completes it, and deleting the iteration removes it.
    published.put(store, Pointer.to_one(project_id, iteration_id, publish_name, now(), by), replace=overwrite)
    try:
        record = _mark(store, project_id, iteration_id, publish_name, prediction_id)
    except (errors.IterationIsPublished, errors.IterationNotFound, errors.ProjectNotFound):
        # Published under another name, or deleted, while we were at it.
        published.delete(store, project_id, publish_name, iteration_id)
        raise
    _unmark_others(store, project_id, publish_name)
    queues.send(store, Announce(EventType.ITERATION_PUBLISHED, str(uuid4()), record.iteration))
    return True


def unpublish_iteration(store: Store, project_id: UUID, iteration_id: UUID) -> None:
    iteration = stored_iterations.get(store, project_id, iteration_id).iteration
    if not iteration.publish_name:
        raise errors.IterationNotPublished(f"'{iteration.name}' is not published.")
    published.delete(store, project_id, iteration.publish_name, iteration_id)
    record = _mark(store, project_id, iteration_id, None, None)
    queues.send(store, Announce(EventType.ITERATION_UNPUBLISHED, str(uuid4()), record.iteration))


def get_published_names(store: Store, project_id: UUID) -> list[PublishedName]:
    """In the order of the names."""
    projects.get_project(store, project_id)
    pointers = sorted(published.list_all(store, project_id), key=lambda pointer: folded(pointer.publish_name))
    return [PublishedName.of_pointer(pointer) for pointer in pointers]


def update_published_name(store: Store, project_id: UUID, name: str, *, tiles: int) -> PublishedName:
    project = projects.get_project(store, project_id)
    if tiles > 1 and project.settings.classification_type is not None:
        raise errors.OperationNotSupported("Tiles are for detectors; a classifier looks at the whole picture.")
    if not 1 <= tiles <= MOST_TILES:
        raise errors.BadRequest(f"'tiles' is 1, for the whole picture alone, to {MOST_TILES}.")
    pointer = published.update(store, project_id, name, lambda pointer: replace(pointer, tiles=tiles))
    return PublishedName.of_pointer(pointer)


def set_camera_feedback(store: Store, project_id: UUID, name: str, feedback: CameraFeedback) -> PublishedName:
    projects.get_project(store, project_id)
    if feedback.lowest > feedback.highest:
        raise errors.BadRequest(f"'lowest' {feedback.lowest} is over 'highest' {feedback.highest}; exchange them.")
    pointer = published.update(store, project_id, name, lambda pointer: replace(pointer, camera_feedback=feedback))
    return PublishedName.of_pointer(pointer)


def set_default(store: Store, project_id: UUID, iteration_id: UUID, is_default: bool) -> None:
    """Version 2's way to publish: a project's default iteration is the one of that name."""
    held = stored_iterations.get(store, project_id, iteration_id).shown.is_default is True
    if is_default and not held:
        publish_iteration(store, project_id, iteration_id, publish_name=DEFAULT, prediction_id="", overwrite=True)
    if held and not is_default:
        unpublish_iteration(store, project_id, iteration_id)


def _unmark_others(store: Store, project_id: UUID, publish_name: str) -> None:
    """After an overwrite: an iteration whose name leads elsewhere is no longer published.

    The pointer decides, so that of two that overwrite each other at once just one ends as published.
    """
    with suppress(errors.ServiceError):
        pointer, _ = published.get(store, project_id, publish_name)
        for record in stored_iterations.list_all(store, project_id):
            held = record.iteration.publish_name or ""
            if folded(held) == folded(publish_name) and record.iteration.id != pointer.iteration_id:
                _mark(store, project_id, record.iteration.id, None, None)


def _mark(
    store: Store, project_id: UUID, iteration_id: UUID, publish_name: str | None, resource_id: str | None
) -> IterationRecord:
    def change(record: IterationRecord) -> IterationRecord:
        held = record.iteration.publish_name
        if publish_name and held and folded(held) != folded(publish_name):
            raise errors.IterationIsPublished(f"Iteration is already published as: {held}; unpublish it first.")
        iteration = replace(
            record.iteration,
            publish_name=publish_name,
            original_publish_resource_id=resource_id,
            last_modified=now(),
        )
        return replace(record, iteration=iteration)

    return stored_iterations.update(store, project_id, iteration_id, change)
