"""The catalog against a plain model of it, under random commands, and with one command in the middle of another."""

from collections.abc import Callable, Iterable
from functools import partial
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shared.errors import ImageNotFound, NotFound, TagNameNotUnique, TagNotFound
from shared.models.workspace.images import OrderBy, TaggingStatus
from shared.storage.account.store import Store
from shared.storage.account.transactions import Change
from shared.storage.columns import snapshot
from shared.storage.workspace import catalog, image_rows, images, ledger, projects, tags
from tests.storage.making import assert_consistent, new_project
from tests.storage.model import Command, Model

EXAMPLES = 10
COMMANDS = [
    Model.upload,
    Model.upload_many,
    Model.tag,
    Model.tag,
    Model.untag,
    Model.draw,
    Model.draw,
    Model.describe,
    Model.describe,
    Model.delete,
    Model.change_many,
    Model.new_tag,
    Model.new_tag,
    Model.rename_tag,
    Model.drop_tag,
    Model.sweep,
]
Choose = Callable[[Model, int, list[int]], Command]

commands = st.sampled_from(COMMANDS)
numbers, picked = st.integers(0, 40), st.lists(st.integers(0, 40), max_size=4)
quick = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes at which a few images take several blocks, folds, and more kinds than are counted."""
    for module, name, value in [
        (snapshot, "SHORTEST", 4),
        (snapshot, "LONGEST", 6),
        (image_rows, "COPIES", 3),
        (image_rows, "COPIED_LENGTH", 900),
    ]:
        monkeypatch.setattr(module, name, value)


def outcome(run: Callable[[], object]) -> object:
    try:
        return run()
    except (ImageNotFound, TagNotFound):
        # Where both are missing either is right.
        return NotFound
    except TagNameNotUnique:
        return TagNameNotUnique


def new_model(store: Store) -> Model:
    project = new_project()
    projects.insert(store, project)
    model = Model(store, project.id)
    for number in range(3):
        for command in (model.new_tag(number + 2, []), model.upload(number, list(range(number)))):
            assert outcome(command.real) == outcome(command.expected)
    return model


def assert_alike(model: Model, number: int, picks: list[int]) -> None:
    """Pages, counts and tags are as the model has them."""
    store, project_id = model.store, model.project_id
    status, order, tag_ids = list(TaggingStatus)[number % 3], list(OrderBy)[number % 2], model.some_tags(picks)
    dead = frozenset(model.dropped) - set(tag_ids)
    for keep in (None, model.some_filter(number, picks)):
        page = partial(images.page, store, project_id, status=status, tag_ids=tag_ids, keep=keep)
        expected = model.page(status, tag_ids, order, keep, dead)
        for skip in (0, number % (len(expected) + 2)):
            found = page(order=order, take=5, skip=skip)
            assert found == expected[skip : skip + 5]
        assert images.count(store, project_id, status=status, tag_ids=tag_ids, keep=keep) == len(expected)
    counted = catalog.read(store, project_id)
    assert counted.images == len(model.images)
    assert counted.regions == sum(len(image.regions) for image in model.images.values())
    for tag_id in model.known()[:2]:
        having = [image for image in model.images.values() if tag_id in image.tag_ids]
        several = {image.id for image in having if image.tag_ids & model.tags.keys() - {tag_id}}
        assert set(images.with_other_tags(store, project_id, tag_id)) == several
    listed = [(tag.id, tag.name, tag.image_count) for tag in tags.list_all(store, project_id)]
    newest = OrderBy.NEWEST
    assert listed == [(id, name, len(model.page(TaggingStatus.ALL, [id], newest))) for id, name in model.tags.items()]


@quick
@given(chosen=st.lists(st.tuples(commands, numbers, picked), min_size=5, max_size=25))
def test_the_catalog_does_what_its_model_does(
    store: Store, monkeypatch: pytest.MonkeyPatch, chosen: list[tuple[Choose, int, list[int]]]
) -> None:
    monkeypatch.setattr(image_rows, "TOUCHED", 2)
    model = new_model(store)
    for command, number, picks in chosen:
        real, expected = command(model, number, picks)
        assert outcome(real) == outcome(expected)
        assert_alike(model, number, picks)
    assert_consistent(store, model.project_id)


@quick
@given(chosen=st.lists(st.tuples(commands, commands, numbers, picked), min_size=5, max_size=20))
def test_a_command_in_the_middle_of_another_comes_before_it(
    store: Store, monkeypatch: pytest.MonkeyPatch, chosen: list[tuple[Choose, Choose, int, list[int]]]
) -> None:
    """Between what a command reads and what it first writes, another one runs, mostly on the same image or tag."""
    model, waiting, ran = new_model(store), list[Command](), list[tuple[object, Command]]()
    revise = ledger.revise

    def overtaken(store: Store, project_id: UUID, changes: Iterable[Change]) -> None:
        if waiting:
            inner = waiting.pop()
            ran.append((outcome(inner.real), inner))
        revise(store, project_id, changes)

    monkeypatch.setattr(ledger, "revise", overtaken)
    for command, other, number, picks in chosen:
        waiting[:], ran[:] = [other(model, number, picks[::-1])], []
        real, expected = command(model, number, picks)
        found = outcome(real)
        waiting.clear()
        for inner_found, inner in ran:
            assert inner_found == outcome(inner.expected)
        assert found == outcome(expected)
        assert_alike(model, number, picks)
    assert_consistent(store, model.project_id)
