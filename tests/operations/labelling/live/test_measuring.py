"""How often the live model is right: told by images that were drawn at random, and by nothing else."""

from uuid import UUID

import numpy as np
import pytest

from shared.models.labelling.live import LiveMeasure, LiveOrder, LiveQuery
from shared.models.workspace.projects import ClassificationType
from shared.operations.labelling.live import measuring, suggesting
from shared.operations.labelling.live.measuring import interval
from shared.operations.workspace import images
from shared.storage.training import draws
from shared.storage.workspace import images as stored_images
from shared.storage.workspace import projects as stored_projects
from shared.storage.workspace import tags as stored_tags
from tests.storage.looks import put_looks
from tests.storage.making import add_images, add_tag, new_project


class Desk:
    """Ninety images of three kinds, of which thirty are labelled, and people who label more."""

    def __init__(self, store, settings, project_id) -> None:
        self.store, self.settings, self.project_id = store, settings, project_id
        self.tag_ids = [add_tag(store, project_id).id for _ in range(3)]
        records = add_images(store, project_id, 90)
        put_looks(store, project_id, records, [at % 3 for at in range(90)], 0.1)
        self.kinds = {record.id: at % 3 for at, record in enumerate(records)}
        self.label([record.id for record in records[:30]])

    def label(self, image_ids, *, wrongly=False) -> None:
        tags = {tag.id: tag for tag in stored_tags.list_all(self.store, self.project_id)}
        of = {each: self.tag_ids[(self.kinds[each] + wrongly) % 3] for each in image_ids}
        stored_images.change_many(
            self.store, self.project_id, list(of), lambda each: images.with_tags(each, [of[each.id]], tags, 9)
        )

    def ask(self, by="somebody", **query):
        return suggesting.query_live(self.store, self.settings, self.project_id, LiveQuery(**query), by=by)

    def drawn(self, by="somebody", take=60) -> list[UUID]:
        return [each.image_id for each in self.ask(by, order=LiveOrder.UNSURE, take=take).results if each.drawn]

    def measured(self) -> LiveMeasure | None:
        return self.ask().measured

    @property
    def counts(self) -> tuple[int, int]:
        """How many are right of how many."""
        measured = self.measured()
        assert measured
        return measured.right, measured.labelled


@pytest.fixture
def desk(store, settings, project_id):
    return Desk(store, settings, project_id)


def test_only_what_was_drawn_counts_and_by_what_was_said_before_its_label(desk):
    drawn = desk.drawn()
    assert len(drawn) == 12
    others = [each for each in desk.kinds if each not in drawn]
    desk.label(others[:50])
    assert desk.measured() is None
    desk.label(drawn[:9])
    assert desk.measured() is None
    desk.label(drawn[9:11], wrongly=True)
    low, high = interval(9, 12)[0], interval(10, 12)[1]
    assert desk.measured() == LiveMeasure(9, 11, round(low, 3), round(high, 3))
    desk.label(drawn[9:])
    stored_images.change_many(desk.store, desk.project_id, [drawn[0]], lambda _: None)
    assert desk.measured() == LiveMeasure(11, 11, round(interval(11, 11)[0], 3), 1.0)


def test_who_was_asked_is_asked_again_and_others_are_asked_for_others(desk):
    first = desk.drawn(take=20)
    desk.label([each for each in desk.kinds if each not in first][20:26])
    assert desk.drawn(take=20) == first
    other = desk.drawn("somebody else", take=20)
    assert len(other) == 4
    assert not set(first) & set(other)
    desk.label(first[:1])
    again = desk.drawn(take=20)
    assert set(first[1:]) == set(again[:3])
    assert again[3] not in {*first, *other}
    assert len(draws.get(desk.store, desk.project_id)) == 9


def test_of_one_tag_nothing_is_drawn(desk):
    results = desk.ask(order=LiveOrder.UNSURE, take=20, tag_id=desk.tag_ids[0]).results
    assert results
    assert not any(each.drawn for each in results)
    assert draws.get(desk.store, desk.project_id) == []


def test_the_last_ones_tell_and_so_many_are_kept(desk, monkeypatch):
    monkeypatch.setattr(measuring, "LAST", 10)
    monkeypatch.setattr(measuring, "KEPT", 15)
    desk.label(desk.drawn(take=50), wrongly=True)
    assert desk.counts == (0, 10)
    desk.label(desk.drawn("another", take=40))
    right, labelled = desk.counts
    assert labelled == 10
    assert right > 0
    assert len(draws.get(desk.store, desk.project_id)) == 15


def test_in_multilabel_all_tags_have_to_be_right(store, settings):
    project = new_project()
    stored_projects.insert(store, project)
    assert project.settings.classification_type is ClassificationType.MULTILABEL
    desk = Desk(store, settings, project.id)
    drawn = desk.drawn()
    desk.label(drawn)
    # An image that has another tag besides what was said.
    desk.label(drawn[:2], wrongly=True)
    assert desk.counts == (10, 12)


def test_an_interval_has_the_share_nineteen_times_of_twenty():
    chance = np.random.default_rng(0)
    for share in (0.6, 0.9):
        rights = chance.binomial(40, share, 2_000)
        held = [low <= share <= high for low, high in (interval(int(right), 40) for right in rights)]
        assert 0.93 <= np.mean(held) <= 0.97
    assert interval(0, 5)[0] == 0
    assert interval(5, 5)[1] == 1
