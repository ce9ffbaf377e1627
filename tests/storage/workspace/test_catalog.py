"""Projects, tags and iterations in the catalog."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from msgspec import structs

from shared.errors import (
    IterationNotFound,
    MultipleNegativeTags,
    ProjectNotFound,
    TagNameNotUnique,
    TagNotFound,
    TrainingInProgress,
)
from shared.models.training.iterations import Iteration, IterationRecord, IterationStatus, TrainingRun, TrainingType
from shared.models.wire import now
from shared.models.workspace.domains import GENERAL
from shared.models.workspace.projects import ClassificationType, Project, ProjectSettings
from shared.models.workspace.tags import Tag, TagType
from shared.storage.account import blobs, rows
from shared.storage.account.store import Store
from shared.storage.account.transactions import Change, transact
from shared.storage.training import iterations
from shared.storage.workspace import catalog, images, ledger, projects, tags
from tests.storage.making import (
    add_images,
    add_tag,
    add_tags,
    assert_consistent,
    delete_image,
    record,
    region,
    with_tags,
)


def iteration(project_id: UUID, number: int = 1) -> IterationRecord:
    created = now() + timedelta(seconds=number)
    return IterationRecord(
        Iteration(
            uuid4(),
            f"Iteration {number}",
            IterationStatus.TRAINING,
            created,
            created,
            project_id,
            GENERAL,
            ClassificationType.MULTILABEL,
            TrainingType.REGULAR,
        ),
        TrainingRun(1),
    )


def test_a_project_is_kept_listed_changed_and_deleted(store: Store, project: Project) -> None:
    assert projects.get(store, project.id) == project
    assert project in projects.list_all(store)
    renamed = projects.update(store, project.id, lambda old: structs.replace(old, name="vegetables"))
    assert renamed.name == "vegetables"
    assert projects.get(store, project.id) == renamed
    projects.delete(store, project.id)
    assert project.id not in {kept.id for kept in projects.list_all(store)}
    for call in (projects.get, projects.delete):
        with pytest.raises(ProjectNotFound):
            call(store, project.id)


def test_only_a_change_of_settings_is_a_reason_to_train_again(store: Store, project: Project) -> None:
    def digest(settings: ProjectSettings = project.settings, **changes: str) -> str:
        return projects.update(
            store, project.id, lambda old: structs.replace(old, settings=settings, **changes)
        ).settings.digest

    before = digest(name="vegetables")
    assert digest(structs.replace(project.settings, notification_queue_uri="https://a.example/queue")) == before
    assert digest(structs.replace(project.settings, classification_type=ClassificationType.MULTICLASS)) != before
    assert digest() == before
    assert ledger.revision(store, project.id) == 0


def test_nothing_can_be_done_in_a_project_that_is_not_there(store: Store) -> None:
    nowhere, other = uuid4(), uuid4()
    calls: list[Callable[[], object]] = [
        lambda: projects.get(store, nowhere),
        lambda: projects.update(store, nowhere, lambda project: project),
        lambda: projects.delete(store, nowhere),
        lambda: catalog.read(store, nowhere),
        lambda: tags.insert(store, nowhere, Tag(other, "apple", None)),
        lambda: tags.get(store, nowhere, other),
        lambda: tags.list_all(store, nowhere),
        lambda: tags.update(store, nowhere, other, lambda tag: tag),
        lambda: tags.delete(store, nowhere, other),
        lambda: images.insert(store, nowhere, record()),
        lambda: images.get(store, nowhere, other),
        lambda: images.update(store, nowhere, other, lambda image: image),
        lambda: iterations.take_number(store, nowhere),
        lambda: iterations.insert(store, iteration(nowhere)),
        lambda: iterations.get(store, nowhere, other),
        lambda: iterations.update(store, nowhere, other, lambda kept: kept),
        lambda: iterations.delete(store, nowhere, other),
    ]
    for call in calls:
        with pytest.raises(ProjectNotFound):
            call()
    assert list(rows.scan(store.catalog, str(nowhere), " ", "~")) == []


def test_what_is_not_there_is_not_found(store: Store, project_id: UUID) -> None:
    nothing = uuid4()
    with pytest.raises(TagNotFound):
        tags.get(store, project_id, nothing)
    with pytest.raises(TagNotFound):
        tags.update(store, project_id, nothing, lambda tag: tag)
    with pytest.raises(TagNotFound):
        tags.delete(store, project_id, nothing)
    with pytest.raises(IterationNotFound):
        iterations.get(store, project_id, nothing)
    with pytest.raises(IterationNotFound):
        iterations.delete(store, project_id, nothing)


def test_a_deleted_project_is_purged_of_all_it_held(store: Store, project_id: UUID) -> None:
    tag = add_tag(store, project_id)
    image = add_images(store, project_id, 3, [tag.id])[0]
    blobs.put_picture(store, project_id, image.id, "original", b"picture", "image/jpeg")
    blobs.model_write(store, project_id, uuid4(), "model.onnx", b"model")
    assert projects.purge(store, project_id)
    assert images.get(store, project_id, image.id)
    projects.delete(store, project_id)
    while not projects.purge(store, project_id):
        pass
    assert list(rows.scan(store.catalog, str(project_id), " ", "~")) == []
    assert blobs.read(store, "images", blobs.picture_name(project_id, image.id, "original")) is None
    assert list(blobs.names(store, "models", f"{project_id}/")) == []


def test_a_deletion_that_broke_off_is_ended_by_the_purge(store: Store, project_id: UUID) -> None:
    add_images(store, project_id, 3)
    transact(store.catalog, str(project_id), [Change("delete", ledger.WORKSPACE)])
    assert projects.exists(store, project_id)
    while not projects.purge(store, project_id):
        pass
    assert not projects.exists(store, project_id)
    assert list(rows.scan(store.catalog, str(project_id), " ", "~")) == []


def test_a_project_that_comes_again_under_its_id_has_nothing_of_the_one_before(store: Store, project: Project) -> None:
    add_images(store, project.id, 3)
    assert catalog.read(store, project.id).images == 3
    projects.delete(store, project.id)
    while not projects.purge(store, project.id):
        pass
    projects.insert(store, project)
    add_images(store, project.id, 1)
    assert catalog.read(store, project.id).images == 1
    assert_consistent(store, project.id)


def test_tags_are_listed_in_the_order_of_their_creation_with_their_counts(store: Store, project_id: UUID) -> None:
    made = [add_tag(store, project_id, name) for name in ("pear", "apple", "fig")]
    add_images(store, project_id, 2, [made[1].id])
    assert [(tag.name, tag.image_count) for tag in tags.list_all(store, project_id)] == [
        ("pear", 0),
        ("apple", 2),
        ("fig", 0),
    ]
    assert tags.get(store, project_id, made[1].id).image_count == 2
    assert list(tags.names(store, project_id)) == [tag.id for tag in made]


def test_a_tag_name_is_unique_whatever_its_case(store: Store, project_id: UUID) -> None:
    apple, pear = add_tag(store, project_id, "Apple / red?"), add_tag(store, project_id, "pear")
    with pytest.raises(TagNameNotUnique):
        add_tag(store, project_id, "aPPLE / RED?")
    with pytest.raises(TagNameNotUnique):
        tags.update(store, project_id, pear.id, lambda tag: structs.replace(tag, name="APPLE / red?"))
    assert tags.get(store, project_id, pear.id) == pear
    tags.update(store, project_id, apple.id, lambda tag: structs.replace(tag, name="APPLE / RED?"))
    tags.update(store, project_id, apple.id, lambda tag: structs.replace(tag, name="quince"))
    add_tag(store, project_id, "apple / red?")
    tags.delete(store, project_id, apple.id)
    add_tag(store, project_id, "Quince")


NAMES = ["Maße", "Masse", "ﬁg", "fig", "ŉ", "🫨", "🫩", "\u0378"]


def test_names_that_fold_to_others_only_by_several_letters_are_others(store: Store, project_id: UUID) -> None:
    for name in NAMES:
        add_tag(store, project_id, name)
    for again in ("MAßE", "MAẞE", "mASSE", "FIG"):
        with pytest.raises(TagNameNotUnique):
            add_tag(store, project_id, again)
    assert sorted(tag.name for tag in tags.list_all(store, project_id)) == sorted(NAMES)


def test_a_tag_whose_name_has_the_key_of_before_is_renamed_and_deleted(store: Store, project_id: UUID) -> None:
    for change in (lambda tag: tags.delete(store, project_id, tag.id), lambda tag: rename(store, project_id, tag)):
        tag = add_tag(store, project_id, "Maße")
        key = f"tagname:{rows.name_key('Maße')}"
        former = Change("insert", "tagname:masse", str(tag.id))
        transact(store.catalog, str(project_id), [Change("delete", key), former])
        change(tag)
        add_tag(store, project_id, "Masse")
        tags.delete(
            store, project_id, next(each.id for each in tags.list_all(store, project_id) if each.name == "Masse")
        )


def rename(store: Store, project_id: UUID, tag: Tag) -> None:
    tags.update(store, project_id, tag.id, lambda tag: structs.replace(tag, name="Größe"))


def test_a_project_has_one_negative_tag(store: Store, project_id: UUID) -> None:
    negative, regular = add_tag(store, project_id, type=TagType.NEGATIVE), add_tag(store, project_id)
    with pytest.raises(MultipleNegativeTags):
        add_tag(store, project_id, type=TagType.NEGATIVE)
    with pytest.raises(MultipleNegativeTags):
        tags.update(store, project_id, regular.id, lambda tag: structs.replace(tag, type=TagType.NEGATIVE))
    tags.update(store, project_id, negative.id, lambda tag: structs.replace(tag, type=TagType.REGULAR))
    tags.update(store, project_id, regular.id, lambda tag: structs.replace(tag, type=TagType.NEGATIVE))
    tags.delete(store, project_id, regular.id)
    add_tag(store, project_id, type=TagType.NEGATIVE)


def test_one_of_many_that_take_a_name_at_once_gets_it(store: Store, project_id: UUID) -> None:
    def take(at: int) -> bool:
        try:
            add_tag(store, project_id, "APPLE" if at % 2 else "apple")
        except TagNameNotUnique:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(16))) == 1
    assert len(tags.list_all(store, project_id)) == 1
    before = ledger.revision(store, project_id)
    assert not take(0)
    assert ledger.revision(store, project_id) == before


def test_a_deleted_tag_can_no_longer_be_taken_and_is_swept_off_the_images(
    store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, kept = add_tag(store, project_id), add_tag(store, project_id)
    only = add_images(store, project_id, 5, [gone.id])
    both = add_images(store, project_id, 4, [gone.id, kept.id])
    marked = [region(gone.id), region(kept.id)]
    images.update(store, project_id, both[0].id, lambda image: structs.replace(image, regions=marked))
    assert tags.sweep(store, project_id, gone.id)
    tags.delete(store, project_id, gone.id)
    with pytest.raises(TagNotFound):
        images.insert(store, project_id, record([gone.id]))
    with pytest.raises(TagNotFound):
        add_images(store, project_id, 1, [kept.id, gone.id])
    monkeypatch.setattr(tags, "SWEPT", 4)
    steps = 1
    while not tags.sweep(store, project_id, gone.id):
        steps += 1
    assert steps == 3
    assert images.get(store, project_id, only[0].id).tags == []
    assert images.get(store, project_id, both[0].id).regions == marked[1:]
    assert catalog.read(store, project_id).per_tag == {kept.id: 4}
    assert_consistent(store, project_id)


def test_an_image_takes_more_tags_than_a_transaction_holds(store: Store, project_id: UUID) -> None:
    many = add_tags(store, project_id, 70)
    image = record(many)
    assert images.insert(store, project_id, image) is None
    assert images.get(store, project_id, image.id) == image
    other = add_images(store, project_id, 1, many[:1])[0]
    assert_consistent(store, project_id)
    tagged = images.update(store, project_id, other.id, lambda old: with_tags(old, many))
    assert tagged.tag_ids == set(many)
    changed = images.update(store, project_id, other.id, lambda old: structs.replace(old, metadata={"a": "b"}))
    assert images.get(store, project_id, other.id) == changed
    assert_consistent(store, project_id)
    few = images.update(store, project_id, other.id, lambda old: structs.replace(old, tags=old.tags[:30]))
    assert len(few.tags) == 30
    assert_consistent(store, project_id)
    assert delete_image(store, project_id, image.id)
    assert_consistent(store, project_id)
    assert catalog.read(store, project_id).per_tag == dict.fromkeys(few.tag_ids, 1)


def test_an_image_with_many_tags_of_which_one_is_gone_leaves_nothing(store: Store, project_id: UUID) -> None:
    many = add_tags(store, project_id, 25)
    with pytest.raises(TagNotFound):
        images.insert(store, project_id, record([*many, uuid4()]))
    image = add_images(store, project_id, 1)[0]
    with pytest.raises(TagNotFound):
        images.update(store, project_id, image.id, lambda old: with_tags(old, [*many, uuid4()]))
    assert images.get(store, project_id, image.id) == image
    assert catalog.read(store, project_id).images == 1
    assert_consistent(store, project_id)


def test_iterations_are_numbered_kept_and_listed(store: Store, project_id: UUID) -> None:
    made = [iteration(project_id, iterations.take_number(store, project_id)) for _ in range(3)]
    for kept in reversed(made):
        iterations.insert(store, kept)
    assert iterations.list_all(store, project_id) == made
    run = TrainingRun(1, selected_tags=[uuid4() for _ in range(500)], message="x" * 30_000)
    changed = iterations.update(store, project_id, made[0].iteration.id, lambda old: structs.replace(old, run=run))
    assert iterations.get(store, project_id, made[0].iteration.id) == changed
    iterations.delete(store, project_id, made[2].iteration.id)
    assert iterations.list_all(store, project_id) == [changed, made[1]]
    assert iterations.take_number(store, project_id) == 4


def test_no_iteration_number_is_given_twice(store: Store, project_id: UUID) -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: iterations.take_number(store, project_id), range(16)))
    assert sorted(numbers) == list(range(1, 17))


def test_no_change_of_an_iteration_is_lost(store: Store, project_id: UUID) -> None:
    kept = iteration(project_id)
    iterations.insert(store, kept)

    def attempt(_: int) -> None:
        def more(old: IterationRecord) -> IterationRecord:
            return structs.replace(old, run=structs.replace(old.run, attempts=old.run.attempts + 1))

        iterations.update(store, project_id, kept.iteration.id, more)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(attempt, range(24)))
    assert iterations.get(store, project_id, kept.iteration.id).run.attempts == 24


def test_one_training_of_a_project_runs_at_a_time(store: Store, project_id: UUID) -> None:
    first, second = uuid4(), uuid4()
    iterations.lock_training(store, project_id, first)
    iterations.lock_training(store, project_id, first)
    with pytest.raises(TrainingInProgress):
        iterations.lock_training(store, project_id, second)
    iterations.unlock_training(store, project_id, second)
    assert first in [lock.iteration_id for lock in iterations.running(store)]
    iterations.unlock_training(store, project_id, first)
    iterations.unlock_training(store, project_id, first)
    assert project_id not in [lock.project_id for lock in iterations.running(store)]
    iterations.lock_training(store, project_id, second)
    iterations.unlock_training(store, project_id, second)
