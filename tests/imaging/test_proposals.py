"""Region proposals: what stands out is found, a blank picture has nothing, and any size will do."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from local.demo import scenes
from shared.imaging.boxes import iou, ltwh_to_xyxy
from shared.imaging.proposals import propose


def overlaps(picture: Image.Image, box_ltwh: tuple[float, float, float, float], most: int = 10) -> list[float]:
    """How far each proposal is the box, from the best proposal on."""
    found = np.array([proposal.box_ltwh for proposal in propose(picture, most)]).reshape(-1, 4)
    values: list[float] = iou(ltwh_to_xyxy(found), ltwh_to_xyxy(np.array([box_ltwh])))[:, 0].tolist()
    return values


@pytest.mark.parametrize("tag", scenes.TAGS)
@pytest.mark.parametrize("seed", range(3))
def test_a_rendered_part_is_among_the_first_proposals(tag: str, seed: int) -> None:
    scene = scenes.draw(tag, seed)
    assert max(overlaps(scene.image, scene.box_ltwh)) > 0.5


def test_things_apart_from_each_other_are_proposed_each() -> None:
    boxes = [(0.05, 0.1, 0.2, 0.3), (0.4, 0.5, 0.15, 0.4), (0.7, 0.15, 0.25, 0.25)]
    picture = Image.new("RGB", (640, 480), (210, 200, 190))
    for (left, top, width, height), colour in zip(boxes, ("brown", "navy", "darkgreen"), strict=True):
        corners = [left * 640, top * 480, (left + width) * 640, (top + height) * 480]
        ImageDraw.Draw(picture).ellipse(corners, fill=colour)
    assert [max(overlaps(picture, box, most=5)) > 0.7 for box in boxes] == [True] * 3


@pytest.mark.parametrize(
    "picture",
    [
        Image.new("RGB", (640, 480), "white"),
        Image.new("RGB", (1, 1), "red"),
        Image.fromarray(np.random.default_rng(1).integers(90, 120, (480, 640, 3), np.uint8)),
    ],
    ids=["white", "a single pixel", "noise"],
)
def test_a_picture_without_contrast_has_no_proposals(picture: Image.Image) -> None:
    assert propose(picture, 10) == []


@pytest.mark.parametrize("size", [(2, 1), (1, 3000), (3000, 120), (8, 8)])
def test_proposals_lie_in_the_picture_whatever_its_size(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(2).integers(0, 256, (size[1], size[0], 3), np.uint8)
    for confidence, (left, top, width, height) in propose(Image.fromarray(noise), 10):
        assert 0 < confidence < 1
        assert min(left, top) >= 0
        assert min(width, height) > 0
        assert max(left + width, top + height) <= 1 + 1e-9


def test_proposals_are_bounded_and_the_most_confident_come_first() -> None:
    noise = np.random.default_rng(3).integers(0, 256, (24, 24, 3), np.uint8)
    found = propose(Image.fromarray(noise).resize((640, 480), Image.Resampling.NEAREST), 7)
    assert len(found) == 7
    assert found == sorted(found, key=lambda proposal: -proposal.confidence)


def test_a_spiral_is_no_endless_work() -> None:
    """Its one line turns far more often than the parts of a picture are joined."""
    picture = Image.new("RGB", (96, 96), "white")
    ImageDraw.Draw(picture).line([(48 + r * x, 48 + r * y) for r, (x, y) in enumerate(turns(46))], fill="black")
    assert len(propose(picture, 25)) <= 25


def turns(count: int) -> list[tuple[int, int]]:
    return [((1, 1), (-1, 1), (-1, -1), (1, -1))[index % 4] for index in range(count)]
