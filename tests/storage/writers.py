"""Writers in one project at random, from several processes of many threads each."""

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from uuid import UUID

from msgspec import structs

from shared.errors import ImageNotFound, TagNameNotUnique, TagNotFound
from shared.models.workspace.images import ImageRecord, OrderBy, TaggingStatus
from shared.settings import Settings
from shared.storage.account.store import Store
from shared.storage.workspace import images, tags
from tests.storage.making import add_tag, delete_image, record, region, with_tags, without_tags

PROCESSES, THREADS = 2, 8


def write(connection_string: str, project_id: UUID, seconds: float) -> Counter[str]:
    """Write from several processes at once; what they did, by its name."""
    work = partial(_write, connection_string, project_id, seconds)
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        return sum(pool.map(work, range(PROCESSES)), Counter[str]())


def _write(connection_string: str, project_id: UUID, seconds: float, process: int) -> Counter[str]:
    # A process takes a while to start; each writes that long.
    end = time.monotonic() + seconds

    def live(thread: int) -> Counter[str]:
        writer = Writer(store, project_id, process * THREADS + thread)
        while time.monotonic() < end:
            writer.step()
        return writer.done

    settings = Settings(storage_connection_string=connection_string, launcher="process")
    with closing(Store.open(settings)) as store, ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(live, range(THREADS)), Counter[str]())


class Writer:
    """What a busy project's client does, at random."""

    def __init__(self, store: Store, project_id: UUID, seed: int) -> None:
        self.store, self.project_id, self.random = store, project_id, random.Random(seed)
        self.done = Counter[str]()

    def step(self) -> None:
        often = [
            self.upload,
            self.upload,
            self.upload_many,
            self.tag,
            self.untag,
            self.draw,
            self.describe,
            self.delete,
        ]
        rarely = [self.new_tag, self.drop_tag, self.change_many]
        work = self.random.choice(often if self.random.random() < 0.9 else rarely)
        try:
            work()
        except (ImageNotFound, TagNotFound, TagNameNotUnique) as error:
            self.done[type(error).__name__] += 1
        else:
            self.done[work.__name__] += 1

    def upload(self) -> None:
        content = f"picture {self.random.randrange(200)}"
        made = record(self.some_tags(), content=content, metadata=self.some_pairs())
        images.insert(self.store, self.project_id, made)

    def upload_many(self) -> None:
        images.insert_many(
            self.store, self.project_id, [record(self.some_tags(), metadata=self.some_pairs()) for _ in range(5)]
        )

    def tag(self) -> None:
        chosen = self.some_tags()
        for image_id in self.some_images(1):
            images.update(self.store, self.project_id, image_id, lambda old: with_tags(old, chosen))

    def untag(self) -> None:
        for image_id in self.some_images(1):
            images.update(self.store, self.project_id, image_id, lambda old: without_tags(old, sorted(old.tag_ids)[:2]))

    def draw(self) -> None:
        def drawn(old: ImageRecord) -> ImageRecord:
            return structs.replace(old, regions=[*old.regions, *(region(mark.tag_id) for mark in old.tags)][:20])

        for image_id in self.some_images(1):
            images.update(self.store, self.project_id, image_id, drawn)

    def describe(self) -> None:
        pairs = self.some_pairs()
        for image_id in self.some_images(1):
            images.update(self.store, self.project_id, image_id, lambda old: structs.replace(old, metadata=pairs))

    def delete(self) -> None:
        for image_id in self.some_images(1):
            delete_image(self.store, self.project_id, image_id)

    def change_many(self) -> None:
        """One in three is deleted, tagged or freed of its tags."""
        chosen, turn = self.some_tags(), self.random.randrange(3)

        def change(old: ImageRecord) -> ImageRecord | None:
            return [None, with_tags(old, chosen), without_tags(old, old.tag_ids)][(old.id.int + turn) % 3]

        images.change_many(self.store, self.project_id, self.some_images(30), change)

    def new_tag(self) -> None:
        add_tag(self.store, self.project_id, f"tag {self.random.randrange(8)}")

    def drop_tag(self) -> None:
        for tag_id in self.some_tags()[:1]:
            tags.delete(self.store, self.project_id, tag_id)
            tags.sweep(self.store, self.project_id, tag_id)

    def some_tags(self) -> list[UUID]:
        known = list(tags.names(self.store, self.project_id))
        return self.random.sample(known, min(len(known), self.random.randint(0, 3)))

    def some_pairs(self) -> dict[str, str]:
        pairs = {"shift": self.random.choice("ab"), "file": str(self.random.randrange(100_000))}
        return {key: value for key, value in pairs.items() if self.random.random() < 0.5}

    def some_images(self, number: int) -> Sequence[UUID]:
        status, order = self.random.choice(list(TaggingStatus)), self.random.choice(list(OrderBy))
        found = images.page(self.store, self.project_id, status=status, tag_ids=[], order=order, take=40, skip=0)
        return [image.id for image in self.random.sample(found, min(len(found), number))]
