"""Tags: create, read, merge changes in, delete."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from uuid import UUID, uuid4

from msgspec.structs import replace

from shared import errors
from shared.models.limits import Limits
from shared.models.messages.tasks import SETTLED, SweepTag
from shared.models.texts import checked_description, checked_name
from shared.models.wire import enum_named
from shared.models.workspace.domains import PRODUCTS_ON_SHELVES, DomainType
from shared.models.workspace.projects import Project
from shared.models.workspace.tags import Tag, TagType, TagUpdate
from shared.operations.workspace import projects
from shared.operations.workspace.trained_on import dataset_of
from shared.storage.account import queues
from shared.storage.account.store import Store
from shared.storage.workspace import images as stored_images
from shared.storage.workspace import tags as stored_tags

# From so many images the call itself takes a deleted tag off: a moment's work.
SWEPT_AT_ONCE = 64


def create_tag(
    store: Store, limits: Limits, project_id: UUID, *, name: str, description: str | None, kind: str | None
) -> Tag:
    project = projects.get_workspace(store, project_id)
    if len(stored_tags.names(store, project_id)) >= limits.tags_per_project:
        raise errors.TagLimitExceeded(
            f"The project has {limits.tags_per_project} tags, as many as allowed; delete one first."
        )
    tag = Tag(uuid4(), _name(name), _description(description), _type(kind or TagType.REGULAR))
    _require_type_can_be(store, project, tag)
    stored_tags.insert(store, project_id, tag)
    return tag


def get_tags(store: Store, project_id: UUID, iteration_id: UUID | None = None) -> list[Tag]:
    """Those of the workspace, or those that the iteration was trained on, as they were then."""
    if iteration_id:
        return list(dataset_of(store, project_id, iteration_id).tags.values())
    projects.get_project(store, project_id)
    return stored_tags.list_all(store, project_id)


def get_tag(store: Store, project_id: UUID, tag_id: UUID, iteration_id: UUID | None = None) -> Tag:
    if iteration_id:
        tags = dataset_of(store, project_id, iteration_id).tags
        require_tags(tags, [tag_id])
        return tags[tag_id]
    projects.get_project(store, project_id)
    return stored_tags.get(store, project_id, tag_id)


def update_tag(store: Store, project_id: UUID, tag_id: UUID, update: TagUpdate) -> Tag:
    """A merge: what the client leaves out or sends as null stays as it is."""

    project = projects.get_workspace(store, project_id)

    def change(tag: Tag) -> Tag:
        changed = replace(
            tag,
            name=_name(update.name) if isinstance(update.name, str) else tag.name,
            description=_description(update.description) if isinstance(update.description, str) else tag.description,
            type=_type(update.type) if update.type else tag.type,
        )
        if changed.type != tag.type:
            _require_type_can_be(store, project, changed)
        return changed

    return stored_tags.update(store, project_id, tag_id, change)


def delete_tag(store: Store, project_id: UUID, tag_id: UUID) -> None:
    """Gone at once for every client. A first step takes it off its images here, upkeep does what is left."""
    projects.get_workspace(store, project_id)
    # If we die or fail after the deletion, or an image is tagged at this very moment, this finishes the work.
    queues.send(store, SweepTag(project_id, tag_id), delay=SETTLED)
    stored_tags.delete(store, project_id, tag_id)
    with suppress(errors.ServiceError):
        if not stored_tags.sweep(store, project_id, tag_id, SWEPT_AT_ONCE):
            queues.send(store, SweepTag(project_id, tag_id))


def require_tags(tags: Mapping[UUID, Tag], wanted: Iterable[UUID]) -> None:
    """Raises TagNotFound for the first that the project has not."""
    unknown = next((tag_id for tag_id in wanted if tag_id not in tags), None)
    if unknown:
        raise errors.TagNotFound(f"There is no tag {unknown} in this project; get_tags lists them.")


def _name(name: str) -> str:
    return checked_name(name, "A tag's", errors.BadTagName)


def _description(description: str | None) -> str | None:
    return checked_description(description, "A tag's", errors.BadTagDescription)


def _require_type_can_be(store: Store, project: Project, tag: Tag) -> None:
    if tag.type == TagType.NEGATIVE:
        _require_negative_can_be(store, project, tag)
    if tag.type == TagType.GENERAL_PRODUCT and project.settings.domain_id != PRODUCTS_ON_SHELVES:
        raise errors.BadTagType("A tag's type is GeneralProduct only in the domain Products on Shelves.")


def _require_negative_can_be(store: Store, project: Project, tag: Tag) -> None:
    """The Negative tag stands alone on its images, and there is none in object detection."""
    if projects.domain_of(project).type == DomainType.OBJECT_DETECTION:
        raise errors.BadTagType("Object detection has no Negative tag; leave images without objects untagged.")
    images = stored_images.with_other_tags(store, project.id, tag.id)
    if images:
        raise errors.NegativeAndRegularTagOnSameImage(
            f"Image {images[0]} carries other tags beside '{tag.name}'; remove them before you make it Negative."
        )


def _type(text: str) -> TagType:
    found = enum_named(TagType, text)
    if found is None:
        raise errors.BadTagType(f"A tag's type is one of {', '.join(TagType)}, not '{text[:80]}'.")
    return found
