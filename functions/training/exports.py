"""Exports of iterations."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import training
from shared.models.access.roles import DEPLOYERS, READERS
from shared.models.training.exports import Export
from shared.operations.training import exports

EXPORT = "projects/{project_id}/iterations/{iteration_id}/export"


@training("GET", EXPORT, READERS)
def get_exports(call: Call, project_id: UUID, iteration_id: UUID) -> list[Export]:
    return exports.get_exports(call.store, project_id, iteration_id)


@training("POST", EXPORT, DEPLOYERS, audit=("project_id", "iteration_id", "platform", "flavor"))
def export_iteration(
    call: Call, project_id: UUID, iteration_id: UUID, platform: str, flavor: str | None = None
) -> Export:
    settings = call.runtime.settings
    return exports.export_iteration(call.store, settings, project_id, iteration_id, platform=platform, flavor=flavor)
