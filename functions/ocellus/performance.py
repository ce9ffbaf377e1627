"""Performance of iterations, at every threshold and tag by tag."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import ocellus
from shared.models.access.roles import READERS
from shared.models.training.performance import Confusions, IterationComparison, PerformanceCurves
from shared.operations.training import comparison, performance

ITERATION = "projects/{project_id}/iterations/{iteration_id}"


@ocellus("GET", f"{ITERATION}/curves", READERS)
def get_performance_curves(
    call: Call, project_id: UUID, iteration_id: UUID, overlap_threshold: float = 0.3
) -> PerformanceCurves:
    """Precision and recall of an iteration at every hundredth of the threshold, of each tag and over all."""
    return performance.get_performance_curves(call.store, project_id, iteration_id, overlap_threshold=overlap_threshold)


@ocellus("GET", f"{ITERATION}/confusions", READERS)
def get_confusions(
    call: Call, project_id: UUID, iteration_id: UUID, threshold: float = 0.5, overlap_threshold: float = 0.3
) -> Confusions:
    """How many of each tag an iteration took for each other one."""
    return performance.get_confusions(
        call.store, project_id, iteration_id, threshold=threshold, overlap_threshold=overlap_threshold
    )


@ocellus("GET", "projects/{project_id}/iterations/compare", READERS)
def compare_iterations(
    call: Call, project_id: UUID, a: UUID, b: UUID, threshold: float = 0.5, overlap_threshold: float = 0.3
) -> IterationComparison:
    """Two iterations on the images that both were judged by: tag by tag, and what the second fixed and broke."""
    return comparison.compare_iterations(
        call.store, call.limits, project_id, a, b, threshold=threshold, overlap_threshold=overlap_threshold
    )
