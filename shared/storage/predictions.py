"""Stored predictions: a row each, newest first, and the picture that was judged."""

from datetime import datetime
from itertools import islice
from uuid import UUID

import msgspec

from shared.errors import NotFound
from shared.models.predictions import StoredPrediction
from shared.storage import blobs, rows
from shared.storage.store import Store
from shared.storage.transactions import Change, transact

# Row keys hold the milliseconds until the year 2286, so that the newest sorts first.
FAR = 10**13
# So many expired predictions are found, then deleted, before more are looked for.
BATCH = 256


def put(store: Store, stored: StoredPrediction, picture: bytes, content_type: str = "image/jpeg") -> None:
    prediction = stored.prediction
    blobs.write(store, "predictions", picture_name(prediction.project, prediction.id), picture, content_type)
    key = f"at:{_inverted(prediction.created)}:{prediction.id}"
    changes = [Change("upsert", key, rows.encode(stored)), Change("upsert", f"id:{prediction.id}", key)]
    transact(store.predictions, str(prediction.project), changes)


def get(store: Store, project_id: UUID, prediction_id: UUID) -> StoredPrediction:
    """Raises NotFound."""
    place = rows.read(store.predictions, str(project_id), f"id:{prediction_id}")
    row = place and rows.read(store.predictions, str(project_id), place.doc)
    if not row:
        raise NotFound(f"There is no stored prediction {prediction_id} in this project.")
    return _stored(row.doc)


def list_recent(store: Store, project_id: UUID, take: int = 256) -> list[StoredPrediction]:
    """The newest first."""
    found = rows.scan(store.predictions, str(project_id), "at:", "at;", page=take)
    return [_stored(row.doc) for row in islice(found, take)]


def delete(store: Store, project_id: UUID, prediction_id: UUID) -> bool:
    """Whether it was there."""
    place = rows.read(store.predictions, str(project_id), f"id:{prediction_id}")
    if place is None:
        return False
    blobs.delete(store, "predictions", picture_name(project_id, prediction_id))
    rows.delete_all(store.predictions, str(project_id), [place.doc, place.key])
    return True


def expire(store: Store, before: datetime) -> int:
    """Delete what was predicted before that time, in all projects; how many. When cut off it has made progress."""
    old = rows.scan_all(store.predictions, f"at:{_inverted(before)}", "at;")
    found = ((UUID(partition), UUID(key.rsplit(":", 1)[1])) for partition, key in old)
    deleted = 0
    while batch := list(islice(found, BATCH)):
        deleted += sum(store.threads.map(lambda place: delete(store, *place), batch))
    return deleted


def picture_name(project_id: UUID, prediction_id: UUID) -> str:
    return f"{project_id}/{prediction_id}"


def _inverted(time: datetime) -> str:
    return f"{FAR - round(time.timestamp() * 1000):013}"


def _stored(doc: str) -> StoredPrediction:
    return msgspec.json.decode(doc, type=StoredPrediction)
