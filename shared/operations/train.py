"""Training: check that it can work, freeze the dataset of the moment, launch the job, and watch over it."""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from uuid import UUID, uuid4

from msgspec.structs import replace

from shared import errors, launcher
from shared.models.domains import DomainType
from shared.models.images import ImageRecord
from shared.models.iterations import (
    Iteration,
    IterationRecord,
    IterationStatus,
    TrainingLock,
    TrainingParameters,
    TrainingRun,
    TrainingType,
)
from shared.models.limits import Limits
from shared.models.projects import ClassificationType, Project
from shared.models.tags import Tag, TagType
from shared.models.training import DatasetHeader
from shared.models.wire import now
from shared.operations import projects
from shared.operations.tags import require_tags
from shared.settings import Settings
from shared.storage import counts, datasets
from shared.storage import images as stored_images
from shared.storage import iterations as stored
from shared.storage import tags as stored_tags
from shared.storage.counts import Counts
from shared.storage.store import Store

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
ATTEMPTS = 3


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
    project = projects.get_project(store, project_id)
    _check_supported(project, training_type, parameters)
    if notification_email_address and not EMAIL.fullmatch(notification_email_address):
        raise errors.InvalidEmailAddress(f"'{notification_email_address}' is not an e-mail address.")
    if reserved_budget_in_hours < 0:
        raise errors.BadRequest(f"'reservedBudgetInHours' is 0 or more, not {reserved_budget_in_hours}.")
    counted = counts.read(store, project_id)
    tags = _selected(stored_tags.names(store, project_id), parameters.selected_tags or [])
    _check_enough(settings.limits, project, tags, counted)
    time = now()
    run = TrainingRun(
        counted.changes,
        selected_tags=[tag.id for tag in tags],
        notification_email_address=notification_email_address,
        started=time,
    )
    _check_iterations(settings.limits, stored.list_all(store, project_id), run, force_train)
    iteration = Iteration(
        id=uuid4(),
        name="",
        status=IterationStatus.TRAINING,
        created=time,
        last_modified=time,
        project_id=project_id,
        exportable=projects.domain_of(project).exportable,
        domain_id=project.settings.domain_id,
        classification_type=project.settings.classification_type,
        training_type=training_type,
        reserved_budget_in_hours=reserved_budget_in_hours,
    )
    return _begin(store, settings, IterationRecord(iteration, run), tags)


def watch_training(store: Store, settings: Settings, lock: TrainingLock) -> None:
    """Start a job that died again, or fail one that died too often. Run by a timer for every training under way."""
    try:
        record = stored.get(store, lock.project_id, lock.iteration_id)
    except (errors.IterationNotFound, errors.ProjectNotFound):
        # The train call takes the lock a moment before it writes the iteration.
        if now() - lock.since > timedelta(seconds=settings.job_heartbeat_seconds):
            stored.unlock_training(store, lock.project_id, lock.iteration_id)
        return
    if record.iteration.status != IterationStatus.TRAINING:
        # The job died between its last write and its announcement.
        stored.end_training(store, record.iteration)
    elif _is_dead(record.run, settings):
        _restart(store, settings, record.iteration)


def _begin(store: Store, settings: Settings, record: IterationRecord, tags: list[Tag]) -> Iteration:
    """From the lock to the launch. What is refused before the dataset is frozen leaves no trace.

    Where we die half-way, `watch_training` starts a job that finds no dataset, and so fails the iteration.
    """
    iteration = record.iteration
    stored.lock_training(store, iteration.project_id, iteration.id)
    try:
        name = f"Iteration {stored.next_number(store, iteration.project_id)}"
        record = replace(record, iteration=replace(iteration, name=name))
        stored.insert(store, record)
        _freeze(store, record.iteration, tags)
    except errors.ServiceError:
        with suppress(errors.IterationNotFound, errors.ProjectNotFound):
            stored.delete(store, iteration.project_id, iteration.id)
        stored.unlock_training(store, iteration.project_id, iteration.id)
        raise
    _launch(store, settings, record.iteration)
    return record.iteration


def _freeze(store: Store, iteration: Iteration, tags: list[Tag]) -> None:
    wanted = {tag.id for tag in tags}

    def images() -> Iterator[ImageRecord]:
        for image in stored_images.each(store, iteration.project_id):
            marks = [mark for mark in image.tags if mark.tag_id in wanted]
            if len(marks) > 1 and iteration.classification_type == ClassificationType.MULTICLASS:
                raise errors.MultiClassTrainingValidationFailed(
                    f"Image {image.id} has several tags, but in a multiclass project every image has one; "
                    "remove the others, or make the project multilabel."
                )
            if marks:
                regions = [region for region in image.regions if region.tag_id in wanted]
                yield replace(image, tags=marks, regions=regions)

    records = list(images())
    header = DatasetHeader(
        iteration.project_id, iteration.id, iteration.domain_id, iteration.classification_type, tags, len(records)
    )
    datasets.write(store, header, records)


