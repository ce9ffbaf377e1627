"""Suggestions made labels: tags of untagged images, or boxes, those of a page or all that are probable enough."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from shared.models.limits import Limits
from shared.models.serving.predictions import BoundingBox, Prediction
from shared.models.workspace.bulk import Acceptance, AcceptRequest, BulkChange, WorkspaceTask
from shared.models.workspace.images import ImageRecord, Region, RegionMark
from shared.models.workspace.projects import ClassificationType
from shared.operations.labelling.suggestions import Scope
from shared.operations.workspace import bulk, images, projects, regions
from shared.operations.workspace.bulk import Edit, Edits
from shared.storage.account.store import Store
from shared.storage.workspace import suggestions as stored_suggestions

OPERATION = "accept_suggestions"


def accept_suggestions(
    store: Store, limits: Limits, project_id: UUID, request: AcceptRequest, *, by: str
) -> WorkspaceTask:
    """Begins it. An image that somebody has tagged by then keeps what it has."""
    projects.get_workspace(store, project_id)
    scope = Scope.read(store, project_id, request.source, [request.tag_id] if request.tag_id else [])
    work, made = Acceptance(request.source, request.tag_id, request.threshold), edits(store, limits, project_id)
    if task := bulk.begun(store, project_id, OPERATION, work, request.id, made):
        return task
    image_ids = _chosen(store, limits, scope, request)
    bulk.require_expected(request.expected, len(image_ids))
    return bulk.begin(store, project_id, OPERATION, work, image_ids, made, by=by, id=request.id)


def edits(store: Store, limits: Limits, project_id: UUID) -> Edits:
    """What a task makes of its images. Raises IterationNotFound where its iteration was deleted meanwhile."""

    def edit_of(change: BulkChange, image_ids: Sequence[UUID]) -> Edit:
        work = change.work
        assert isinstance(work, Acceptance)
        scope = Scope.read(store, project_id, work.iteration_id, [])
        kind = projects.get_project(store, project_id).settings.classification_type
        suggested = stored_suggestions.get_many(store, project_id, work.iteration_id, image_ids)
        accepting = _Accepting(scope, kind, work, limits, change.task.created)

        def edit(record: ImageRecord) -> ImageRecord:
            found = suggested.get(record.id)
            return accepting.edited(record, found.suggested.predictions) if found and scope.is_open(record) else record

        return edit

    return edit_of


class _Accepting(NamedTuple):
    scope: Scope
    kind: ClassificationType | None
    work: Acceptance
    limits: Limits
    time: datetime

    def edited(self, record: ImageRecord, predictions: Sequence[Prediction]) -> ImageRecord:
        accepted = self._accepted(predictions)
        if self.kind is None:
            marks = [mark for each in accepted if (mark := self._box(record.id, each))]
            return regions.with_regions(record, marks, self.scope.tags, self.limits, self.time)
        tag_ids = [each.tag_id for each in accepted]
        return images.with_tags(record, tag_ids, self.scope.tags, self.limits.tags_per_image, self.time)

    def _accepted(self, predictions: Sequence[Prediction]) -> list[Prediction]:
        """Those that are probable enough. An image of a multiclass project takes its most probable tag or none."""
        ordered = sorted(predictions, key=lambda each: each.probability, reverse=True)
        among = ordered[:1] if self.kind == ClassificationType.MULTICLASS else ordered
        likely = [each for each in among if each.probability >= self.work.threshold]
        return [each for each in likely if each.tag_id in self.scope.tags and self.work.tag_id in (None, each.tag_id)]

    def _box(self, image_id: UUID, prediction: Prediction) -> RegionMark | None:
        """None for a box that lies beside the picture."""
        box = prediction.bounding_box
        if isinstance(box, BoundingBox):
            with suppress(ValueError):
                region = Region(prediction.tag_id, box.left, box.top, box.width, box.height)
                return regions.mark(image_id, region, self.time)
        return None


def _chosen(store: Store, limits: Limits, scope: Scope, request: AcceptRequest) -> list[UUID]:
    bulk.require_at_most("imageIds", request.image_ids, limits.images_per_project)
    bulk.require_at_most("except", request.but, limits.images_per_project)
    left_out = set(request.but or [])
    if request.image_ids is not None:
        found = bulk.present(store, scope.project_id, request.image_ids)
    else:
        tag_ids = {request.tag_id} if request.tag_id else scope.tags.keys()
        wanted = stored_suggestions.Wanted(tag_ids, request.threshold)
        found = stored_suggestions.likely(store, scope.project_id, scope.iteration_id, wanted)
    return [image_id for image_id in found if image_id not in left_out]
