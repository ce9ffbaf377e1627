"""The rows that make up a suggestion."""

from collections.abc import Iterator
from uuid import UUID

import msgspec

from shared.models.labelling.suggestions import Suggestion
from shared.storage.account import rows
from shared.storage.account.rows import inverted
from shared.storage.account.store import Store

# Row keys of the index hold parts in 10^9.
UNSURE = 10**9


def keys(suggestion: Suggestion) -> list[str]:
    """All rows of a suggestion: those of the index, its own, and last the one that an expiry begins with."""
    suggested = suggestion.suggested
    unsure = round(suggested.prediction_uncertainty * UNSURE)
    return [
        f"least:{suggested.iteration}:{unsure:010}:{suggested.id}",
        f"most:{suggested.iteration}:{UNSURE - unsure:010}:{suggested.id}",
        own(suggested.iteration, suggested.id),
        f"since:{inverted(suggested.created):013}:{suggested.iteration}:{suggested.id}",
    ]


def own(iteration_id: UUID | str, image_id: UUID | str) -> str:
    return f"suggested:{iteration_id}:{image_id}"


def all_of(store: Store, project_id: UUID, iteration_id: UUID) -> Iterator[Suggestion]:
    """Lazily."""
    prefix = own(iteration_id, "")
    found = rows.scan(store.predictions, str(project_id), prefix, rows.after_prefix(prefix))
    return (decode(row.doc) for row in found)


def decode(doc: str) -> Suggestion:
    return msgspec.json.decode(doc, type=Suggestion)
