"""Region proposals of the training API."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import training, version2
from shared.models.proposals import ImageRegionProposal
from shared.models.roles import LABELERS
from shared.operations.labelling import proposals


@training("POST", "projects/{project_id}/images/{image_id}/regionproposals", LABELERS)
def get_image_region_proposals(call: Call, project_id: UUID, image_id: UUID) -> ImageRegionProposal:
    return proposals.get_image_region_proposals(call.store, project_id, image_id)


@version2(get_image_region_proposals, "{project_id}/images/{image_id}/regionproposals")
def get_region_proposals(call: Call, project_id: UUID, image_id: UUID) -> ImageRegionProposal:
    return get_image_region_proposals(call, project_id, image_id)
