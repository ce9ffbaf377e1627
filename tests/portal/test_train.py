"""Training: what keeps a project from it, how it goes on, and the way from labels to a published name by keys alone."""

import json
import re
from urllib.request import Request, urlopen
from uuid import UUID

import pytest
from playwright.sync_api import expect

from shared.models.training.iterations import IterationStatus
from shared.operations.training import ending
from shared.operations.training.iterations import get_iteration
from shared.packages import platforms
from tests.functions.flows import DETECTION, upload
from tests.functions.ocellus.judging import put_judged
from tests.pictures import picture
from tests.portal.people import TRAINED_MS

COMPACT = "0732100f-1a38-4e49-a514-c9b44c697ab5"


@pytest.fixture
def few(training, project):
    """Two tags with enough images, one that lacks two, and an image without a tag."""
    for kind, count in (("apple", 6), ("leaf", 5), ("sky", 3)):
        upload(training, project.id, kind, range(count))
    training.create_images_from_data(project.id, picture("apple", 99))
    return project


def begin(portal):
    return portal.page.get_by_role("button", name=re.compile("^Train( anyway)? Enter$"))


def test_a_project_without_images_says_where_to_begin(portal, project):
    portal.open(project.id, "train")
    expect(portal.page.get_by_role("heading", name="There is nothing to train on yet")).to_be_visible()
    portal.page.get_by_role("link", name="Add images").click()
    expect(portal.page.get_by_role("heading", name="Drop your pictures here")).to_be_visible()


def test_what_keeps_a_project_from_training_is_said_tag_by_tag(portal, training, few):
    portal.open(few.id, "train")
    row = portal.page.get_by_role("row").filter(has_text="sky")
    expect(row).to_contain_text("2 more needed")
    bar = portal.page.get_by_role("row").filter(has_text="apple").locator(".amount")
    expect(bar).to_have_attribute("title", "6 of 50; a training needs 5")
    filled, whole = bar.evaluate("bar => [parseFloat(getComputedStyle(bar, '::before').width), bar.offsetWidth]")
    assert filled / whole == pytest.approx(6 / 50, abs=0.02)
    portal.page.set_viewport_size({"width": 360, "height": 800})
    name = row.get_by_role("link", name="sky")
    assert name.bounding_box()["height"] < 24
    portal.page.set_viewport_size({"width": 1280, "height": 800})
    expect(portal.page.get_by_text("sky needs 2 more. Label more, or leave out what has too few.")).to_be_visible()
    expect(begin(portal)).to_be_disabled()
    portal.press("Enter")
    expect(portal.page.get_by_text("1 image is untagged, and nothing is learnt from it.")).to_be_visible()
    row.get_by_role("link", name="Show untagged").click()
    expect(portal.page).to_have_url(re.compile(r"/images\?status=Untagged$"))
    expect(portal.cells).to_have_count(1)
    for name in ("kiwi", "pear", "plum"):
        training.create_tag(few.id, name)
    portal.open(few.id, "train")
    expect(portal.page.get_by_text("and 1 more tag. Label more, or leave out what has too few.")).to_be_visible()
    expect(portal.page.get_by_text("6 tags", exact=True)).to_be_visible()
    portal.button("Leave out all 4").click()
    expect(portal.page.get_by_text("2 of 6 tags")).to_be_visible()
    expect(begin(portal)).to_be_enabled()
    portal.press("Enter")
    expect(portal.page.get_by_text("6 tags", exact=True)).to_be_visible()
    expect(portal.button("Leave out all 4")).to_be_focused()


def test_a_tag_with_too_few_images_can_be_left_out(portal, training, few):
    portal.open(few.id, "train")
    portal.button("Leave out").click()
    expect(portal.page.get_by_role("checkbox", name="Train sky")).to_be_focused()
    expect(portal.page.get_by_text("2 of 3 tags")).to_be_visible()
    with portal.page.expect_request(re.compile("/train")) as asked:
        begin(portal).click()
    ids = {tag.id for tag in training.get_tags(few.id) if tag.name != "sky"}
    assert set(asked.value.post_data_json["selectedTags"]) == ids
    expect(portal.page.get_by_role("status").get_by_text("Iteration 1 is trained.")).to_be_visible(timeout=TRAINED_MS)
    expect(begin(portal)).to_be_focused()


def test_what_is_in_training_is_shown_and_can_be_cancelled(portal, training, storage, few):
    id = put_judged(storage, UUID(few.id), [], [], status=IterationStatus.TRAINING)
    portal.open(few.id, "train")
    going = portal.page.get_by_role("region", name=re.compile("is in training$"))
    expect(going.get_by_role("progressbar", name="Progress")).to_be_visible()
    expect(portal.page.get_by_text("is in training. Wait until it has ended, or cancel it.")).to_be_visible()
    expect(begin(portal)).to_be_disabled()

    def fail_first(route):
        """As the service does, only slower: the page reads the iteration before it is gone."""
        ending.fail(storage, get_iteration(storage, UUID(few.id), id), "The training was cancelled.")
        with portal.page.expect_response(re.compile("/iterations$")) as listed:
            pass
        assert [each["status"] for each in listed.value.json()] == ["Failed"]
        expect(going).to_be_visible()
        route.continue_()

    portal.page.route(re.compile(f"/iterations/{id}$"), fail_first)
    going.get_by_role("button", name="Cancel").click()
    portal.button("Cancel the training").click()
    expect(going).to_have_count(0)
    expect(portal.page.get_by_text("is cancelled.")).to_be_visible()
    expect(begin(portal)).to_be_focused()
    expect(portal.page.get_by_text("was not trained")).to_have_count(0)
    assert training.get_iterations(few.id) == []


