"""Prediction: classify or detect with a published iteration, or test one that is not published yet."""

from typing import NamedTuple
from uuid import UUID

from shared import errors
from shared.models.domains import DomainType
from shared.models.predictions import ImagePrediction, StoredPrediction
from shared.models.wire import now
from shared.prediction.model import Model
from shared.prediction.sessions import Sessions
from shared.storage import predictions as stored
from shared.storage.store import Store

APPLICATION_LENGTH = 256


class Request(NamedTuple):
    """Who asks: the id of the prediction to be, what the client calls itself, and whether to keep the picture."""

    id: UUID
    application: str
    store: bool


def predict(
    store: Store,
    sessions: Sessions,
    request: Request,
    project_id: UUID,
    published_name: str,
    kind: DomainType,
    picture: bytes,
) -> ImagePrediction:
    model, _ = sessions.published(project_id, published_name)
    if model.spec.domain_type != kind:
        verb = "classify" if model.spec.domain_type == DomainType.CLASSIFICATION else "detect"
        raise errors.OperationNotSupported(f"'{published_name}' serves a model of the other kind; call {verb} instead.")
    return _run(store, model, request, published_name, picture)


def quick_test(
    store: Store, sessions: Sessions, request: Request, project_id: UUID, iteration_id: UUID, picture: bytes
) -> ImagePrediction:
    return _run(store, sessions.iteration(project_id, iteration_id), request, "", picture)


def _run(store: Store, model: Model, request: Request, published_name: str, picture: bytes) -> ImagePrediction:
    if len(request.application) > APPLICATION_LENGTH:
        raise errors.InvalidApplicationName(f"'application' has at most {APPLICATION_LENGTH} characters.")
    predictions = model.predict(picture)
    spec = model.spec
    answer = ImagePrediction(request.id, spec.project_id, spec.iteration_id, now(), predictions)
    if request.store:
        stored.put(store, StoredPrediction(answer, spec.domain_id, request.application, published_name), picture)
    return answer
