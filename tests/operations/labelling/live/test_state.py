"""What processes know of how images look and what people said of them, whatever happens meanwhile."""

import random
from datetime import timedelta
from threading import Lock
from uuid import UUID

import numpy as np
import pytest

from shared.learning.live import basis
from shared.models.messages.tasks import CollectPictures, EmbedImages
from shared.models.wire import now
from shared.models.workspace.projects import ClassificationType
from shared.models.workspace.tags import TagType
from shared.operations.labelling.embedding import View
from shared.operations.labelling.live import model, seen
from shared.operations.workspace import deletion, images, projects
from shared.storage.account import blobs
from shared.storage.account.memory import Memory
from shared.storage.columns.ids import uuids
from shared.storage.training import points
from shared.storage.workspace import catalog
from shared.storage.workspace import images as stored_images
from shared.storage.workspace import projects as stored_projects
from shared.storage.workspace import tags as stored_tags
from tests.operations.making import do
from tests.storage.looks import put_looks
from tests.storage.making import add_images, add_tag, new_project, recount

MEMORIES = [
    (module, name) for module in (seen, model) for name in ("remembered", "asked", "locks") if hasattr(module, name)
]


class Process:
    """Another process: what it remembers is its own."""

    def __init__(self, monkeypatch) -> None:
        self.monkeypatch = monkeypatch
        self.memories = {place: Memory(1_000_000_000, 3_600) for place in MEMORIES}

    def begin(self) -> None:
        for (module, name), memory in self.memories.items():
            self.monkeypatch.setattr(module, name, memory)

    def live(self, store, project_id) -> model.Live:
        self.begin()
        return model.of_project(store, project_id)


@pytest.fixture
def few(monkeypatch):
    """As if tens of images were thousands."""
    monkeypatch.setattr(seen, "FEW", 16)
    monkeypatch.setattr(seen, "WRITTEN", 8)
    monkeypatch.setattr(basis, "EXAMPLES", 64)


def probabilities(live) -> dict[UUID, float]:
    assert live.scores
    places = live.known.points.ids[live.scores.places]
    return dict(zip(uuids(places), live.scores.probabilities.tolist(), strict=True))


def tag_images(store, project_id, tag_ids, records, kinds) -> None:
    of = {record.id: tag_ids[kind] for record, kind in zip(records, kinds, strict=True)}
    tags = {tag.id: tag for tag in stored_tags.list_all(store, project_id)}
    stored_images.change_many(store, project_id, list(of), lambda each: images.with_tags(each, [of[each.id]], tags, 9))


def test_processes_agree_whenever_they_begin(store, project_id, few, monkeypatch):
    tag_ids = [add_tag(store, project_id).id for _ in range(3)]
    first, second = Process(monkeypatch), Process(monkeypatch)
    for step in range(5):
        records = add_images(store, project_id, 12)
        put_looks(store, project_id, records, [at % 3 for at in range(12)])
        tag_images(store, project_id, tag_ids, records[:6], [at % 3 for at in range(6)])
        found = [process.live(store, project_id) for process in (first, second, Process(monkeypatch))]
        assert [len(live.labelled) for live in found] == [6 * (step + 1)] * 3
        said = [probabilities(live) for live in found]
        assert said[0].keys() == said[1].keys() == said[2].keys()
        assert len(said[0]) == 6 * (step + 1)
        for other in said[1:]:
            np.testing.assert_allclose(list(other.values()), list(said[0].values()), atol=1e-3)
    assert len(list(blobs.names(store, "models", f"{project_id}/points/"))) == 1


