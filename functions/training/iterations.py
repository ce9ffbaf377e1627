"""Iterations of the training API."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import training
from shared.models.iterations import Iteration, IterationUpdate
from shared.operations.training import iterations


@training("GET", "projects/{project_id}/iterations")
def get_iterations(call: Call, project_id: UUID) -> list[Iteration]:
    return iterations.get_iterations(call.store, project_id)


@training("GET", "projects/{project_id}/iterations/{iteration_id}")
def get_iteration(call: Call, project_id: UUID, iteration_id: UUID) -> Iteration:
    return iterations.get_iteration(call.store, project_id, iteration_id)


@training("PATCH", "projects/{project_id}/iterations/{iteration_id}")
def update_iteration(call: Call, project_id: UUID, iteration_id: UUID, body: IterationUpdate) -> Iteration:
    return iterations.update_iteration(call.store, project_id, iteration_id, body)


@training("DELETE", "projects/{project_id}/iterations/{iteration_id}")
def delete_iteration(call: Call, project_id: UUID, iteration_id: UUID) -> None:
    iterations.delete_iteration(call.store, project_id, iteration_id)
