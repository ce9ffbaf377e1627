"""Iterations of the training API."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import training
from shared.models.iterations import Iteration, IterationUpdate
from shared.models.roles import READERS, TRAINERS
from shared.operations.training import iterations


@training("GET", "projects/{project_id}/iterations", READERS)
def get_iterations(call: Call, project_id: UUID) -> list[Iteration]:
    return iterations.get_iterations(call.store, project_id)


@training("GET", "projects/{project_id}/iterations/{iteration_id}", READERS)
def get_iteration(call: Call, project_id: UUID, iteration_id: UUID) -> Iteration:
    return iterations.get_iteration(call.store, project_id, iteration_id)


@training(
    "PATCH",
    "projects/{project_id}/iterations/{iteration_id}",
    TRAINERS,
    audit=("project_id", "iteration_id", "name", "is_default"),
)
def update_iteration(call: Call, project_id: UUID, iteration_id: UUID, body: IterationUpdate) -> Iteration:
    return iterations.update_iteration(call.store, project_id, iteration_id, body)


@training("DELETE", "projects/{project_id}/iterations/{iteration_id}", TRAINERS, audit=("project_id", "iteration_id"))
def delete_iteration(call: Call, project_id: UUID, iteration_id: UUID) -> None:
    iterations.delete_iteration(call.store, project_id, iteration_id)
