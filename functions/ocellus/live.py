"""A model that learns while people label: what it suggests, and what it finds alike or in doubt."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import ocellus
from functions.edge.operation import Answer
from shared.models.access.roles import LABELERS, READERS
from shared.models.labelling.live import (
    ImageMap,
    LiveAcceptRequest,
    LiveBoxes,
    LiveBoxQuery,
    LiveDismissal,
    LiveDoubt,
    LiveQuery,
    LiveSuggestions,
    NearDuplicates,
    SimilarImage,
)
from shared.models.workspace.bulk import WorkspaceTask
from shared.operations.labelling.live import boxes, confirming, likeness, mapping, spotting, suggesting


@ocellus("POST", "projects/{project_id}/live", LABELERS)
def query_live(call: Call, project_id: UUID, body: LiveQuery) -> LiveSuggestions:
    """What a model of all labels of this moment suggests for images without a tag, or asks people about."""
    return suggesting.query_live(call.store, call.runtime.settings, project_id, body, by=call.actor)


@ocellus("POST", "projects/{project_id}/live/accept", LABELERS, statuses=(200, 202))
def accept_live(call: Call, project_id: UUID, body: LiveAcceptRequest) -> Answer[WorkspaceTask]:
    """Make labels of live suggestions for untagged images; get_task tells how far it is, undo_task takes it back."""
    task = confirming.accept_live(call.store, call.limits, project_id, body, by=call.actor)
    return Answer(202 if task.is_under_way else 200, task)


@ocellus("POST", "projects/{project_id}/images/{image_id}/live", LABELERS)
def query_live_boxes(call: Call, project_id: UUID, image_id: UUID, body: LiveBoxQuery) -> LiveBoxes:
    """Guess the tags of boxes by how boxes look that were drawn before; or, where none are given, boxes with tags."""
    if body.boxes is None:
        return spotting.spot_live_boxes(call.store, call.runtime.settings, project_id, image_id)
    return boxes.query_live_boxes(call.store, call.runtime.settings, project_id, image_id, body.boxes)


@ocellus("GET", "projects/{project_id}/live/doubts", READERS)
def get_label_doubts(call: Call, project_id: UUID, take: int = 50) -> list[LiveDoubt]:
    """Labels that the other labels speak against, the most doubtful first."""
    return likeness.get_label_doubts(call.store, call.limits, project_id, take)


@ocellus("POST", "projects/{project_id}/live/doubts/dismiss", LABELERS)
def dismiss_label_doubts(call: Call, project_id: UUID, body: LiveDismissal) -> None:
    """Say of labels in doubt that they are right, so that nobody is asked again; or take that back."""
    likeness.dismiss_label_doubts(call.store, call.limits, project_id, body)


@ocellus("GET", "projects/{project_id}/live/duplicates", READERS)
def get_near_duplicates(call: Call, project_id: UUID, take: int = 50) -> NearDuplicates:
    """Groups of images that look the same and were uploaded about one after the other."""
    return likeness.get_near_duplicates(call.store, call.limits, project_id, take)


@ocellus("GET", "projects/{project_id}/images/{image_id}/similar", READERS)
def get_similar_images(call: Call, project_id: UUID, image_id: UUID, take: int = 50) -> list[SimilarImage]:
    """The images that look most like one."""
    return likeness.get_similar_images(call.store, call.limits, project_id, image_id, take)


@ocellus("GET", "projects/{project_id}/live/map", READERS)
def get_image_map(call: Call, project_id: UUID) -> ImageMap:
    """Where each image lies on a map of the project on which images that look alike lie together."""
    return mapping.get_image_map(call.store, call.runtime.settings, project_id)
