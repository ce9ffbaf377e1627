"""Performance of iterations."""

from uuid import UUID

from functions.call import Call
from functions.edge import training
from shared.models.images import OrderBy
from shared.models.performance import ImagePerformance, IterationPerformance
from shared.operations import performance
from shared.operations.images import TAGS_PER_FILTER

ITERATION = "projects/{project_id}/iterations/{iteration_id}"


@training("GET", f"{ITERATION}/performance")
def get_iteration_performance(call: Call, project_id: UUID, iteration_id: UUID) -> IterationPerformance:
    threshold = call.fraction("threshold", 0.5)
    call.fraction("overlapThreshold", 0.3)
    return performance.get_iteration_performance(call.store, project_id, iteration_id, threshold=threshold)


@training("GET", f"{ITERATION}/performance/images")
def get_image_performances(call: Call, project_id: UUID, iteration_id: UUID) -> list[ImagePerformance]:
    return performance.get_image_performances(
        call.store,
        call.limits,
        project_id,
        iteration_id,
        tag_ids=call.ids("tagIds", TAGS_PER_FILTER),
        order=call.choice("orderBy", OrderBy.NEWEST),
        take=call.integer("take", 50),
        skip=call.integer("skip", 0),
    )


@training("GET", f"{ITERATION}/performance/images/count")
def get_image_performance_count(call: Call, project_id: UUID, iteration_id: UUID) -> int:
    tag_ids = call.ids("tagIds", TAGS_PER_FILTER)
    return performance.get_image_performance_count(call.store, project_id, iteration_id, tag_ids=tag_ids)