def test_labels_and_images_may_come_and_go_in_any_order(store, project_id, few, monkeypatch, sent):
    chance, processes = random.Random(3), [Process(monkeypatch), Process(monkeypatch)]
    tag_ids = [add_tag(store, project_id).id for _ in range(2)]
    embedded = set()
    for step in range(40):
        there = uuids(catalog.read(store, project_id).columns.ids)
        some = chance.sample(there, min(len(there), 3))
        match chance.choice(["upload", "upload", "look", "tag", "tag", "untag", "delete"]):
            case "upload":
                records = add_images(store, project_id, 4)
                put_looks(store, project_id, records[:3], [0, 1, 2])
                embedded |= {record.id for record in records[:3]}
            case "look" if some:
                put_looks(store, project_id, stored_images.get_many(store, project_id, some), [3] * len(some))
                embedded |= set(some)
            case "tag":
                tag_images(
                    store, project_id, tag_ids, stored_images.get_many(store, project_id, some), [step % 2] * len(some)
                )
            case "untag":
                stored_images.change_many(store, project_id, some, lambda each: each.without_tags(set(tag_ids)))
            case "delete":
                stored_images.change_many(store, project_id, some[:1], lambda _: None)
        live = chance.choice(processes).live(store, project_id)
        columns = recount(store, project_id).columns
        tagged = set(uuids(columns.ids[columns.tags.having(tag_ids, columns.size)]))
        ids = live.known.points.ids
        assert set(uuids(ids[live.labelled])) == tagged & embedded
        assert set(uuids(ids[live.pool])) == (set(uuids(columns.ids)) & embedded) - tagged
        assert live.truths.shape == (len(live.labelled), len(live.tag_ids))
        assert (live.truths.sum(1) > 0).all()


def test_old_images_are_looked_at_when_somebody_asks_and_new_ones_are_on_their_way(
    store, project_id, sent, monkeypatch
):
    process = Process(monkeypatch)
    records = add_images(store, project_id, 3)
    process.live(store, project_id)
    assert sent == []
    monkeypatch.setattr(seen, "OVERDUE", -3600.0)
    monkeypatch.setattr(seen, "ASKED", 2)
    for _ in range(2):
        process.live(store, project_id)
        asked = [task.image_ids for task in sent if isinstance(task, EmbedImages)]
        assert sorted(map(len, asked)) == [1, 2]
        assert {image_id for each in asked for image_id in each} == {record.id for record in records}
    (later,) = add_images(store, project_id, 1)
    process.live(store, project_id)
    assert sent[-1] == EmbedImages(project_id, [later.id])
    assert len(sent) == 3
    put_looks(store, project_id, records, [0, 1, 2])
    assert process.live(store, project_id).embedded == 3


def test_more_than_somebody_waits_for_is_read_in_the_background(store, settings, project_id, few, sent, monkeypatch):
    waiting, working = Process(monkeypatch), Process(monkeypatch)
    records = add_images(store, project_id, 20)
    put_looks(store, project_id, records, [at % 3 for at in range(20)])
    monkeypatch.setattr(seen.look, "__defaults__", (100,))
    assert waiting.live(store, project_id).embedded == 0
    assert sent == [EmbedImages(project_id, [])]
    working.begin()
    do(store, settings, sent[0])
    assert waiting.live(store, project_id).embedded == 20
    assert not waiting.live(store, project_id).known.behind
    put_looks(store, project_id, add_images(store, project_id, 2), [0, 1])
    assert waiting.live(store, project_id).embedded == 20
    assert len(sent) == 1


def test_many_images_are_looked_up_in_the_background(store, settings, project_id, few, sent, monkeypatch):
    waiting, working = Process(monkeypatch), Process(monkeypatch)
    records = add_images(store, project_id, 20)
    put_looks(store, project_id, records, [at % 3 for at in range(20)])
    monkeypatch.setattr(seen, "LOOKED_UP", 5)
    # Old ones, too: that they are not known yet does not say that nobody has looked at them.
    monkeypatch.setattr(seen, "OVERDUE", -3600.0)
    live = waiting.live(store, project_id)
    assert (live.embedded, len(live.known.rows), sent) == (0, 20, [EmbedImages(project_id, [])])
    working.begin()
    do(store, settings, sent[0])
    assert waiting.live(store, project_id).embedded == 20
    add_images(store, project_id, 6)
    live = waiting.live(store, project_id)
    assert (live.embedded, len(live.known.rows), live.known.behind) == (20, 26, True)


