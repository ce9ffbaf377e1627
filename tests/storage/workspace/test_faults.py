"""A fault in any request of a change: the catalog agrees with itself, and the caller was told the truth."""

from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple
from uuid import UUID, uuid4

import pytest
from azure.core.rest import HttpRequest, HttpResponse
from msgspec import structs

from shared.errors import ServiceError, ServiceUnavailable, TagNameNotUnique, TagNotFound
from shared.models.workspace.images import ImageRecord
from shared.models.workspace.tags import Tag
from shared.storage.account import rows
from shared.storage.account.store import Store
from shared.storage.account.transport import Transport
from shared.storage.columns import snapshot
from shared.storage.workspace import catalog, image_rows, images, projects, tags, trash
from tests.storage.making import (
    add_tags,
    assert_consistent,
    delete_image,
    forget,
    new_project,
    record,
    with_tags,
    without_tags,
)

# More than any change here sends.
MOST = 60
# An image that takes all but one of so many has one more than its transaction looks at.
MANY = image_rows.TOUCHED + 2


State = tuple[tuple[tuple[int, ...], ...], tuple[str, ...]]


class Killed(BaseException):
    """The process ended here. Before a request is after the one before it."""


class Scene(NamedTuple):
    """A project of four images, the first two with the first of its tags."""

    store: Store
    project_id: UUID
    tag_ids: list[UUID]
    image_ids: list[UUID]

    @classmethod
    def new(cls, store: Store, number_of_tags: int) -> "Scene":
        project = new_project()
        projects.insert(store, project)
        tag_ids = add_tags(store, project.id, number_of_tags)
        made = [record(tag_ids[:1]), record(tag_ids[:1]), record(), record()]
        images.insert_many(store, project.id, made)
        return cls(store, project.id, tag_ids, [image.id for image in made])

    def state(self) -> State:
        """The images with their tags, all by their places here, and the names of all tags."""
        found = rows.starting(self.store.catalog, str(self.project_id), catalog.IMAGE)
        made = (row.decode(ImageRecord) for row in found)
        marks = ((self.image_ids.index(image.id), sorted(map(self.tag_ids.index, image.tag_ids))) for image in made)
        names = (tag.name for tag in tags.names(self.store, self.project_id).values())
        return tuple((at, *tag_ids) for at, tag_ids in sorted(marks)), tuple(sorted(names))


def insert(scene: Scene) -> None:
    scene.image_ids.append((image := record(scene.tag_ids)).id)
    images.insert(scene.store, scene.project_id, image)


def insert_many(scene: Scene) -> None:
    made = [record(scene.tag_ids[:1]) for _ in range(3)]
    scene.image_ids.extend(image.id for image in made)
    images.insert_many(scene.store, scene.project_id, made)


def update(scene: Scene) -> None:
    images.update(scene.store, scene.project_id, scene.image_ids[0], lambda old: with_tags(old, scene.tag_ids))


def take_many(scene: Scene) -> None:
    """More tags at once than a transaction looks at."""
    assert len(scene.tag_ids) == MANY
    update(scene)


def change_many(scene: Scene) -> None:
    def change(old: ImageRecord) -> ImageRecord | None:
        return None if old.id == scene.image_ids[1] else with_tags(old, scene.tag_ids[1:])

    images.change_many(scene.store, scene.project_id, scene.image_ids, change)


def delete(scene: Scene) -> None:
    delete_image(scene.store, scene.project_id, scene.image_ids[0])


def insert_tag(scene: Scene) -> None:
    tags.insert(scene.store, scene.project_id, Tag(uuid4(), "a third", None))


def rename_tag(scene: Scene) -> None:
    tags.update(scene.store, scene.project_id, scene.tag_ids[0], lambda tag: structs.replace(tag, name="renamed"))


def drop_tag(scene: Scene) -> None:
    tags.delete(scene.store, scene.project_id, scene.tag_ids[0])


def restore(scene: Scene) -> None:
    trash.restore(scene.store, scene.project_id, scene.image_ids[0])


def throw_away(scene: Scene) -> None:
    images.change_many(scene.store, scene.project_id, scene.image_ids[:1], lambda _: None, trash=True)


CHANGES: list[Callable[[Scene], None]] = [
    insert,
    insert_many,
    update,
    take_many,
    change_many,
    delete,
    insert_tag,
    rename_tag,
    drop_tag,
    throw_away,
    restore,
]
# Of several transactions: some may be made, and others not.
STEPWISE = [insert_many, change_many]
# Asked for again, these insert another image.
INSERTING = [insert, insert_many]


def interfere(scene: Scene) -> None:
    """What another process does meanwhile: to an image that changes, and to one that stays as it is."""
    image_id = scene.image_ids[0]
    if images.get_many(scene.store, scene.project_id, [image_id]):
        change = lambda old: structs.replace(old, metadata={"other": "was here"})  # noqa: E731
        images.update(scene.store, scene.project_id, image_id, change)
    images.update(scene.store, scene.project_id, scene.image_ids[3], lambda old: without_tags(old, scene.tag_ids[:1]))


@pytest.mark.parametrize("fault", ["refused", "answer lost", "killed", "overtaken"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_fault_in_any_request_of_a_change(
    store: Store, monkeypatch: pytest.MonkeyPatch, change: Callable[[Scene], None], fault: str
) -> None:
    send = Transport.send
    told, untold, again = set[State](), set[State](), set[State]()
    before: State | None = None
    for at in range(MOST):
        scene = Scene.new(store, MANY if change is take_many else 2)
        if change is restore:
            throw_away(scene)
        sent, before = 0, before or scene.state()

        def faulty(self: Transport, request: HttpRequest, **options: object) -> HttpResponse:
            nonlocal sent
            sent += 1
            if sent != at + 1:  # noqa: B023
                return send(self, request, **options)
            if fault == "refused":
                raise ServiceUnavailable("Storage does not answer.")
            if fault == "overtaken":
                interfere(scene)  # noqa: B023
                return send(self, request, **options)
            send(self, request, **options)
            raise Killed if fault == "killed" else ServiceUnavailable("Storage does not answer.")

        with monkeypatch.context() as broken:
            # Every change takes the log into a checkpoint, too.
            broken.setattr(snapshot, "SHORTEST", 1)
            broken.setattr(Transport, "send", faulty)
            try:
                change(scene)
                done = True
            except (ServiceError, Killed):
                done = False
        forget()
        after = scene.state()
        assert assert_consistent(store, scene.project_id).images == len(after[0])
        (told if done else untold).add(after)
        if sent <= at:
            assert done
            break
        if not done:
            # Said again it is done, or it is said that it was.
            again_done(change, scene)
            again.add(scene.state())
            assert_consistent(store, scene.project_id)
    else:
        pytest.fail(f"{change.__name__} sends more than {MOST} requests")
    # The last time nothing was at fault.
    assert before != after
    assert told == {after}
    assert change in STEPWISE or untold <= {before, after}
    assert change in INSERTING or again <= {after}


def again_done(change: Callable[[Scene], None], scene: Scene) -> None:
    # Said again, it may be told that there is such a tag, or no such tag any more.
    with suppress(TagNameNotUnique, TagNotFound):
        change(scene)
