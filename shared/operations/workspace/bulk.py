"""Changes of many images, part by part in the background; each is told how far it is, and can be taken back.

A part is planned before the first of its images changes, so a step that is cut off goes on with its own plan. What a
change puts on an image carries the time of its task: taking it back takes off what has this time and nothing else.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from uuid import UUID, uuid4

from msgspec.structs import replace

from shared import errors
from shared.models.messages.tasks import SETTLED, AcceptLive, AcceptSuggestions, RetagImages
from shared.models.wire import now
from shared.models.workspace.bulk import (
    Acceptance,
    BulkChange,
    Confirmation,
    Part,
    Retag,
    Taken,
    TaskStatus,
    Work,
    WorkspaceTask,
)
from shared.models.workspace.images import ImageRecord
from shared.models.workspace.tags import Tag, TagType
from shared.operations.step import Rest
from shared.operations.workspace import projects
from shared.storage.account import queues
from shared.storage.account.store import Store
from shared.storage.workspace import bulk as stored_bulk
from shared.storage.workspace import images as stored_images
from shared.storage.workspace import tags as stored_tags

# So many images are changed in one step: some seconds of work.
PART = 1_000
# From so many images on the call leaves them to the queue.
AT_ONCE = 64

Message = RetagImages | AcceptSuggestions | AcceptLive
MESSAGES: Mapping[type[Work], type[Message]] = {
    Retag: RetagImages,
    Acceptance: AcceptSuggestions,
    Confirmation: AcceptLive,
}
# What a task may need that others delete meanwhile.
GONE = (errors.TagNotFound, errors.IterationNotFound)

# What becomes of an image; a ServiceError says why nothing can.
Edit = Callable[[ImageRecord], ImageRecord]
# The edit that a change makes to these of its images.
Edits = Callable[[BulkChange, Sequence[UUID]], Edit]


def get_task(store: Store, project_id: UUID, task_id: UUID) -> WorkspaceTask:
    projects.get_project(store, project_id)
    return stored_bulk.get(store, project_id, task_id).task


def undo_task(store: Store, project_id: UUID, task_id: UUID) -> WorkspaceTask:
    """Take a change back, also one that is under way. Once is enough; a second call tells how far it is."""
    projects.get_workspace(store, project_id)

    def turn_back(change: BulkChange) -> BulkChange:
        turned = change.task.status in (TaskStatus.UNDOING, TaskStatus.UNDONE)
        return change if turned else _with(change, status=TaskStatus.UNDOING)

    change = stored_bulk.update(store, project_id, task_id, turn_back)
    if change.task.status != TaskStatus.UNDOING:
        return change.task
    at_once = change.task.total <= AT_ONCE
    # From the part on that may be changed right now.
    last = min(change.task.done, max(change.task.total - 1, 0)) // PART * PART
    _send(store, project_id, change, last, undo=True, delay=SETTLED if at_once else 0)
    if at_once:
        _step_back(store, project_id, change, last)
    return stored_bulk.get(store, project_id, task_id).task


def begun(
    store: Store, project_id: UUID, operation: str, work: Work, id: UUID | None, edits: Edits
) -> WorkspaceTask | None:
    """The task that this id has from an earlier try, which goes on where that was cut off. Raises Conflict."""
    if id is None:
        return None
    try:
        change = stored_bulk.get(store, project_id, id)
    except errors.NotFound:
        return None
    return _going_on(store, project_id, change, operation, work, edits)


def begin(
    store: Store,
    project_id: UUID,
    operation: str,
    work: Work,
    image_ids: Sequence[UUID],
    edits: Edits,
    *,
    by: str,
    id: UUID | None,
) -> WorkspaceTask:
    """Few images are changed at once."""
    status = TaskStatus.RUNNING if image_ids else TaskStatus.COMPLETED
    task = WorkspaceTask(id or uuid4(), operation, status, now(), by, len(image_ids))
    change = stored_bulk.begin(store, project_id, BulkChange(task, work, uuid4()), image_ids)
    return _going_on(store, project_id, change, operation, work, edits)


def _going_on(
    store: Store, project_id: UUID, change: BulkChange, operation: str, work: Work, edits: Edits
) -> WorkspaceTask:
    task = change.task
    if change.work != work or task.operation != operation:
        raise errors.Conflict(f"There is a task {task.id} that does something else; give this one another id.")
    if task.status != TaskStatus.RUNNING:
        return task
    at_once = task.total <= AT_ONCE
    # Where this call does it, the message is for the case that it is cut off.
    message = _send(store, project_id, change, task.done, delay=SETTLED if at_once else 0)
    if at_once:
        step(store, message, edits)
    return stored_bulk.get(store, project_id, task.id).task


def present(store: Store, project_id: UUID, image_ids: Sequence[UUID]) -> list[UUID]:
    """Those of the images that the project has. Raises ImageNotFound where it has none of them."""
    found = stored_bulk.present(store, project_id, image_ids)
    if not found:
        raise errors.ImageNotFound("None of the images in 'imageIds' is in this project.")
    return found


def require_at_most(name: str, given: Sequence[UUID] | None, limit: int) -> None:
    """Raises ExceededBatchSize for a list of the request that is longer than the limit."""
    if given and len(given) > limit:
        raise errors.ExceededBatchSize(f"'{name}' has {len(given):,} ids; send at most {limit:,}.")


def require_expected(expected: int | None, found: int) -> None:
    """Raises Conflict."""
    if expected is not None and expected != found:
        raise errors.Conflict(
            f"There are {found:,} such images now, not {expected:,}: look again, and send 'expected' as {found}."
        )


def step(store: Store, message: Message, edits: Edits) -> Rest | None:
    """One step of a task, of which nothing is left to do where its project is gone, or what it needs."""
    try:
        following = _step(store, message, edits)
    except (errors.NotFound, errors.ProjectNotFound):
        return None
    except GONE as error:
        _fail(store, message, error)
        return None
    return None if following is None else Rest(replace(message, start=following))


def _step(store: Store, message: Message, edits: Edits) -> int | None:
    """Where the next one begins; None where this was the last."""
    project_id, task_id, start = message.project_id, message.task_id, message.start
    change = stored_bulk.get(store, project_id, task_id)
    if message.undo:
        return _step_back(store, project_id, change, start) if change.task.status == TaskStatus.UNDOING else None
    if _may_have_been_overtaken(change.task):
        _take_back(store, project_id, change, start)
    if change.task.status != TaskStatus.RUNNING:
        return None
    end = min(start + PART, change.task.total)
    part = _change(store, project_id, change, start, end, edits)
    change = stored_bulk.update(store, project_id, task_id, lambda found: _counted(found, end, part))
    if change.task.status in (TaskStatus.UNDOING, TaskStatus.UNDONE):
        # It was turned back meanwhile, and the step that does so may have been here before us.
        _take_back(store, project_id, change, start)
    return end if change.task.status == TaskStatus.RUNNING else None


def _may_have_been_overtaken(task: WorkspaceTask) -> bool:
    """Whether an earlier try of a step, which was cut off, may have changed what was taken back by then.

    Not where the call did it all: its message comes minutes later, when others may have gone on from there.
    """
    return task.status == TaskStatus.UNDOING or (task.status == TaskStatus.UNDONE and task.total > AT_ONCE)


def _fail(store: Store, message: Message, error: errors.ServiceError) -> None:
    """What is changed so far stays, and can be taken back."""

    def failed(change: BulkChange) -> BulkChange:
        running = change.task.status == TaskStatus.RUNNING
        return _with(change, status=TaskStatus.FAILED, message=error.message) if running else change

    with suppress(errors.NotFound):
        stored_bulk.update(store, message.project_id, message.task_id, failed)


def _send(
    store: Store, project_id: UUID, change: BulkChange, start: int, *, undo: bool = False, delay: float = 0
) -> Message:
    message = MESSAGES[type(change.work)](project_id, change.task.id, start, undo)
    queues.send(store, message, delay=delay)
    return message


def _change(store: Store, project_id: UUID, change: BulkChange, start: int, end: int, edits: Edits) -> Part:
    image_ids = stored_bulk.images(store, project_id, change, start, end)
    edit = edits(change, image_ids)
    plan = _planned(stored_images.get_many(store, project_id, image_ids), edit)
    part = stored_bulk.put_part(store, project_id, change.task.id, start, plan)

    def edited(record: ImageRecord) -> ImageRecord:
        try:
            return edit(record)
        except errors.ServiceError:
            return record

    stored_images.change_many(store, project_id, image_ids, edited)
    return part


def _planned(records: Sequence[ImageRecord], edit: Edit) -> Part:
    changed, refusals, taken = 0, list[str](), list[Taken]()
    for record in records:
        try:
            edited = edit(record)
        except errors.ServiceError as error:
            refusals.append(error.message)
            continue
        changed += edited != record
        tags = [mark for mark in record.tags if mark not in edited.tags]
        regions = [mark for mark in record.regions if mark not in edited.regions]
        if tags or regions:
            taken.append(Taken(record.id, tags, regions))
    return Part(changed, len(refusals), refusals[0] if refusals else None, taken)


def _counted(change: BulkChange, end: int, part: Part) -> BulkChange:
    """With a part that is done; once, however often it is done."""
    task = change.task
    if task.done >= end or task.status != TaskStatus.RUNNING:
        return change
    return _with(
        change,
        done=end,
        changed=task.changed + part.changed,
        refused=task.refused + part.refused,
        message=task.message or part.message,
        status=TaskStatus.COMPLETED if end == task.total else TaskStatus.RUNNING,
    )


def _step_back(store: Store, project_id: UUID, change: BulkChange, start: int) -> int | None:
    """Where the next step back begins; None where this was the last."""
    _take_back(store, project_id, change, start)
    stored_bulk.update(store, project_id, change.task.id, lambda found: _counted_back(found, start))
    return start - PART if start else None


def _counted_back(change: BulkChange, start: int) -> BulkChange:
    status = change.task.status if start else TaskStatus.UNDONE
    return _with(change, done=min(change.task.done, start), status=status)


def _take_back(store: Store, project_id: UUID, change: BulkChange, start: int) -> None:
    task = change.task
    part = stored_bulk.get_part(store, project_id, task.id, start)
    if part is None:
        return
    taken, tags = {each.image_id: each for each in part.taken}, stored_tags.names(store, project_id)

    def restored(record: ImageRecord) -> ImageRecord:
        return _restored(record, task, taken.get(record.id), tags)

    image_ids = stored_bulk.images(store, project_id, change, start, min(start + PART, task.total))
    stored_images.change_many(store, project_id, image_ids, restored)


def _restored(record: ImageRecord, task: WorkspaceTask, taken: Taken | None, tags: Mapping[UUID, Tag]) -> ImageRecord:
    """Without what the task put on it, and with what it took off, as far as that can be by now."""
    left = replace(
        record,
        tags=[mark for mark in record.tags if mark.created != task.created],
        regions=[mark for mark in record.regions if mark.created != task.created],
    )
    if taken is None:
        return left
    back = [mark for mark in taken.tags if mark.tag_id in tags and mark.tag_id not in left.tag_ids]
    whole = replace(left, tags=[*left.tags, *back])
    if len(whole.tag_ids) > 1 and any(tags[each].type == TagType.NEGATIVE for each in whole.tag_ids & tags.keys()):
        return left
    known = {mark.region_id for mark in left.regions}
    regions = [mark for mark in taken.regions if mark.region_id not in known and mark.tag_id in whole.tag_ids]
    return replace(whole, regions=[*left.regions, *regions])


def _with(change: BulkChange, **changes: object) -> BulkChange:
    return replace(change, task=replace(change.task, **changes))
