"""Tags put on and taken off as many images as there are: those of a selection, or all that a filter finds."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from shared import errors
from shared.models.limits import Limits
from shared.models.workspace import filters
from shared.models.workspace.bulk import BulkChange, ImageChoice, Retag, RetagRequest, WorkspaceTask
from shared.models.workspace.images import ImageRecord
from shared.models.workspace.tags import Tag
from shared.operations.workspace import bulk, images
from shared.operations.workspace.bulk import Edit, Edits
from shared.operations.workspace.tags import require_tags
from shared.storage.account.store import Store
from shared.storage.workspace import bulk as stored_bulk
from shared.storage.workspace import tags as stored_tags

OPERATION = "retag_images"


def retag_images(store: Store, limits: Limits, project_id: UUID, request: RetagRequest, *, by: str) -> WorkspaceTask:
    """Begins it. Tags are taken off first, so that a tag can take the place of another."""
    work = Retag(list(dict.fromkeys(request.add or [])), list(dict.fromkeys(request.remove or [])))
    _check(limits, request, work)
    images.tags_of(store, project_id, [*work.add, *work.remove], changing=True)
    made = edits(store, limits, project_id)
    if task := bulk.begun(store, project_id, OPERATION, work, request.id, made):
        return task
    image_ids = _chosen(store, project_id, request)
    bulk.require_expected(request.expected, len(image_ids))
    return bulk.begin(store, project_id, OPERATION, work, image_ids, made, by=by, id=request.id)


def edits(store: Store, limits: Limits, project_id: UUID) -> Edits:
    """What a task makes of its images. Raises TagNotFound where a tag to put on was deleted meanwhile."""

    def edit_of(change: BulkChange, _: Sequence[UUID]) -> Edit:
        work, tags = change.work, stored_tags.names(store, project_id)
        assert isinstance(work, Retag)
        require_tags(tags, work.add)
        return lambda record: _retagged(record, work, tags, limits, change.task.created)

    return edit_of


def _retagged(
    record: ImageRecord, work: Retag, tags: Mapping[UUID, Tag], limits: Limits, time: datetime
) -> ImageRecord:
    bare = record.without_tags(set(work.remove) - set(work.add))
    tagged = images.with_tags(bare, work.add, tags, limits.tags_per_image, time)
    if not tagged.tag_ids.issuperset(work.add):
        raise errors.TagsPerImageExceeded(f"An image carries at most {limits.tags_per_image} tags.")
    return tagged


def _check(limits: Limits, request: RetagRequest, work: Retag) -> None:
    if not work.add and not work.remove:
        raise errors.MissingParameter("Name the tags to put on in 'add', or those to take off in 'remove'.")
    if both := set(work.add) & set(work.remove):
        raise errors.BadRequest(f"Tag {min(both)} is both in 'add' and in 'remove'; name it in one of them.")
    if (request.where is None) == (request.image_ids is None):
        raise errors.MissingParameter("Name the images in 'imageIds', or say 'where' they are found, not both.")
    where = request.where or ImageChoice()
    bulk.require_at_most("add", work.add, limits.tags_per_batch)
    bulk.require_at_most("remove", work.remove, limits.tags_per_project)
    bulk.require_at_most("where.tagIds", where.tag_ids, limits.tags_per_filter)
    bulk.require_at_most("where.except", where.but, limits.images_per_project)
    bulk.require_at_most("imageIds", request.image_ids, limits.images_per_project)


def _chosen(store: Store, project_id: UUID, request: RetagRequest) -> list[UUID]:
    """Raises TagNotFound, ImageNotFound, and BadRequest for a filter that can't be read."""
    if request.where is None:
        return bulk.present(store, project_id, request.image_ids or [])
    where = request.where
    images.tags_of(store, project_id, where.tag_ids or [])
    return stored_bulk.chosen(
        store,
        project_id,
        status=where.tagging_status,
        tag_ids=where.tag_ids or [],
        keep=filters.parse(where.filter) if where.filter else None,
        but=where.but or [],
    )
