"""Data sets as zips through the settings: in with their tags, out in a format, and refusals by name."""

import json
from io import BytesIO
from urllib.request import urlopen
from zipfile import ZipFile

import pytest
from playwright.sync_api import expect

from shared.formats.catalogue import FORMATS, Carries
from tests.functions.flows import DETECTION
from tests.pictures import picture
from tests.portal.models import classifier

FILES = {f"train/{tag}/{tag} {seed}.jpg": picture(tag, seed, (64, 48)) for tag in ("apple", "leaf") for seed in (1, 2)}
RUNNING = {"operation": "import_dataset", "status": "Running", "total": 4, "done": 1, "message": None}


def zipped(files):
    buffer = BytesIO()
    with ZipFile(buffer, "w") as package:
        for name, data in files.items():
            package.writestr(name, data)
    return buffer.getvalue()


@pytest.fixture
def card(portal):
    return portal.page.get_by_role("region", name="Data sets")


@pytest.fixture
def bring(portal, card):
    """Choose a zip in the dialog, and import it."""

    def choose(name, package, *choices):
        card.get_by_role("button", name="Import a data set …").click()
        dialog = portal.page.get_by_role("dialog", name="Import a data set")
        expect(dialog.get_by_role("button", name="Import", exact=True)).to_be_disabled()
        expect(dialog.get_by_label("Zip")).to_be_focused()
        dialog.get_by_label("Zip").set_input_files([{"name": name, "mimeType": "application/zip", "buffer": package}])
        for choice in choices:
            dialog.get_by_label(choice).check()
        dialog.get_by_role("button", name="Import", exact=True).press("Enter")
        expect(dialog).to_have_count(0)

    return choose


def test_a_data_set_comes_in_and_goes_out(portal, training, storage, project, card, bring):
    portal.open(project.id, "settings")
    bring("shop.zip", zipped(FILES | {"train/apple/broken.jpg": b"no picture"}))
    expect(card.get_by_text("5 pictures, read as Folders, one a tag: 4 new, 0 there already")).to_be_visible()
    expect(card.get_by_role("listitem")).to_have_text(["train/apple/broken.jpg is no whole JPEG, PNG, BMP or GIF"])
    expect(portal.page.get_by_text("4 of 100,000 images")).to_be_visible()
    images = training.get_images(project.id)
    assert {image.metadata["filename"] for image in images} == {name.rpartition("/")[2] for name in FILES}
    assert {image.metadata["split"] for image in images} == {"train"}
    classifier(training, storage, project)
    portal.open(project.id, "settings")
    portal.button("Export the data …").click()
    portal.page.get_by_label("Format").select_option(label="JSON lines")
    portal.page.get_by_label("Predictions").select_option(label="of Iteration 1")
    assert portal.barriers("export of a data set") == []
    portal.page.get_by_role("button", name="Export", exact=True).press("Enter")
    expect(card.get_by_text("4 pictures as JSON lines")).to_be_visible()
    assert portal.barriers("data sets") == []
    portal.page.reload()
    expect(card.get_by_text("4 pictures as JSON lines")).to_be_visible()
    bring("shop.zip", zipped(FILES))
    expect(card.get_by_text("0 new, 4 there already")).to_be_visible()
    with urlopen(card.get_by_role("link", name="Download the zip").get_attribute("href")) as answer:
        package = ZipFile(BytesIO(answer.read()))
    assert package.read("predictions.csv").startswith(b"image,tags,predicted,probability")
    listed = [json.loads(line) for line in package.read("labels.jsonl").splitlines()]
    assert sorted(row["tags"] for row in listed) == [["apple"]] * 2 + [["leaf"]] * 2


def test_what_is_no_data_set_is_refused_by_name_and_may_come_again(portal, training, project, card, bring):
    portal.open(project.id, "settings")
    bring("notes.zip", b"no zip")
    expect(card.get_by_role("alert")).to_contain_text("notes.zip: The data set can't be taken: it is no zip")
    bring("empty.zip", zipped({"notes.txt": b""}))
    expect(card.get_by_role("alert")).to_contain_text("empty.zip: No format is known that it is in.")
    bring("shop.zip", zipped(FILES))
    expect(card.get_by_text("4 new")).to_be_visible()
    expect(card.get_by_role("alert")).to_have_count(0)


def test_tags_are_no_data_set_for_boxes_unless_they_may_be_lost(portal, training, card, bring):
    project = training.create_project("tags for boxes", domain_id=DETECTION)
    portal.open(project.id, "settings")
    bring("shop.zip", zipped(FILES))
    expect(card.get_by_role("alert")).to_contain_text("or choose that its pictures come untagged")
    bring("shop.zip", zipped(FILES), "Pictures of a set that has tags alone come untagged")
    expect(card.get_by_text("4 new")).to_be_visible()
    assert training.get_tags(project.id) == []


def test_one_that_is_under_way_is_shown_again_after_a_reload(portal, project, card, bring):
    portal.open(project.id, "settings")
    # The service takes its time.
    held = []
    portal.page.route("**/datasets/*", lambda route: held.append(route))
    bring("shop.zip", zipped(FILES))
    expect(card.get_by_role("status")).to_contain_text("shop.zip: It is being read")
    expect(portal.button("Export the data …")).to_be_disabled()
    portal.page.unroute("**/datasets/*")
    portal.page.reload()
    expect(card.get_by_text("4 new")).to_be_visible()


def test_one_that_is_under_way_is_stopped(portal, project, card, bring):
    portal.open(project.id, "settings")
    # It goes on until it is stopped, as far as the page can see.
    portal.page.route("**/datasets/*", lambda route: route.fulfill(json=RUNNING))
    bring("shop.zip", zipped(FILES))
    card.get_by_text("1 of 4 pictures").wait_for()
    assert portal.barriers("data set under way") == []
    with portal.page.expect_response("**/stop"):
        card.get_by_role("button", name="Stop").click()
    portal.page.unroute("**/datasets/*")
    expect(card.get_by_role("button", name="Stop")).to_have_count(0)


@pytest.mark.parametrize(
    ("domain", "carries"), [(None, Carries.TAGS), (DETECTION, Carries.BOXES)], ids=["tags", "boxes"]
)
def test_the_formats_are_those_that_have_what_the_project_has(portal, training, card, domain, carries):
    project = training.create_project(f"formats {carries.name}", domain_id=domain)
    portal.open(project.id, "settings")
    card.get_by_role("button", name="Export the data …").click()
    offered = [option.get_attribute("value") for option in portal.page.get_by_label("Format").locator("option").all()]
    assert sorted(offered) == sorted(each.name for each in FORMATS.values() if carries in each.carries)
    portal.press("Escape")
    expect(portal.page.get_by_role("dialog")).to_have_count(0)
    training.delete_project(project.id)
