"""Many writers in one project at once: whatever they do, counts and indexes agree with the images."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import UUID

from msgspec import structs

from shared.errors import ProjectNotFound, TagNotFound
from shared.storage.account import rows
from shared.storage.account.store import Store
from shared.storage.workspace import catalog, images, projects, tags
from tests.storage.making import add_images, add_tag, assert_consistent, record, with_tags, without_tags
from tests.storage.writers import write

SECONDS = 5.0
THREADS = 8


@contextmanager
def meanwhile(work: Callable[[], object], threads: int) -> Iterator[None]:
    """`work` goes on and on in other threads; what it raises is raised at the end."""
    over = threading.Event()

    def go_on() -> None:
        while not over.is_set():
            work()

    with ThreadPoolExecutor(threads) as pool:
        running = [pool.submit(go_on) for _ in range(threads)]
        try:
            yield
        finally:
            over.set()
        for future in running:
            future.result()


def test_two_processes_of_eight_threads_leave_a_catalog_that_agrees_with_itself(
    store: Store, azurite: str, project_id: UUID
) -> None:
    done = write(azurite, project_id, SECONDS)
    assert {"upload", "upload_many", "tag", "untag", "draw", "delete", "change_many", "new_tag"} <= set(done)
    for tag_id in catalog.read(store, project_id).per_tag.keys() - tags.names(store, project_id).keys():
        assert tags.sweep(store, project_id, tag_id)
    assert catalog.read(store, project_id).per_tag.keys() <= tags.names(store, project_id).keys()
    assert_consistent(store, project_id)


def test_a_tag_that_is_deleted_while_images_take_it_is_swept_off_all_of_them(store: Store, project_id: UUID) -> None:
    tag, made = add_tag(store, project_id), add_images(store, project_id, 40)
    refused = threading.Event()

    def tag_one() -> None:
        try:
            # Off first: on a fast machine all images have it before it goes, and none takes it any more.
            chosen = random.choice(made).id
            images.update(store, project_id, chosen, lambda old: without_tags(old, [tag.id]))
            images.update(store, project_id, chosen, lambda old: with_tags(old, [tag.id]))
        except TagNotFound:
            refused.set()

    with meanwhile(tag_one, THREADS):
        time.sleep(0.5)
        tags.delete(store, project_id, tag.id)
        assert refused.wait(10)
        while not tags.sweep(store, project_id, tag.id):
            pass
    assert tags.sweep(store, project_id, tag.id)
    assert catalog.read(store, project_id).per_tag == {}
    assert_consistent(store, project_id)


def test_a_tag_is_renamed_while_images_take_it(store: Store, project_id: UUID) -> None:
    tag, made = add_tag(store, project_id), add_images(store, project_id, 20)

    def turn() -> None:
        chosen = random.choice(made).id
        images.update(store, project_id, chosen, lambda old: with_tags(old, [tag.id]))
        images.update(store, project_id, chosen, lambda old: without_tags(old, [tag.id]))

    with meanwhile(turn, THREADS):
        for at in range(10):
            name = f"name {at}"
            renamed = tags.update(store, project_id, tag.id, lambda old, name=name: structs.replace(old, name=name))  # type: ignore[misc]
            assert renamed.name == name
    assert_consistent(store, project_id)


def test_a_project_that_is_deleted_during_uploads_takes_no_more_and_is_purged_to_the_last_row(
    store: Store, project_id: UUID
) -> None:
    tag, refused = add_tag(store, project_id), threading.Event()

    def upload() -> None:
        try:
            images.insert(store, project_id, record([tag.id]))
        except ProjectNotFound:
            refused.set()

    with meanwhile(upload, THREADS):
        time.sleep(0.5)
        projects.delete(store, project_id)
        assert refused.wait(10)
        while not projects.purge(store, project_id):
            pass
        time.sleep(0.2)
    assert list(rows.scan(store.catalog, str(project_id), " ", "~")) == []
