"""What else the vectors of a project's images tell: which are alike, which labels are in doubt."""

from collections.abc import Set
from itertools import islice
from uuid import UUID

import numpy as np

from shared import errors
from shared.arrays import Ints
from shared.learning.live.basis import Basis
from shared.learning.live.likeness import groups, similarities
from shared.models.labelling.live import LiveDismissal, LiveDoubt, NearDuplicates, SimilarImage
from shared.models.limits import Limits
from shared.operations.labelling.live import model
from shared.operations.labelling.live.model import Live
from shared.operations.workspace import bulk
from shared.operations.workspace.tags import require_tags
from shared.storage.account.store import Store
from shared.storage.columns.ids import find, ids_of, uuids
from shared.storage.training import dismissals
from shared.storage.training.dismissals import Dismissal


def get_similar_images(store: Store, limits: Limits, project_id: UUID, image_id: UUID, take: int) -> list[SimilarImage]:
    """The most similar first, without the image itself; none while it has not been looked at.

    Raises ProjectNotFound, ImageNotFound, OperationNotSupported, BadRequest.
    """
    _check(limits, take)
    live = model.of_project(store, project_id)
    (place,) = find(live.known.points.ids, ids_of([image_id])).tolist()
    if place < 0:
        raise errors.ImageNotFound(f"There is no image {image_id} in this project.")
    rows = live.known.rows
    if rows[place] < 0:
        return []
    places = np.flatnonzero(rows >= 0)
    found = similarities(live.known.points.places, live.points(np.array([place]))[0])[rows[places]]
    order = np.argsort(-found, kind="stable")
    nearest = order[places[order] != place][:take]
    return [
        SimilarImage(each, round(float(similarity), 4))
        for each, similarity in zip(_ids(live, places[nearest]), found[nearest], strict=True)
    ]


def get_near_duplicates(store: Store, limits: Limits, project_id: UUID, take: int) -> NearDuplicates:
    """None where more than a tenth of all images have one: then all look alike, and none is a duplicate.

    Raises ProjectNotFound, OperationNotSupported, BadRequest.
    """
    _check(limits, take)
    live = model.of_project(store, project_id)
    points = live.known.points
    places = np.flatnonzero(live.known.rows >= 0)
    origin = Basis(points.mean, points.axes).origin
    found = groups(points.places, live.known.rows[places], origin) if len(places) else []
    return NearDuplicates([_ids(live, places[group]) for group in found[:take]])


def get_label_doubts(store: Store, limits: Limits, project_id: UUID, take: int) -> list[LiveDoubt]:
    """Labels that other labels speak against and nobody has found right, the most doubtful first; none while there are
    labels of one tag.

    Raises ProjectNotFound, OperationNotSupported, BadRequest.
    """
    _check(limits, take)
    live = model.of_project(store, project_id)
    if live.head is None:
        return []
    scores, others = live.head.doubts(live.truths)
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] > 0]
    dismissed = dismissals.get(store, project_id)
    doubts = (
        LiveDoubt(
            image_id,
            [live.tag_ids[at] for at in np.flatnonzero(live.truths[row] > 0).tolist()],
            live.tag_ids[int(others[row])],
            round(float(scores[row]), 4),
        )
        for row, image_id in zip(order.tolist(), _ids(live, live.labelled[order]), strict=True)
    )
    return list(islice((each for each in doubts if (each.image_id, each.tag_id) not in dismissed), take))


def dismiss_label_doubts(store: Store, limits: Limits, project_id: UUID, request: LiveDismissal) -> None:
    """Tell these doubts no more, or again. Of an image that is not there nothing is kept.

    Raises ProjectNotFound, TagNotFound, OperationNotSupported, ExceededBatchSize.
    """
    bulk.require_at_most("items", [item.image_id for item in request.items], limits.ids_per_request)
    live = model.of_project(store, project_id)
    require_tags(live.tags, [item.tag_id for item in request.items])
    named = {(item.image_id, item.tag_id) for item in request.items}
    present = set(uuids(live.known.points.ids))

    def changed(before: Set[Dismissal]) -> Set[Dismissal]:
        after = before | named if request.dismissed else before - named
        return {each for each in after if each[0] in present}

    dismissals.change(store, project_id, changed)


def _ids(live: Live, places: Ints) -> list[UUID]:
    return uuids(live.known.points.ids[places]) if len(places) else []


def _check(limits: Limits, take: int) -> None:
    if not 1 <= take <= limits.page_size:
        raise errors.BadRequest(f"'take' is 1 to {limits.page_size}, not {take}.")
