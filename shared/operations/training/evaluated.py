"""What an iteration was judged by, and what follows from that at any threshold, kept for a while."""

from collections.abc import Iterable
from typing import NamedTuple, Self, cast
from uuid import UUID

from shared import errors
from shared.metrics import classification, confusion, detection
from shared.metrics.confusion import Outcomes
from shared.metrics.counts import Curve
from shared.models.training.evaluations import EvaluatedImage
from shared.models.training.iterations import IterationStatus
from shared.models.workspace.domains import DOMAINS, DomainType
from shared.operations.training import iterations
from shared.storage.account.memory import Memory
from shared.storage.account.store import Store
from shared.storage.training import evaluations
from shared.storage.training.evaluations import EvaluationIndex

# The curves of 500 tags take some 12 MB.
REMEMBERED = 8
REMEMBERED_SECONDS = 3_600.0
# The outcomes of 2,000 images and 81 tags take some 6 MB.
OUTCOMES_BYTES = 64 * 2**20
remembered = Memory(REMEMBERED, REMEMBERED_SECONDS)
remembered_outcomes = Memory(OUTCOMES_BYTES, REMEMBERED_SECONDS, lambda kept: cast(Outcomes, kept).nbytes)


class EvaluatedIteration(NamedTuple):
    """`overlap` is how much a detector's box must overlap a true one to be right; None for a classifier."""

    store: Store
    project_id: UUID
    iteration_id: UUID
    kept: EvaluationIndex
    overlap: float | None

    @classmethod
    def read(cls, store: Store, project_id: UUID, iteration_id: UUID, overlap: float) -> Self:
        """Raises ProjectNotFound, IterationNotFound, PerformanceNotFound."""
        iteration = iterations.get_iteration(store, project_id, iteration_id)
        if iteration.status != IterationStatus.COMPLETED:
            raise errors.PerformanceNotFound(f"'{iteration.name}' is {iteration.status}; it has no performance.")
        detects = DOMAINS[iteration.domain_id].type == DomainType.OBJECT_DETECTION
        kept = evaluations.index(store, project_id, iteration_id)
        if iteration.imported_from and not kept.size:
            raise errors.PerformanceNotFound(
                f"'{iteration.name}' was imported, and no labelled image of this project was shown to it yet; label "
                "some, and call judge_iteration."
            )
        return cls(store, project_id, iteration_id, kept, overlap if detects else None)

    @property
    def version(self) -> tuple[object, ...]:
        return self.store, self.project_id, self.iteration_id, self.kept.etag, self.overlap

    def images(self) -> Iterable[EvaluatedImage]:
        """The newest first, lazily."""
        return evaluations.each(self.store, self.project_id, self.iteration_id)

    def curves(self) -> list[Curve]:
        return remembered.once(self.version, lambda: self.curves_of(self.images()))

    def outcomes(self) -> Outcomes:
        return remembered_outcomes.once(self.version, lambda: self.outcomes_of(self.images()))

    def curves_of(self, images: Iterable[EvaluatedImage]) -> list[Curve]:
        if self.overlap is None:
            return classification.curves(images, self.kept.tags, self.kept.classification_type)
        return detection.curves(images, self.kept.tags, self.overlap)

    def outcomes_of(self, images: Iterable[EvaluatedImage]) -> Outcomes:
        if self.overlap is None:
            return confusion.of_classifier(images, self.kept.tags, self.kept.classification_type)
        return confusion.of_detector(images, self.kept.tags, self.overlap)
