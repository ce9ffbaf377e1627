"""All projects: made, found, deleted; and brought in from elsewhere."""

import re
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.functions.flows import DETECTION, upload
from tests.portal.conftest import window
from tests.portal.people import Portal, watched


@pytest.fixture
def portal(portal):
    portal.home()
    return portal


@pytest.fixture
def name():
    """Of a project that a test makes."""
    return f"made {uuid4()}"


def made(training, name):
    return next(project for project in training.get_projects() if project.name == name)


@pytest.mark.parametrize(
    ("kind", "classification", "detector"),
    [("What is it?", "Multiclass", False), ("What is in it?", "Multilabel", False), ("Where is it?", None, True)],
)
def test_a_project_is_made_in_plain_words(portal, training, name, kind, classification, detector):
    portal.page.get_by_role("button", name="New project").first.click()
    dialog = portal.page.get_by_role("dialog", name="New project")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label(kind).check()
    dialog.get_by_role("button", name="Create").click()
    expect(portal.page.get_by_role("heading", name="Drop your pictures here")).to_be_visible()
    project = made(training, name)
    assert portal.page.url.endswith(f"/projects/{project.id}/images")
    assert project.settings.classification_type == classification
    assert (project.settings.domain_id == DETECTION) is detector


def test_a_new_project_takes_another_domain(portal, training, name):
    portal.page.get_by_role("button", name="New project").first.click()
    dialog = portal.page.get_by_role("dialog", name="New project")
    dialog.get_by_label("Name").fill(name)
    expect(dialog.get_by_text(re.compile(r"For pictures of anything\. .* can be exported\."))).to_be_visible()
    dialog.get_by_label("Domain").select_option("General (compact) [S1]")
    dialog.get_by_role("button", name="Create").click()
    expect(portal.page.get_by_role("heading", name="Drop your pictures here")).to_be_visible()
    assert training.get_domain(made(training, name).settings.domain_id).name == "General (compact) [S1]"


def test_a_project_is_found_by_some_letters_and_shows_what_it_has(portal, filled):
    project = filled(2)
    portal.page.reload()
    portal.page.get_by_role("searchbox", name="Search projects").fill(project.name[:40].upper())
    tile = portal.page.get_by_role("listitem").filter(has_text=project.name)
    expect(tile).to_contain_text("One tag an image")
    expect(tile).to_contain_text("2 images · 2 tags")
    expect(tile.locator("img")).to_be_visible()
    tile.get_by_role("link").click()
    expect(portal.cells).to_have_count(2)


def test_a_project_is_deleted_by_its_name(portal, training, name):
    project = training.create_project(name)
    portal.page.reload()
    tile = portal.page.get_by_role("listitem").filter(has_text=name)
    tile.hover()
    tile.get_by_role("button", name=f"More of {name}").click()
    portal.page.get_by_role("menuitem", name="Delete").click()
    dialog = portal.page.get_by_role("dialog", name=f"Delete {name}?")
    delete = dialog.get_by_role("button", name="Delete it")
    expect(delete).to_be_disabled()
    dialog.get_by_label("Type its name").fill(name)
    delete.click()
    expect(tile).to_have_count(0)
    assert project.id not in [each.id for each in training.get_projects()]


def test_a_project_is_brought_in_by_its_token(portal, training, filled, name):
    project = filled(2)
    token = training.export_project(project.id).token
    portal.button("Import").click()
    dialog = portal.page.get_by_role("dialog", name="Import a project")
    dialog.get_by_label("Token").fill("no token")
    dialog.get_by_role("button", name="Import").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_label("Token").fill(token)
    dialog.get_by_label(re.compile("^Name")).fill(name)
    dialog.get_by_role("button", name="Import").click()
    tile = portal.page.get_by_role("listitem").filter(has_text=name)
    expect(tile).to_be_visible()
    expect(tile.get_by_text("Importing")).to_have_count(0, timeout=30_000)
    tile.get_by_role("link").click()
    expect(portal.cells).to_have_count(2)


def test_a_project_that_was_deleted_elsewhere_says_so_wherever_one_is_and_what_was_not_saved(portal, training, name):
    portal.open(str(uuid4()))
    expect(portal.page.get_by_role("heading", name="There is no such project")).to_be_visible()
    expect(portal.page.get_by_role("link", name="All projects", exact=True)).to_be_focused()
    deleted = training.create_project(name)
    upload(training, deleted.id, "apple", range(2))
    portal.images(deleted.id, 2)
    gone = portal.page.get_by_role("alert").get_by_role("heading", name=f"{name} was deleted")
    training.delete_project(deleted.id)
    portal.press("1", "1")
    expect(gone).to_be_visible()
    expect(
        portal.page.get_by_role("alert").get_by_text("2 changes not saved, as the project was deleted")
    ).to_be_visible()
    expect(portal.page.get_by_text("Saved", exact=True)).to_have_count(0)
    portal.press(".", "2")
    expect(gone).to_be_visible()
    portal.page.get_by_role("link", name="All projects", exact=True).click()
    expect(portal.page.get_by_role("heading", name="Projects")).to_be_visible()
    expect(portal.page.get_by_role("alert").get_by_text("not saved")).to_have_count(0)


def test_a_screen_that_nobody_touches_finds_out_that_its_project_was_deleted(browser, service, training, name):
    deleted = training.create_project(name)
    upload(training, deleted.id, "apple", range(1))
    # A clock that was installed stays in its window.
    with window(browser) as context, watched(page := context.new_page()):
        page.clock.install()
        portal = Portal(page, service.endpoint)
        portal.resume(service.training_key)
        portal.open(deleted.id, "train")
        expect(page.get_by_role("heading", name="Train a model")).to_be_visible()
        training.delete_project(deleted.id)
        page.clock.fast_forward("00:11")
        expect(page.get_by_role("heading", name=f"{name} was deleted")).to_be_visible()
        expect(page.locator("[data-state]")).to_have_count(0)
