"""Pointers: swapped whole, held by one iteration at a time, cheap to ask after."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import msgspec
import pytest
from msgspec.structs import replace

from shared.errors import InvalidPublishName, IterationNotFound
from shared.models.serving import predictions
from shared.models.serving.predictions import Pointer, Publication, Share
from shared.models.wire import now
from shared.storage.account import blobs
from shared.storage.account.store import Store
from shared.storage.serving import published


def pointer(project_id: UUID, name: str = "fruit") -> Pointer:
    return Pointer.to_one(project_id, uuid4(), name, now())


def written_before_shares(pointer: Pointer) -> bytes:
    fields = msgspec.to_builtins(pointer)
    kept = {name: fields[name] for name in ("projectId", "publishName", "published")}
    return msgspec.json.encode({**kept, "iterationId": pointer.iteration_id})


def test_a_pointer_is_published_found_and_taken_back(store: Store, project_id: UUID) -> None:
    first = pointer(project_id, "Fruit / 1?")
    published.put(store, first, replace=False)
    found, etag = published.get(store, project_id, "fRUIT / 1?")
    assert found == first
    assert published.get_if_changed(store, project_id, "fruit / 1?", etag) is None
    assert published.list_all(store, project_id) == [first]
    assert not published.delete(store, project_id, "fruit / 1?", uuid4())
    assert published.delete(store, project_id, "FRUIT / 1?", first.iteration_id)
    assert not published.delete(store, project_id, "fruit / 1?", first.iteration_id)
    with pytest.raises(IterationNotFound):
        published.get(store, project_id, "fruit / 1?")
    with pytest.raises(IterationNotFound):
        published.get_if_changed(store, project_id, "fruit / 1?", etag)
    assert published.list_all(store, project_id) == []


def test_a_name_that_has_the_key_of_before_is_found_and_no_other_by_it(store: Store, project_id: UUID) -> None:
    old = pointer(project_id, "Maße")
    blobs.write(store, "published", f"{project_id}/masse.json", written_before_shares(old), etag=None, new=True)
    found, etag = published.get(store, project_id, "maße")
    assert found == old
    assert published.get_if_changed(store, project_id, "MAßE", etag) is None
    with pytest.raises(InvalidPublishName):
        published.put(store, pointer(project_id, "Maße"), replace=False)
    assert published.delete(store, project_id, "Maße", old.iteration_id)
    both = [pointer(project_id, "Maße"), pointer(project_id, "Masse")]
    for each in both:
        published.put(store, each, replace=False)
    assert [published.get(store, project_id, each.publish_name)[0] for each in both] == both


def test_a_name_is_taken_from_another_iteration_only_on_demand(store: Store, project_id: UUID) -> None:
    first, second = pointer(project_id), pointer(project_id)
    published.put(store, first, replace=False)
    published.put(store, first, replace=False)
    _, etag = published.get(store, project_id, "fruit")
    with pytest.raises(InvalidPublishName):
        published.put(store, second, replace=False)
    published.put(store, second, replace=True)
    changed = published.get_if_changed(store, project_id, "fruit", etag)
    assert changed
    assert (changed[0].iteration_id, changed[0].published) == (second.iteration_id, second.published)
    assert not published.delete(store, project_id, "fruit", first.iteration_id)


def test_one_of_many_that_take_a_name_at_once_gets_it(store: Store, project_id: UUID) -> None:
    pointers = [pointer(project_id) for _ in range(12)]

    def take(wanted: Pointer) -> bool:
        try:
            published.put(store, wanted, replace=False)
        except InvalidPublishName:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        won = [wanted for wanted, got in zip(pointers, pool.map(take, pointers), strict=True) if got]
    assert won == [published.get(store, project_id, "fruit")[0]]


def test_a_name_remembers_what_it_served_since_when_and_by_whom(store: Store, project_id: UUID) -> None:
    first, second = pointer(project_id), replace(pointer(project_id), by="oid 1")
    for each in (first, second, second, first):
        published.put(store, each, replace=True)
    found, _ = published.get(store, project_id, "fruit")
    assert (found.shares, found.by) == ([Share(first.iteration_id, 1)], "")
    assert found.history == [
        Publication(second.shares, second.published, "oid 1"),
        Publication(first.shares, first.published, ""),
    ]


def test_a_history_is_bounded(store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predictions, "HISTORY", 3)
    pointers = [pointer(project_id) for _ in range(6)]
    for each in pointers:
        published.put(store, each, replace=True)
    found, _ = published.get(store, project_id, "fruit")
    assert [past.shares for past in found.history] == [each.shares for each in pointers[4:1:-1]]


def test_a_pointer_of_before_shares_is_read_and_its_iteration_remembered(store: Store, project_id: UUID) -> None:
    old, new = pointer(project_id), pointer(project_id)
    blobs.write(store, "published", f"{project_id}/fruit.json", written_before_shares(old), etag=None, new=True)
    assert published.get(store, project_id, "fruit")[0] == old
    published.put(store, new, replace=True)
    found, _ = published.get(store, project_id, "fruit")
    assert [past.shares for past in found.history] == [old.shares]
    blob = blobs.read(store, "published", f"{project_id}/fruit.json")
    assert blob
    # What a version without shares looks at.
    assert msgspec.json.decode(blob.data)["iterationId"] == str(new.iteration_id)


def test_several_iterations_share_a_name(store: Store, project_id: UUID) -> None:
    shares = [Share(uuid4(), 0.1), Share(uuid4(), 0.9)]
    split = replace(pointer(project_id), shares=shares)
    published.put(store, split, replace=False)
    found, _ = published.get(store, project_id, "fruit")
    assert (found.shares, found.iteration_id) == (shares, shares[1].iteration_id)


@pytest.mark.parametrize("parts", [[], [0.5], [0.7, 0.7]])
def test_shares_that_do_not_make_up_all_are_refused(project_id: UUID, parts: list[float]) -> None:
    with pytest.raises(ValueError, match="make up 1"):
        replace(pointer(project_id), shares=[Share(uuid4(), part) for part in parts])
