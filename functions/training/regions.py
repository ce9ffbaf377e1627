"""Image regions of the training API."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import training
from functions.edge.operation import Answer
from functions.edge.parameters import RegionIds
from shared.models.access.roles import LABELERS
from shared.models.workspace.regions import ImageRegionCreateBatch, ImageRegionCreateSummary
from shared.operations.workspace import regions


@training("POST", "projects/{project_id}/images/regions", LABELERS, statuses=(200, 207))
def create_image_regions(
    call: Call, project_id: UUID, body: ImageRegionCreateBatch
) -> Answer[ImageRegionCreateSummary]:
    given = [each.entry for each in body.regions or []]
    summary = regions.create_image_regions(call.store, call.limits, project_id, given)
    return Answer(207 if summary.duplicated or summary.exceeded else 200, summary)


@training("DELETE", "projects/{project_id}/images/regions", LABELERS)
def delete_image_regions(call: Call, project_id: UUID, region_ids: RegionIds) -> None:
    regions.delete_image_regions(call.store, project_id, region_ids)
