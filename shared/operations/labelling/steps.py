"""What goes on in the background of labelling: images are looked at, many suggestions accepted."""

from shared.models.messages.tasks import AcceptLive, AcceptSuggestions, DrawMap, EmbedBoxes, EmbedImages
from shared.operations.labelling import acceptance, embedding
from shared.operations.labelling.live import boxes, confirming, mapping, model
from shared.operations.step import Context, Rest, Steps
from shared.operations.workspace import bulk


def accept_suggestions(context: Context, task: AcceptSuggestions) -> Rest | None:
    edits = acceptance.edits(context.store, context.settings.limits, task.project_id)
    return bulk.step(context.store, task, edits)


def accept_live(context: Context, task: AcceptLive) -> Rest | None:
    edits = confirming.edits(context.store, context.settings.limits, task.project_id)
    return bulk.step(context.store, task, edits)


def embed_images(context: Context, task: EmbedImages) -> Rest | None:
    rest = embedding.embed(context.store, context.settings, task)
    if rest is None:
        model.keep_up(context.store, task.project_id)
    return rest


def embed_boxes(context: Context, task: EmbedBoxes) -> Rest | None:
    return None if boxes.embed_boxes(context.store, context.settings, task) else Rest(task)


def draw_map(context: Context, task: DrawMap) -> Rest | None:
    mapping.draw(context.store, task.project_id)
    return None


STEPS: Steps = {
    AcceptSuggestions: accept_suggestions,
    AcceptLive: accept_live,
    EmbedImages: embed_images,
    EmbedBoxes: embed_boxes,
    DrawMap: draw_map,
}
