"""The images of a project: tags by digits, choosing, bulk work, undo, filters, search."""

import re
from uuid import UUID, uuid4

import pytest
from azure.cognitiveservices.vision.customvision.training.models import ImageFileCreateBatch, ImageFileCreateEntry
from playwright.sync_api import Route, expect

from tests.pictures import picture
from tests.portal.models import many, tags_of


def chosen(portal):
    return portal.grid.locator("[aria-selected=true]")


@pytest.fixture(scope="module")
def large(training, storage):
    """A project of 270 images, more than a page has: 40 of them tagged, the newest ones."""
    project = training.create_project(f"large {uuid4()}", classification_type="Multilabel")
    many(storage, project, [[]] * 230 + [[UUID(training.create_tag(project.id, "sky").id)]] * 40, 120)
    return project


def test_a_digit_tags_the_image_and_goes_on(portal, training, filled):
    project = filled(6)
    portal.images(project.id, 6)
    portal.press("1", "2", "1")
    expect(portal.cell(1)).to_have_accessible_name("image, apple")
    expect(portal.cell(4)).to_have_class(re.compile("focus"))
    # A range begins where the hand is now.
    portal.press("Shift+ArrowRight")
    expect(chosen(portal)).to_have_count(2)
    portal.saved()
    assert tags_of(training, project.id) == [["apple"], ["leaf"], ["apple"], [], [], []]


def test_a_digit_without_a_tag_says_so_and_none_is_asked_for_before_the_tags_are_there(portal, filled):
    project, held = filled(1), list[Route]()
    portal.page.route("**/tags", lambda route: route.continue_() if held else held.append(route))
    counts = portal.page.expect_response(re.compile("/images/count"))
    with portal.page.expect_request("**/tags"), counts:
        portal.open(project.id)
    expect(portal.grid).to_have_count(0)
    held[0].continue_()
    expect(portal.grid).to_be_visible()
    portal.press("7")
    expect(portal.page.get_by_role("status").get_by_text("No tag has the number 7: T makes one.")).to_be_visible()


def test_the_same_digit_takes_the_tag_away_and_another_takes_its_place(portal, training, filled):
    project = filled(2)
    portal.images(project.id, 2)
    portal.press("1", "1", "ArrowLeft", "1", "ArrowRight", "2")
    portal.saved()
    assert tags_of(training, project.id) == [[], ["leaf"]]


def test_many_are_tagged_at_once_and_one_key_takes_it_back(portal, training, filled):
    project = filled(6)
    portal.images(project.id, 6)
    portal.press("Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight")
    expect(portal.page.get_by_text("4 chosen")).to_be_visible()
    portal.press("2")
    expect(portal.page.get_by_role("status").get_by_text("4 images tagged leaf")).to_be_visible()
    portal.saved()
    assert tags_of(training, project.id) == [["leaf"]] * 4 + [[]] * 2
    portal.press("Control+z")
    portal.saved()
    assert tags_of(training, project.id) == [[]] * 6
    portal.press("Control+Shift+z")
    portal.saved()
    assert tags_of(training, project.id) == [["leaf"]] * 4 + [[]] * 2


def test_counts_and_bars_follow_at_once(portal, filled):
    project = filled(3)
    portal.images(project.id, 3)
    apple = portal.page.get_by_role("complementary", name="Tags").get_by_role("button", name=re.compile("^apple"))
    expect(apple).to_have_text("apple0")
    portal.press("1", "1")
    expect(apple).to_have_text("apple2")
    expect(apple).to_have_attribute("title", "apple: 3 more and it can be trained")
    expect(portal.page.get_by_role("button", name="Untagged 1")).to_be_visible()


def test_a_tag_is_given_by_its_name_and_a_new_name_makes_one(portal, training, filled):
    project = filled(3)
    portal.images(project.id, 3)
    portal.press("t")
    portal.page.keyboard.type("le")
    portal.press("Enter")
    expect(portal.cell(1)).to_have_accessible_name("image, leaf")
    portal.press("t")
    portal.page.keyboard.type("red pear")
    portal.press("Enter")
    expect(portal.cell(2)).to_have_accessible_name("image, red pear")
    # One letter begins many names: it is not theirs.
    portal.press("t")
    portal.page.keyboard.type("L")
    expect(portal.page.get_by_role("option", selected=True).filter(has_text="New tag")).to_have_text("New tag “L”Enter")
    portal.press("Enter")
    expect(portal.cell(3)).to_have_accessible_name("image, L")
    portal.saved()
    assert tags_of(training, project.id) == [["leaf"], ["red pear"], ["L"]]


