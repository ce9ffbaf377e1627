"""Performance of iterations."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import training
from functions.edge.parameters import FilterTagIds, Take
from shared.models.access.roles import READERS
from shared.models.training.performance import ImagePerformance, IterationPerformance
from shared.models.workspace.images import OrderBy
from shared.operations.training import performance
from shared.operations.training.cells import Cell

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
    order_by: OrderBy | None = None,
    take: Take = 50,
    skip: int = 0,
    truth: str | None = None,
    said: str | None = None,
    wrong: bool = False,
    threshold: float = 0.5,
    overlap_threshold: float = 0.3,
) -> list[ImagePerformance]:
    return performance.get_image_performances(
        call.store,
        project_id,
        iteration_id,
        tag_ids=tag_ids,
        cell=Cell(truth, said, wrong, threshold, overlap_threshold),
        order=order_by,
        take=take,
        skip=skip,
    )


@training("GET", f"{ITERATION}/performance/images/count", READERS)
def get_image_performance_count(
    call: Call,
    project_id: UUID,
    iteration_id: UUID,
    tag_ids: FilterTagIds,
    truth: str | None = None,
    said: str | None = None,
    wrong: bool = False,
    threshold: float = 0.5,
    overlap_threshold: float = 0.3,
) -> int:
    cell = Cell(truth, said, wrong, threshold, overlap_threshold)
    return performance.get_image_performance_count(call.store, project_id, iteration_id, tag_ids=tag_ids, cell=cell)
