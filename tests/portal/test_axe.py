"""Nothing of what is shown keeps anybody out: axe finds no fault on any screen, in light and in dark."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.functions.clients import storage
from tests.pictures import picture
from tests.portal.models import classifier, untagged
from tests.portal.people import Portal, watched

__all__ = ["storage"]


@pytest.fixture(params=["light", "dark"])
def visitor(request, browser, service, built) -> Iterator[Portal]:
    """A person whose system is light, or dark."""
    context = browser.new_context(color_scheme=request.param, reduced_motion="reduce")
    page = context.new_page()
    with watched(page):
        yield Portal(page, service.endpoint)
    context.close()


def test_signing_in_and_all_projects(visitor, service, filled):
    project = filled(2)
    visitor.page.goto(f"{visitor.endpoint}/portal/")
    visitor.page.get_by_label("Training key").wait_for()
    assert visitor.barriers() == []
    visitor.sign_in(service.training_key)
    tile = visitor.page.get_by_role("listitem").filter(has_text=project.name)
    expect(tile.locator("img")).to_be_visible()
    assert visitor.barriers() == []
    for name in ("New project", "Import"):
        visitor.page.get_by_role("button", name=name).first.click()
        visitor.page.get_by_role("dialog").wait_for()
        assert visitor.barriers() == []
        visitor.press("Escape")
    visitor.press("?")
    visitor.page.get_by_role("dialog", name="Keys").wait_for()
    assert visitor.barriers() == []


def test_the_images(visitor, service, filled):
    project = filled(4)
    visitor.sign_in(service.training_key)
    visitor.open(project.id)
    visitor.page.get_by_role("listbox", name="Images").wait_for()
    expect(visitor.cells).to_have_count(4)
    visitor.press("1", "ArrowRight", "Shift+ArrowRight", "2")
    visitor.saved()
    assert visitor.barriers() == []
    visitor.press("t")
    visitor.page.get_by_role("dialog", name="Tag").wait_for()
    assert visitor.barriers() == []
    visitor.press("Escape")
    visitor.open(project.id, search="?search=none")
    visitor.page.get_by_role("heading", name="No image whose file name begins").wait_for()
    assert visitor.barriers() == []


def test_an_empty_project_in_a_narrow_window(visitor, service, project):
    visitor.page.set_viewport_size({"width": 320, "height": 640})
    visitor.sign_in(service.training_key)
    visitor.open(project.id)
    visitor.page.get_by_role("heading", name="Drop your pictures here").wait_for()
    assert visitor.barriers() == []
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 320


def test_suggestions_predictions_tests_cameras_and_settings(visitor, service, training, storage, project):
    iteration = classifier(training, storage, project)
    untagged(training, project, ["apple", "leaf"])
    training.quick_test_image(project.id, picture("sky", 1), iteration_id=str(iteration.id))
    visitor.sign_in(service.training_key)
    for screen, search, role, name in (
        ("images", "?suggested=last", "listbox", "Suggestions"),
        ("predictions", "", "listbox", "Predictions"),
        ("test", "", "heading", "Drop a picture here"),
        ("cameras", "", "heading", "Publish first, and cameras can ask"),
        ("settings", "", "heading", "Settings"),
    ):
        visitor.open(project.id, screen, search)
        visitor.page.get_by_role(role, name=name, exact=True).wait_for()
        if role == "listbox":
            expect(visitor.page.get_by_role(role, name=name).locator("img").first).to_be_visible()
            visitor.page.get_by_role(role, name=name).focus()
            visitor.press("x", "m")
        assert visitor.barriers() == [], screen
        visitor.page.set_viewport_size({"width": 320, "height": 640})
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 320, screen
        visitor.page.set_viewport_size({"width": 1280, "height": 800})
    training.publish_iteration(project.id, str(iteration.id), "live", "prediction")
    visitor.open(project.id, "cameras")
    visitor.page.get_by_role("heading", name="Connect a camera").wait_for()
    assert visitor.barriers() == []
    training.unpublish_iteration(project.id, str(iteration.id))
