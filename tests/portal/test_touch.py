"""Fingers and a pen: tap, tap twice, draw, pinch, pull; and a page that has room for them."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from playwright.sync_api import CDPSession, expect

from tests.functions.flows import DETECTION
from tests.pictures import rectangles
from tests.portal.models import tagged
from tests.portal.people import Portal, watched

Point = tuple[float, float]


@pytest.fixture
def tablet(browser, service, built) -> Iterator[Portal]:
    """A person at a screen that knows fingers alone, and is signed in."""
    context = browser.new_context(has_touch=True, is_mobile=True, viewport={"width": 800, "height": 600})
    page = context.new_page()
    with watched(page):
        portal = Portal(page, service.endpoint)
        portal.sign_in(service.training_key)
        yield portal
    context.close()


class Fingers:
    """Of one hand over the picture; places are parts of it."""

    def __init__(self, portal: Portal) -> None:
        self.page = portal.page
        self.devtools: CDPSession = portal.page.context.new_cdp_session(portal.page)
        self.stage = portal.page.get_by_role("listbox", name="Boxes")

    def at(self, place: Point) -> Point:
        box = self.stage.locator("img").bounding_box()
        assert box
        return box["x"] + place[0] * box["width"], box["y"] + place[1] * box["height"]

    def touch(self, kind: str, *places: Point) -> None:
        points = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(places)]
        self.devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def drag(self, *ways: tuple[Point, Point]) -> None:
        """Each finger goes its way; they come down one after the other."""
        ends = [(self.at(start), self.at(end)) for start, end in ways]
        for count in range(1, len(ends) + 1):
            self.touch("touchStart", *(start for start, _ in ends[:count]))
        for part in (0.5, 1):
            self.touch("touchMove", *((a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])) for a, b in ends))
        self.touch("touchEnd")

    def pen(self, start: Point, end: Point) -> None:
        for kind, place in (("mousePressed", start), ("mouseMoved", end), ("mouseReleased", end)):
            x, y = self.at(place)
            buttons = {} if kind == "mouseReleased" else {"buttons": 1}
            event = {"type": kind, "x": x, "y": y, "button": "left", "pointerType": "pen", **buttons}
            self.devtools.send("Input.dispatchMouseEvent", event)

    def place(self) -> SimpleNamespace:
        """Where the picture lies."""
        box = self.stage.locator("img").bounding_box()
        assert box
        return SimpleNamespace(**box)

    def boxes(self, count: int) -> None:
        expect(self.stage.get_by_role("option")).to_have_count(count)


def test_images_are_chosen_tagged_and_opened_by_a_finger(tablet, training, filled):
    project = filled(4)
    tablet.images(project.id, 4)
    for place in (1, 3):
        tablet.cell(place).tap(position={"x": 14, "y": 14})
    expect(tablet.page.get_by_text("2 chosen")).to_be_visible()
    tablet.page.get_by_role("complementary", name="Tags").get_by_role("button", name="2 Give leaf").tap()
    tablet.saved()
    assert training.get_tagged_image_count(project.id) == 2
    tablet.button("More of leaf").tap()
    tablet.page.get_by_role("menuitem", name="Rename").tap()
    expect(tablet.page.get_by_label("Name", exact=True)).to_be_focused()
    tablet.press("Escape")
    for _ in range(2):
        tablet.cell(2).tap(position={"x": 70, "y": 70})
    expect(tablet.page.get_by_text("2 of 4")).to_be_visible()


def test_boxes_are_drawn_by_a_finger_and_a_pen_and_two_fingers_zoom(tablet, training, request):
    project = training.create_project(request.node.name, domain_id=DETECTION)
    tagged(training, project, ["red"])
    [created] = training.create_images_from_data(project.id, rectangles({}, (640, 320))).images
    tablet.open(project.id, f"image/{created.image.id}")
    hand = Fingers(tablet)
    expect(hand.stage.locator("img")).to_be_visible()
    hand.drag(((0.2, 0.2), (0.4, 0.5)))
    hand.boxes(1)
    # The handle at the lower right corner is large enough to be hit beside its middle.
    hand.drag(((0.41, 0.52), (0.6, 0.7)))
    expect(tablet.page.get_by_label("width", exact=True)).to_have_value("0.400")
    before = hand.place()
    hand.drag(((0.45, 0.9), (0.2, 0.9)), ((0.55, 0.9), (0.8, 0.9)))
    assert hand.place().width > 2 * before.width
    hand.boxes(1)
    tablet.page.get_by_role("button", name="Fit the").tap()
    hand.pen((0.7, 0.2), (0.9, 0.6))
    hand.boxes(2)
    # Where there is a pen, a finger pulls the picture.
    tablet.page.get_by_role("button", name="Larger").tap()
    before = hand.place()
    hand.drag(((0.5, 0.85), (0.6, 0.95)))
    assert hand.place().x > before.x
    hand.boxes(2)
    tablet.saved()
    [image] = training.get_images_by_ids(project.id, image_ids=[created.image.id])
    assert [round(region.width, 2) for region in sorted(image.regions, key=lambda region: region.left)] == [0.4, 0.2]
