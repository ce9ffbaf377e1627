"""Training: check that it can work, freeze the dataset of the moment, launch the job, and watch over it."""

import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from msgspec.structs import replace

from shared import errors, launcher
from shared.models.domains import DomainType
from shared.models.images import ImageRecord
from shared.models.iterations import (
    Iteration,
    IterationRecord,
    IterationStatus,
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
    tags = _selected(stored_tags.list_all(store, project_id), parameters.selected_tags or [])
    counted = counts.read(store, project_id)
    _check_enough(settings.limits, project, tags, counted)
    run = TrainingRun(
        counted.changes,
        selected_tags=[tag.id for tag in tags],
        notification_email_address=notification_email_address,
        started=now(),
    )
    _check_iterations(settings.limits, stored.list_all(store, project_id), run, force_train)
    time = now()
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


def watch_trainings(store: Store, settings: Settings) -> None:
    """Start jobs that died again, and fail those that died too often. Run by a timer."""
    for project_id, iteration_id in stored.running(store):
        try:
            record = stored.get(store, project_id, iteration_id)
        except errors.ServiceError:
            stored.unlock_training(store, project_id, iteration_id)
            continue
        if record.iteration.status != IterationStatus.TRAINING:
            # The job died between its last write and its announcement.
            stored.end_training(store, record.iteration)
        elif _is_dead(record.run, settings):
            _restart(store, settings, record)


def _begin(store: Store, settings: Settings, record: IterationRecord, tags: list[Tag]) -> Iteration:
    """From the lock to the launch. Whatever stops it before the dataset is frozen leaves no trace."""
    iteration = record.iteration
    stored.lock_training(store, iteration.project_id, iteration.id)
    try:
        name = f"Iteration {stored.next_number(store, iteration.project_id)}"
        record = replace(record, iteration=replace(iteration, name=name))
        stored.insert(store, record)
        _freeze(store, record.iteration, tags)
    except BaseException:
        with suppress(errors.IterationNotFound, errors.ProjectNotFound):
            stored.delete(store, iteration.project_id, iteration.id)
        stored.unlock_training(store, iteration.project_id, iteration.id)
        raise
    _launch(store, settings, record)
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


def _launch(store: Store, settings: Settings, record: IterationRecord) -> None:
    """Launch the job; one that can't be launched now is taken up by `watch_trainings`."""
    iteration = record.iteration
    try:
        execution = launcher.launch(settings, iteration.project_id, iteration.id)
    except errors.ServiceError:
        logging.exception("The training job of iteration %s could not be launched", iteration.id)
        return

    def change(record: IterationRecord) -> IterationRecord:
        return replace(record, run=replace(record.run, execution=execution))

    stored.update(store, iteration.project_id, iteration.id, change)


def _is_dead(run: TrainingRun, settings: Settings) -> bool:
    alive = max(time for time in (run.heartbeat, run.started, datetime.min.replace(tzinfo=now().tzinfo)) if time)
    return now() - alive > timedelta(seconds=settings.job_heartbeat_seconds)


def _restart(store: Store, settings: Settings, record: IterationRecord) -> None:
    iteration = record.iteration
    attempts = record.run.attempts + 1

    def change(record: IterationRecord) -> IterationRecord:
        if attempts < ATTEMPTS:
            return replace(record, run=replace(record.run, attempts=attempts, started=now()))
        reason = f"The training job died {attempts} times ({record.run.message or 'before its first report'})."
        return replace(
            record,
            iteration=replace(
                record.iteration, status=IterationStatus.FAILED, training_error_details=reason, last_modified=now()
            ),
        )

    record = stored.update(store, iteration.project_id, iteration.id, change)
    if record.iteration.status == IterationStatus.FAILED:
        stored.end_training(store, record.iteration)
    else:
        logging.warning("The training job of iteration %s died; attempt %d starts", iteration.id, attempts + 1)
        _launch(store, settings, record)


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


def _selected(tags: list[Tag], selected: list[UUID]) -> list[Tag]:
    unknown = set(selected) - {tag.id for tag in tags}
    if unknown:
        raise errors.TagNotFound(f"There is no tag {min(unknown)} in this project; get_tags lists them.")
    return [tag for tag in tags if not selected or tag.id in selected]


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
