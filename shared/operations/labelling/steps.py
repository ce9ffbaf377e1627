"""What goes on in the background of labelling: many suggestions are accepted."""

from shared.models.messages.tasks import AcceptSuggestions
from shared.operations.labelling import acceptance
from shared.operations.step import Context, Rest, Steps
from shared.operations.workspace import bulk


def accept_suggestions(context: Context, task: AcceptSuggestions) -> Rest | None:
    edits = acceptance.edits(context.store, context.settings.limits, task.project_id)
    return bulk.step(context.store, task, edits)


STEPS: Steps = {AcceptSuggestions: accept_suggestions}
