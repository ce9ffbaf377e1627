"""Models that were trained elsewhere, and how they did there."""

from typing import Annotated
from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import ocellus
from functions.edge.operation import Answer
from functions.edge.parameters import Named
from shared import errors
from shared.models.access.roles import READERS, TRAINERS
from shared.models.training.importing import ImportOptions, Order, PastPerformance, Range, Scoring
from shared.models.training.iterations import Iteration
from shared.models.training.preprocessing import Fit
from shared.operations.training import imports, judging, past
from shared.packages.exportability import iteration_with_exports


@ocellus("POST", "projects/{project_id}/iterations/import", TRAINERS, audit=("project_id", "name"))
def import_iteration(
    call: Call,
    project_id: UUID,
    package: bytes,
    name: str | None = None,
    order: Order | None = None,
    values: Annotated[Range | None, Named("range")] = None,
    mean: str = "",
    std: str = "",
    size: int | None = None,
    fit: Fit | None = None,
    scores: Scoring | None = None,
    anchors: str = "",
    overlap: float | None = None,
) -> Iteration:
    """Make an iteration of a package with an ONNX model, such as Custom Vision exports it."""
    options = ImportOptions(
        order, values, _numbers("mean", mean), _numbers("std", std), size, fit, scores,
        _numbers("anchors", anchors), overlap,
    )  # fmt: skip
    settings = call.runtime.settings
    made = imports.import_iteration(call.store, settings, project_id, package, name=name, options=options)
    return iteration_with_exports(settings, made)


def _numbers(name: str, text: str) -> list[float]:
    """A comma list, in which numbers may come again."""
    try:
        return [float(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise errors.BadRequest(f"'{name}' is a comma list of numbers, such as 0.485,0.456,0.406.") from None


@ocellus("POST", "projects/{project_id}/iterations/{iteration_id}/judge", TRAINERS, statuses=(202,))
def judge_iteration(call: Call, project_id: UUID, iteration_id: UUID) -> Answer[Iteration]:
    """Have an imported model predict the project's newest labelled images, to tell how well it does."""
    iteration = judging.judge_iteration(call.store, project_id, iteration_id)
    return Answer(202, iteration_with_exports(call.runtime.settings, iteration))


@ocellus("PUT", "projects/{project_id}/pastperformances/{iteration_id}", TRAINERS)
def put_past_performance(call: Call, project_id: UUID, iteration_id: UUID, body: PastPerformance) -> PastPerformance:
    """Tell how an iteration did before the project moved here."""
    return past.put_past_performance(call.store, call.limits, project_id, iteration_id, body)


@ocellus("GET", "projects/{project_id}/pastperformances", READERS)
def get_past_performances(call: Call, project_id: UUID) -> list[PastPerformance]:
    """How iterations did before the project moved here."""
    return past.get_past_performances(call.store, project_id)
