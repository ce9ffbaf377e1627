"""What an iteration was trained on, as it was then."""

from uuid import UUID

from shared import errors
from shared.models.training.iterations import IterationStatus
from shared.storage.account.store import Store
from shared.storage.training import datasets
from shared.storage.training import iterations as stored_iterations
from shared.storage.training.dataset_index import DatasetIndex


def dataset_of(store: Store, project_id: UUID, iteration_id: UUID) -> DatasetIndex:
    """Raises ProjectNotFound, IterationNotFound, and IterationNotTrained while there is no dataset yet."""
    iteration = stored_iterations.get(store, project_id, iteration_id).iteration
    index = datasets.index(store, project_id, iteration_id)
    if index is None and iteration.status == IterationStatus.TRAINING:
        raise errors.IterationNotTrained(f"The dataset of '{iteration.name}' is being prepared; ask again in a moment.")
    if index is None:
        raise errors.IterationNotTrained(f"'{iteration.name}' failed before it had a dataset, so it has no images.")
    return index
