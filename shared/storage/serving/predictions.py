"""Stored predictions: a row each, newest first, an index row by uncertainty, and the picture that was judged."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from shared.errors import NotFound
from shared.models.serving.predictions import PredictionOrder, StoredPrediction, uncertainty
from shared.storage.account import blobs, rows, signing
from shared.storage.account.pages import Page, page
from shared.storage.account.rows import COPIED_LENGTH, FAR, Row, inverted
from shared.storage.account.store import Store
from shared.storage.account.transactions import Change, transact

# Those of the index hold how many parts in 10^9 a prediction is sure, so that the least sure sorts first.
SURE = 10**9
# So many rows are read at once.
BLOCK = 256
# So many expired predictions are found, then deleted, before more are looked for.
BATCH = 256
# So many predictions are looked through in one step for those of a deleted iteration.
LOOKED_THROUGH = 1_000
# A picture is stored before its row, by less than this.
EARLIER = timedelta(days=1)

Keep = Callable[[StoredPrediction], bool]


def put_picture(store: Store, project_id: UUID, prediction_id: UUID, picture: bytes, content_type: str) -> None:
    """Before `put`, and perhaps for nothing: nobody sees a picture without a row, and `expire` finds it."""
    name = picture_name(project_id, prediction_id)
    blobs.write(store, "predictions", name, picture, content_type, cache_control=blobs.PICTURE_CACHE)


def put(store: Store, stored: StoredPrediction) -> None:
    transact(store.predictions, str(stored.prediction.project), changes(stored))


def changes(stored: StoredPrediction) -> list[Change]:
    """The rows that a prediction is stored by."""
    prediction, doc = stored.prediction, rows.encode(stored)
    key = f"{_key(inverted(prediction.created))}:{prediction.id}"
    sure = round((1 - uncertainty(prediction.predictions)) * SURE)
    index = f"unsure:{sure:010}:{key}"
    return [
        Change("upsert", key, doc),
        Change("upsert", index, doc if len(doc) <= COPIED_LENGTH else ""),
        Change("upsert", f"id:{prediction.id}", f"{key} {index}"),
    ]


def each(store: Store, project_id: UUID) -> Iterator[StoredPrediction]:
    """All of a project, the newest first; lazily."""
    return (row.decode(StoredPrediction) for row in rows.starting(store.predictions, str(project_id), "at:"))


def exists(store: Store, project_id: UUID, prediction_id: UUID) -> bool:
    return bool(_keys(store, project_id, prediction_id))


def picture(store: Store, project_id: UUID, prediction_id: UUID) -> bytes:
    """The picture of a prediction that is there. Raises NotFound."""
    keys = _keys(store, project_id, prediction_id)
    found = blobs.read(store, "predictions", picture_name(project_id, prediction_id)) if keys else None
    if not found:
        raise _absent(prediction_id)
    return found.data


def query(
    store: Store,
    project_id: UUID,
    order: PredictionOrder,
    *,
    since: datetime | None,
    until: datetime | None,
    keep: Keep,
    take: int,
    beyond: str = "",
) -> Page[StoredPrediction]:
    """Those from `since` to `until` that `keep` holds for, from beyond that place on.

    Suggested has the least sure first. It knows nothing of what was stored before there was an index for it.
    """
    low, high = inverted(until) if until else 0, inverted(since) if since else FAR - 2

    def kept(row: Row) -> StoredPrediction | None:
        stored = row.decode(StoredPrediction)
        return stored if low <= inverted(stored.prediction.created) <= high and keep(stored) else None

    match order:
        case PredictionOrder.NEWEST:
            found = _forwards(store, project_id, _key(low), _key(high + 1), beyond, take)
        case PredictionOrder.OLDEST:
            found = _backwards(store, project_id, low, high + 1, beyond or "at;")
        case PredictionOrder.SUGGESTED:
            found = _copied(store, project_id, _forwards(store, project_id, "unsure:", "unsure;", beyond, take))
    return page(((row.key, kept(row)) for row in found), take)


def delete(store: Store, project_id: UUID, prediction_id: UUID) -> bool:
    """Whether it was there."""
    keys = _keys(store, project_id, prediction_id)
    rows.delete_all(store.predictions, str(project_id), [*keys, f"id:{prediction_id}"] if keys else [])
    # Last, and even without a row: nobody sees a prediction without its picture, and a repeat finishes the work.
    blobs.delete(store, "predictions", picture_name(project_id, prediction_id))
    return bool(keys)


def expire(store: Store, before: datetime) -> int:
    """Delete what was predicted before that time, in all projects; how many. When cut off it has made progress."""
    old = rows.scan_all(store.predictions, _key(inverted(before)), "at;")
    found = ((UUID(partition), UUID(key.rsplit(":", 1)[1])) for partition, key in old)
    deleted = 0
    while batch := list(islice(found, BATCH)):
        deleted += sum(store.bulk.map(lambda place: delete(store, *place), batch))
    # What suggestions are counted by goes as well, and is made again where it is asked for.
    for name in blobs.names_before(store, "predictions", before - EARLIER):
        blobs.delete(store, "predictions", name)
    return deleted


def forget_iteration(store: Store, project_id: UUID, iteration_id: UUID, beyond: str) -> str | None:
    """One step of deleting what an iteration predicted: the place where the next step begins, None at the end."""
    block = list(islice(_forwards(store, project_id, "at:", "at;", beyond, LOOKED_THROUGH), LOOKED_THROUGH))
    predictions = (row.decode(StoredPrediction).prediction for row in block)
    made = [prediction for prediction in predictions if prediction.iteration == iteration_id]
    list(store.bulk.map(lambda prediction: delete(store, project_id, prediction.id), made))
    return block[-1].key if len(block) == LOOKED_THROUGH else None


def picture_name(project_id: UUID, prediction_id: UUID) -> str:
    return f"{project_id}/{prediction_id}"


def picture_uri(store: Store, project_id: UUID, prediction_id: UUID) -> str:
    """An address that anyone who has it can read the picture at, for a day."""
    return signing.uri(store, "predictions", picture_name(project_id, prediction_id))


def _forwards(store: Store, project_id: UUID, first: str, last: str, beyond: str, take: int) -> Iterator[Row]:
    first = max(first, f"{beyond}~" if beyond else "")
    return rows.scan(store.predictions, str(project_id), first, last, page=max(BLOCK, take + 1))


def _backwards(store: Store, project_id: UUID, low: int, high: int, last: str) -> Iterator[Row]:
    """The oldest first of low <= inverted time < high and key < last.

    A table reads forwards only: the time is halved until a half is small enough to be read and turned round.
    """
    first, end = _key(low), min(_key(high), last)
    if first >= end:
        return
    keys = rows.scan(store.predictions, str(project_id), first, end, keys_only=True, page=BLOCK + 1)
    if len(list(islice(keys, BLOCK + 1))) <= BLOCK or high - low <= 1:
        yield from reversed(list(rows.scan(store.predictions, str(project_id), first, end)))
        return
    middle = (low + high) // 2
    yield from _backwards(store, project_id, middle, high, last)
    yield from _backwards(store, project_id, low, middle, last)


def _copied(store: Store, project_id: UUID, index: Iterator[Row]) -> Iterator[Row]:
    """Index rows with their copies; those that carry none are read from the predictions' own rows."""
    while part := list(islice(index, BLOCK)):
        bare = [row for row in part if not row.doc]
        own = (row.key[row.key.index("at:") :] for row in bare)
        read = store.threads.map(lambda key: rows.read(store.predictions, str(project_id), key), own)
        docs = {row.key: found.doc for row, found in zip(bare, read, strict=True) if found}
        yield from (row._replace(doc=row.doc or docs[row.key]) for row in part if row.doc or row.key in docs)


def _keys(store: Store, project_id: UUID, prediction_id: UUID) -> list[str]:
    """A prediction's own row, and its index row unless it was stored before there was one; none where it is gone."""
    row = rows.read(store.predictions, str(project_id), f"id:{prediction_id}")
    return row.doc.split() if row else []


def _key(inverted: int) -> str:
    return f"at:{inverted:013}"


def _absent(prediction_id: UUID) -> NotFound:
    return NotFound(f"There is no stored prediction {prediction_id} in this project.")
