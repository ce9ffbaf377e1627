"""Training: check that it can work, freeze the dataset of the moment, and launch the job."""

import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import suppress
from uuid import UUID, uuid4

from msgspec.structs import replace

from shared import errors, launcher
from shared.models.limits import Limits
from shared.models.messages.jobs import TrainJob
from shared.models.messages.tasks import PrepareTraining, WatchTraining
from shared.models.training.datasets import DatasetHeader
from shared.models.training.iterations import (
    Iteration,
    IterationRecord,
    IterationStatus,
    TrainingParameters,
    TrainingRun,
    TrainingType,
)
from shared.models.wire import now
from shared.models.workspace.images import ImageRecord
from shared.models.workspace.projects import Project
from shared.models.workspace.tags import Tag
from shared.operations.training import checks, ending
from shared.operations.training.data import of_classifier, of_detector
from shared.operations.workspace import projects
from shared.operations.workspace.tags import require_tags
from shared.settings import Settings
from shared.storage.account import queues
from shared.storage.account.store import Store
from shared.storage.training import datasets
from shared.storage.training import iterations as stored_iterations
from shared.storage.workspace import catalog
from shared.storage.workspace import tags as stored_tags
from shared.storage.workspace.catalog import Catalog

EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s]{1,63}")
WATCH_SECONDS = 15.0
# A project with so many images to look at, which are the tagged ones or for a detector all, is frozen within the train
# call, in about a second; a larger one by upkeep.
FROZEN_AT_ONCE = 5_000


def train_project(
    store: Store,
    settings: Settings,
    project_id: UUID,
    *,
    training_type: TrainingType,
    reserved_budget_in_hours: int,
    force_train: bool,
    notification_email_address: str | None,
    parameters: TrainingParameters,
) -> Iteration:
    """Answers at once with an iteration in `Training`; the job ends it as `Completed` or `Failed`."""
    project = projects.get_workspace(store, project_id)
    if notification_email_address and not EMAIL.fullmatch(notification_email_address):
        raise errors.InvalidEmailAddress(f"'{notification_email_address}' is not an e-mail address.")
    if parameters.custom_base_model_info:
        checks.check_base(store, project, parameters.custom_base_model_info)
    counted, kind = catalog.read(store, project_id), project.settings.classification_type
    tags = _selected(stored_tags.names(store, project_id), parameters.selected_tags or [])
    checks.check_tags(project, tags)
    checks.check_enough(checks.least_images(settings.limits, kind), kind, tags, counted.per_tag)
    record = _new(project, counted, tags)
    iteration = replace(
        record.iteration,
        training_type=training_type,
        reserved_budget_in_hours=reserved_budget_in_hours,
        custom_base_model_info=parameters.custom_base_model_info,
    )
    run = replace(record.run, notification_email_address=notification_email_address)
    return _begin(store, settings, IterationRecord(iteration, run), counted, force=force_train)


def train_draft(store: Store, settings: Settings, project_id: UUID) -> Iteration:
    """A quick training of a detector while people draw, of the tags that have boxes on a few images, fewer than
    `train_project` asks for: what it suggests spares them boxes.

    Raises ProjectNotFound, OperationNotSupported, DetectionTrainingValidationFailed, TrainingInProgress,
    TrainingNotNeeded, IterationLimitExceeded.
    """
    project = projects.get_workspace(store, project_id)
    if project.settings.classification_type:
        raise errors.OperationNotSupported(
            "Drafts are of detectors. A classifier's live suggestions learn from each label without a training."
        )
    counted, least = catalog.read(store, project_id), checks.least_images(settings.limits, None, draft=True)
    named = stored_tags.names(store, project_id).values()
    tags = [tag for tag in named if counted.per_tag.get(tag.id, 0) >= least]
    if not tags:
        raise errors.DetectionTrainingValidationFailed(
            f"No tag has boxes on {least} images yet, as a draft needs; draw more of one."
        )
    checks.check_tags(project, tags)
    record = _new(project, counted, tags)
    return _begin(store, settings, replace(record, run=replace(record.run, draft=True)), counted)


def watch_seconds(settings: Settings) -> float:
    """From one look at a training to the next: no longer than its job may be silent."""
    return min(WATCH_SECONDS, settings.job_heartbeat_seconds)


def prepare(store: Store, settings: Settings, task: PrepareTraining) -> None:
    """From the dataset to the launch, for a large project or a job that is started again. Can be repeated."""
    try:
        record = stored_iterations.get(store, task.project_id, task.iteration_id)
    except (errors.IterationNotFound, errors.ProjectNotFound):
        return
    run = record.run
    if record.iteration.status != IterationStatus.TRAINING or run.attempts != task.attempt or run.execution:
        return
    try:
        _freeze(store, settings.limits, record)
    except errors.ServiceUnavailable:
        raise
    except errors.ServiceError as error:
        ending.fail(store, record.iteration, error.message)
    else:
        _launch(store, settings, record)


def lock_training(store: Store, project_id: UUID, iteration_id: UUID) -> None:
    """Idempotent for the same iteration. Raises TrainingInProgress."""
    try:
        stored_iterations.lock_training(store, project_id, iteration_id)
    except errors.TrainingInProgress:
        _end_holder(store, project_id)
        stored_iterations.lock_training(store, project_id, iteration_id)


