"""One image: a digit and on to the next, suggestions, undo over images, and what is told where it can't be shown."""

import re
from uuid import UUID, uuid4

import pytest
from azure.cognitiveservices.vision.customvision.training.models import ImageFileCreateBatch, ImageFileCreateEntry
from msgspec.structs import replace
from playwright.sync_api import expect

from shared.models.training.model_spec import ModelTag
from tests.pictures import picture
from tests.prediction.graphs import make_graph, make_spec
from tests.prediction.trained import put_trained


def tags_of(training, project_id):
    images = training.get_images(project_id, order_by="Newest", take=256)
    return [sorted(tag.tag_name for tag in image.tags or []) for image in images]


def put_classifier(store, training, project_id):
    """An iteration that takes every picture for an apple, and much less for a leaf."""
    spec = make_spec(UUID(project_id), uuid4(), ["apple", "leaf"])
    ids = {tag.name: UUID(tag.id) for tag in training.get_tags(project_id)}
    put_trained(store, replace(spec, tags=[ModelTag(ids[tag.name], tag.name) for tag in spec.tags]), make_graph(2))


@pytest.fixture
def opened(portal, filled):
    """The first of four untagged pictures of a multiclass project, from the grid."""
    project = filled(4)
    portal.images(project.id, 4)
    portal.press("Space")
    expect(portal.page.get_by_text("1 of 4", exact=True)).to_be_visible()
    return project


def test_a_digit_tags_the_picture_and_goes_to_the_next(portal, training, opened):
    portal.press("1")
    expect(portal.page.get_by_text("2 of 4", exact=True)).to_be_visible()
    portal.press("2", "Space", "1")
    portal.saved()
    assert tags_of(training, opened.id) == [["apple"], ["leaf"], [], ["apple"]]
    expect(portal.page.get_by_text("That was the last image.")).to_be_visible()
    portal.press("ArrowLeft", "ArrowLeft", "ArrowLeft")
    expect(portal.page.get_by_text("1 of 4", exact=True)).to_be_visible()
    expect(portal.page.get_by_role("region", name="Tags").get_by_role("button", name="apple")).to_have_attribute(
        "aria-pressed", "true"
    )
    portal.press("1")
    portal.saved()
    assert tags_of(training, opened.id)[0] == []


def test_without_an_iteration_it_says_what_is_missing_and_the_way_back_leads_to_the_same_place(portal, opened):
    expect(portal.page.get_by_text("Label images of two tags, and tags are suggested here.")).to_be_visible()
    portal.press("Space", "Space", "Escape")
    expect(portal.grid).to_have_attribute("aria-activedescendant", "cell-2")
    portal.press("Space")
    expect(portal.page.get_by_text("3 of 4", exact=True)).to_be_visible()
    portal.page.go_back()
    expect(portal.grid).to_be_visible()


def test_nothing_here_and_tags_by_name(portal, training, opened):
    """The negative tag is made where it is first asked for, here after a tag that was asked for later is given."""

    def late(route):
        expect(portal.page.get_by_text("3 of 4", exact=True)).to_be_visible()
        route.continue_()

    portal.page.route(re.compile("/tags.*type=Negative"), late)
    portal.press("0")
    expect(portal.page.get_by_text("2 of 4", exact=True)).to_be_visible()
    portal.press("t")
    portal.page.get_by_role("combobox", name="Name of the tag").fill("pear")
    portal.press("Enter")
    expect(portal.page.get_by_text("3 of 4", exact=True)).to_be_visible()
    expect(portal.page.get_by_text("Negative")).to_be_visible()
    portal.press("r")
    portal.saved()
    assert tags_of(training, opened.id) == [["Negative"], ["pear"], ["pear"], []]


def test_undo_goes_over_images_without_leaving_the_one_that_is_shown(portal, training, opened):
    portal.press("1", "2")
    expect(portal.page.get_by_text("3 of 4", exact=True)).to_be_visible()
    portal.press("Control+z", "Control+z")
    expect(portal.page.get_by_role("status").locator("img").first).to_be_visible()
    expect(portal.page.get_by_text("3 of 4", exact=True)).to_be_visible()
    portal.press("Control+Shift+z")
    portal.saved()
    assert tags_of(training, opened.id) == [["apple"], [], [], []]