def test_nothing_of_interest_is_a_tag_of_its_own(portal, training, filled):
    project = filled(2)
    portal.images(project.id, 2)
    portal.press("1", "ArrowLeft", "0", "0")
    expect(portal.cell(2)).to_have_accessible_name("image, Negative")
    portal.saved()
    assert tags_of(training, project.id) == [["Negative"], ["Negative"]]
    assert [tag.type for tag in training.get_tags(project.id) if tag.name == "Negative"] == ["Negative"]


def test_the_last_tag_is_repeated(portal, training, filled):
    project = filled(3)
    portal.images(project.id, 3)
    portal.press("2", "r", "r")
    portal.saved()
    assert tags_of(training, project.id) == [["leaf"]] * 3


def test_a_mouse_chooses_one_some_a_range_and_a_rectangle(portal, filled):
    project = filled(6)
    portal.images(project.id, 6)
    portal.cell(1).click(modifiers=["Control"])
    portal.cell(3).click(modifiers=["Control"])
    expect(chosen(portal)).to_have_count(2)
    portal.cell(6).click(modifiers=["Shift"])
    expect(chosen(portal)).to_have_count(4)
    portal.cell(2).click(position={"x": 17, "y": 17})
    expect(chosen(portal)).to_have_count(5)
    portal.press("Escape")
    expect(chosen(portal)).to_have_count(0)
    start, end = portal.cell(1).bounding_box(), portal.cell(2).bounding_box()
    portal.page.mouse.move(start["x"] + 40, start["y"] + 40)
    portal.page.mouse.down()
    portal.page.mouse.move(end["x"] + 60, end["y"] + 60, steps=4)
    portal.page.mouse.up()
    expect(chosen(portal)).to_have_count(2)


def test_what_is_tagged_stays_in_sight_until_one_asks_anew(portal, training, filled):
    project = filled(4)
    portal.images(project.id, 4)
    portal.press("u")
    expect(portal.page).to_have_url(re.compile(r"\?status=Untagged$"))
    expect(portal.cells).to_have_count(4)
    portal.press("1", "2")
    expect(portal.cells).to_have_count(4)
    portal.saved()
    portal.page.get_by_role("button", name="2 no longer fit").click()
    expect(portal.cells).to_have_count(2)
    portal.page.reload()
    expect(portal.cells).to_have_count(2)
    portal.press("u")
    expect(portal.cells).to_have_count(4)


def test_a_tag_shows_its_images_and_a_filter_without_any_says_so(portal, filled):
    project = filled(3)
    portal.images(project.id, 3)
    portal.press("1")
    portal.page.get_by_role("complementary", name="Tags").get_by_role("button", name=re.compile("^apple")).click()
    expect(portal.cells).to_have_count(1)
    expect(portal.page).to_have_url(re.compile(r"\?tags="))
    portal.page.get_by_role("group", name="Status").get_by_role("button", name="Untagged").click()
    expect(portal.page.get_by_role("heading", name="No untagged image with the tag apple")).to_be_visible()
    portal.button("Show all images").click()
    expect(portal.cells).to_have_count(3)


def test_a_large_grid_draws_what_is_in_sight_and_reaches_its_end(portal, large):
    portal.images(large.id, 270)
    assert portal.cells.count() < 80
    assert portal.page.locator(".filterbar").bounding_box()["height"] < 56
    portal.press("End")
    expect(portal.cell(270)).to_have_class(re.compile("focus"))
    expect(portal.cell(270).locator("img")).to_be_visible()
    expect(portal.cell(270)).to_have_attribute("aria-setsize", "270")
    portal.press("Home")
    expect(portal.cell(1).locator("img")).to_be_visible()


def test_pages_join_where_images_left_the_filter(portal, large, training):
    """What was tagged in the first page shifts the second in the service's list, and leaves none out here."""
    portal.open(large.id, search="?status=Untagged")
    expect(portal.page.get_by_text("230 images", exact=True)).to_be_visible()
    expect(portal.cells.first.locator("img")).to_be_visible()
    portal.grid.focus()
    portal.press(*["1"] * 5)
    portal.saved()
    portal.press("End")
    expect(portal.cell(230).locator("img")).to_be_visible()
    expect(portal.grid.locator(".vacant")).to_have_count(0)
    ids = portal.page.locator(".cell img").evaluate_all("(all) => all.map((one) => one.src)")
    assert len(set(ids)) == len(ids)
    portal.press(*["Control+z"] * 5)
    portal.saved()
    assert training.get_tagged_image_count(large.id) == 40


