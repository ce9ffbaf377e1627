"""Many writers in one project at once: whatever they do, counts and indexes agree with the images."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import UUID

import pytest
from msgspec import structs

from shared.errors import ImageNotFound, ProjectNotFound, TagNameNotUnique, TagNotFound
from shared.models.images import OrderBy, TaggingStatus
from shared.settings import Settings
from shared.storage import counts, images, projects, rows, tags
from shared.storage.store import Store
from tests.storage.making import add_images, add_tag, assert_consistent, record, region, with_tags, without_tags

SECONDS = 5.0
THREADS = 8


@pytest.fixture
def other_store(settings: Settings) -> Iterator[Store]:
    store = Store.open(settings)
    yield store
    store.close()


class Life:
    """What a busy project's clients do, at random."""

    def __init__(self, store: Store, project_id: UUID, seed: int, done: Counter[str]) -> None:
        self.store, self.project_id, self.random, self.done = store, project_id, random.Random(seed), done

    def step(self) -> None:
        work = self.random.choice([self.upload, self.upload, self.tag, self.tag, self.untag, self.mark, self.delete])
        work = self.random.choice([self.new_tag, self.drop_tag]) if self.random.random() < 0.03 else work
        try:
            work()
        except (ImageNotFound, TagNotFound, TagNameNotUnique) as error:
            self.done[type(error).__name__] += 1
        else:
            self.done[work.__name__] += 1

    def upload(self) -> None:
        content = f"picture {self.random.randrange(100)}"
        images.insert(self.store, self.project_id, record(self.some_tags(), content=content))

    def tag(self) -> None:
        chosen = self.some_tags()
        images.update(self.store, self.project_id, self.some_image(), lambda old: with_tags(old, chosen))

    def untag(self) -> None:
        images.update(
            self.store, self.project_id, self.some_image(), lambda old: without_tags(old, list(old.tag_ids)[:2])
        )

    def mark(self) -> None:
        for tag_id in self.some_tags()[:1]:
            images.update(
                self.store,
                self.project_id,
                self.some_image(),
                lambda old: structs.replace(with_tags(old, [tag_id]), regions=[*old.regions, region(tag_id)]),  # noqa: B023
            )

    def delete(self) -> None:
        images.delete(self.store, self.project_id, self.some_image())

    def new_tag(self) -> None:
        add_tag(self.store, self.project_id, f"tag {self.random.randrange(8)}")

    def drop_tag(self) -> None:
        for tag_id in self.some_tags()[:1]:
            tags.delete(self.store, self.project_id, tag_id)
            tags.sweep(self.store, self.project_id, tag_id)

    def some_tags(self) -> list[UUID]:
        known = list(tags.names(self.store, self.project_id))
        return self.random.sample(known, min(len(known), self.random.randint(0, 3)))

    def some_image(self) -> UUID:
        found = images.page(
            self.store,
            self.project_id,
            status=self.random.choice(list(TaggingStatus)),
            tag_ids=[],
            order=self.random.choice(list(OrderBy)),
            take=20,
            skip=0,
        )
        return self.random.choice(found).id if found else record().id


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


def test_two_clients_of_eight_threads_leave_a_catalog_that_agrees_with_itself(
    store: Store, other_store: Store, project_id: UUID
) -> None:
    for at in range(5):
        add_tag(store, project_id, f"tag {at}")
    ends, done = time.monotonic() + SECONDS, Counter[str]()

    def live(seed: int) -> None:
        life = Life((store, other_store)[seed % 2], project_id, seed, done)
        while time.monotonic() < ends:
            life.step()

    with ThreadPoolExecutor(2 * THREADS) as pool:
        list(pool.map(live, range(2 * THREADS)))
    assert {"upload", "tag", "untag", "mark", "delete", "new_tag", "drop_tag"} <= set(done), done
    for tag_id in counts.read(store, project_id).per_tag.keys() - tags.names(store, project_id).keys():
        assert tags.sweep(store, project_id, tag_id)
    assert counts.read(store, project_id).per_tag.keys() <= tags.names(store, project_id).keys()
    assert_consistent(store, project_id)


def test_a_tag_that_is_deleted_while_images_take_it_is_swept_off_all_of_them(store: Store, project_id: UUID) -> None:
    tag, made = add_tag(store, project_id), add_images(store, project_id, 40)
    refused = threading.Event()

    def tag_one() -> None:
        try:
            chosen = random.choice(made).id
            images.update(store, project_id, chosen, lambda old: with_tags(without_tags(old, [tag.id]), [tag.id]))
        except TagNotFound:
            refused.set()

    with meanwhile(tag_one, THREADS):
        time.sleep(0.5)
        tags.delete(store, project_id, tag.id)
        assert refused.wait(10)
        while not tags.sweep(store, project_id, tag.id):
            pass
    assert tags.sweep(store, project_id, tag.id)
    assert counts.read(store, project_id).per_tag == {}
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
