"""Embeddings that are kept with a project."""

from uuid import UUID, uuid4

import numpy as np
import pytest

from shared.arrays import Halves
from shared.storage.account import blobs
from shared.storage.account.store import Store
from shared.storage.training import embeddings
from shared.storage.training.embeddings import JOINED

SPACE = "space"


def vectors(keys: list[str], width: int = 6) -> dict[str, Halves]:
    return {key: np.full(width, int(key), np.float16) for key in keys}


def kept(store: Store, project_id: UUID, keys: list[str]) -> list[str]:
    found = embeddings.get(store, project_id, SPACE, set(keys))
    assert all(np.array_equal(found[key], vectors([key], len(found[key]))[key]) for key in found)
    return sorted(found)


def test_what_is_wanted_is_found_and_nothing_where_there_is_none(store: Store) -> None:
    project_id = uuid4()
    assert kept(store, project_id, ["1"]) == []
    embeddings.put(store, project_id, SPACE, {})
    assert embeddings.names(store, project_id, SPACE) == []
    embeddings.put(store, project_id, SPACE, vectors(["1", "2"]))
    embeddings.put(store, project_id, SPACE, vectors(["3"]))
    assert kept(store, project_id, ["1", "3", "4"]) == ["1", "3"]
    assert embeddings.get(store, project_id, "another", {"1"}) == {}
    assert embeddings.get(store, uuid4(), SPACE, {"1"}) == {}


def test_many_small_ones_become_few_and_keep_what_no_training_has_asked_for(store: Store) -> None:
    project_id, keys = uuid4(), [str(key) for key in range(10, 60)]
    for key in keys:
        embeddings.put(store, project_id, SPACE, vectors([key]))
        assert embeddings.get(store, project_id, SPACE, {"10"})
    assert len(embeddings.names(store, project_id, SPACE)) < JOINED
    assert kept(store, project_id, keys) == keys


def test_many_uploads_make_few_blobs(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "SIZES", (4_000, 20_000))
    project_id, keys = uuid4(), [f"{key:05}" for key in range(160)]
    for key in keys:
        embeddings.put(store, project_id, SPACE, vectors([key], 100))
    sizes = blobs.sizes(store, "models", f"{project_id}/")
    assert len([size for size in sizes.values() if size < 20_000]) < 2 * JOINED
    assert len(sizes) < 2 * JOINED + len(keys) * 320 // 20_000
    assert kept(store, project_id, keys) == keys


def test_the_same_again_is_known_and_adds_nothing(store: Store) -> None:
    project_id, both = uuid4(), vectors(["1", "2"])
    assert not embeddings.has(store, project_id, SPACE, ["2", "1"])
    for _ in range(2):
        embeddings.put(store, project_id, SPACE, both)
        assert embeddings.has(store, project_id, SPACE, ["2", "1"])
    assert len(embeddings.names(store, project_id, SPACE)) == 1
    assert not embeddings.has(store, project_id, SPACE, ["1"])


def test_two_who_join_at_once_lose_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    project_id, keys = uuid4(), [str(key) for key in range(10, 10 + JOINED)]
    read, others = embeddings.read, [0]

    def meanwhile(store: Store, name: str) -> dict[str, Halves]:
        others[0] += 1
        if others[0] == JOINED // 2:
            embeddings.put(store, project_id, SPACE, vectors(["99"]))
        return read(store, name)

    for key in keys[:-1]:
        embeddings.put(store, project_id, SPACE, vectors([key]))
    monkeypatch.setattr(embeddings, "read", meanwhile)
    embeddings.put(store, project_id, SPACE, vectors(keys[-1:]))
    monkeypatch.undo()
    assert others[0] > JOINED
    assert kept(store, project_id, [*keys, "99"]) == [*keys, "99"]


def test_nothing_is_kept_of_what_is_gone(store: Store) -> None:
    project_id = uuid4()
    embeddings.put(store, project_id, SPACE, vectors(["1", "2"]))
    embeddings.put(store, project_id, "another", vectors(["2", "3"]))
    embeddings.put(store, project_id, "third", vectors(["4"]))
    embeddings.put(store, project_id, "boxes", {f"{key}:0.1:0.2": vectors(["1"])["1"] for key in "12"})
    embeddings.keep_only(store, project_id, lambda: {"2", "4"})
    assert kept(store, project_id, ["1", "2"]) == ["2"]
    assert list(embeddings.get(store, project_id, "another", {"2", "3"})) == ["2"]
    assert list(embeddings.get(store, project_id, "third", {"4"})) == ["4"]
    assert list(embeddings.get(store, project_id, "boxes", {"1:0.1:0.2", "2:0.1:0.2"})) == ["2:0.1:0.2"]
    embeddings.keep_only(store, project_id, set)
    assert list(blobs.names(store, "models", f"{project_id}/")) == []
