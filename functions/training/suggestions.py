"""What helps to label: suggested tags and regions, and region proposals."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import training, version2
from functions.edge.parameters import BatchImageIds
from shared.models.access.roles import LABELERS
from shared.models.labelling.proposals import ImageRegionProposal
from shared.models.labelling.suggestions import (
    SuggestedTagAndRegion,
    SuggestedTagAndRegionQuery,
    SuggestedTagAndRegionQueryToken,
    TagFilter,
)
from shared.operations.labelling import proposals, suggestions


@training("POST", "projects/{project_id}/tagsandregions/suggestions", LABELERS)
def suggest_tags_and_regions(
    call: Call, project_id: UUID, iteration_id: UUID, image_ids: BatchImageIds
) -> list[SuggestedTagAndRegion]:
    sessions = call.runtime.sessions
    return suggestions.suggest_tags_and_regions(call.store, sessions, call.limits, project_id, iteration_id, image_ids)


@training("POST", "projects/{project_id}/images/suggested", LABELERS)
def query_suggested_images(
    call: Call, project_id: UUID, iteration_id: UUID, body: SuggestedTagAndRegionQueryToken
) -> SuggestedTagAndRegionQuery:
    return suggestions.query_suggested_images(call.store, call.limits, project_id, iteration_id, body)


@training("POST", "projects/{project_id}/images/suggested/count", LABELERS)
def query_suggested_image_count(call: Call, project_id: UUID, iteration_id: UUID, body: TagFilter) -> dict[UUID, int]:
    return suggestions.query_suggested_image_count(call.store, project_id, iteration_id, body)


@training("POST", "projects/{project_id}/images/{image_id}/regionproposals", LABELERS)
def get_image_region_proposals(call: Call, project_id: UUID, image_id: UUID) -> ImageRegionProposal:
    return proposals.get_image_region_proposals(call.store, project_id, image_id)


@version2(get_image_region_proposals, "{project_id}/images/{image_id}/regionproposals")
def get_region_proposals(call: Call, project_id: UUID, image_id: UUID) -> ImageRegionProposal:
    return get_image_region_proposals(call, project_id, image_id)