def _launch(store: Store, settings: Settings, iteration: Iteration) -> None:
    """Launch the job; one that can't be launched now is taken up by `watch_training`."""
    try:
        execution = launcher.launch(settings, iteration.project_id, iteration.id)
        _note(store, iteration, execution=execution)
    except errors.ServiceError as error:
        logging.exception("The training job of iteration %s could not be launched", iteration.id)
        with suppress(errors.ServiceUnavailable):
            _note(store, iteration, message=f"it could not be launched: {error.message}")


def _note(store: Store, iteration: Iteration, **changes: str) -> None:
    def change(record: IterationRecord) -> IterationRecord:
        return replace(record, run=replace(record.run, **changes))

    stored.update(store, iteration.project_id, iteration.id, change)


def _is_dead(run: TrainingRun, settings: Settings) -> bool:
    """Before its first heartbeat a job may have to wait for its container."""
    began = run.started or now()
    if run.heartbeat and run.heartbeat > began:
        return now() - run.heartbeat > timedelta(seconds=settings.job_heartbeat_seconds)
    return now() - began > timedelta(seconds=settings.job_start_seconds)


def _restart(store: Store, settings: Settings, iteration: Iteration) -> None:
    time = now()

    def change(record: IterationRecord) -> IterationRecord:
        run = record.run
        if record.iteration.status != IterationStatus.TRAINING or not _is_dead(run, settings):
            return record
        if run.attempts + 1 < ATTEMPTS:
            return replace(record, run=replace(run, attempts=run.attempts + 1, started=time))
        reason = f"The training job died {ATTEMPTS} times; the last that was heard: {run.message or 'nothing'}."
        failed = replace(
            record.iteration, status=IterationStatus.FAILED, training_error_details=reason, last_modified=time
        )
        return replace(record, iteration=failed)

    record = stored.update(store, iteration.project_id, iteration.id, change)
    if record.iteration.status == IterationStatus.FAILED:
        stored.end_training(store, record.iteration)
    elif record.run.started == time:
        logging.warning("Attempt %d at training iteration %s", record.run.attempts + 1, iteration.id)
        _launch(store, settings, record.iteration)


def _check_supported(project: Project, training_type: TrainingType, parameters: TrainingParameters) -> None:
    domain = projects.domain_of(project)
    if domain.type == DomainType.OBJECT_DETECTION:
        raise errors.OperationNotSupported("Object detection projects can't be trained in this version.")
    if training_type == TrainingType.ADVANCED:
        raise errors.DomainNotSupportedForAdvancedTraining(
            f"'{domain.name}' has no advanced training in this version; train with trainingType=Regular."
        )
    if parameters.custom_base_model_info:
        raise errors.OperationNotSupported("Training from another iteration (customBaseModelInfo) is not supported.")


def _selected(tags: Mapping[UUID, Tag], selected: list[UUID]) -> list[Tag]:
    require_tags(tags, selected)
    return [tag for tag in tags.values() if not selected or tag.id in selected]


def _check_enough(limits: Limits, project: Project, tags: list[Tag], counted: Counts) -> None:
    """At least two tags, one of them regular, and enough images of every one."""
    refused = (
        errors.MultiClassTrainingValidationFailed
        if project.settings.classification_type == ClassificationType.MULTICLASS
        else errors.MultiLabelTrainingValidationFailed
    )
    few = [tag.name for tag in tags if counted.per_tag.get(tag.id, 0) < limits.images_per_tag]
    if few:
        raise refused(
            f"Not enough images per tag for training: {', '.join(few)} has fewer than {limits.images_per_tag}. "
            "Tag more images, or delete the tag."
        )
    if len(tags) < 2 or all(tag.type == TagType.NEGATIVE for tag in tags):
        raise refused("Not enough tags for training: have two or more, one of which may be the Negative tag.")


def _check_iterations(limits: Limits, records: list[IterationRecord], run: TrainingRun, force: bool) -> None:
    if any(record.iteration.status == IterationStatus.TRAINING for record in records):
        raise errors.TrainingInProgress("The project is being trained; wait until that iteration has ended.")
    if len(records) >= limits.iterations_per_project:
        raise errors.IterationLimitExceeded(
            f"The project has {limits.iterations_per_project} iterations, as many as allowed; delete one first."
        )
    done = [record for record in records if record.iteration.status == IterationStatus.COMPLETED]
    if force or not done:
        return
    last = max(done, key=lambda record: record.iteration.created)
    if (last.run.revision, last.run.selected_tags) == (run.revision, run.selected_tags):
        raise errors.TrainingNotNeeded("Nothing changed since last training; send forceTrain=true to train anyway.")
