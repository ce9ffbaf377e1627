"""People who label by chance, and remember what must have come of it, whatever is killed meanwhile."""

import re
from collections.abc import Set
from random import Random
from typing import NamedTuple

import pytest
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import ImageRegion
from playwright.sync_api import Locator, expect

from tests.portal.people import Portal

TAGS = ("apple", "leaf", "sky")
# So many images are left at least, so that there is always something to do.
FEWEST = 8
# Of the images, those in sight that no toast lies over.
NEAR = 12
# The places on a picture, in which boxes meet neither others nor their names.
PLACES = [(column, row) for column in range(4) for row in range(3)]
LEFT, TOP, SIDE = 0.04, 0.1, 0.16
# Of a picture's width, how far a key with Shift moves a box.
STEP = 10 / 640


class Tagger:
    """Tags, deletes and takes back among images that have many tags each."""

    def __init__(self, portal: Portal, training: CustomVisionTrainingClient, project_id: str, random: Random) -> None:
        self.portal, self.training, self.project_id, self.random = portal, training, project_id, random
        # The tags of each image by its file name; and before each step that can be taken back.
        self.tags = self.found()
        self.past: list[dict[str, frozenset[str]]] = []

    def open(self) -> None:
        """A page that is loaded anew knows of no steps."""
        self.past = []
        self.portal.open(self.project_id)
        expect(self.portal.cells.first.locator("img")).to_be_visible()

    def act(self, calm: bool = True) -> None:
        if self.past and self.random.random() < 0.25:
            self.portal.press("Control+z")
            self.tags = self.past.pop()
            return
        self.past.append(self.tags)
        name = self.random.choice(list(self.shown())[:NEAR])
        self.portal.page.get_by_role("option", name=re.compile(f"^{re.escape(name)},")).click()
        if len(self.tags) > FEWEST and self.random.random() < 0.2:
            self.portal.press("Delete")
            self.tags = {each: tags for each, tags in self.tags.items() if each != name}
        else:
            tag = self.random.choice(TAGS)
            self.portal.press(str(TAGS.index(tag) + 1))
            self.tags = {**self.tags, name: self.tags[name] ^ {tag}}

    def shown(self) -> dict[str, frozenset[str]]:
        names = self.portal.cells.evaluate_all("(cells) => cells.map((cell) => cell.ariaLabel)")
        parts = [name.split(", ") for name in names if name != "not loaded yet"]
        return {name: frozenset(tags) - {"untagged"} for name, *tags in parts}

    def found(self) -> dict[str, frozenset[str]]:
        images = self.training.get_images(self.project_id, take=256)
        return {image.metadata["filename"]: frozenset(tag.tag_name for tag in image.tags or []) for image in images}

    def check(self) -> None:
        """The service and the page have what was done, and the page counts it."""
        assert self.found() == self.tags
        assert self.shown() == self.tags
        for tag in self.training.get_tags(self.project_id):
            assert tag.image_count == sum(tag.name in tags for tags in self.tags.values())
            expect(self.portal.button(f"{tag.name} {tag.image_count}")).to_be_visible()


class Box(NamedTuple):
    tag: str
    place: tuple[int, int]
    moves: int = 0

    @property
    def ltwh(self) -> tuple[float, float, float, float]:
        column, row = self.place
        return LEFT + column / 4 + self.moves * STEP, TOP + 0.3 * row, SIDE, SIDE


NO_BOX = Box("", (-1, -1))