def stop(settings: Settings, execution: str) -> None:
    """Where that fails the job stops itself soon: it sees at its next heartbeat that it is no longer wanted."""
    try:
        launcher.stop(settings, execution)
    except errors.ServiceUnavailable:
        logging.exception("The training job %s could not be stopped", execution)


def _new(project: Project, counted: Catalog, tags: Sequence[Tag]) -> IterationRecord:
    """A quick training, not begun."""
    time = now()
    iteration = Iteration(
        id=uuid4(),
        name="",
        status=IterationStatus.TRAINING,
        created=time,
        last_modified=time,
        project_id=project.id,
        domain_id=project.settings.domain_id,
        classification_type=project.settings.classification_type,
        training_type=TrainingType.REGULAR,
    )
    selected = [tag.id for tag in tags]
    return IterationRecord(
        iteration, TrainingRun(counted.revision, project.settings.digest, selected_tags=selected, started=time)
    )


def _begin(
    store: Store, settings: Settings, record: IterationRecord, counted: Catalog, *, force: bool = False
) -> Iteration:
    """From the lock to the launch. What is refused before the dataset is frozen leaves no trace.

    Where we die half-way, `watch_training` goes on from there.
    """
    checks.check_iterations(
        settings.limits, stored_iterations.list_all(store, record.iteration.project_id), record, force
    )
    iteration = record.iteration
    looked_at = counted.tagged if iteration.classification_type else counted.images
    large = looked_at > FROZEN_AT_ONCE
    lock_training(store, iteration.project_id, iteration.id)
    try:
        queues.send(store, WatchTraining(iteration.project_id, iteration.id), delay=watch_seconds(settings))
        name = f"Iteration {stored_iterations.take_number(store, iteration.project_id)}"
        record = replace(record, iteration=replace(iteration, name=name))
        stored_iterations.insert(store, record)
        if large:
            prepare_aside(store, record)
        else:
            _freeze(store, settings.limits, record)
    except errors.ServiceError:
        with suppress(errors.IterationNotFound, errors.ProjectNotFound):
            stored_iterations.delete(store, iteration.project_id, iteration.id)
        stored_iterations.unlock_training(store, iteration.project_id, iteration.id)
        raise
    if not large:
        _launch(store, settings, record)
    return record.shown


def _end_holder(store: Store, project_id: UUID) -> None:
    """One that has ended for all to see is about to say so and to unlock."""
    lock = stored_iterations.lock_of(store, project_id)
    with suppress(errors.IterationNotFound, errors.ProjectNotFound):
        holder = lock and stored_iterations.get(store, project_id, lock.iteration_id)
        if holder and holder.iteration.status != IterationStatus.TRAINING:
            ending.end_training(store, holder)


def prepare_aside(store: Store, record: IterationRecord) -> None:
    iteration = record.iteration
    queues.send(store, PrepareTraining(iteration.project_id, iteration.id, record.run.attempts))


def _freeze(store: Store, limits: Limits, record: IterationRecord) -> None:
    """Write down what is trained on, unless that is done. Raises what forbids to train on it."""
    iteration = record.iteration
    if datasets.frozen(store, iteration.project_id, iteration.id):
        return
    known = stored_tags.names(store, iteration.project_id)
    tags = {tag_id: known[tag_id] for tag_id in record.run.selected_tags if tag_id in known}
    kind = iteration.classification_type
    least = checks.least_images(limits, kind, draft=record.run.draft)

    def images() -> Iterator[ImageRecord]:
        images_per_tag = Counter[UUID]()
        for image in _trained_on(store, iteration, tags.keys()):
            images_per_tag.update(image.tag_ids)
            yield image
        # Since the train call counted them, images and tags may have been deleted.
        checks.check_enough(least, kind, list(tags.values()), images_per_tag)

    header = DatasetHeader(iteration.project_id, iteration.id, iteration.domain_id, kind, list(tags.values()))
    datasets.write(store, header, images())


def _trained_on(store: Store, iteration: Iteration, wanted: Set[UUID]) -> Iterator[ImageRecord]:
    if iteration.classification_type is None:
        return of_detector(store, iteration.project_id, wanted)
    return of_classifier(store, iteration.project_id, wanted)


def _launch(store: Store, settings: Settings, record: IterationRecord) -> None:
    """Launch the job; one that can't be launched now is taken up by `watch_training`."""
    iteration = record.iteration
    try:
        launched = launcher.launch(settings, TrainJob(iteration.project_id, iteration.id, record.run.attempts))
        try:
            _note(store, iteration, execution=launched.execution, logs=launched.logs)
        except (errors.IterationNotFound, errors.ProjectNotFound):
            stop(settings, launched.execution)
    except errors.ServiceError as error:
        logging.exception("The training job of iteration %s could not be launched", iteration.id)
        with suppress(errors.ServiceUnavailable):
            _note(store, iteration, message=f"it could not be launched: {error.message}")


def _note(store: Store, iteration: Iteration, **changes: str) -> None:
    def change(record: IterationRecord) -> IterationRecord:
        return replace(record, run=replace(record.run, **changes))

    stored_iterations.update(store, iteration.project_id, iteration.id, change)


def _selected(tags: Mapping[UUID, Tag], selected: list[UUID]) -> list[Tag]:
    require_tags(tags, selected)
    return [tag for tag in tags.values() if not selected or tag.id in selected]
