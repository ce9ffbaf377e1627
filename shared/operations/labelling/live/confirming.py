"""Live suggestions made labels: those that somebody has looked at, or all that the model is nearly certain of."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from shared import errors
from shared.models.labelling.live import LiveAcceptRequest
from shared.models.limits import Limits
from shared.models.workspace.bulk import BulkChange, Confirmation, WorkspaceTask
from shared.models.workspace.images import ImageRecord
from shared.operations.labelling.live import model
from shared.operations.labelling.live.suggesting import of_tag
from shared.operations.workspace import bulk, images
from shared.operations.workspace.bulk import Edit, Edits
from shared.operations.workspace.tags import require_tags
from shared.storage.account.store import Store
from shared.storage.columns.ids import uuids
from shared.storage.training import draws
from shared.storage.workspace import tags as stored_tags

OPERATION = "accept_live"
# Nobody looks at what is accepted by a threshold: with fewer labels, or less certain, over 1 % of it was wrong.
CERTAIN, ENOUGH = 0.99, 200


def accept_live(
    store: Store, limits: Limits, project_id: UUID, request: LiveAcceptRequest, *, by: str
) -> WorkspaceTask:
    """Begins it. An image that somebody has tagged by then keeps what it has.

    Raises Conflict where there are too few labels to accept what nobody has looked at.
    """
    work = _work(limits, request)
    wanted = {tag_id for tag_ids in work.tags.values() for tag_id in tag_ids}
    images.tags_of(store, project_id, [*wanted, *([work.tag_id] if work.tag_id else [])], changing=True)
    made = edits(store, limits, project_id)
    if task := bulk.begun(store, project_id, OPERATION, work, request.id, made):
        return task
    if work.tag_id:
        image_ids = _certain(store, project_id, work.tag_id, request)
    else:
        image_ids = bulk.present(store, project_id, list(work.tags))
    bulk.require_expected(request.expected, len(image_ids))
    return bulk.begin(store, project_id, OPERATION, work, image_ids, made, by=by, id=request.id)


def edits(store: Store, limits: Limits, project_id: UUID) -> Edits:
    """What a task makes of its images. Raises TagNotFound where the tag of all was deleted meanwhile."""

    def edit_of(change: BulkChange, _: Sequence[UUID]) -> Edit:
        work, tags = change.work, stored_tags.names(store, project_id)
        assert isinstance(work, Confirmation)
        require_tags(tags, [work.tag_id] if work.tag_id else [])

        def edit(record: ImageRecord) -> ImageRecord:
            if record.tag_ids & tags.keys():
                return record
            tag_ids = [work.tag_id] if work.tag_id else work.tags.get(record.id, [])
            return images.with_tags(record, tag_ids, tags, limits.tags_per_image, change.task.created)

        return edit

    return edit_of


def _work(limits: Limits, request: LiveAcceptRequest) -> Confirmation:
    """Raises MissingParameter, BadRequest, ExceededBatchSize."""
    bulk.require_at_most("except", request.but, limits.images_per_project)
    if (request.items is None) == (request.tag_id is None):
        raise errors.MissingParameter("Name the images and their tags in 'items', or one tag in 'tagId', not both.")
    if request.tag_id:
        if request.threshold is None or request.threshold < CERTAIN:
            raise errors.BadRequest(
                f"By 'tagId' only what is nearly certain is accepted: send a 'threshold' of {CERTAIN} or more, or look "
                "at the images and name them in 'items'."
            )
        return Confirmation(request.tag_id)
    items = request.items or []
    bulk.require_at_most("items", [item.image_id for item in items], limits.ids_per_request)
    tags = defaultdict[UUID, list[UUID]](list)
    for item in items:
        if item.tag_id not in tags[item.image_id]:
            tags[item.image_id].append(item.tag_id)
    return Confirmation(None, dict(tags))


def _certain(store: Store, project_id: UUID, tag_id: UUID, request: LiveAcceptRequest) -> list[UUID]:
    live = model.of_project(store, project_id)
    if len(live.labelled) < ENOUGH or live.scores is None:
        raise errors.Conflict(
            f"There are {len(live.labelled)} labelled images; accept by 'tagId' from {ENOUGH} on. Before that look at "
            "the images, and name them in 'items'."
        )
    if tag_id not in live.tag_ids:
        return []
    likely = of_tag(live, live.tag_ids.index(tag_id)) >= (request.threshold or CERTAIN)
    # What the model says of images that were drawn is to be told from what people say of them.
    left_out = {*(request.but or []), *(draw.image_id for draw in draws.get(store, project_id))}
    found = uuids(live.known.points.ids[live.scores.places[likely]])
    return [image_id for image_id in found if image_id not in left_out]