class Drawer:
    """Draws, moves, corrects, deletes and takes back boxes on some pictures."""

    def __init__(self, portal: Portal, training: CustomVisionTrainingClient, project_id: str, random: Random) -> None:
        self.portal, self.training, self.project_id, self.random = portal, training, project_id, random
        self.images = [image.id for image in training.get_images(project_id, order_by="Newest")]
        self.boxes: dict[str, frozenset[Box]] = {image: frozenset() for image in self.images}
        self.past: list[dict[str, frozenset[Box]]] = []
        self.at, self.chosen, self.tag = 0, NO_BOX, TAGS[0]

    @property
    def here(self) -> frozenset[Box]:
        return self.boxes[self.images[self.at]]

    def open(self) -> None:
        """A page that is loaded anew knows of no steps, of no chosen box, and of no tag before."""
        self.past = []
        self.at, self.chosen, self.tag = self.random.randrange(len(self.images)), NO_BOX, TAGS[0]
        self.portal.open(self.project_id, f"image/{self.images[self.at]}")
        expect(self.portal.page.get_by_text(f"{self.at + 1} of {len(self.images)}", exact=True)).to_be_visible()
        expect(self.listed.locator("img")).to_be_visible()

    @property
    def listed(self) -> Locator:
        return self.portal.page.get_by_role("listbox", name="Boxes")

    def act(self, calm: bool = True) -> None:
        """Goes to the next picture only where it can be had."""
        free = [place for place in PLACES if place not in {box.place for box in self.here}]
        acts = [self.draw] * 3 * bool(free)
        acts += [self.take_back] * bool(self.past) + [self.go_on] * (calm and self.at + 1 < len(self.images))
        acts += [self.correct, self.delete] * (self.chosen != NO_BOX)
        # What follows a move too soon is one step with it.
        acts += [self.move] * (self.chosen != NO_BOX and not self.chosen.moves)
        if self.chosen.moves:
            acts = [act for act in acts if act in (self.draw, self.take_back, self.go_on)]
        if acts:
            self.random.choice(acts)()

    def draw(self) -> None:
        taken = {box.place for box in self.here}
        box = Box(self.tag, self.random.choice([place for place in PLACES if place not in taken]))
        left, top, width, height = box.ltwh
        self.drag((left, top), (left + width, top + height))
        self.become({*self.here, box}, box)

    def drag(self, *points: tuple[float, float]) -> None:
        picture = self.listed.locator(".placed").bounding_box()
        assert picture
        start, end = [(picture["x"] + x * picture["width"], picture["y"] + y * picture["height"]) for x, y in points]
        mouse = self.portal.page.mouse
        mouse.move(*start)
        mouse.down()
        mouse.move(*end, steps=2)
        mouse.up()

    def correct(self) -> None:
        self.tag = self.random.choice([tag for tag in TAGS if tag != self.chosen.tag])
        self.portal.press(str(TAGS.index(self.tag) + 1))
        self.exchange(self.chosen._replace(tag=self.tag))

    def move(self) -> None:
        self.portal.press("Shift+ArrowRight")
        self.exchange(self.chosen._replace(moves=1))

    def delete(self) -> None:
        self.portal.press("Delete")
        self.become(self.here - {self.chosen}, NO_BOX)

    def take_back(self) -> None:
        self.portal.press("Control+z")
        self.boxes, self.chosen = self.past.pop(), NO_BOX

    def go_on(self) -> None:
        self.portal.press("Space")
        self.at, self.chosen = self.at + 1, NO_BOX

    def exchange(self, box: Box) -> None:
        self.become(self.here - {self.chosen} | {box}, box)

    def become(self, boxes: Set[Box], chosen: Box) -> None:
        self.past.append(self.boxes)
        self.boxes, self.chosen = {**self.boxes, self.images[self.at]: frozenset(boxes)}, chosen

    def check(self) -> None:
        """The service and the page have what was done."""
        for image in self.training.get_images(self.project_id):
            assert sorted(map(box_of, image.regions or [])) == sorted(self.boxes[image.id])
        expect(self.listed.get_by_role("option")).to_have_count(len(self.here))


def box_of(region: ImageRegion) -> Box:
    column, row = int(region.left * 4), round((region.top - TOP) / 0.3)
    assert (region.width, region.height) == pytest.approx((SIDE, SIDE), abs=0.01), region
    return Box(region.tag_name, (column, row), round((region.left - LEFT - column / 4) / STEP))
