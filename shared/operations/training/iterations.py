"""Iterations: read, rename, delete."""

from contextlib import suppress
from uuid import UUID

from msgspec.structs import replace

from shared import errors
from shared.models.messages.tasks import SETTLED, CollectPictures, DropIteration, ForgetIteration
from shared.models.texts import checked_name, folded
from shared.models.training.iterations import Iteration, IterationRecord, IterationStatus, IterationUpdate
from shared.models.wire import now
from shared.operations.serving import publish
from shared.operations.training import ending
from shared.operations.workspace import projects
from shared.storage.account import blobs, queues
from shared.storage.account.store import Store
from shared.storage.serving import predictions as stored_predictions
from shared.storage.serving import published
from shared.storage.training import exports as stored_exports
from shared.storage.training import iterations as stored_iterations
from shared.storage.workspace import suggestions as stored_suggestions


def get_iterations(store: Store, project_id: UUID) -> list[Iteration]:
    projects.get_project(store, project_id)
    return [record.shown for record in stored_iterations.list_all(store, project_id)]


def get_iteration(store: Store, project_id: UUID, iteration_id: UUID) -> Iteration:
    return stored_iterations.get(store, project_id, iteration_id).shown


def trained_iteration(store: Store, project_id: UUID, iteration_id: UUID | None) -> Iteration:
    """That iteration, or the newest completed one. Raises IterationNotTrained, IterationNotFound."""
    if iteration_id:
        iteration = get_iteration(store, project_id, iteration_id)
        if iteration.status != IterationStatus.COMPLETED:
            raise errors.IterationNotTrained(f"'{iteration.name}' is {iteration.status}; it has no model.")
        return iteration
    done = [it for it in get_iterations(store, project_id) if it.status == IterationStatus.COMPLETED]
    if not done:
        raise errors.IterationNotFound("The project has no trained iteration; train it first.")
    return max(done, key=lambda iteration: iteration.created)


def update_iteration(store: Store, project_id: UUID, iteration_id: UUID, update: IterationUpdate) -> Iteration:
    """A change of the default iteration may come without a name. A name that can't be changes nothing."""
    is_default = update.is_default if isinstance(update.is_default, bool) else None
    name = update.name or ""
    is_renamed = bool(name) or is_default is None
    if is_renamed:
        check_name(store, project_id, iteration_id, name)
    if is_default is not None:
        publish.set_default(store, project_id, iteration_id, is_default)
    if not is_renamed:
        return get_iteration(store, project_id, iteration_id)

    def change(record: IterationRecord) -> IterationRecord:
        return replace(record, iteration=replace(record.iteration, name=name, last_modified=now()))

    return stored_iterations.update(store, project_id, iteration_id, change).shown


def delete_iteration(store: Store, project_id: UUID, iteration_id: UUID) -> None:
    """Also drops the images that only this iteration still held; one in training is cancelled."""
    record = stored_iterations.get(store, project_id, iteration_id)
    _require_deletable(record.iteration)
    if record.iteration.status == IterationStatus.TRAINING:
        ending.cancel(store, record)
    # Once more when this call must be over: if we die or fail after the deletion, that removes what we left.
    queues.send(store, DropIteration(project_id, iteration_id), delay=SETTLED)
    queues.send(store, ForgetIteration(project_id, iteration_id), delay=SETTLED)
    stored_iterations.delete(store, project_id, iteration_id, _require_deletable)
    with suppress(errors.ServiceError):
        drop(store, project_id, iteration_id)
        queues.send(store, CollectPictures(project_id, now()), delay=SETTLED)


def check_name(store: Store, project_id: UUID, iteration_id: UUID, name: str) -> None:
    """Raises BadIterationName, IterationNameNotUnique."""
    checked_name(name, "An iteration's", errors.BadIterationName)
    for other in stored_iterations.list_all(store, project_id):
        if other.iteration.id != iteration_id and folded(other.iteration.name) == folded(name):
            raise errors.IterationNameNotUnique(f"Another iteration is named '{name}'; choose another name.")


def _require_deletable(iteration: Iteration) -> None:
    if iteration.publish_name:
        raise errors.IterationIsPublished(
            f"Iteration is already published as: {iteration.publish_name}; unpublish it before you delete it."
        )


def drop(store: Store, project_id: UUID, iteration_id: UUID) -> None:
    """Delete what a deleted iteration left behind; one that is there is left alone."""
    with suppress(errors.IterationNotFound, errors.ProjectNotFound):
        stored_iterations.get(store, project_id, iteration_id)
        return
    for pointer in published.list_all(store, project_id):
        # One that a cut off publishing left behind.
        if pointer.iteration_id == iteration_id:
            published.delete(store, project_id, pointer.publish_name, iteration_id)
    blobs.delete_model(store, project_id, iteration_id)
    stored_exports.delete_packages(store, project_id, iteration_id)


def forget(store: Store, task: ForgetIteration) -> ForgetIteration | None:
    """One step of deleting what no call shows any more; returns the next. An iteration that is there is left alone."""
    project_id, iteration_id = task.project_id, task.iteration_id
    with suppress(errors.IterationNotFound, errors.ProjectNotFound):
        stored_iterations.get(store, project_id, iteration_id)
        return None
    if not stored_suggestions.forget_iteration(store, project_id, iteration_id):
        return task
    beyond = stored_predictions.forget_iteration(store, project_id, iteration_id, task.beyond)
    return replace(task, beyond=beyond) if beyond else None
