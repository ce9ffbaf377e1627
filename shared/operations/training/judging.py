"""What an imported model says of the project's own images: by these it is compared with those that are trained here."""

import time
from itertools import islice
from uuid import UUID

from shared import errors
from shared.models.messages.tasks import JudgeIteration
from shared.models.serving.predictions import BoundingBox, Prediction
from shared.models.training.evaluations import EvaluatedBox, EvaluatedImage, Evaluation
from shared.models.training.iterations import Iteration, IterationStatus
from shared.models.training.model_spec import ModelSpec
from shared.models.workspace.domains import DomainType
from shared.models.workspace.images import ImageRecord
from shared.operations.training.data import of_classifier, of_detector
from shared.prediction.model import Model
from shared.prediction.sessions import model_of
from shared.settings import Settings
from shared.storage.account import blobs, queues
from shared.storage.account.store import Store
from shared.storage.training import evaluations
from shared.storage.training import iterations as stored_iterations

# The newest: a minute's work.
IMAGES = 1_000
# After so long what was seen by then counts: a step must not outlast functionTimeout.
SECONDS = 120.0


def judge_iteration(store: Store, project_id: UUID, iteration_id: UUID) -> Iteration:
    """Begins it. Raises IterationNotFound, OperationNotSupported for one that was trained here."""
    iteration = stored_iterations.get(store, project_id, iteration_id).shown
    if not iteration.imported_from:
        raise errors.OperationNotSupported(
            f"'{iteration.name}' was judged by its training, on images that it never saw; imported ones can be judged."
        )
    queues.send(store, JudgeIteration(project_id, iteration_id))
    return iteration


def judge(store: Store, settings: Settings, task: JudgeIteration) -> None:
    """By the labels of now. Nothing happens where the iteration is gone; can be repeated."""
    project_id, iteration_id = task.project_id, task.iteration_id
    try:
        iteration = stored_iterations.get(store, project_id, iteration_id).iteration
        model = model_of(store, settings, project_id, iteration_id)
    except (errors.IterationNotFound, errors.ProjectNotFound):
        return
    if iteration.status != IterationStatus.COMPLETED:
        return
    evaluations.write(store, project_id, iteration_id, _evaluation(store, model))


def _evaluation(store: Store, model: Model) -> Evaluation:
    spec, deadline = model.spec, time.monotonic() + SECONDS
    wanted = {tag.id for tag in spec.tags}
    labelled = of_classifier if spec.domain_type == DomainType.CLASSIFICATION else of_detector
    judged = []
    for image in islice(labelled(store, spec.project_id, wanted), IMAGES):
        if time.monotonic() > deadline:
            break
        try:
            found = model.predict(blobs.picture(store, spec.project_id, image.id, "resized"))
        except errors.ImageNotFound:
            # Deleted meanwhile.
            continue
        judged.append(_judged(image, found, spec))
    return Evaluation(spec.tags, spec.classification_type, judged)


def _judged(image: ImageRecord, found: list[Prediction], spec: ModelSpec) -> EvaluatedImage:
    places = {tag.id: place for place, tag in enumerate(spec.tags)}
    probabilities = {each.tag_id: each.probability for each in found}
    classifies = spec.domain_type == DomainType.CLASSIFICATION
    return EvaluatedImage(
        image.id,
        image.created,
        image.width,
        image.height,
        [mark.tag_id for mark in image.tags],
        [probabilities[tag_id] for tag_id in places] if classifies else [],
        image.regions,
        [_box(places[each.tag_id], each.probability, each.bounding_box) for each in found if each.bounding_box],
    )


def _box(tag: int, probability: float, box: BoundingBox) -> EvaluatedBox:
    return EvaluatedBox(tag, probability, box.left, box.top, box.width, box.height)
