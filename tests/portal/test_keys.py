"""Every key of the table does what it says at every place where it stands, and the docs have them all."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from shared.settings import ROOT
from tests.functions.flows import DETECTION
from tests.pictures import rectangles
from tests.portal.conftest import upload_untagged
from tests.portal.hand import CHECKS, COUNT, Hand, at
from tests.portal.models import COLOURS, classifier, detector, scene, tagged, untagged

# A key, and which kind of field has the focus when it has been answered.
AT_ONCE = """(key) => {
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  return document.activeElement.type;
}"""
# What has the focus when the dialog has just been closed, and takes these keys.
CLOSED = """(keys) => {
  document.querySelector("dialog").close();
  const { activeElement } = document;
  const event = (key) => new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
  for (const key of keys) activeElement.dispatchEvent(event(key));
  return activeElement.tagName;
}"""
NINE = [f"tag {digit}" for digit in range(1, 10)]


@at("grid", "tag", "negative")
def _(hand: Hand, key: str) -> None:
    hand.to(1)
    hand.press(key)
    hand.named(2, "Negative" if key == "0" else f"tag {key}$")
    hand.press("Control+z")
    hand.named(2, "untagged")


@at("grid", "name")
@at("image", "name")
def _(hand: Hand, key: str) -> None:
    hand.press(key)
    hand.dialog("Tag")


@at("grid", "repeat")
def _(hand: Hand, key: str) -> None:
    hand.to(0)
    hand.press("3", key)
    hand.named(2, "tag 3$")
    hand.press("Control+z", "Control+z")
    hand.named(1, "untagged")


@at("grid", "left", "right", "up", "down", "pageUp", "pageDown", "first", "last")
def _(hand: Hand, key: str) -> None:
    row = hand.columns()
    screen = int(hand.portal.grid.bounding_box()["height"] // hand.portal.cell(1).bounding_box()["height"])  # type: ignore[index]
    moves = {
        "ArrowLeft": (2, 1),
        "ArrowRight": (2, 3),
        "ArrowUp": (row + 1, 1),
        "ArrowDown": (1, row + 1),
        "PageUp": (row * screen + 1, 1),
        "PageDown": (1, row * screen + 1),
        "Home": (3, 0),
        "End": (0, COUNT - 1),
    }
    start, end = moves[key]
    hand.to(start)
    hand.press(key)
    hand.on(end)


@at("grid", "open")
def _(hand: Hand, key: str) -> None:
    hand.to(2)
    hand.press(key)
    expect(hand.page.get_by_text(f"3 of {COUNT}")).to_be_visible()
    hand.press("Escape")
    hand.on(2)


@at("grid", "mark", "extend", "all", "leave")
def _(hand: Hand, key: str) -> None:
    hand.to(hand.columns() + 1)
    hand.press("Control+a" if key == "Escape" else key)
    hand.chosen(
        {"m": 1, "Ctrl+a": COUNT, "Escape": COUNT}.get(key, 2 if re.search("Left|Right", key) else hand.columns() + 1)
    )
    hand.press(key if key == "Escape" else "Escape")
    hand.chosen(0)


@at("grid", "delete")
def _(hand: Hand, key: str) -> None:
    hand.to(1)
    hand.press(key)
    expect(hand.portal.cells).to_have_count(COUNT - 1)
    hand.press("Control+z")
    expect(hand.portal.cells).to_have_count(COUNT)


@at("grid", "larger", "smaller")
def _(hand: Hand, key: str) -> None:
    size = hand.page.get_by_label("Size of the pictures")
    before = int(size.input_value())
    hand.press(key)
    expect(size).to_have_value(str(before + (-24 if key == "-" else 24)))
    hand.press("+" if key == "-" else "-")


@at("grid", "unsure", "doubts")
def _(hand: Hand, key: str) -> None:
    """Nothing has looked at the images of these tests."""
    heading = {"q": "Looking at the images", "w": "There is too little to compare"}[key]
    hand.press(key)
    expect(hand.page.get_by_role("heading", name=heading)).to_be_visible()
    hand.press("s")
    hand.named(1, "untagged")


@at("grid", "similar")
@at("image", "similar")
def _(hand: Hand, key: str) -> None:
    """A detector has none."""
    before = hand.page.url
    hand.press(key)
    if hand.page.get_by_role("region", name="Boxes").count():
        assert hand.page.url == before
        return
    expect(hand.page.get_by_role("heading", name="Nothing is known to be similar yet")).to_be_visible()
    hand.press("Escape")
    hand.named(1, "untagged")


@at("grid", "groups")
def _(hand: Hand, key: str) -> None:
    hand.press(key)
    expect(hand.page.get_by_role("heading", name="No near-duplicates")).to_be_focused()
    hand.press(key)
    hand.named(1, "untagged")


@at("grid", "map")
def _(hand: Hand, key: str) -> None:
    hand.press(key)
    expect(hand.page.get_by_role("heading", name="Drawing the map")).to_be_focused()
    hand.press(key)
    hand.named(1, "untagged")


@at("grid", "untagged", "suggested")
def _(hand: Hand, key: str) -> None:
    name = re.compile("^Untagged" if key == "u" else "^Suggested")
    shown = hand.page.get_by_role("group", name="Status").get_by_role("button", name=name)
    for pressed in ("true", "false"):
        hand.press(key)
        expect(shown).to_have_attribute("aria-pressed", pressed)
    expect(hand.portal.cells).to_have_count(COUNT)


@at("suggestions", "accept", "delete", "reject")
def _(hand: Hand, key: str) -> None:
    listed = hand.page.get_by_role("listbox", name="Suggestions").get_by_role("option")
    expect(listed).to_have_count(3)
    hand.portal.seen()
    hand.press("Home", key)
    if key == "x":
        expect(listed.first).to_have_accessible_name(re.compile("left out"))
        hand.press("Home", key)
        expect(listed.first).to_have_accessible_name(re.compile("suggested"))
    else:
        expect(listed).to_have_count(0 if key == "Enter" else 2)
        hand.press("Control+z")
    expect(listed).to_have_count(3)


@at("image", "tag")
def _(hand: Hand, key: str) -> None:
    hand.press(key)
    name = [*sorted(COLOURS), *NINE][int(key) - 1]
    expect(hand.page.get_by_text(f"The next box is {name}.")).to_be_visible()


@at("image", "draw", "delete")
def _(hand: Hand, key: str) -> None:
    hand.press("b", "Enter")
    hand.count(1)
    hand.press("Delete" if key == "b" else key)
    hand.count(0)


@at("image", "choose")
def _(hand: Hand, key: str) -> None:
    hand.press(key)
    expect(hand.page.get_by_role("button", name="Choose", exact=True)).to_have_attribute("aria-pressed", "true")
    hand.press("b", "Escape")


@at("image", "duplicate", "copy", "paste", "nextBox", "previousBox", "hide", "leave")
def _(hand: Hand, key: str) -> None:
    hand.choose()
    if key == "d":
        hand.press(key)
        hand.count(2)
        hand.press("Delete", "Tab")
    elif key.startswith("Ctrl"):
        # Pasted where it is no more; the very same box would be one too many.
        hand.press("Control+c", "Delete", "Control+v")
    elif "Tab" in key:
        hand.press("Escape", key)
    elif key == "h":
        hand.page.keyboard.down(key)
        expect(hand.page.locator(".stage.bare")).to_be_visible()
        hand.page.keyboard.up(key)
        expect(hand.page.locator(".stage.bare")).to_have_count(0)
    elif key == "Escape":
        hand.press(key)
        expect(hand.page.locator(".label.chosen")).to_have_count(0)
        hand.press("Tab")
    expect(hand.page.locator(".label.chosen")).to_be_visible()
    hand.press("Delete")
    hand.count(0)


@at("image", "nudge", "size", "up", "down")
def _(hand: Hand, key: str) -> None:
    """Arrows move a chosen box, with Alt they size it."""
    hand.choose()
    across = "Left" in key or "Right" in key
    name = ("width" if across else "height") if "Alt" in key else "left" if across else "top"
    before = hand.side(name)
    hand.press(key)
    grows = "Right" in key or "Down" in key
    hand.page.wait_for_function(
        "([name, before, grows]) => {"
        " const side = [...document.querySelectorAll('.sides label')].find((each) => each.textContent.includes(name));"
        " const now = Number(side.querySelector('input').value); return grows ? now > before : now < before; }",
        arg=[name, before, grows],
    )
    hand.press("Delete")
    hand.count(0)


@at("image", "larger", "smaller", "fit")
def _(hand: Hand, key: str) -> None:
    before = hand.width()
    hand.press("+" if key == "f" else key)
    assert hand.width() < before if key == "-" else hand.width() > before
    hand.press("f")
    assert hand.width() == before


@at("image", "left", "right", "next")
def _(hand: Hand, key: str) -> None:
    hand.press(key)
    expect(hand.page.get_by_text("1 of 3" if key == "ArrowLeft" else "3 of 3")).to_be_visible()
    hand.press("ArrowRight" if key == "ArrowLeft" else "ArrowLeft")
    expect(hand.page.get_by_text("2 of 3")).to_be_visible()


@at("image", "repeat")
def _(hand: Hand, key: str) -> None:
    hand.choose()
    hand.press("Space")
    expect(hand.page.get_by_text("3 of 3")).to_be_visible()
    hand.press(key)
    hand.count(1)
    hand.press("Delete")
    hand.count(0)
    hand.press("ArrowLeft")
    expect(hand.page.get_by_text("2 of 3")).to_be_visible()
    hand.count(1)
    hand.press("Tab", "Delete")
    hand.count(0)


@at("image", "negative")
def _(hand: Hand, key: str) -> None:
    hand.press(key)
    expect(hand.page.get_by_text("3 of 3")).to_be_visible()
    hand.press("Control+z", "ArrowLeft")
    expect(hand.page.get_by_text("2 of 3")).to_be_visible()


@at("image", "accept", "reject")
def _(hand: Hand, key: str) -> None:
    """Two boxes are suggested on the image before."""
    hand.press("ArrowLeft")
    hand.count(2)
    if key == "x":
        hand.press("Tab", key)
        hand.count(1)
        hand.press("ArrowRight")
    else:
        hand.portal.seen("Image")
        hand.press(key)
        expect(hand.page.get_by_text("2 boxes accepted")).to_be_visible()
        hand.press("Control+z")
    expect(hand.page.get_by_text("2 of 3")).to_be_visible()


@at("everywhere", "undo", "redo")
def _(hand: Hand, key: str) -> None:
    hand.to(0)
    hand.press("1", "Control+z")
    hand.named(1, "untagged")
    hand.press("Control+Shift+z" if key == "Ctrl+z" else key)
    hand.named(1, "image, (?!untagged)")
    hand.press("Control+z")
    hand.named(1, "untagged")


@at("everywhere", "help")
def _(hand: Hand, key: str) -> None:
    hand.press(key)
    hand.dialog("Keys")


@at("everywhere", "images", "train", "performance", "predictions", "cameras", "test", "settings", "projects", "search")
def _(hand: Hand, key: str) -> None:
    """From a screen without a field to search in, the key leads to the images' one."""
    names = ["Images", "Train", "Performance", "Predictions", "Cameras"]
    hand.press(".s", key)
    if key == ".0":
        expect(hand.page.get_by_role("heading", name="Projects")).to_be_visible()
        hand.page.go_back()
    elif key == "/":
        expect(hand.page.get_by_role("searchbox")).to_be_focused()
        hand.press("Escape", ".s")
        # Before the page has painted again: no letter that follows may be lost.
        assert hand.page.evaluate(AT_ONCE, key) == "search"
        hand.page.keyboard.type("tag")
        expect(hand.page.get_by_role("searchbox")).to_have_value("tag")
        hand.page.get_by_role("searchbox").fill("")
        hand.press("Escape")
    else:
        name = {".t": "Quick test", ".s": "Settings"}.get(key) or names[int(key[1]) - 1]
        expect(hand.page.locator("nav [aria-current=page]")).to_have_text(name)


