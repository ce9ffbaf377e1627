"""The checkpoint and the log behind counts and pages: they agree with the images, whatever happens to them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from azure.core.exceptions import HttpResponseError
from msgspec import structs

from shared.errors import Conflict, ServiceError, ServiceUnavailable
from shared.models.workspace.images import TaggingStatus
from shared.storage.account import blobs, rows, transactions
from shared.storage.account.store import Store
from shared.storage.account.transactions import RowChanged
from shared.storage.columns import snapshot
from shared.storage.columns.columns import DELETED_TAG, Columns, Entry
from shared.storage.workspace import catalog, images, tags
from tests.storage.making import add_images, add_tag, assert_consistent, delete_image, forget, record


def log(store: Store, project_id: UUID) -> list[str]:
    """The keys of the log, without its head."""
    found = rows.starting(store.catalog, str(project_id), catalog.LOG, keys_only=True)
    return [row.key for row in found if row.key != catalog.LOG]


def checkpoints(store: Store, project_id: UUID) -> list[str]:
    return list(blobs.names(store, "catalog", f"{project_id}/"))


def named(store: Store, project_id: UUID) -> str:
    """The checkpoint that the head names."""
    head = rows.read(store.catalog, str(project_id), catalog.LOG)
    assert head
    return head.doc


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No writer ever writes a checkpoint."""
    monkeypatch.setattr(snapshot, "tidy", lambda *_: None)


@pytest.mark.usefixtures("patient")
def test_a_long_log_is_taken_into_a_checkpoint_and_nothing_changes(
    store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "SHORTEST", 5)
    add_images(store, project_id, 10)
    assert catalog.read(store, project_id).images == 10
    assert len(log(store, project_id)) == 10
    assert not checkpoints(store, project_id)
    add_images(store, project_id, 1)
    assert catalog.read(store, project_id).images == 11
    assert log(store, project_id) == []
    assert checkpoints(store, project_id) == [named(store, project_id)]
    add_images(store, project_id, 12)
    for _ in range(2):
        assert catalog.read(store, project_id).images == 23
        assert checkpoints(store, project_id) == [named(store, project_id)]
        forget()
    assert_consistent(store, project_id)


def test_writers_keep_the_log_short_where_nobody_reads(
    store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "SHORTEST", 1)
    add_images(store, project_id, 30)
    assert len(log(store, project_id)) < 10
    assert_consistent(store, project_id)


def test_a_log_may_be_longer_where_there_are_more_images() -> None:
    class Sized:
        def __init__(self, size: int) -> None:
            self.size = size

    lengths: list[int] = [snapshot.longest_log(Sized(size)) for size in (0, 51_200, 100_000, 1_000_000)]  # type: ignore[arg-type]
    assert lengths == [512, 512, 1_000, 2_048]


@pytest.mark.usefixtures("patient")
def test_a_log_of_several_pages_is_read_as_of_one_checkpoint(
    store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "PAGE", 20)
    monkeypatch.setattr(snapshot, "SHORTEST", 10)
    made = add_images(store, project_id, 60)

    def read(_: int) -> int:
        forget()
        return catalog.read(store, project_id).images

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(read, range(40))) == {len(made)}


def test_checkpoints_that_race_change_nothing(store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "SHORTEST", 2)
    apple = add_tag(store, project_id).id

    def work(at: int) -> None:
        image = record([apple])
        images.insert(store, project_id, image)
        if at % 3 == 0:
            delete_image(store, project_id, image.id)
        if at % 5 == 0:
            forget()
        read = catalog.read(store, project_id)
        assert read.images == read.tagged == read.per_tag.get(apple, 0)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(work, range(120)))
    assert catalog.read(store, project_id).images == 80
    assert_consistent(store, project_id)


