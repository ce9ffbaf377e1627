"""Suggested tags and regions: a trained iteration looks at untagged images; what it sees waits to be confirmed."""

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple
from uuid import UUID

from msgspec.structs import replace

from shared import errors
from shared.imaging.decode import check
from shared.models.labelling.suggestions import (
    SortBy,
    StoredSuggestedTagAndRegion,
    SuggestedTagAndRegion,
    SuggestedTagAndRegionQuery,
    SuggestedTagAndRegionQueryToken,
    Suggestion,
    TagFilter,
)
from shared.models.limits import Limits
from shared.models.serving.predictions import Prediction, uncertainty
from shared.models.wire import now
from shared.models.workspace.images import ImageRecord
from shared.models.workspace.tags import Tag
from shared.operations.continuation import Session, page_size
from shared.operations.training.iterations import trained_iteration
from shared.operations.workspace.tags import require_tags
from shared.prediction.model import Model
from shared.prediction.sessions import Sessions
from shared.storage.account import blobs
from shared.storage.account.pool import Pool
from shared.storage.account.store import Store
from shared.storage.workspace import images as stored_images
from shared.storage.workspace import suggestions as stored_suggestions
from shared.storage.workspace import tags as stored_tags

# Shared by all calls, so that they hold no more pictures than this at once; judging one fills the cores by itself.
POOL = Pool(4, "suggest")


class Scope(NamedTuple):
    """A project's iteration, and the tags that the project has now."""

    project_id: UUID
    iteration_id: UUID
    tags: Mapping[UUID, Tag]

    @classmethod
    def read(cls, store: Store, project_id: UUID, iteration_id: UUID, wanted: list[UUID]) -> "Scope":
        """Raises ProjectNotFound, IterationNotFound, IterationNotTrained, TagNotFound."""
        trained_iteration(store, project_id, iteration_id)
        tags = stored_tags.names(store, project_id)
        require_tags(tags, wanted)
        return cls(project_id, iteration_id, tags)

    def is_open(self, record: ImageRecord) -> bool:
        """Whether the image waits for its first tag."""
        return not record.tag_ids & self.tags.keys()

    def visible(self, predictions: list[Prediction]) -> list[Prediction]:
        """Those of tags that are still there, under their present names."""
        return [replace(each, tag_name=self.tags[each.tag_id].name) for each in predictions if each.tag_id in self.tags]


def suggest_tags_and_regions(
    store: Store, sessions: Sessions, limits: Limits, project_id: UUID, iteration_id: UUID, image_ids: list[UUID]
) -> list[SuggestedTagAndRegion]:
    """For the untagged ones among the images, in the order of the ids."""
    if not image_ids:
        raise errors.MissingParameter("Name the untagged images in 'imageIds'.")
    scope = Scope.read(store, project_id, iteration_id, [])
    records = stored_images.get_many(store, project_id, image_ids)
    missing = set(image_ids) - {record.id for record in records}
    if missing:
        raise errors.ImageNotFound(f"There is no image {missing.pop()} in this project.")
    wanted = [record.id for record in records if scope.is_open(record)]
    known = stored_suggestions.get_many(store, project_id, iteration_id, wanted)
    new = [image_id for image_id in wanted if image_id not in known]
    model = sessions.iteration(project_id, iteration_id)
    made = list(POOL.map(partial(_suggest, store, limits, scope, model), new))
    stored_suggestions.put(store, project_id, iteration_id, made)
    known |= zip(new, made, strict=True)
    found = (known[image_id].suggested for image_id in wanted)
    return [replace(each, predictions=scope.visible(each.predictions)) for each in found]


def query_suggested_images(
    store: Store, limits: Limits, project_id: UUID, iteration_id: UUID, token: SuggestedTagAndRegionQueryToken
) -> SuggestedTagAndRegionQuery:
    """A page of untagged images for which one of the tags, or with none given any tag, is suggested."""
    size = page_size(limits, token.max_count)
    tag_ids, threshold = set(token.tag_ids or []), token.threshold or 0.0
    scope = Scope.read(store, project_id, iteration_id, list(tag_ids))
    order = token.sort_by or SortBy.UNCERTAINTY_ASCENDING
    session = Session(project_id, iteration_id, order, sorted(tag_ids), threshold)
    found = stored_suggestions.query(
        store,
        project_id,
        iteration_id,
        order,
        stored_suggestions.Wanted(tag_ids or scope.tags.keys(), threshold),
        take=size,
        beyond=session.place(token.session, token.continuation),
    )
    following = replace(token, session=session.name, continuation=session.continuation(found.place))
    return SuggestedTagAndRegionQuery(following, [_shown(store, scope, each) for each in found.items])


def query_suggested_image_count(
    store: Store, project_id: UUID, iteration_id: UUID, filter: TagFilter
) -> dict[UUID, int]:
    """For each of the tags, or with none given for all tags: for how many untagged images it is suggested."""
    scope = Scope.read(store, project_id, iteration_id, filter.tag_ids or [])
    numbers = stored_suggestions.numbers(store, project_id, iteration_id, filter.threshold or 0.0)
    return {tag_id: numbers.get(tag_id, 0) for tag_id in set(filter.tag_ids or scope.tags)}


def _suggest(store: Store, limits: Limits, scope: Scope, model: Model, image_id: UUID) -> Suggestion:
    """Raises ImageNotFound for an image that was deleted meanwhile."""
    picture = blobs.picture(store, scope.project_id, image_id, "resized")
    header = check(picture, limits, len(picture))
    predictions = model.predict(picture)
    suggested = SuggestedTagAndRegion(
        image_id, scope.project_id, scope.iteration_id, now(), predictions, uncertainty(predictions)
    )
    return Suggestion(suggested, model.spec.domain_id, header.width, header.height)


def _shown(store: Store, scope: Scope, suggestion: Suggestion) -> StoredSuggestedTagAndRegion:
    suggested = suggestion.suggested
    return StoredSuggestedTagAndRegion(
        suggested.id,
        suggested.project,
        suggested.iteration,
        suggested.created,
        scope.visible(suggested.predictions),
        suggested.prediction_uncertainty,
        suggestion.width,
        suggestion.height,
        resized_image_uri=blobs.picture_uri(store, scope.project_id, suggested.id, "resized"),
        thumbnail_uri=blobs.picture_uri(store, scope.project_id, suggested.id, "thumbnail"),
        original_image_uri=blobs.picture_uri(store, scope.project_id, suggested.id, "original"),
        domain=suggestion.domain,
    )