@at("everywhere", "raise", "lower")
def _(hand: Hand, key: str) -> None:
    hand.press(".3")
    slider = hand.page.get_by_role("slider", name="Threshold")
    expect(slider).to_have_value("0.5")
    hand.press(key)
    expect(slider).to_have_value("0.55" if key == ">" else "0.45")
    hand.press("<" if key == ">" else ">", ".1")
    expect(hand.portal.cells).to_have_count(COUNT)


@at("everywhere", "publish")
def _(hand: Hand, key: str) -> None:
    hand.press(".3")
    expect(hand.page.get_by_role("button", name="Publish", exact=True)).to_be_enabled()
    hand.press(key)
    hand.dialog("Publish Iteration 1")
    # Nothing has the focus that the dialog could give back.
    hand.page.evaluate("document.activeElement.blur()")
    hand.press(key)
    expect(hand.page.get_by_role("dialog")).to_be_visible()
    # Before the page has painted again: no key that follows may be lost.
    assert hand.page.evaluate(CLOSED, [".", "1"]) == "INPUT"
    expect(hand.portal.cells).to_have_count(COUNT)


# What is suggested has a list of its own.
APART = ("accept", "reject")


@pytest.fixture
def rows(run) -> list[dict[str, Any]]:
    return run("keys.KEYS")


