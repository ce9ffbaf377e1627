"""Suggestions: leave out what is wrong, accept the rest by one key, take it back by one; boxes as well as tags."""

import re

import msgspec
import pytest
from msgspec.structs import replace
from playwright.sync_api import expect

from shared.models.limits import Limits
from tests.functions.flows import DETECTION
from tests.portal.models import classifier, detector, scene, untagged

FEW = msgspec.to_builtins(replace(Limits(), page_size=4))
KINDS = ["apple", "apple", "leaf", "leaf", "leaf", "sky"]


@pytest.fixture
def fruit(training, storage, project):
    """Six untagged pictures, and an iteration that tells them apart."""
    classifier(training, storage, project)
    untagged(training, project, KINDS)
    return project


def look(portal, project, count, search="?suggested=last"):
    portal.open(project.id, search=search)
    expect(portal.suggestions).to_have_count(count)
    portal.seen()
    portal.page.get_by_role("listbox", name="Suggestions").focus()


def counts(training, project):
    return {tag.name: tag.image_count for tag in training.get_tags(project.id)}


def test_one_key_accepts_what_is_shown_and_one_takes_it_back(portal, training, fruit):
    portal.images(fruit.id, 6)
    portal.press("s")
    expect(portal.suggestions).to_have_count(6)
    expect(portal.suggestions.first).to_have_accessible_name(re.compile(r"suggested: (apple|leaf|sky) \d+ %$"))
    portal.seen()
    portal.press("Enter")
    expect(portal.page.get_by_role("heading", name="Every image has its labels")).to_be_visible()
    portal.saved()
    assert counts(training, fruit) == {"apple": 2, "leaf": 3, "sky": 1}
    portal.press("Control+z")
    expect(portal.suggestions).to_have_count(6)
    portal.saved()
    assert counts(training, fruit) == {"apple": 0, "leaf": 0, "sky": 0}


def test_what_is_left_out_stays_and_gets_another_tag_by_a_digit(portal, training, fruit):
    look(portal, fruit, 6)
    portal.press("x")
    expect(portal.suggestions.first).to_have_accessible_name(re.compile("left out"))
    expect(portal.page.get_by_text("1 left out")).to_be_visible()
    portal.press("Enter")
    expect(portal.suggestions).to_have_count(1)
    expect(portal.page.get_by_role("button", name="Accept 0")).to_be_disabled()
    portal.press("3")
    portal.saved()
    assert sum(counts(training, fruit).values()) == 6
    assert counts(training, fruit)["sky"] >= 1


def test_a_digit_corrects_before_the_rest_is_accepted(portal, training, fruit):
    look(portal, fruit, 6)
    portal.press("3", "Enter")
    portal.saved()
    assert sum(counts(training, fruit).values()) == 6
    assert training.get_untagged_image_count(fruit.id) == 0


def test_one_tag_alone_and_how_sure_it_has_to_be(portal, training, fruit):
    look(portal, fruit, 6)
    portal.page.get_by_role("complementary", name="Tags").get_by_role("button", name=re.compile("^leaf")).click()
    expect(portal.suggestions).to_have_count(3)
    expect(portal.page.get_by_text("taken for leaf")).to_be_visible()
    assert "tag=" in portal.page.url
    portal.seen()
    portal.page.get_by_role("button", name="Accept 3").click()
    portal.saved()
    assert counts(training, fruit) == {"apple": 0, "leaf": 3, "sky": 0}
    portal.button("No longer only leaf").click()
    expect(portal.suggestions).to_have_count(3)


def test_a_threshold_that_nothing_reaches_says_so(portal, training, storage, project):
    classifier(training, storage, project, scale=0.0)
    untagged(training, project, ["apple", "leaf"])
    portal.open(project.id, search="?suggested=last")
    expect(portal.page.get_by_role("heading", name="Nothing is suggested at 80 % or more")).to_be_visible()
    portal.page.get_by_label("at least").fill("0.3")
    expect(portal.suggestions).to_have_count(2)
    expect(portal.page).to_have_url(re.compile("threshold=0.3"))


def test_a_project_that_was_never_trained_says_what_to_do(portal, filled):
    project = filled(2)
    portal.images(project.id, 2)
    portal.button("Suggested").click()
    expect(portal.page.get_by_role("heading", name="Looking at the images")).to_be_visible()
    portal.press("s")
    expect(portal.cells).to_have_count(2)


def test_an_address_with_nonsense_in_it_shows_suggestions_all_the_same(portal, fruit):
    look(portal, fruit, 6, "?suggested=last&threshold=nan&tag=")
    portal.open(fruit.id, search="?suggested=00000000-0000-4000-8000-000000000000")
    expect(portal.page.get_by_role("heading", name="There is no such iteration")).to_be_visible()


def test_boxes_are_suggested_and_accepted(portal, training, storage, request):
    project = training.create_project(request.node.name, domain_id=DETECTION)
    detector(training, storage, project)
    for seed in range(3):
        training.create_images_from_data(project.id, scene(seed))
    look(portal, project, 3, "?suggested=last&threshold=0.5")
    expect(portal.suggestions.first).to_have_accessible_name(re.compile("red .*blue|blue .*red"))
    portal.look("suggested-boxes")
    portal.press("x", "Enter")
    portal.saved()
    expect(portal.suggestions).to_have_count(1)
    images = training.get_tagged_images(project.id)
    assert [sorted(region.tag_name for region in image.regions) for image in images] == [["blue", "red"]] * 2
    portal.press("Control+z")
    expect(portal.suggestions).to_have_count(3)
    portal.saved()
    assert training.get_tagged_image_count(project.id) == 0


def test_all_are_accepted_by_the_service_though_the_page_has_some_of_them(portal, training, storage, project):
    """The page asks for four at a time here."""
    classifier(training, storage, project)
    untagged(training, project, ["apple", "leaf"] * 14)
    page = portal.page
    page.route("**/ocellus/v1/me", lambda route: route.fulfill(json={**route.fetch().json(), "limits": FEW}))
    portal.open(project.id, search="?suggested=last")
    expect(portal.suggestions.first).to_be_visible()
    portal.page.get_by_role("listbox", name="Suggestions").focus()
    portal.press(*["+"] * 8)
    expect(page.get_by_text("looked at")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("button", name="Accept all")).to_be_visible()
    portal.page.get_by_role("listbox", name="Suggestions").focus()
    portal.press("x")
    portal.seen()
    page.get_by_role("button", name="Accept all").click()
    expect(page.get_by_text("All suggestions accepted")).to_be_visible()
    expect(portal.suggestions).to_have_count(1)
    assert training.get_untagged_image_count(project.id) == 1
    portal.press("Control+z")
    expect(page.get_by_text("Undone: All suggestions accepted")).to_be_visible()
    assert training.get_untagged_image_count(project.id) == 28