def test_a_change_is_made_where_the_checkpoint_after_it_fails(
    store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "SHORTEST", 1)

    def refused(*_: object, **__: object) -> str:
        raise HttpResponseError("There is no such container.")

    monkeypatch.setattr(blobs, "write", refused)
    add_images(store, project_id, 3)
    forget()
    assert catalog.read(store, project_id).images == 3


def test_a_deleted_tag_counts_on_no_image_that_a_checkpoint_has_not_seen() -> None:
    """Whoever read the first page of a log, then the end of a tag on the second, missed who took it in between."""
    gone, image = uuid4(), record([])
    checkpoint = Columns.decode(Columns().with_log({gone: DELETED_TAG}).encode())
    found = checkpoint.with_log({image.id: rows.encode(Entry([gone]))})
    assert found.having(TaggingStatus.UNTAGGED).tolist() == [True]


def test_a_new_tag_that_is_sent_again_after_it_was_deleted_counts(store: Store, project_id: UUID) -> None:
    tag = add_tag(store, project_id)
    tags.delete(store, project_id, tag.id)
    tags.insert(store, project_id, tag)
    add_images(store, project_id, 2, [tag.id])
    for _ in range(2):
        assert catalog.read(store, project_id).tagged == 2
        forget()


class Killed(BaseException):
    """The process ended here."""


CUT_OFF: list[tuple[Any, str]] = [
    (blobs, "write"),
    (snapshot, "transact"),
    (rows, "delete_unchanged"),
    (blobs, "delete"),
]


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", CUT_OFF, ids=[name for _, name in CUT_OFF])
@pytest.mark.parametrize("error", [Conflict("Too many."), ServiceUnavailable("Away."), Killed()], ids=repr)
def test_a_checkpoint_that_is_cut_off_anywhere_loses_nothing(
    store: Store,
    project_id: UUID,
    monkeypatch: pytest.MonkeyPatch,
    step: tuple[Any, str],
    error: BaseException,
    done: bool,
) -> None:
    monkeypatch.setattr(snapshot, "SHORTEST", 2)
    made = add_images(store, project_id, 5)
    assert catalog.read(store, project_id).images == 5
    made += add_images(store, project_id, 5)
    original: Callable[..., object] = getattr(*step)

    def cut(*args: object, **options: object) -> None:
        if done:
            original(*args, **options)
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(*step, cut)
        if isinstance(error, ServiceError):
            assert catalog.read(store, project_id).images == 10
        else:
            with pytest.raises(Killed):
                catalog.read(store, project_id)
    for known in (False, True):
        if not known:
            forget()
        images.update(store, project_id, made[known].id, lambda old: structs.replace(old, metadata={"line": "7"}))
        delete_image(store, project_id, made.pop().id)
        assert catalog.read(store, project_id).images == len(made)
        assert_consistent(store, project_id)


@pytest.mark.usefixtures("patient")
def test_a_checkpoint_whose_answer_was_lost_is_kept(
    store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "SHORTEST", 2)

    def twice(*args: object) -> None:
        transactions.transact(*args)  # type: ignore[arg-type]
        raise RowChanged

    add_images(store, project_id, 5)
    with monkeypatch.context() as lost:
        lost.setattr(snapshot, "transact", twice)
        assert catalog.read(store, project_id).images == 5
    assert checkpoints(store, project_id) == [named(store, project_id)]
    forget()
    assert_consistent(store, project_id)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("content", [None, b"", b"\x81\xa3ids\xc0", b"another version's"])
def test_a_checkpoint_that_is_lost_or_of_another_version_is_built_anew(
    store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    monkeypatch.setattr(snapshot, "SHORTEST", 2)
    add_images(store, project_id, 5)
    assert catalog.read(store, project_id).images == 5
    (name,) = checkpoints(store, project_id)
    blobs.delete(store, "catalog", name) if content is None else blobs.write(store, "catalog", name, content)
    forget()
    assert catalog.read(store, project_id).images == 5
    add_images(store, project_id, 5)
    assert catalog.read(store, project_id).images == 10
    forget()
    assert_consistent(store, project_id)
