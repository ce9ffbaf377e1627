"""Boxes of a detector that nobody has looked at yet."""

import pytest
from msgspec.structs import replace

from shared.models.labelling.live import LiveState
from shared.models.messages.tasks import EmbedBoxes
from shared.models.serving.predictions import BoundingBox
from shared.models.wire import now
from shared.models.workspace.images import ImageRecord, RegionMark, TagMark, new_region_id
from shared.operations.labelling import embedding
from shared.operations.labelling.live import boxes, spotting
from shared.storage.account import blobs
from shared.storage.training import backbones, embeddings
from shared.storage.workspace import images as stored_images
from tests.operations.making import DETECTION, create_images, do, tag_of
from tests.storage.making import emptied

PLACE = BoundingBox(0.2, 0.2, 0.5, 0.5)


@pytest.fixture
def detector_id(create_project):
    return create_project(DETECTION).id


def draw(store, project_id, image_id, *tag_ids) -> None:
    """As many boxes, each a little to the right of the one before."""

    def change(record: ImageRecord) -> ImageRecord:
        marks = [
            RegionMark(new_region_id(image_id), tag_id, now(), at / 20, 0.1, 0.4, 0.4)
            for at, tag_id in enumerate(tag_ids)
        ]
        return replace(record, tags=[TagMark(tag_id, now()) for tag_id in set(tag_ids)], regions=marks)

    stored_images.change_many(store, project_id, [image_id], change)


def kept(store, project_id) -> int:
    wanted = {box.key for box in boxes.newest(store, project_id)}
    return len(embeddings.get(store, project_id, boxes.SPACE, wanted))


def test_what_nobody_waits_for_is_looked_at_in_the_background(store, settings, detector_id, sent, monkeypatch):
    monkeypatch.setattr(boxes, "AT_ONCE", 2)
    monkeypatch.setattr(boxes, "STEP", 3)
    first, second, asked, broken = create_images(store, settings, detector_id, range(4))
    tags = [tag_of(store, detector_id, name).id for name in ("one", "other")]
    draw(store, detector_id, first, *tags, *tags, tags[0])
    draw(store, detector_id, second, *tags)
    for _ in range(2):
        told = boxes.query_live_boxes(store, settings, detector_id, asked, [PLACE])
        assert told.state is LiveState.LACKING
        assert sent == [EmbedBoxes(detector_id)]
    assert kept(store, detector_id) == 4
    do(store, settings, sent[0])
    assert kept(store, detector_id) == 7
    draw(store, detector_id, broken, tags[0])
    blobs.delete_pictures(store, detector_id, broken)
    do(store, settings, EmbedBoxes(detector_id))
    assert kept(store, detector_id) == 7
    assert len(sent) == 1


def test_a_step_that_leaves_some_goes_on(store, settings, detector_id, sent, monkeypatch):
    monkeypatch.setattr(boxes, "STEP", 1)
    (image,) = create_images(store, settings, detector_id, range(1))
    draw(store, detector_id, image, tag_of(store, detector_id, "one").id, tag_of(store, detector_id, "other").id)
    do(store, settings, EmbedBoxes(detector_id))
    assert sent == [EmbedBoxes(detector_id)]
    do(store, settings, sent.pop())
    assert sent == []
    assert kept(store, detector_id) == 2


def test_images_whose_pictures_are_gone_are_passed_over(store, settings, detector_id, sent):
    first, second, gone, asked = create_images(store, settings, detector_id, range(4))
    tag = tag_of(store, detector_id, "one")
    for image in (first, second, gone):
        draw(store, detector_id, image, *[tag.id] * 3)
    blobs.delete_pictures(store, detector_id, gone)
    for _ in range(2):
        spotting.spot_live_boxes(store, settings, detector_id, asked)
        assert [spotting.places.get((store, image)) is None for image in (first, second, gone)] == [False, False, True]


def test_where_there_is_no_backbone_it_is_brought(store, settings, detector_id, sent, tmp_path, monkeypatch):
    brought = []
    monkeypatch.setattr(embedding, "bring", lambda *given: brought.append(given[2]))
    monkeypatch.setattr(backbones, "FOLDER", "none")
    emptied(embedding.embedders)
    (image,) = create_images(store, settings, detector_id, range(1))
    away = replace(settings, backbones_folder=str(tmp_path))
    told = boxes.query_live_boxes(store, away, detector_id, image, [PLACE])
    assert (told.state, [guess.tag_id for guess in told.guesses]) == (LiveState.UNAVAILABLE, [None])
    assert spotting.spot_live_boxes(store, away, detector_id, image).state is LiveState.UNAVAILABLE
    assert brought == [detector_id] * 2
    do(store, away, EmbedBoxes(detector_id))
    do(store, settings, EmbedBoxes(image))
    assert sent == []
