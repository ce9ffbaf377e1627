"""A catalog as plain dictionaries, and commands that do the same to it and to the real one."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple
from uuid import UUID, uuid4

from msgspec import structs

from shared.errors import ImageNotFound, TagNameNotUnique, TagNotFound
from shared.models.texts import folded
from shared.models.wire import now
from shared.models.workspace.filters import Beginning, Combination, Comparison, Condition
from shared.models.workspace.images import ImageRecord, OrderBy, TaggingStatus, TagMark
from shared.models.workspace.tags import Tag
from shared.storage.account.store import Store
from shared.storage.workspace import images, tags
from tests.storage.making import delete_image, record, region, without_tags

NAMES = ["apple", "APPLE", "pear", "fig", "quince"]
STATUSES = {TaggingStatus.TAGGED: [True], TaggingStatus.UNTAGGED: [False]}


class Command(NamedTuple):
    """Two ways to do one thing, which return or raise the same."""

    real: Callable[[], object]
    expected: Callable[[], object]


class Model:
    """What the catalog of a project should be.

    Commands take any numbers; they choose among what is there, or name what is not.
    """

    def __init__(self, store: Store, project_id: UUID) -> None:
        self.store, self.project_id = store, project_id
        self.images: dict[UUID, ImageRecord] = {}
        self.tags: dict[UUID, str] = {}
        self.dropped: list[UUID] = []

    def upload(self, number: int, picks: list[int]) -> Command:
        made = record(
            self.some_tags(picks), content=f"{self.project_id} {number % 8}", metadata=some_pairs(number, picks)
        )

        def real() -> UUID:
            existing = images.insert(self.store, self.project_id, made)
            return existing.id if existing else made.id

        def expected() -> UUID:
            self.require_tags(made.tag_ids)
            same = [image.id for image in self.images.values() if image.sha256 == made.sha256]
            if not same:
                self.images[made.id] = made
            return same[0] if same else made.id

        return Command(real, expected)

    def upload_many(self, number: int, picks: list[int]) -> Command:
        tag_ids = self.some_tags(picks[:1])
        made = [record(tag_ids, metadata=some_pairs(at, picks)) for at in range(1 + number % 12)]

        def expected() -> None:
            self.require_tags(tag_ids)
            self.images |= {image.id: image for image in made}

        return Command(lambda: images.insert_many(self.store, self.project_id, made), expected)

    def tag(self, number: int, picks: list[int]) -> Command:
        marks = [TagMark(tag_id, now()) for tag_id in self.some_tags(picks)]

        def change(old: ImageRecord) -> ImageRecord:
            new = [mark for mark in marks if mark.tag_id not in old.tag_ids]
            # In one order, whether one transaction adds them or several.
            return structs.replace(old, tags=sorted([*old.tags, *new], key=lambda mark: mark.tag_id))

        return self.update(number, change)

    def untag(self, number: int, picks: list[int]) -> Command:
        gone = self.some_tags(picks)
        return self.update(number, lambda old: without_tags(old, gone))

    def draw(self, number: int, picks: list[int]) -> Command:
        drawn = [region(tag_id) for tag_id in self.known() * len(picks)]

        def change(old: ImageRecord) -> ImageRecord:
            return structs.replace(old, regions=[mark for mark in drawn if mark.tag_id in old.tag_ids])

        return self.update(number, change)

    def describe(self, number: int, picks: list[int]) -> Command:
        metadata = some_pairs(number, picks)
        return self.update(number, lambda old: structs.replace(old, metadata=metadata))

    def delete(self, number: int, picks: list[int]) -> Command:
        image_id = self.some_image(number)
        return Command(
            lambda: delete_image(self.store, self.project_id, image_id),
            lambda: self.images.pop(image_id, None) is not None,
        )

    def change_many(self, number: int, picks: list[int]) -> Command:
        """Images are deleted, freed of their tags or described, by turns."""
        ids = list(dict.fromkeys([*(self.some_image(number + pick) for pick in picks), uuid4()]))

        def change(old: ImageRecord) -> ImageRecord | None:
            bare, described = without_tags(old, old.tag_ids), structs.replace(old, metadata={"by": str(number)})
            return [None, bare, described][(old.id.int + number) % 3]

        def expected() -> None:
            for image_id in ids:
                if image_id in self.images and (new := change(self.images.pop(image_id))):
                    self.images[image_id] = new

        return Command(lambda: images.change_many(self.store, self.project_id, ids, change), expected)

    def new_tag(self, number: int, picks: list[int]) -> Command:
        tag = Tag(uuid4(), NAMES[number % 5], None)

        def expected() -> None:
            self.require_free(tag.name)
            self.tags[tag.id] = tag.name

        return Command(lambda: tags.insert(self.store, self.project_id, tag), expected)

    def rename_tag(self, number: int, picks: list[int]) -> Command:
        tag_id, name = self.some_tag(number), NAMES[len(picks) % 5]

        def expected() -> str:
            self.require_tags([tag_id])
            self.require_free(name, but=tag_id)
            self.tags[tag_id] = name
            return name

        def real() -> str:
            return tags.update(self.store, self.project_id, tag_id, lambda old: structs.replace(old, name=name)).name

        return Command(real, expected)

    def drop_tag(self, number: int, picks: list[int]) -> Command:
        tag_id = self.some_tag(number)
        there = tag_id in self.tags

        def expected() -> None:
            if not there:
                raise TagNotFound
            # Of two that delete it at the same time both did.
            if self.tags.pop(tag_id, None):
                self.dropped.append(tag_id)

        return Command(lambda: tags.delete(self.store, self.project_id, tag_id), expected)

    def sweep(self, number: int, picks: list[int]) -> Command:
        tag_id = self.some_tag(number)

        def real() -> None:
            while not tags.sweep(self.store, self.project_id, tag_id):
                pass

        def expected() -> None:
            if tag_id not in self.tags:
                self.images = {id: without_tags(image, [tag_id]) for id, image in self.images.items()}

        return Command(real, expected)

    def update(self, number: int, change: Callable[[ImageRecord], ImageRecord]) -> Command:
        image_id = self.some_image(number)

        def expected() -> ImageRecord:
            if image_id not in self.images:
                raise ImageNotFound
            old = self.images[image_id]
            new = change(old)
            self.require_tags(new.tag_ids - old.tag_ids)
            self.images[image_id] = new
            return new

        return Command(lambda: images.update(self.store, self.project_id, image_id, change), expected)

    def page(
        self,
        status: TaggingStatus,
        tag_ids: Sequence[UUID],
        order: OrderBy,
        keep: Condition | None = None,
        dead: Iterable[UUID] = (),
    ) -> list[ImageRecord]:
        """All pages put together."""
        wanted = STATUSES.get(status, [True, False])
        found = [image for image in self.images.values() if bool(image.tag_ids - set(dead)) in wanted]
        chosen = [image for image in found if not tag_ids or image.tag_ids & set(tag_ids)]
        chosen = [image for image in chosen if keep is None or holds(keep, image)]
        return sorted(chosen, key=lambda image: str(image.id), reverse=order is OrderBy.OLDEST)

    def known(self) -> list[UUID]:
        """All tags that are or were there."""
        return [*self.tags, *self.dropped]

    def some_filter(self, number: int, picks: list[int]) -> Condition:
        """Of what images are described by, now or perhaps."""
        values = [
            "0",
            "1",
            "2",
            "x" * number,
            *(each for image in self.images.values() for each in image.metadata.values()),
        ]
        parts = [
            Comparison(NAMES[(number + pick) % 5], values[pick % len(values)], bool((number + at) % 3))
            if pick % 4
            else Beginning(NAMES[(number + pick) % 5], values[pick % len(values)][: number % 3])
            for at, pick in enumerate(picks or [number])
        ]
        return Combination((Combination(tuple(parts[:2]), every=False), *parts[2:]), every=number % 2 == 0)

    def some_image(self, number: int) -> UUID:
        found = [*self.images, uuid4()]
        return found[number % len(found)]

    def some_tag(self, number: int) -> UUID:
        found = self.known() or [uuid4()]
        return found[number % len(found)]

    def some_tags(self, picks: list[int]) -> list[UUID]:
        return list(dict.fromkeys(self.some_tag(pick) for pick in picks)) if self.known() else []

    def require_tags(self, tag_ids: Iterable[UUID]) -> None:
        if not self.tags.keys() >= set(tag_ids):
            raise TagNotFound

    def require_free(self, name: str, but: UUID | None = None) -> None:
        if any(folded(held) == folded(name) for id, held in self.tags.items() if id != but):
            raise TagNameNotUnique


def holds(condition: Condition, image: ImageRecord) -> bool:
    """As a filter reads an image by itself."""
    pairs = image.metadata.items()
    return condition.over(
        lambda wanted: any(map(wanted.covers, pairs)) if isinstance(wanted, Beginning) else wanted in pairs
    )


def some_pairs(number: int, picks: list[int]) -> dict[str, str]:
    """Metadata: the values of two keys are few, those of others many."""
    few = {NAMES[pick % 2]: str(pick % 3) for pick in picks}
    return few | {NAMES[2 + pick % 3]: "x" * number for pick in picks if pick % 3}
