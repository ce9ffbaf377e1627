"""Tags of the training API."""

from uuid import UUID

from functions.call import Call
from functions.edge import training
from shared.models.tags import Tag, TagUpdate
from shared.operations import tags


@training("POST", "projects/{project_id}/tags")
def create_tag(call: Call, project_id: UUID) -> Tag:
    return tags.create_tag(
        call.store,
        call.limits,
        project_id,
        name=call.query("name"),
        description=call.optional("description"),
        kind=call.optional("type"),
    )


@training("GET", "projects/{project_id}/tags")
def get_tags(call: Call, project_id: UUID) -> list[Tag]:
    call.require_workspace()
    return tags.get_tags(call.store, project_id)


@training("GET", "projects/{project_id}/tags/{tag_id}")
def get_tag(call: Call, project_id: UUID, tag_id: UUID) -> Tag:
    call.require_workspace()
    return tags.get_tag(call.store, project_id, tag_id)


@training("PATCH", "projects/{project_id}/tags/{tag_id}")
def update_tag(call: Call, project_id: UUID, tag_id: UUID) -> Tag:
    return tags.update_tag(call.store, project_id, tag_id, call.json(TagUpdate))


@training("DELETE", "projects/{project_id}/tags/{tag_id}")
def delete_tag(call: Call, project_id: UUID, tag_id: UUID) -> None:
    tags.delete_tag(call.store, project_id, tag_id)
