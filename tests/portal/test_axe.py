"""Nothing of what is shown keeps anybody out: axe finds no fault on any screen, in light and in dark."""

import re

import pytest
from playwright.sync_api import expect

from tests.pictures import picture
from tests.portal.models import classifier, untagged
from tests.portal.people import NARROW, Portal

# There are hundreds of projects, the newest first.
MORE = ".tiles > :nth-child(n + 10)"


def test_signing_in_and_all_projects(page, service, filled):
    project = filled(2)
    visitor = Portal(page, service.endpoint)
    page.goto(f"{visitor.endpoint}/portal/")
    page.get_by_label("Training key").wait_for()
    assert visitor.barriers("signin") == []
    visitor.sign_in(service.training_key)
    tile = page.locator(f"li:not({MORE})").filter(has_text=project.name)
    expect(tile.locator("img")).to_be_visible()
    assert visitor.barriers("projects", MORE) == []
    for name in ("New project", "Import"):
        page.get_by_role("button", name=name).first.click()
        page.get_by_role("dialog").wait_for()
        assert visitor.barriers(name.lower().replace(" ", "-"), MORE) == []
        visitor.press("Escape")
    tile.get_by_role("button", name="More of").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("dialog").wait_for()
    assert visitor.barriers(but=MORE) == []
    visitor.press("Escape")
    visitor.button("Account").click()
    page.get_by_role("menuitem", name="Sign out").wait_for()
    assert visitor.barriers("account", MORE) == []
    visitor.press("Escape", "?")
    page.get_by_role("dialog", name="Keys").wait_for()
    assert visitor.barriers("keys", MORE) == []


def test_the_images(portal, training, filled):
    project = filled(4)
    portal.images(project.id, 4)
    portal.press("1", "ArrowRight", "Shift+ArrowRight", "2")
    portal.saved()
    assert portal.barriers("images") == []
    # Who asked the system for less motion gets none.
    bar = portal.page.get_by_role("toolbar", name="Chosen images")
    assert bar.evaluate("(each) => getComputedStyle(each).animationName") == "none"
    portal.press("t")
    portal.page.get_by_role("dialog", name="Tag").wait_for()
    assert portal.barriers("tag") == []
    portal.press("Escape")
    portal.button("More of apple").click()
    portal.page.get_by_role("menuitem", name="Rename").wait_for()
    assert portal.barriers() == []
    portal.page.get_by_role("menuitem", name="Rename").click()
    portal.page.get_by_label("Name", exact=True).wait_for()
    assert portal.barriers() == []
    portal.press("Escape")
    with portal.page.expect_file_chooser() as chooser:
        portal.button("Add images").click()
    chooser.value.set_files({"name": "more.jpg", "mimeType": "image/jpeg", "buffer": picture("sky", 9)})
    portal.page.get_by_role("dialog").wait_for()
    assert portal.barriers("upload") == []
    portal.press("Escape")
    portal.follow(project.id, search="?search=none")
    portal.page.get_by_role("heading", name="No image whose file name begins").wait_for()
    assert portal.barriers("nothing-found") == []


# What a project without anything in it shows.
EMPTY = {
    "images": "Drop your pictures here",
    "images?suggested=last": "There is nothing to label yet",
    "train": "There is nothing to train on yet",
    "performance": "No iteration is trained yet",
    "compare": "Two trained iterations can be compared",
    "predictions": "No predictions are kept yet",
    "cameras": "Publish first, and cameras can ask",
    "test": "There is nothing to test yet",
    "settings": "Settings",
    "nonsense": "There is no such page",
}


def test_an_empty_project_in_a_narrow_window(portal, project):
    portal.page.set_viewport_size({"width": NARROW, "height": 640})
    portal.open(project.id)
    for screen, text in EMPTY.items():
        portal.follow(project.id, *screen.split("?")[:1], search="?suggested=last" if "?" in screen else "")
        expect(portal.page.get_by_role("main").get_by_text(re.compile(text)).first).to_be_visible()
        if screen.isalpha() and screen not in ("images", "nonsense"):
            expect(portal.page.locator("main :focus")).to_have_text(re.compile(text))
        assert portal.barriers(f"empty-{re.sub('[^a-z]+', '-', screen)}") == [], screen


@pytest.fixture
def asked(training, storage, project):
    """A project with an iteration that was asked about a picture, and untagged images."""
    iteration = classifier(training, storage, project)
    untagged(training, project, ["apple", "leaf"])
    training.quick_test_image(project.id, picture("sky", 1), iteration_id=str(iteration.id))
    training.publish_iteration(project.id, str(iteration.id), "live", "prediction")
    return project


def test_suggestions_predictions_tests_cameras_and_settings(portal, asked):
    page, places = portal.page, set()
    portal.open(asked.id)
    for screen, search, role, name in (
        ("images", "?suggested=last", "listbox", "Suggestions"),
        ("predictions", "", "listbox", "Predictions"),
        ("test", "", "heading", "Drop a picture here"),
        ("cameras", "", "heading", "Connect a camera"),
        ("settings", "", "heading", "Settings"),
    ):
        portal.follow(asked.id, screen, search)
        page.get_by_role(role, name=name, exact=True).wait_for()
        if role == "listbox":
            expect(page.get_by_role(role, name=name).locator("img").first).to_be_visible()
            page.get_by_role(role, name=name).focus()
            portal.press("x", "m")
        if screen == "test":
            with page.expect_file_chooser() as chooser:
                page.get_by_role("button", name="Choose pictures").click()
            chooser.value.set_files({"name": "sky.jpg", "mimeType": "image/jpeg", "buffer": picture("sky", 2)})
            expect(page.get_by_role("region", name="Picture").locator("img").first).to_be_visible()
        assert portal.barriers("suggested" if search else screen) == [], screen
        links = page.get_by_role("navigation", name="Screens").get_by_role("link")
        places.add(str(links.evaluate_all("(links) => links.map((link) => link.offsetLeft)")))
    # They keep their places, whichever is shown.
    assert len(places) == 1
    portal.button("Delete this project …").click()
    page.get_by_role("dialog").wait_for()
    assert portal.barriers() == []
