"""Tags: create, read, merge changes in, delete."""

from uuid import UUID, uuid4

from msgspec import UnsetType
from msgspec.structs import replace

from shared import errors
from shared.models.domains import DomainType
from shared.models.jobs import SweepTag
from shared.models.limits import Limits
from shared.models.tags import Tag, TagType, TagUpdate
from shared.models.wire import enum_named
from shared.operations import projects
from shared.storage import queues
from shared.storage import tags as stored
from shared.storage.store import Store

NAME_LENGTH, DESCRIPTION_LENGTH = 128, 4_096


def create_tag(
    store: Store, limits: Limits, project_id: UUID, *, name: str, description: str | None, kind: str | None
) -> Tag:
    project = projects.get_project(store, project_id)
    if len(stored.names(store, project_id)) >= limits.tags_per_project:
        raise errors.TagLimitExceeded(
            f"The project has {limits.tags_per_project} tags, as many as allowed; delete one first."
        )
    tag = Tag(uuid4(), _name(name), _description(description), _type(kind or TagType.REGULAR))
    if tag.type == TagType.NEGATIVE and projects.domain_of(project).type == DomainType.OBJECT_DETECTION:
        raise errors.BadTagType("Object detection has no Negative tag; leave images without objects untagged.")
    stored.insert(store, project_id, tag)
    return tag


def get_tags(store: Store, project_id: UUID) -> list[Tag]:
    projects.get_project(store, project_id)
    return stored.list_all(store, project_id)


def get_tag(store: Store, project_id: UUID, tag_id: UUID) -> Tag:
    projects.get_project(store, project_id)
    return stored.get(store, project_id, tag_id)


def update_tag(store: Store, project_id: UUID, tag_id: UUID, update: TagUpdate) -> Tag:
    """A merge: what the client leaves out or sends as null stays as it is."""

    def change(tag: Tag) -> Tag:
        return replace(
            tag,
            name=_name(update.name) if update.name else tag.name,
            description=_description(update.description) if isinstance(update.description, str) else tag.description,
            type=_type(update.type) if update.type else tag.type,
        )

    projects.get_project(store, project_id)
    return stored.update(store, project_id, tag_id, change)


def delete_tag(store: Store, project_id: UUID, tag_id: UUID) -> None:
    """Gone at once for every client. A first step takes it off its images here, upkeep does what is left."""
    projects.get_project(store, project_id)
    stored.delete(store, project_id, tag_id)
    if not stored.sweep(store, project_id, tag_id):
        queues.send(store, "upkeep", SweepTag(project_id, tag_id))


def _name(name: str | UnsetType | None) -> str:
    if not name or not name.strip() or len(name) > NAME_LENGTH:
        raise errors.BadTagName(f"A tag's name has 1 to {NAME_LENGTH} characters.")
    return name


def _description(description: str | None) -> str | None:
    if description and len(description) > DESCRIPTION_LENGTH:
        raise errors.BadTagDescription(f"A tag's description has at most {DESCRIPTION_LENGTH} characters.")
    return description or None


def _type(text: str) -> TagType:
    found = enum_named(TagType, text)
    if found is None or found == TagType.GENERAL_PRODUCT:
        raise errors.BadTagType(f"A tag's type is Regular or Negative, not '{text}'.")
    return found
