"""Models of a few images, to label the others with."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import ocellus
from shared.models.access.roles import TRAINERS
from shared.models.training.iterations import Iteration
from shared.operations.training import train
from shared.packages.exportability import iteration_with_exports


@ocellus("POST", "projects/{project_id}/iterations/draft", TRAINERS, rate="trainings_per_second")
def train_draft(call: Call, project_id: UUID) -> Iteration:
    """Train a detector quickly by the few images that have boxes, so that boxes of the next ones are suggested."""
    settings = call.runtime.settings
    return iteration_with_exports(settings, train.train_draft(call.store, settings, project_id))
