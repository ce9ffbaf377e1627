"""Tags of the training API."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import training
from shared.models.access.roles import LABELERS, READERS
from shared.models.workspace.tags import Tag, TagUpdate
from shared.operations.workspace import tags


@training("POST", "projects/{project_id}/tags", LABELERS)
def create_tag(call: Call, project_id: UUID, name: str, description: str | None = None, type: str | None = None) -> Tag:
    return tags.create_tag(call.store, call.limits, project_id, name=name, description=description, kind=type)


@training("GET", "projects/{project_id}/tags", READERS)
def get_tags(call: Call, project_id: UUID, iteration_id: UUID | None = None) -> list[Tag]:
    return tags.get_tags(call.store, project_id, iteration_id)


@training("GET", "projects/{project_id}/tags/{tag_id}", READERS)
def get_tag(call: Call, project_id: UUID, tag_id: UUID, iteration_id: UUID | None = None) -> Tag:
    return tags.get_tag(call.store, project_id, tag_id, iteration_id)


@training("PATCH", "projects/{project_id}/tags/{tag_id}", LABELERS)
def update_tag(call: Call, project_id: UUID, tag_id: UUID, body: TagUpdate) -> Tag:
    return tags.update_tag(call.store, project_id, tag_id, body)


@training("DELETE", "projects/{project_id}/tags/{tag_id}", LABELERS, audit=("project_id", "tag_id"))
def delete_tag(call: Call, project_id: UUID, tag_id: UUID) -> None:
    tags.delete_tag(call.store, project_id, tag_id)
