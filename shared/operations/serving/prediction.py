"""Prediction: classify or detect with a published iteration, or test one that is not published yet."""

from concurrent.futures import wait
from typing import NamedTuple
from uuid import UUID

from shared import errors
from shared.imaging.decode import Header, check
from shared.models.limits import Limits
from shared.models.serving.predictions import ImagePrediction, Prediction, StoredPrediction
from shared.models.training.iterations import DEFAULT
from shared.models.wire import now
from shared.models.workspace.domains import DomainType
from shared.prediction.model import Model
from shared.prediction.sessions import Sessions
from shared.storage.account.store import Store
from shared.storage.serving import predictions as stored_predictions
from shared.storage.serving import published
from shared.telemetry.predictions import Stopwatch, observed

APPLICATION_LENGTH = 256


class Request(NamedTuple):
    """The picture, the id of the prediction to be, what the client calls itself, and whether to keep the picture."""

    picture: bytes
    id: UUID
    application: str
    keep: bool


def predict(
    store: Store,
    sessions: Sessions,
    limits: Limits,
    request: Request,
    project_id: UUID,
    published_name: str,
    kind: DomainType,
) -> ImagePrediction:
    model, pointer = sessions.published(project_id, published_name)
    if model.spec.domain_type != kind:
        verb = "classify" if model.spec.domain_type == DomainType.CLASSIFICATION else "detect"
        raise errors.OperationNotSupported(f"'{published_name}' serves a model of the other kind; call {verb} instead.")
    return _run(store, limits, model, request, published_name, pointer.tiles)


def predict_default(
    store: Store, sessions: Sessions, limits: Limits, request: Request, project_id: UUID, iteration_id: UUID | None
) -> ImagePrediction:
    """As version 2 does it: with that iteration, or the project's default one, classifier or detector."""
    if iteration_id:
        return quick_test(store, sessions, limits, request, project_id, iteration_id)
    try:
        model, pointer = sessions.published(project_id, DEFAULT)
    except errors.IterationNotFound:
        model, pointer = sessions.published(project_id, _published_last(store, project_id))
    return _run(store, limits, model, request, pointer.publish_name, pointer.tiles)


def _published_last(store: Store, project_id: UUID) -> str:
    pointers = published.list_all(store, project_id)
    if not pointers:
        raise errors.DefaultIterationNotFound(
            "The project has no default iteration: publish one, update one with isDefault=true, or name an iterationId."
        )
    return max(pointers, key=lambda pointer: pointer.published).publish_name


def quick_test(
    store: Store, sessions: Sessions, limits: Limits, request: Request, project_id: UUID, iteration_id: UUID
) -> ImagePrediction:
    return _run(store, limits, sessions.iteration(project_id, iteration_id), request, "")


def check_application(name: str) -> None:
    """Raises InvalidApplicationName."""
    if len(name) > APPLICATION_LENGTH:
        raise errors.InvalidApplicationName(f"'application' has at most {APPLICATION_LENGTH} characters.")


def _run(
    store: Store, limits: Limits, model: Model, request: Request, published_name: str, tiles: int = 1
) -> ImagePrediction:
    check_application(request.application)
    spec = model.spec
    with observed(spec, published_name, "api" if published_name else "quick_test") as observation:
        header = check(request.picture, limits, limits.training_image_bytes)
        watch = observation.watch
        predictions = (
            _store_and_judge(store, model, request, header, watch, tiles)
            if request.keep
            else model.predict(request.picture, watch, tiles)
        )
        answer = ImagePrediction(request.id, spec.project_id, spec.iteration_id, now(), predictions)
        if request.keep:
            with watch.part("store"):
                stored_predictions.put(
                    store, StoredPrediction(answer, spec.domain_id, request.application, published_name)
                )
        observation.predictions = predictions
    return answer


def _store_and_judge(
    store: Store, model: Model, request: Request, header: Header, watch: Stopwatch, tiles: int
) -> list[Prediction]:
    """The picture goes to storage while the model looks at it; until there is a row for it, nobody sees it there."""
    place = store, model.spec.project_id, request.id
    storing = store.threads.submit(stored_predictions.put_picture, *place, request.picture, header.content_type)
    try:
        predictions = model.predict(request.picture, watch, tiles)
    except errors.ServiceError:
        wait([storing])
        stored_predictions.delete(*place)
        raise
    with watch.part("store"):
        storing.result()
    return predictions
