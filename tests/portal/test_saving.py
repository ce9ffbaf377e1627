"""No label is lost: the service goes away, the tab is loaded again, two people label at once, a change is refused."""

import re

import pytest
from azure.cognitiveservices.vision.customvision.training.models import ImageTagCreateEntry
from playwright.sync_api import expect

from tests.portal.conftest import upload_untagged
from tests.portal.models import tags_of
from tests.portal.people import Portal, watched


def test_labels_wait_while_the_service_is_away(portal, training, filled, service):
    project = filled(4)
    portal.images(project.id, 4)
    service.kill_host()
    try:
        portal.press("1", "2", "1", "2")
        expect(portal.page.locator("[data-state=away]")).to_have_text("4 waiting")
    finally:
        service.start_host()
    portal.saved()
    assert tags_of(training, project.id) == [["apple"], ["leaf"], ["apple"], ["leaf"]]
    assert sum(tag.image_count for tag in training.get_tags(project.id)) == 4


def test_a_service_that_hangs_is_said_to_be_away(portal, training, filled):
    """Without an answer and without an error."""
    project = filled(1)
    portal.page.clock.install()
    portal.images(project.id, 1)
    held = []
    portal.page.route(re.compile("images/tags|/me$"), lambda route: held.append(route))
    with portal.page.expect_request(re.compile("images/tags")):
        portal.press("1")
    portal.page.clock.fast_forward(7_000)
    expect(portal.page.locator("[data-state=away]")).to_have_text("1 waiting")
    expect(portal.page.get_by_text("The service does not answer.")).to_be_visible()
    [call] = [route for route in held if "/images/tags" in route.request.url]
    call.continue_()
    portal.page.unroute_all()
    portal.saved()
    assert tags_of(training, project.id) == [["apple"]]


def test_labels_outlive_a_reload(portal, training, filled):
    project = filled(3)
    portal.images(project.id, 3)
    portal.page.route(re.compile("images/tags"), lambda route: route.abort())
    portal.press("1", "2")
    expect(portal.page.locator("[data-state=away]")).to_be_visible()
    portal.page.on("dialog", lambda dialog: dialog.accept())
    portal.page.reload()
    expect(portal.cell(1)).to_have_accessible_name("image, apple")
    counted(portal)
    assert tags_of(training, project.id) == [[], [], []]
    portal.page.unroute_all()
    portal.saved()
    counted(portal)
    assert tags_of(training, project.id) == [["apple"], ["leaf"], []]


def test_a_label_waits_until_nothing_more_comes_of_a_call_that_was_lost(portal, training, filled, eventually):
    project = filled(1)
    [image] = training.get_images(project.id)
    apple = next(tag for tag in training.get_tags(project.id) if tag.name == "apple")
    portal.images(project.id, 1)
    portal.page.route(re.compile("images/tags"), lambda route: route.abort())
    portal.press("1")
    expect(portal.page.locator("[data-state=away]")).to_be_visible()
    portal.page.on("dialog", lambda dialog: dialog.accept())
    portal.page.reload()
    expect(portal.cell(1)).to_have_accessible_name("image, apple")
    portal.grid.focus()
    portal.press("1")
    expect(portal.cell(1)).to_have_accessible_name("image, untagged")
    portal.page.unroute_all()
    eventually(lambda: tags_of(training, project.id) == [["apple"]])
    # What was lost on its way arrives after all.
    training.create_image_tags(project.id, tags=[ImageTagCreateEntry(image_id=image.id, tag_id=apple.id)])
    portal.saved()
    assert tags_of(training, project.id) == [[]]


def counted(portal):
    """One apple, one leaf, and one that is neither."""
    for name in ("All 3", "Tagged 2", "Untagged 1", "apple 1", "leaf 1"):
        expect(portal.button(name)).to_be_visible()


def test_too_many_calls_are_sent_again(portal, training, filled):
    project = filled(2)
    portal.images(project.id, 2)
    refusals = iter([429, 503])

    def refuse(route):
        status = next(refusals, None)
        body = '{"error": {"code": "429", "message": "Too many."}}'
        route.fulfill(status=status, body=body, headers={"Retry-After": "0"}) if status else route.fallback()

    portal.page.route(re.compile("images/tags"), refuse)
    portal.press("1", "2")
    portal.saved()
    assert tags_of(training, project.id) == [["apple"], ["leaf"]]


def test_what_is_refused_is_taken_back_and_the_rest_is_done(portal, training, filled):
    project = filled(3)
    portal.images(project.id, 3)
    gone = training.get_images(project.id, order_by="Newest")[1]
    training.delete_images(project.id, image_ids=[gone.id])
    portal.press("1", "1", "1")
    expect(portal.page.get_by_role("alert").get_by_text(gone.id)).to_be_visible()
    portal.saved()
    expect(portal.cell(2)).to_have_accessible_name("image, untagged")
    assert tags_of(training, project.id) == [["apple"], ["apple"]]


@pytest.mark.parametrize(("kind", "kept"), [("Multilabel", ["apple", "leaf"]), ("Multiclass", ["leaf"])])
def test_two_people_on_one_image_end_with_what_both_did_or_the_last_did(portal, context, training, service, kind, kept):
    project = training.create_project(f"two people {kind}", classification_type=kind)
    for name in ("apple", "leaf"):
        training.create_tag(project.id, name)
    upload_untagged(training, project.id, 1)
    page = context.new_page()
    with watched(page):
        other = Portal(page, service.endpoint)
        other.sign_in(service.training_key)
        other.images(project.id, 1)
        portal.images(project.id, 1)
        other.press("1")
        if kind == "Multiclass":
            other.saved()
        portal.press("2")
        other.saved()
        portal.saved()
    assert tags_of(training, project.id) == [kept]
