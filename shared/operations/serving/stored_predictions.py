"""Stored predictions: query them, delete them, make training images of them."""

from functools import partial
from uuid import UUID

from msgspec.structs import replace

from shared import errors
from shared.models.limits import Limits
from shared.models.serving.predictions import (
    ImageIdCreateBatch,
    ImageIdCreateEntry,
    PredictionOrder,
    PredictionQueryResult,
    PredictionQueryTag,
    PredictionQueryToken,
    StoredImagePrediction,
    StoredPrediction,
)
from shared.models.workspace.images import ImageCreateSummary, ImageUploadStatus
from shared.operations.continuation import Session, page_size
from shared.operations.serving.prediction import check_application
from shared.operations.workspace import uploads
from shared.operations.workspace.projects import get_project
from shared.settings import Settings
from shared.storage.account.store import Store
from shared.storage.serving import predictions as stored_predictions
from shared.storage.training import iterations as stored_iterations

TAGS_PER_QUERY = 2
CREATED = (ImageUploadStatus.OK, ImageUploadStatus.OK_DUPLICATE)


def query_predictions(
    store: Store, limits: Limits, project_id: UUID, token: PredictionQueryToken
) -> PredictionQueryResult:
    """A page of those that meet all conditions; two tags mean both of them."""
    size = page_size(limits, token.max_count)
    _check(token)
    get_project(store, project_id)
    iterations = {record.iteration.id for record in stored_iterations.list_all(store, project_id)}
    if token.iteration_id and token.iteration_id not in iterations:
        raise errors.IterationNotFound(f"There is no iteration {token.iteration_id} in this project.")
    order, since, until = token.order_by or PredictionOrder.NEWEST, token.start_time, token.end_time
    times = [time and time.timestamp() for time in (since, until)]
    session = Session(project_id, order, times, token.tags or [], token.iteration_id, token.application or None)
    place = session.place(token.session, token.continuation)

    def keep(prediction: StoredPrediction) -> bool:
        return prediction.prediction.iteration in iterations and _matches(token, prediction)

    found = stored_predictions.query(
        store, project_id, order, since=since, until=until, keep=keep, take=size, beyond=place
    )
    following = replace(token, session=session.name, continuation=session.continuation(found.place))
    return PredictionQueryResult(following, [_shown(store, item) for item in found.items])


def delete_prediction(store: Store, project_id: UUID, ids: list[UUID]) -> None:
    """An id that is already gone is no error, so a retry succeeds."""
    if not ids:
        raise errors.PredictionIdsMissing("Name the predictions to delete in 'ids'.")
    get_project(store, project_id)
    list(store.threads.map(partial(stored_predictions.delete, store, project_id), ids))


def create_images_from_predictions(
    store: Store, settings: Settings, project_id: UUID, batch: ImageIdCreateBatch
) -> ImageCreateSummary:
    """Pictures that become training images leave the stored predictions.

    They go once their images are there: when the call is cut off before, its repeat finds each image as a duplicate.
    """

    def read(entry: ImageIdCreateEntry) -> bytes:
        return stored_predictions.picture(store, project_id, entry.id)

    pictures = [uploads.incoming(each, "id", read) for each in batch.images or []]
    tag_ids, metadata = batch.tag_ids or [], batch.metadata or {}
    summary = uploads.create(store, settings, project_id, pictures, tag_ids, metadata, "No prediction ids provided")
    done = {UUID(result.source_url) for result in summary.images if result.source_url and result.status in CREATED}
    list(store.threads.map(partial(stored_predictions.delete, store, project_id), done))
    return summary


def _check(token: PredictionQueryToken) -> None:
    check_application(token.application or "")
    if len(token.tags or []) > TAGS_PER_QUERY:
        raise errors.PredictionTagsExceeded(
            f"A query takes at most {TAGS_PER_QUERY} tags, not {len(token.tags or [])}."
        )
    for tag in token.tags or []:
        low, high = _bounds(tag)
        if low > high:
            raise errors.InvalidQueryParameters(f"The 'minThreshold' {low} of tag {tag.id} is over its 'maxThreshold'.")
    if token.start_time and token.end_time and token.start_time > token.end_time:
        raise errors.InvalidQueryParameters("'startTime' is after 'endTime'; exchange them.")


def _matches(token: PredictionQueryToken, stored: StoredPrediction) -> bool:
    return (
        token.iteration_id in (None, stored.prediction.iteration)
        and (token.application or stored.application) == stored.application
        and all(_shows(stored, tag) for tag in token.tags or [])
    )


def _shows(stored: StoredPrediction, tag: PredictionQueryTag) -> bool:
    low, high = _bounds(tag)
    return any(each.tag_id == tag.id and low <= each.probability <= high for each in stored.prediction.predictions)


def _bounds(tag: PredictionQueryTag) -> tuple[float, float]:
    return tag.min_threshold or 0.0, 1.0 if tag.max_threshold is None else tag.max_threshold


def _shown(store: Store, stored_prediction: StoredPrediction) -> StoredImagePrediction:
    """One picture under three addresses, as nothing was resized."""
    prediction = stored_prediction.prediction
    uri = stored_predictions.picture_uri(store, prediction.project, prediction.id)
    return StoredImagePrediction(
        prediction.id,
        prediction.project,
        prediction.iteration,
        prediction.created,
        prediction.predictions,
        resized_image_uri=uri,
        thumbnail_uri=uri,
        original_image_uri=uri,
        domain=stored_prediction.domain,
    )