def test_nobody_waits_long_for_what_another_thread_reads(store, project_id, sent, monkeypatch):
    process = Process(monkeypatch)
    records = add_images(store, project_id, 4)
    put_looks(store, project_id, records, [0, 1, 0, 1])
    assert process.live(store, project_id).embedded == 4
    view = View.of(projects.get_project(store, project_id).settings)
    assert view
    monkeypatch.setattr(seen, "PATIENCE", 0.01)
    with seen.locks.once((store, project_id, view.space), Lock):
        put_looks(store, project_id, add_images(store, project_id, 2), [0, 1])
        live = process.live(store, project_id)
        assert (live.embedded, len(live.known.rows)) == (4, 6)
    assert process.live(store, project_id).embedded == 6


def test_nothing_stays_of_images_that_are_gone(store, settings, project_id, few, monkeypatch):
    records = add_images(store, project_id, 30)
    put_looks(store, project_id, records, [at % 3 for at in range(30)])
    assert Process(monkeypatch).live(store, project_id).embedded == 30
    (name,) = blobs.names(store, "models", f"{project_id}/points/")
    do(store, settings, CollectPictures(project_id, now()))
    assert blobs.exists(store, "models", name)
    stored_images.change_many(store, project_id, [records[0].id], lambda _: None)
    monkeypatch.setattr(deletion, "RESTORABLE", timedelta(seconds=-1))
    do(store, settings, CollectPictures(project_id, now()))
    assert not blobs.exists(store, "models", name)
    assert Process(monkeypatch).live(store, project_id).embedded == 29
    view = View.of(projects.get_project(store, project_id).settings)
    assert view
    kept = points.get(store, project_id, view.space)
    assert kept
    assert records[0].sha256.encode() not in kept.points.digests


def test_a_checkpoint_of_another_version_is_made_anew(store, project_id, few, monkeypatch):
    records = add_images(store, project_id, 30)
    put_looks(store, project_id, records, [at % 3 for at in range(30)])
    Process(monkeypatch).live(store, project_id)
    (name,) = blobs.names(store, "models", f"{project_id}/points/")
    blobs.write(store, "models", name, b"of another version")
    assert Process(monkeypatch).live(store, project_id).embedded == 30
    view = View.of(projects.get_project(store, project_id).settings)
    assert view
    kept = points.get(store, project_id, view.space)
    assert kept
    assert len(kept.points.digests) == 30
    assert points.get(store, project_id, view.space, kept.etag) is None


def test_in_multilabel_the_negative_tag_says_that_an_image_has_none(store, monkeypatch):
    project = new_project()
    stored_projects.insert(store, project)
    assert project.settings.classification_type is ClassificationType.MULTILABEL
    tag, negative = add_tag(store, project.id).id, add_tag(store, project.id, type=TagType.NEGATIVE).id
    records = add_images(store, project.id, 8)
    put_looks(store, project.id, records, [0, 1] * 4)
    tag_images(store, project.id, [tag, negative], records[:6], [0, 1] * 3)
    live = Process(monkeypatch).live(store, project.id)
    assert (live.tag_ids, live.lacking, live.truths.sum(), len(live.labelled)) == ([tag], [], 3, 6)
    said = probabilities(live)
    assert said[records[6].id] > said[records[7].id]


def test_of_too_many_images_the_newest_and_some_others_are_scored(store, project_id, monkeypatch):
    tag_ids = [add_tag(store, project_id).id for _ in range(2)]
    records = add_images(store, project_id, 40)
    put_looks(store, project_id, records, [at % 2 for at in range(40)])
    tag_images(store, project_id, tag_ids, records[:10], [at % 2 for at in range(10)])
    monkeypatch.setattr(model, "SCORES", 20)
    live = Process(monkeypatch).live(store, project_id)
    assert live.scores
    assert len(live.pool) == 30
    assert len(set(live.scores.places.tolist())) == len(live.scores.places) == 10
    assert live.scores.places[:5].tolist() == live.pool[:5].tolist()
    assert set(live.scores.places.tolist()) <= set(live.pool.tolist())
