"""Results of cameras among the stored predictions: each of them once, and so many a day under a published name."""

from contextlib import suppress
from datetime import date

from shared.models.serving.predictions import StoredPrediction
from shared.models.wire import Wire, now
from shared.storage.account import rows
from shared.storage.account.store import Store
from shared.storage.account.transactions import Change, RowChanged, RowExists, transact
from shared.storage.serving import predictions, results


class KeptToday(Wire, frozen=True):
    """How many were stored on a day (UTC)."""

    day: date
    count: int = 0


def put(store: Store, stored: StoredPrediction, frame: str, per_day: int) -> bool:
    """Store a prediction with its frame, unless it is there, or its day is full; whether it was stored now.

    The count changes with the prediction's own rows, so that several processes at once keep to it exactly.
    """
    prediction, partition = stored.prediction, str(stored.prediction.project)
    key = f"feedback:{rows.name_key(stored.published_name)}"
    for attempt in rows.attempts():
        if predictions.exists(store, prediction.project, prediction.id):
            return False
        row = rows.read(store.predictions, partition, key)
        kept = _today(row.decode(KeptToday) if row else None)
        if kept.count >= per_day:
            return False
        if not attempt:
            picture = results.read_frame(store, frame)
            predictions.put_picture(store, prediction.project, prediction.id, picture, "image/jpeg")
        doc = rows.encode(KeptToday(kept.day, kept.count + 1))
        change = Change("replace", key, doc, row.etag) if row else Change("insert", key, doc)
        with suppress(RowExists, RowChanged):
            transact(store.predictions, partition, [*predictions.changes(stored), change])
            return True
    raise AssertionError("attempts() raises")


def _today(last: KeptToday | None) -> KeptToday:
    """A clock that is behind counts on with the day that another has begun."""
    today = now().date()
    return last if last and last.day >= today else KeptToday(today)
