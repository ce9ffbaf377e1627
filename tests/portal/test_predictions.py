"""Stored predictions: found by what was said, taken into the training, deleted, and taken back."""

import re

import pytest
from playwright.sync_api import expect

from tests.functions.flows import DETECTION
from tests.pictures import picture
from tests.portal.models import classifier, detector, scene

KINDS = ["apple", "leaf", "leaf", "sky"]


@pytest.fixture
def asked(training, storage, project):
    """An iteration was asked for four pictures, which are kept."""
    iteration = classifier(training, storage, project)
    for seed, kind in enumerate(KINDS):
        training.quick_test_image(project.id, picture(kind, seed), iteration_id=str(iteration.id))
    return project


def listed(portal):
    return portal.page.get_by_role("listbox", name="Predictions").get_by_role("option")


def look(portal, project, count=4, search=""):
    portal.open(project.id, "predictions", search)
    expect(listed(portal)).to_have_count(count)
    portal.page.get_by_role("listbox", name="Predictions").focus()


def tags_of(training, project):
    return sorted(tag.tag_name for image in training.get_images(project.id) for tag in image.tags or [])


def kept(training, project):
    return len(training.query_predictions(project.id, {"order_by": "Newest"}).results)


def test_they_go_into_the_training_as_said(portal, training, asked, eventually):
    look(portal, asked)
    expect(listed(portal).first).to_have_accessible_name(re.compile(r"^(apple|leaf|sky) \d+ %, "))
    portal.press("Control+a", "Enter")
    expect(portal.page.get_by_text("4 pictures into training as said")).to_be_visible()
    expect(portal.page.get_by_role("heading", name="No predictions are kept yet")).to_be_visible()
    eventually(lambda: tags_of(training, asked) == sorted(KINDS))
    assert kept(training, asked) == 0


def test_a_digit_takes_one_with_another_tag_and_undo_brings_it_back(portal, training, asked, eventually):
    look(portal, asked, search="?order=Oldest")
    portal.press("3", "3")
    expect(listed(portal)).to_have_count(2)
    notice = portal.page.get_by_role("status").get_by_text("1 picture into training as sky")
    expect(notice).to_have_count(1)
    portal.press("Control+z")
    expect(listed(portal)).to_have_count(3)
    # What it took back is back: it goes, with its way back.
    expect(portal.page.get_by_role("button", name="Undo")).to_have_count(0)
    portal.press("Shift+ArrowRight")
    expect(listed(portal).and_(portal.page.locator("[aria-selected=true]"))).to_have_count(2)
    portal.press("Escape", "Control+z")
    expect(listed(portal)).to_have_count(4)
    expect(listed(portal).first).to_have_accessible_name(re.compile("^apple"))
    portal.press("End", "Delete")
    expect(listed(portal)).to_have_count(3)
    portal.press("Home", "Control+z")
    expect(portal.page.get_by_role("listbox", name="Predictions")).to_have_attribute("aria-activedescendant", "cell-3")
    portal.press("Home", "3", "Delete")
    expect(listed(portal)).to_have_count(2)
    eventually(lambda: tags_of(training, asked) == ["sky"])
    eventually(lambda: kept(training, asked) == 2)


def test_what_waits_for_an_undo_goes_with_the_page(portal, training, asked, eventually):
    look(portal, asked)
    portal.press("Enter")
    expect(listed(portal)).to_have_count(3)
    portal.page.goto("about:blank")
    eventually(lambda: len(tags_of(training, asked)) == 1)


def test_filters_are_in_the_address(portal, asked):
    look(portal, asked)
    page = portal.page
    page.get_by_label("Tag", exact=True).select_option(label="leaf")
    page.get_by_label("At least").fill("0.6")
    expect(listed(portal)).to_have_count(2)
    expect(page).to_have_url(re.compile("tag=.*low=0.6"))
    page.reload()
    expect(listed(portal)).to_have_count(2)
    page.get_by_label("Application").fill("gate")
    expect(page.get_by_role("heading", name="No prediction is like that")).to_be_visible()
    portal.button("Show all predictions").click()
    expect(listed(portal)).to_have_count(4)


def test_an_address_with_nonsense_in_it_shows_all(portal, asked):
    look(portal, asked, search="?order=Sideways&days=x&low=7&high=-1")
    portal.open(asked.id, "predictions", "?iteration=nonsense")
    expect(portal.page.get_by_role("alert").get_by_role("heading", name="That did not work")).to_be_visible()


def test_one_is_looked_at(portal, asked):
    look(portal, asked)
    portal.press("Space")
    dialog = portal.page.get_by_role("dialog", name=re.compile("^Iteration 1"))
    expect(dialog.get_by_role("img", name="what was predicted")).to_be_visible()
    expect(dialog.get_by_role("listitem")).to_have_count(3)
    portal.press("Escape")
    expect(dialog).to_have_count(0)


def test_a_project_without_any_says_how_they_come(portal, project):
    portal.open(project.id, "predictions")
    expect(portal.page.get_by_role("heading", name="No predictions are kept yet")).to_be_visible()


def test_boxes_go_into_the_training(portal, training, storage, request, eventually):
    project = training.create_project(request.node.name, domain_id=DETECTION)
    iteration = detector(training, storage, project)
    for seed in range(2):
        training.quick_test_image(project.id, scene(seed), iteration_id=str(iteration.id))
    look(portal, project, 2)
    portal.press("Enter", "0")
    eventually(lambda: len(training.get_images(project.id)) == 2, 30)
    images = training.get_images(project.id)
    assert sorted(len(image.regions or []) for image in images) == [0, 2]
    assert [image.metadata for image in images if not image.regions] == [{"background": "true"}]
