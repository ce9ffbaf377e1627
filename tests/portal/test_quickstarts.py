"""Custom Vision's two quickstarts in the portal, from nothing to a published model that answers: by mouse, and by keys.

Both hands type what has to be typed, and no more than that with the mouse.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, expect

from shared.models.training.model_spec import ModelTag
from tests.pictures import PHOTOS, rectangles
from tests.portal.editor import Editor
from tests.portal.people import TRAINED_MS, Portal
from tests.prediction.detectors import put_detector

SAMPLE = PHOTOS / "customvision-sample"
TREES = {"Hemlock": "hemlock", "Japanese Cherry": "japanese_cherry"}
TOOLS = ("fork", "scissors")
# Of each tag, the fewest that a detector is trained on.
PHOTOGRAPHS = 15
# The box that a key puts in the middle, the pixels of these photographs, and how far a key with Shift moves it.
MIDDLE, SIZE, STEP = (0.375, 0.375, 0.25, 0.25), (408, 306), 10

pytestmark = pytest.mark.skipif(not SAMPLE.is_dir(), reason=f"needs the sample photographs in {SAMPLE}")

Box = tuple[float, float, float, float]


class Mouse:
    """Points and clicks."""

    def __init__(self, portal: Portal) -> None:
        self.portal, self.page, self.editor = portal, portal.page, Editor(portal)

    def go(self, screen: str) -> None:
        self.page.get_by_role("navigation", name="Screens").get_by_role("link", name=screen).click()

    def use(self, control: Locator) -> None:
        control.click()

    def write(self, field: Locator, text: str) -> None:
        field.click()
        self.page.keyboard.type(text)

    def pick(self, choice: Locator) -> None:
        choice.click()

    def open_first(self) -> None:
        self.portal.cell(1).dblclick()

    def draw(self, box: Box) -> None:
        left, top, width, height = box
        self.editor.drag((left, top), (left + width, top + height))

    def ask_for_tag(self) -> None:
        self.use(self.page.get_by_role("button", name="By name"))

    def answer(self, name: str) -> None:
        self.write(self.page.get_by_role("combobox", name="Name of the tag"), name)
        self.use(self.page.get_by_role("option", name=re.compile(name)))

    def move(self, box: Box) -> None:
        """It was drawn where it belongs."""

    def next(self) -> None:
        self.page.get_by_role("button", name="The next image").click()

    def lower(self, slider: Locator) -> None:
        box = slider.bounding_box()
        assert box
        slider.click(position={"x": box["width"] * 0.1, "y": box["height"] / 2})


class Keys:
    """Never touches the mouse: Tab reaches what has no key of its own."""

    def __init__(self, portal: Portal) -> None:
        self.portal, self.page, self.press, self.reach = portal, portal.page, portal.press, portal.reach
        self.last: tuple[float, ...] = ()

    def go(self, screen: str) -> None:
        self.press(".", {"Train": "2", "Performance": "3", "Quick test": "t"}[screen])

    def use(self, control: Locator) -> None:
        self.reach(control)
        self.press("Space" if control.get_attribute("type") in ("radio", "checkbox") else "Enter")

    def write(self, field: Locator, text: str) -> None:
        self.reach(field)
        self.page.keyboard.type(text)

    def pick(self, choice: Locator) -> None:
        self.press("Tab")
        while not choice.is_checked():
            self.press("ArrowDown")

    def open_first(self) -> None:
        self.reach(self.portal.grid)
        self.press("Home", "Space")

    def draw(self, box: Box) -> None:
        """A box in the middle, or where that of the image before is."""
        self.press(*("r",) if self.last else ("b", "Enter"))

    def move(self, box: Box) -> None:
        """First smaller, then to its place, then larger."""
        start = self.last or MIDDLE
        across, down, wider, higher = keys = steps(start, box)
        self.last = tuple(at + count * STEP / size for at, count, size in zip(start, keys, SIZE * 2, strict=True))
        self.hold("Alt", min(wider, 0), min(higher, 0))
        self.hold("Shift", across, down)
        self.hold("Alt", max(wider, 0), max(higher, 0))

    def hold(self, key: str, across: int, down: int) -> None:
        """Beside Shift and this key an arrow for so many steps, as it is held down."""
        keyboard, arrows = self.page.keyboard, {"Right": across, "Left": -across, "Down": down, "Up": -down}
        for each in ("Shift", key):
            keyboard.down(each)
        for arrow, count in arrows.items():
            for _ in range(count):
                keyboard.down(f"Arrow{arrow}")
            keyboard.up(f"Arrow{arrow}")
        for each in ("Shift", key):
            keyboard.up(each)

    def ask_for_tag(self) -> None:
        self.press("t")

    def answer(self, name: str) -> None:
        self.page.keyboard.type(name)
        self.press("Enter")

    def next(self) -> None:
        self.press("Space")

    def lower(self, slider: Locator) -> None:
        self.reach(slider)
        self.press("Home", *["ArrowRight"] * 10)


@pytest.fixture(params=[Mouse, Keys], ids=["mouse", "keys"])
def hand(request, portal):
    portal.home()
    return request.param(portal)


@pytest.fixture
def name(request):
    """Of the project that a test makes."""
    return request.node.name


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """Half as wide and high: a box is where it belongs after half as many keys."""
    folder = tmp_path_factory.mktemp("photographs")
    for path in SAMPLE.rglob("*.jpg"):
        with Image.open(path) as image:
            half = image.reduce(2)
        place = folder / path.relative_to(SAMPLE)
        place.parent.mkdir(exist_ok=True)
        half.save(place, quality=90)
    return folder


def make_project(hand, training, name, kind):
    hand.use(hand.page.get_by_role("button", name="New project").first)
    dialog = hand.page.get_by_role("dialog", name="New project")
    hand.write(dialog.get_by_label("Name"), name)
    hand.pick(dialog.get_by_label(kind))
    hand.use(dialog.get_by_role("button", name="Create"))
    expect(hand.page.get_by_role("heading", name="Drop your pictures here")).to_be_visible()
    return next(project for project in training.get_projects() if project.name == name)


def add(hand, files: list[Path], total: int, tag: str = "") -> None:
    with hand.page.expect_file_chooser() as chooser:
        hand.use(hand.portal.button("Add images"))
    chooser.value.set_files(files)
    if tag:
        hand.write(hand.page.get_by_label("Tag of the pictures"), tag)
    hand.use(hand.page.get_by_role("button", name=f"Add {len(files)} pictures"))
    expect(hand.portal.button(f"All {total}")).to_be_visible()
    expect(hand.page.get_by_text(f"{total} images", exact=True)).to_be_visible()


def begin_training(hand) -> None:
    hand.go("Train")
    hand.use(hand.page.get_by_role("button", name=re.compile("^Train Enter$")))


def publish(hand, iteration) -> None:
    hand.go("Performance")
    expect(hand.page.get_by_role("heading", name=iteration)).to_be_visible()
    hand.use(hand.portal.button("Publish"))
    dialog = hand.page.get_by_role("dialog", name=f"Publish {iteration}")
    hand.use(dialog.get_by_role("button", name="Publish"))
    address = hand.page.get_by_role("dialog", name="Predictions by live")
    expect(address.get_by_role("textbox", name="Address for a picture in the request")).to_contain_text("/live/image")
    hand.use(address.get_by_role("button", name="Close"))


def try_picture(hand, file) -> Locator:
    hand.go("Quick test")
    with hand.page.expect_file_chooser() as chooser:
        hand.use(hand.portal.button("Choose pictures …"))
    chooser.value.set_files(file)
    return hand.page.get_by_role("list", name="What it says").get_by_role("listitem")


def test_a_classifier_of_trees(hand, training, name, photographs):
    project = make_project(hand, training, name, "What is it?")
    for total, (tag, folder) in zip((10, 20), TREES.items(), strict=True):
        add(hand, sorted((photographs / folder).iterdir()), total, tag)
    assert {tag.name: tag.image_count for tag in training.get_tags(project.id)} == dict.fromkeys(TREES, 10)
    begin_training(hand)
    expect(hand.page.get_by_role("status").get_by_text("Iteration 1 is trained.")).to_be_visible(timeout=TRAINED_MS)
    publish(hand, "Iteration 1")
    assert training.get_iterations(project.id)[0].publish_name == "live"
    expect(try_picture(hand, photographs / "test" / "test_image.jpg").first).to_contain_text("Hemlock")


@pytest.fixture(scope="module")
def known() -> dict[str, tuple[str, Box]]:
    """What is on a photograph, and where, by the name of its file."""
    kinds = json.loads((SAMPLE / "regions.json").read_text())["regions"]
    return {f"{name}.jpg": (kind, tuple(box)) for kind, boxes in kinds.items() for name, box in boxes.items()}


def steps(start: Sequence[float], end: Box) -> list[int]:
    """The keys that bring a box to where another one is: to the right, down, wider and higher."""
    return [round((to - at) * size / STEP) for to, at, size in zip(end, start, SIZE * 2, strict=True)]


def near_each_other(boxes: dict[Path, Box]) -> list[Path]:
    """As many files as are wanted, each with its box where few keys bring it from the one before."""
    left = dict(sorted(boxes.items()))
    chain = [min(left)]
    while len(chain) < PHOTOGRAPHS:
        before = left.pop(chain[-1])
        chain.append(min(left, key=lambda file: sum(map(abs, steps(before, left[file])))))
    return chain


def draw_all(hand, things) -> None:
    """The first box asks for its tag; the next ones have that of the one before, until another is given."""
    hand.open_first()
    said = None
    for place, (kind, box) in enumerate(things, start=1):
        expect(hand.page.get_by_text(f"{place} of {len(things)}", exact=True)).to_be_visible()
        hand.draw(box)
        if kind != said:
            if said:
                hand.ask_for_tag()
            hand.answer(kind)
        expect(hand.page.get_by_role("option", name=re.compile(f", {kind},"))).to_be_visible()
        hand.move(box)
        said = kind
        hand.next()
    hand.portal.saved()


def test_a_detector_of_tools(hand, training, storage, name, photographs, known):
    """By keys it is trained, which takes its time; by mouse the training is cancelled for one that was made."""
    project = make_project(hand, training, name, "Where is it?")
    for total, folder in zip((PHOTOGRAPHS, 2 * PHOTOGRAPHS), TOOLS, strict=True):
        boxes = {file: known[file.name][1] for file in (photographs / folder).iterdir()}
        add(hand, near_each_other(boxes), total)
    things = [known[image.metadata["filename"]] for image in training.get_images(project.id, order_by="Newest")]
    draw_all(hand, things)
    for (kind, box), image in zip(things, training.get_images(project.id, order_by="Newest"), strict=True):
        [region] = image.regions
        assert region.tag_name == kind
        assert (region.left, region.top, region.width, region.height) == pytest.approx(box, abs=0.02)
    begin_training(hand)
    photograph: Path | FilePayload = photographs / "test" / "test_od_image.jpg"
    if isinstance(hand, Mouse):
        cancel(hand)
        photograph = {"name": "red.jpg", "mimeType": "image/jpeg", "buffer": rectangles({"red": (0.2, 0.2, 0.5, 0.5)})}
        tags = {tag.name: ModelTag(UUID(tag.id), tag.name) for tag in training.get_tags(project.id)}
        put_detector(storage, UUID(project.id), [tags["fork"], tags["scissors"]])
        hand.page.reload()
    else:
        expect(hand.page.get_by_role("status").get_by_text("Iteration 1 is trained.")).to_be_visible(timeout=TRAINED_MS)
    [iteration] = training.get_iterations(project.id)
    publish(hand, iteration.name)
    assert training.get_iterations(project.id)[0].publish_name == "live"
    said = try_picture(hand, photograph)
    hand.lower(hand.page.get_by_label("From"))
    expect(said.first).to_contain_text("fork")


def cancel(hand) -> None:
    going = hand.page.get_by_role("region", name=re.compile("is in training$"))
    hand.use(going.get_by_role("button", name="Cancel"))
    hand.use(hand.portal.button("Cancel the training"))
    expect(going).to_have_count(0)
