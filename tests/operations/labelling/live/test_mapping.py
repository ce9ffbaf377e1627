"""The map of a project's images: when it is drawn, and when it is left as it is."""

import pytest

from shared.models.labelling.live import LiveState
from shared.models.messages.tasks import DrawMap
from shared.operations.labelling.live import mapping, seen
from shared.storage.account import queues
from shared.storage.account.memory import Memory
from shared.storage.workspace import projects
from tests.operations.making import do
from tests.storage.looks import put_looks
from tests.storage.making import add_images, new_project


@pytest.fixture
def sent(monkeypatch):
    """The tasks that were sent; whoever asks again has it sent again."""
    tasks = []
    for module in (mapping, seen):
        monkeypatch.setattr(module, "asked", Memory(0, 0))
    monkeypatch.setattr(queues, "send", lambda _, task, *rest: tasks.append(task))
    return tasks


def test_it_is_drawn_of_images_that_were_looked_at_and_again_for_enough_more(store, settings, sent, monkeypatch):
    project = new_project()
    projects.insert(store, project)
    assert mapping.get_image_map(store, settings, project.id).state == LiveState.LACKING
    images = add_images(store, project.id, 40)
    put_looks(store, project.id, images, [0, 1] * 20)
    told = mapping.get_image_map(store, settings, project.id)
    assert (told.state, told.drawing, told.images) == (LiveState.EMBEDDING, True, b"")
    assert sent == [DrawMap(project.id)]
    do(store, settings, DrawMap(project.id))
    told = mapping.get_image_map(store, settings, project.id)
    assert (told.state, told.drawing, len(told.images), len(told.places), len(told.tags)) == (
        LiveState.READY, False, 16 * 40, 4 * 40, 2 * 40,
    )  # fmt: skip
    monkeypatch.setattr(mapping, "FEW", 10)
    for count, drawing in ((2, False), (1, True)):
        put_looks(store, project.id, add_images(store, project.id, count), [0] * count)
        assert mapping.get_image_map(store, settings, project.id).drawing == drawing
    do(store, settings, DrawMap(project.id))
    assert len(mapping.get_image_map(store, settings, project.id).images) == 16 * 43


def test_it_is_not_drawn_of_a_project_that_is_gone(store, settings):
    do(store, settings, DrawMap(new_project().id))