def test_no_key_is_left_out(rows):
    wanted = {(place, row["action"]) for row in rows for place in row["places"]}
    tried = {("grid" if place == "suggestions" else place, action) for place, action in CHECKS}
    assert tried == wanted


def test_the_keys_among_the_images_and_everywhere(portal, training, storage, project, rows):
    tagged(training, project, NINE)
    upload_untagged(training, project.id, COUNT)
    portal.page.set_viewport_size({"width": 1280, "height": 500})
    portal.images(project.id, COUNT)
    hand = Hand(portal)
    hand.try_all(rows, "grid", *APART)
    classifier(training, storage, project)
    portal.images(project.id, COUNT)
    size = portal.page.get_by_label("Size of the pictures").input_value()
    hand.try_all(rows, "everywhere")
    # Who speaks to the machine switches single keys off.
    hand.press("?")
    portal.page.get_by_label("Single keys work").uncheck()
    hand.press("Escape", "Home", "ArrowRight", "+", "1", "Control+z")
    hand.on(1)
    expect(portal.page.get_by_label("Size of the pictures")).to_have_value(size)
    assert training.get_tagged_image_count(project.id) == 0


def test_the_keys_among_the_suggestions(portal, training, storage, project, rows):
    """Who opens one goes on to the next of them, not to the next image of the project."""
    classifier(training, storage, project)
    *_, other, last = untagged(training, project, ["apple", "leaf", "sky", "sky", "leaf"])
    tag = training.get_tags(project.id)[0]
    training.create_image_tags(project.id, tags=[{"imageId": each, "tagId": tag.id} for each in (other, last)])
    portal.open(project.id, search="?suggested=last")
    listed = portal.page.get_by_role("listbox", name="Suggestions")
    expect(listed.get_by_role("option")).to_have_count(3)
    expect(portal.page.get_by_text("looked at")).to_have_count(0)
    portal.reach(listed)
    hand = Hand(portal)
    for action, key in (("accept", "Enter"), ("reject", "x"), ("delete", "Delete"), ("delete", "Backspace")):
        CHECKS["suggestions", action](hand, key)
    hand.press("Home", "Space")
    expect(portal.page.get_by_text("1 of 3")).to_be_visible()
    hand.press("1")
    expect(portal.page.get_by_text("2 of 3")).to_be_visible()
    hand.press("ArrowRight")
    expect(portal.page.get_by_text("3 of 3")).to_be_visible()
    portal.saved()
    portal.page.reload()
    expect(portal.page.get_by_text("2 of 2")).to_be_visible()
    hand.press("Escape")
    expect(listed.get_by_role("option")).to_have_count(2)
    expect(listed).to_have_attribute("aria-activedescendant", "cell-1")
    portal.saved()
    assert training.get_tagged_image_count(project.id) == 3


def test_the_keys_at_an_image(portal, training, storage, request, rows):
    project = training.create_project(request.node.name, domain_id=DETECTION)
    detector(training, storage, project)
    tagged(training, project, NINE[:6])
    pictures = [rectangles({}, (640, 320)), rectangles({}, (640, 310)), scene(0)]
    _, white, _ = [training.create_images_from_data(project.id, each).images[0].image.id for each in pictures]
    portal.open(project.id, f"image/{white}")
    expect(portal.page.get_by_text("2 of 3")).to_be_visible()
    expect(portal.page.locator(".stage img")).to_be_visible()
    hand = Hand(portal)
    hand.try_all(rows, "image")


def test_the_page_on_the_portal_has_every_key(run, rows):
    """`shown` writes them, there and in the help."""
    written = (ROOT / "docs" / "portal.md").read_text()
    assert (ROOT / "docs" / "portal.jpg").stat().st_size < 150_000
    for row in rows:
        keys = " ".join(f"`{run('keys.shown(k)', k=key)}`" for key in row["keys"])
        assert f"| {keys} | {row['text']} |" in written, row["action"]