def test_a_deleted_picture_gives_way_to_the_next(portal, training, opened):
    portal.press("Delete")
    expect(portal.page.get_by_text("1 of 3", exact=True)).to_be_visible()
    portal.saved()
    assert training.get_image_count(opened.id) == 3


def test_the_surest_suggestion_is_accepted_or_left_out(portal, training, storage, filled):
    project = filled(3)
    put_classifier(storage, training, project.id)
    portal.images(project.id, 3)
    portal.press("Space")
    suggested = portal.page.get_by_role("region", name="Suggested tags")
    expect(suggested.get_by_role("button", name=re.compile("^apple"))).to_be_visible()
    portal.seen("Image")
    portal.press("Enter")
    expect(portal.page.get_by_text("2 of 3", exact=True)).to_be_visible()
    expect(suggested.get_by_role("button", name=re.compile("^apple"))).to_be_visible()
    portal.press("x")
    expect(suggested.get_by_role("button", name="Take apple back in")).to_be_visible()
    portal.seen("Image")
    portal.press("Enter")
    expect(portal.page.get_by_text("3 of 3", exact=True)).to_be_visible()
    suggested.get_by_role("button", name=re.compile("^leaf")).click()
    portal.saved()
    assert tags_of(training, project.id) == [["apple"], ["leaf"], ["leaf"]]
    expect(suggested).to_be_hidden()


def test_a_link_leads_to_an_image_and_finds_its_place(portal, training, project):
    entries = [ImageFileCreateEntry(name=f"{n}.jpg", contents=picture("sky", n, (40, 30))) for n in range(40)]
    for some in (entries[:20], entries[20:]):
        training.create_images_from_files(project.id, ImageFileCreateBatch(images=some))
    image = training.get_images(project.id, order_by="Newest", take=40)[33]
    portal.open(project.id, f"image/{image.id}")
    expect(portal.page.get_by_text("34 of 40", exact=True)).to_be_visible()
    portal.press("ArrowRight")
    expect(portal.page.get_by_text("35 of 40", exact=True)).to_be_visible()


def test_an_image_that_is_not_there_is_told_of(portal, filled):
    project = filled(1)
    portal.open(project.id, f"image/{uuid4()}")
    expect(portal.page.get_by_role("alert").filter(has_text="There is no image")).to_be_visible()
    portal.open(project.id, "image/none")
    expect(portal.page.get_by_role("alert").filter(has_text="That did not work")).to_be_visible()


def test_it_zooms_is_pulled_and_is_loaded_again_where_it_could_not_be(portal, opened):
    stage = portal.page.get_by_role("group", name="Picture")
    photo = stage.locator("img")
    before = photo.bounding_box()
    at = (before["x"] + before["width"] * 0.25, before["y"] + before["height"] * 0.25)
    portal.page.mouse.move(*at)
    portal.page.mouse.wheel(0, -600)
    expect(portal.page.get_by_role("button", name="Fit the picture, now 246 %")).to_be_visible()
    after = photo.bounding_box()
    # What was under the pointer still is.
    assert after["x"] + after["width"] * 0.25 == pytest.approx(at[0], abs=1)
    assert after["y"] + after["height"] * 0.25 == pytest.approx(at[1], abs=1)
    expect(photo).to_have_attribute("src", training_original(photo))
    portal.page.mouse.down()
    portal.page.mouse.move(at[0] + 40, at[1] + 30, steps=3)
    portal.page.mouse.up()
    assert photo.bounding_box()["x"] == pytest.approx(after["x"] + 40, abs=1)
    portal.press("f")
    assert photo.bounding_box() == before
    portal.press("+")
    expect(portal.page.get_by_role("button", name="Fit the picture, now 125 %")).to_be_visible()
    portal.press("ArrowRight")
    expect(portal.page.get_by_role("button", name="Fit the picture, now 100 %")).to_be_visible()
    portal.page.route("**/resized*", lambda route: route.abort())
    portal.page.reload()
    portal.page.get_by_text("This picture can't be loaded.").wait_for()
    portal.page.unroute("**/resized*")
    portal.button("Load it again").click()
    expect(portal.page.get_by_role("group", name="Picture").locator("img")).to_be_visible()


def training_original(photo):
    """From twice its size on, a picture is the original."""
    address = photo.get_attribute("src")
    assert "original" in address
    return address


def test_nothing_keeps_anybody_out(portal, opened):
    portal.press("1")
    portal.page.get_by_text("Details").click()
    assert portal.barriers("image") == []
