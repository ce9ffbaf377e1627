"""What must hold before a project can be trained; each refusal says what to do."""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from shared import errors
from shared.learning.classifier_recipe import continued
from shared.models.limits import Limits
from shared.models.training.iterations import (
    CustomBaseModelInfo,
    Iteration,
    IterationRecord,
    IterationStatus,
    TrainingRun,
)
from shared.models.training.model_spec import ModelSpec
from shared.models.workspace.domains import PRODUCTS_ON_SHELVES, DomainType
from shared.models.workspace.projects import ClassificationType, Project
from shared.models.workspace.tags import Tag, TagType
from shared.operations.workspace import projects
from shared.storage.account import blobs
from shared.storage.account.store import Store
from shared.storage.training import iterations as stored_iterations

# What a dataset is refused with that does not fit its kind; a detector has no classification type.
REFUSED: dict[ClassificationType | None, type[errors.ServiceError]] = {
    None: errors.DetectionTrainingValidationFailed,
    ClassificationType.MULTICLASS: errors.MultiClassTrainingValidationFailed,
    ClassificationType.MULTILABEL: errors.MultiLabelTrainingValidationFailed,
}


def check_tags(project: Project, tags: list[Tag]) -> None:
    """Whether a detector can have tags of these types, which may be left from other days."""
    domain = projects.domain_of(project)
    if domain.type != DomainType.OBJECT_DETECTION:
        return
    names = {kind: ", ".join(tag.name for tag in tags if tag.type == kind) for kind in TagType}
    if names[TagType.NEGATIVE]:
        raise errors.DetectionTrainingNotAllowNegativeTag(
            f"Object detection has no Negative tag: delete {names[TagType.NEGATIVE]}, and mark images without objects "
            'as background by the metadata {"background": "true"}.'
        )
    if names[TagType.GENERAL_PRODUCT] and domain.id != PRODUCTS_ON_SHELVES:
        raise errors.DetectionTrainingValidationFailed(
            f"'{domain.name}' has no GeneralProduct tag: make {names[TagType.GENERAL_PRODUCT]} Regular, or choose the "
            "domain Products on Shelves."
        )


def least_images(limits: Limits, kind: ClassificationType | None, *, draft: bool = False) -> int:
    """So many of each tag are enough."""
    if draft:
        return limits.images_per_tag_draft
    return limits.images_per_tag if kind else limits.images_per_tag_detection


def check_enough(
    least: int, kind: ClassificationType | None, tags: list[Tag], images_per_tag: Mapping[UUID, int]
) -> None:
    """Enough images of every tag, and enough tags: for a detector one, for a classifier two, one of them regular."""
    few = [tag.name for tag in tags if images_per_tag.get(tag.id, 0) < least]
    if few:
        do = "Tag more images" if kind else "Draw its boxes on more images"
        raise REFUSED[kind](
            f"Not enough images per tag for training: {', '.join(few)} has fewer than {least}. {do}, or delete the tag."
        )
    if kind is None and not tags:
        raise REFUSED[kind]("Not enough tags for training: create one, and draw its boxes.")
    if kind and (len(tags) < 2 or all(tag.type == TagType.NEGATIVE for tag in tags)):
        raise REFUSED[kind]("Not enough tags for training: have two or more, one of which may be the Negative tag.")


def check_iterations(limits: Limits, records: list[IterationRecord], new: IterationRecord, force: bool) -> None:
    if any(record.iteration.status == IterationStatus.TRAINING for record in records):
        raise errors.TrainingInProgress("The project is being trained; wait until that iteration has ended.")
    if len(records) >= limits.iterations_per_project:
        raise errors.IterationLimitExceeded(
            f"The project has {limits.iterations_per_project} iterations, as many as allowed; delete one first."
        )
    # A model that was imported since says nothing of whether a training is needed.
    trained = [record for record in records if not record.iteration.imported_from]
    done = [record for record in trained if record.iteration.status == IterationStatus.COMPLETED]
    if force or not done:
        return
    last = max(done, key=lambda record: record.iteration.created)
    if _basis(last.run, last.iteration) == _basis(new.run, new.iteration):
        raise errors.TrainingNotNeeded("Nothing changed since last training; send forceTrain=true to train anyway.")


def _basis(run: TrainingRun, iteration: Iteration) -> tuple[object, ...]:
    """All that the outcome of a training depends on."""
    kind = iteration.training_type, iteration.budget_hours
    return run.revision, run.settings, run.selected_tags, iteration.custom_base_model_info, kind


def check_base(store: Store, project: Project, base: CustomBaseModelInfo) -> None:
    """Whether the project's training can continue from that iteration, which may be another project's."""
    domain = projects.domain_of(project)
    if domain.type == DomainType.OBJECT_DETECTION:
        raise errors.CustomBaseModelNotCompatible(
            "A detector continues from no other iteration in this version; leave out customBaseModelInfo."
        )
    iteration = stored_iterations.get(store, base.project_id, base.iteration_id).iteration
    if iteration.status != IterationStatus.COMPLETED:
        raise errors.CustomBaseModelNotCompleted(
            f"'{iteration.name}' is {iteration.status}; continue from an iteration that is Completed."
        )
    settings = project.settings
    if (iteration.domain_id, iteration.classification_type) != (settings.domain_id, settings.classification_type):
        raise errors.CustomBaseModelNotCompatible(
            f"'{iteration.name}' was trained in another domain or classification type; continue from an iteration "
            "with those of this project, or leave out customBaseModelInfo."
        )
    kind = settings.classification_type
    if kind is None or continued(_architecture(store, base), domain, kind) is None:
        raise errors.CustomBaseModelRetired(
            f"'{iteration.name}' has an architecture that is no longer trained; leave out customBaseModelInfo."
        )


def _architecture(store: Store, base: CustomBaseModelInfo) -> str:
    """What the iteration's model is; "" where that is gone."""
    try:
        data = blobs.model_read(store, base.project_id, base.iteration_id, "model.json")
    except errors.NotFound:
        return ""
    return msgspec.json.decode(data, type=ModelSpec).architecture
