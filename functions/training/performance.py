"""Performance of iterations."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import training
from functions.edge.parameters import FilterTagIds, Take
from shared.models.access.roles import READERS
from shared.models.training.performance import ImagePerformance, IterationPerformance
from shared.models.workspace.images import OrderBy
from shared.operations.training import performance

ITERATION = "projects/{project_id}/iterations/{iteration_id}"


@training("GET", f"{ITERATION}/performance", READERS)
def get_iteration_performance(
    call: Call, project_id: UUID, iteration_id: UUID, threshold: float = 0.5, overlap_threshold: float = 0.3
) -> IterationPerformance:
    return performance.get_iteration_performance(
        call.store, project_id, iteration_id, threshold=threshold, overlap_threshold=overlap_threshold
    )


@training("GET", f"{ITERATION}/performance/images", READERS)
def get_image_performances(
    call: Call,
    project_id: UUID,
    iteration_id: UUID,
    tag_ids: FilterTagIds,
    order_by: OrderBy = OrderBy.NEWEST,
    take: Take = 50,
    skip: int = 0,
) -> list[ImagePerformance]:
    return performance.get_image_performances(
        call.store, project_id, iteration_id, tag_ids=tag_ids, order=order_by, take=take, skip=skip
    )


@training("GET", f"{ITERATION}/performance/images/count", READERS)
def get_image_performance_count(call: Call, project_id: UUID, iteration_id: UUID, tag_ids: FilterTagIds) -> int:
    return performance.get_image_performance_count(call.store, project_id, iteration_id, tag_ids=tag_ids)