def test_deleted_images_come_back_by_one_key(portal, training, filled):
    project = filled(5)
    portal.images(project.id, 5)
    portal.press("ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight", "Delete")
    expect(portal.cells).to_have_count(2)
    portal.saved()
    assert training.get_image_count(project.id) == 2
    before = [image.id for image in training.get_images(project.id)]
    portal.press("Control+z")
    expect(portal.cells).to_have_count(5)
    portal.saved()
    assert training.get_image_count(project.id) == 5
    assert set(before) < {image.id for image in training.get_images(project.id)}


def test_all_of_a_filter_are_tagged_and_taken_back(portal, training, large):
    portal.images(large.id, 270)
    portal.press("Control+a")
    expect(portal.page.get_by_text("270 chosen")).to_be_visible()
    asked = []

    def decline(dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    portal.page.once("dialog", decline)
    portal.press("Delete")
    assert asked == ["Delete 270 images? Ctrl+Z brings them back for 10 minutes."]
    portal.press("t")
    portal.page.keyboard.type("everything")
    portal.press("Enter")
    done = portal.page.get_by_role("status").get_by_text("270 images tagged everything")
    expect(done).to_be_visible()
    assert {tag.name: tag.image_count for tag in training.get_tags(large.id)} == {"everything": 270, "sky": 40}
    portal.press("Control+z")
    undone = portal.page.get_by_role("status").get_by_text("Undone: 270 images tagged everything")
    expect(undone).to_be_visible()
    assert {tag.name: tag.image_count for tag in training.get_tags(large.id)} == {"everything": 0, "sky": 40}
    # Done again, and followed over a reload; until then the page hears of nothing.
    portal.page.route(re.compile("/tasks/"), lambda route: None)
    portal.press("Control+Shift+z")
    progress = portal.page.get_by_role("progressbar", name="270 images tagged everything")
    expect(progress).to_have_attribute("max", "270")
    portal.page.unroute(re.compile("/tasks/"))
    portal.page.reload()
    expect(done).to_be_visible()
    expect(progress).to_have_count(0)
    assert {tag.name: tag.image_count for tag in training.get_tags(large.id)} == {"everything": 270, "sky": 40}
    portal.button("Undo").click()
    expect(undone).to_be_visible()
    assert {tag.name: tag.image_count for tag in training.get_tags(large.id)} == {"everything": 0, "sky": 40}


def test_images_are_found_by_how_their_file_names_begin(portal, training, project):
    entries = [
        ImageFileCreateEntry(name=name, contents=picture("sky", seed))
        for seed, name in enumerate(("IMG_0401.jpg", "IMG_0402.jpg", "IMG_0500.jpg", "it's.jpg"))
    ]
    for entry in entries:
        batch = ImageFileCreateBatch(images=[entry], metadata={"filename": entry.name})
        training.create_images_from_files(project.id, batch)
    portal.images(project.id, 4)
    search = portal.page.get_by_role("searchbox")
    portal.page.keyboard.type("/IMG_04")
    expect(search).to_have_value("IMG_04")
    expect(portal.cells).to_have_count(2)
    expect(portal.cell(1)).to_have_accessible_name("IMG_0402.jpg, untagged")
    expect(portal.page).to_have_url(re.compile(r"\?search=IMG_04$"))
    search.fill("it's")
    expect(portal.cells).to_have_count(1)
    search.fill("none")
    expect(portal.page.get_by_role("heading", name="No image whose file name begins")).to_be_visible()


def test_a_picture_is_found_again_after_a_look_elsewhere(portal, large):
    portal.images(large.id, 270)
    portal.press("PageDown", "PageDown", "ArrowRight")
    place = portal.grid.locator(".focus").get_attribute("aria-posinset")
    # While it scrolls, which the browser tells of only when the grid is gone.
    leave = "(link) => { document.querySelector('.grid').scrollTop -= 1; link.click(); }"
    portal.page.get_by_role("link", name="Ocellus: all projects").evaluate(leave)
    expect(portal.page.get_by_role("heading", name="Projects")).to_be_visible()
    portal.page.go_back()
    expect(portal.cell(int(place))).to_be_visible()


def test_fields_keep_what_is_typed_into_them(portal, training, filled):
    project = filled(1)
    portal.images(project.id, 1)
    field = portal.page.get_by_role("textbox", name="New tag")
    field.fill("")
    field.press_sequentially("12 ur")
    expect(field).to_have_value("12 ur")
    field.press("Enter")
    expect(portal.page.get_by_role("button", name=re.compile("^12 ur"))).to_be_visible()
    expect(field).to_have_value("")
    field.fill("12 UR")
    field.press("Enter")
    expect(portal.page.get_by_role("status").get_by_text("There is a tag 12 ur already.")).to_be_visible()
    expect(portal.page.locator(".tagbar .there")).to_contain_text("12 ur")
    expect(field).to_have_attribute("maxlength", "128")
    turned = "turned \u202e around"
    field.fill(turned)
    expect(portal.page.locator(".tagbar .there")).to_have_count(0)
    field.press("Enter")
    refused = portal.page.get_by_role("alert").filter(has_text="128")
    expect(refused).to_be_visible()
    expect(field).to_have_value(turned)
    assert tags_of(training, project.id) == [[]]
    # Names that are typed while the service has not answered yet.
    held = list[Route]()
    portal.page.route(re.compile("/tags[?]"), lambda route: route.continue_() if held else held.append(route))
    field.fill("")
    portal.page.keyboard.type("one two\nthree\nfo")
    expect(field).to_have_value("fo")
    held[0].continue_()
    portal.page.keyboard.type("ur\n")
    expect(portal.page.locator(".tagbar .tag .name")).to_have_text(
        ["apple", "leaf", "12 ur", "one two", "three", "four"]
    )
    refused.get_by_role("button", name="Dismiss").click()
    expect(refused).to_have_count(0)
    portal.grid.focus()
    portal.press("t")
    portal.page.keyboard.insert_text(turned)
    portal.press("Enter")
    expect(refused).to_be_visible()
    name = portal.page.get_by_role("combobox", name="Name of the tag")
    expect(name).to_have_value(turned)
    expect(name).to_have_attribute("maxlength", "128")
    name.fill("red pear")
    portal.press("Enter")
    expect(portal.cell(1)).to_have_accessible_name("image, red pear")
    # Where the hand was before it was asked for a name.
    expect(portal.grid).to_be_focused()


def test_tags_are_renamed_and_deleted(portal, training, filled):
    project = filled(1)
    portal.images(project.id, 1)
    portal.press("1")
    portal.saved()
    row = portal.page.get_by_role("listitem").filter(has_text="apple")
    row.hover()
    row.get_by_role("button", name="More of apple").click()
    portal.page.get_by_role("menuitem", name="Rename").click()
    name = portal.page.get_by_role("textbox", name="Name")
    name.fill("pear")
    name.press("Enter")
    expect(portal.cell(1)).to_have_accessible_name("image, pear")
    # Digits keep their tags, in every browser.
    portal.page.evaluate("localStorage.clear()")
    portal.page.reload()
    expect(portal.cell(1)).to_have_accessible_name("image, pear")
    portal.grid.focus()
    portal.press("1")
    expect(portal.cell(1)).to_have_accessible_name("image, untagged")
    row = portal.page.get_by_role("listitem").filter(has_text="leaf")
    row.hover()
    row.get_by_role("button", name="More of leaf").click()
    portal.page.get_by_role("menuitem", name="Delete").click()
    expect(row).to_have_count(0)
    portal.saved()
    assert [tag.name for tag in training.get_tags(project.id)] == ["pear"]


def test_a_tile_never_shows_the_picture_of_another_image(portal, filled):
    """As it would until its own is there, where the element of the picture was used again."""
    project = filled(6)
    portal.images(project.id, 6)
    pictures = portal.page.locator(".cell img")
    expect(pictures).to_have_count(6)
    pictures.evaluate_all("all => all.forEach(each => each.dataset.of = new URL(each.src).pathname)")
    portal.grid.focus()
    portal.press("Home", "Delete")
    expect(pictures).to_have_count(5)
    portal.saved()
    of = pictures.evaluate_all("all => all.map(each => [each.dataset.of ?? '', new URL(each.src).pathname])")
    assert [before for before, now in of if before not in ("", now)] == []