def test_tags_of_one_kind_alone_are_not_enough(portal, training, project):
    upload(training, project.id, "apple", range(5))
    portal.open(project.id, "train")
    expect(portal.page.get_by_text("A classifier tells at least two tags apart.")).to_be_visible()
    portal.page.get_by_role("radio", name="Advanced").check()
    expect(portal.page.get_by_role("spinbutton", name="Hours")).to_have_value("1")


def test_what_the_service_refuses_is_said_where_it_was_asked_for(portal, training, few):
    portal.open(few.id, "train")
    portal.button("Leave out").click()
    expect(begin(portal)).to_be_enabled()
    apple = next(tag for tag in training.get_tags(few.id) if tag.name == "apple")
    training.delete_images(few.id, image_ids=[image.id for image in training.get_images(few.id, tag_ids=[apple.id])])
    begin(portal).click()
    expect(portal.page.get_by_role("alert").first).to_contain_text("apple has fewer than 5. Tag more images")
    expect(begin(portal)).to_be_enabled()


def test_a_detector_is_given_hours(portal, training):
    project = training.create_project("hours", domain_id=DETECTION)
    training.create_tag(project.id, "fork")
    training.create_images_from_data(project.id, picture("apple", 1))
    portal.open(project.id, "train")
    expect(portal.page.get_by_text("15 images needed")).to_be_visible()
    portal.page.get_by_role("radio", name="Advanced").check()
    hours = portal.page.get_by_role("spinbutton", name="Hours")
    expect(hours).to_have_value("1")
    expect(hours).to_have_attribute("max", "24")


def test_from_labels_to_a_name_that_answers_in_seven_keys(portal, counted, training, service, tmp_path):
    """And on to a package to download, and to a second training that nothing has changed for."""
    project = training.create_project("seven keys", classification_type="Multiclass", domain_id=COMPACT)
    for kind in ("apple", "leaf"):
        upload(training, project.id, kind, range(6))
    portal.open(project.id)
    expect(portal.cells.first).to_be_visible()
    with counted(7):
        portal.press(".", "2")
        expect(begin(portal)).to_be_focused()
        portal.press("Enter")
        expect(portal.page.get_by_role("status").get_by_text("Iteration 1 is trained.")).to_be_visible(
            timeout=TRAINED_MS
        )
        portal.press(".", "3")
        expect(portal.page.get_by_role("heading", name="Iteration 1")).to_be_visible()
        portal.press("p")
        expect(portal.page.get_by_role("textbox", name="Name")).to_have_value("live")
        portal.press("Enter")
        address = portal.page.get_by_role("textbox", name="Address for a picture in the request")
        expect(address).to_contain_text(f"/Prediction/{project.id}/classify/iterations/live/image")
    assert training.get_iterations(project.id)[0].publish_name == "live"
    headers = {"Prediction-Key": service.prediction_key, "Content-Type": "application/octet-stream"}
    with urlopen(Request(address.inner_text().strip(), picture("apple", 77), headers)) as answer:
        assert json.load(answer)["predictions"]
    portal.press("Escape")
    exported(portal, tmp_path)
    portal.press(".", "2")
    expect(portal.page.get_by_role("heading", name="Iteration 1 is trained")).to_be_visible()
    expect(portal.page.get_by_text("On images that it did not learn from: precision")).to_be_visible()
    expect(portal.page.get_by_role("link", name="How good it is . 3")).to_have_class("button primary")
    portal.press("Enter")
    expect(portal.page.get_by_role("alert").first).to_contain_text("Nothing has changed since the last training.")
    expect(portal.page.get_by_role("button", name=re.compile("^Train anyway"))).to_be_enabled()


def exported(portal, folder):
    """The package of what is shown, once it is packed, among all that there are."""
    portal.button("Export").click()
    dialog = portal.page.get_by_role("dialog", name="Export Iteration 1")
    offered = [(platform, flavor) for platform, flavors in platforms.offered().items() for flavor in flavors]
    # One of them is but another name of what has none.
    expect(dialog.get_by_role("listitem")).to_have_count(len(offered) - 1)
    for place in ("Phone and small device", "Browser", "Container", "Program"):
        expect(dialog.get_by_role("region", name=place).get_by_role("listitem").first).to_be_visible()
    expect(dialog.get_by_role("region", name="Other")).to_have_count(0)
    item = dialog.get_by_role("region", name="Program").get_by_role("listitem", name="Any language", exact=True)
    item.get_by_role("button", name="Export").click()
    ready = dialog.get_by_role("link", name="Download")
    expect(ready).to_be_visible(timeout=60_000)
    with portal.page.expect_download() as download:
        ready.click()
    download.value.save_as(folder / "package.zip")
    assert (folder / "package.zip").stat().st_size > 100_000
    portal.press("Escape")
