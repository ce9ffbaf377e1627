"""How iterations did before a project moved here: told once, and shown beside those of now."""

from uuid import UUID

from msgspec.structs import replace

from shared import errors
from shared.models.limits import Limits
from shared.models.texts import checked_name
from shared.models.training.importing import PastPerformance
from shared.operations.workspace import projects
from shared.storage.account.store import Store
from shared.storage.training import past as stored_past


def put_past_performance(
    store: Store, limits: Limits, project_id: UUID, iteration_id: UUID, past: PastPerformance
) -> PastPerformance:
    """In place of what was told of that iteration before."""
    projects.get_workspace(store, project_id)
    checked_name(past.name, "An iteration's", errors.BadIterationName)
    if len(past.performance.per_tag_performance) > limits.tags_per_project:
        raise errors.TagLimitExceeded(f"The performance has over {limits.tags_per_project} tags, which are the most.")
    for tag in past.performance.per_tag_performance:
        checked_name(tag.name, "A tag's", errors.BadTagName)
    told = [name for name in stored_past.names(store, project_id) if str(iteration_id) not in name]
    if len(told) >= limits.iterations_per_project:
        raise errors.IterationLimitExceeded(
            f"{limits.iterations_per_project} past iterations are told, as many as a project may have iterations."
        )
    whole = replace(past, id=iteration_id)
    stored_past.write(store, project_id, iteration_id, whole)
    return whole


def get_past_performances(store: Store, project_id: UUID) -> list[PastPerformance]:
    """The oldest training first."""
    projects.get_project(store, project_id)
    found = stored_past.list_all(store, project_id)
    return sorted(found, key=lambda past: (past.trained_at.timestamp() if past.trained_at else 0.0, past.name))
