"""The boxes of a picture: drawn, chosen, moved, sized, tagged, repeated, suggested; and never lost."""

import re
from types import SimpleNamespace
from uuid import UUID

import pytest
from azure.cognitiveservices.vision.customvision.training.models import (
    ImageFileCreateBatch,
    ImageFileCreateEntry,
    Region,
)
from playwright.sync_api import expect

from shared.models.training.model_spec import ModelTag
from tests.functions.flows import DETECTION
from tests.pictures import rectangles
from tests.portal.editor import Editor, doubted
from tests.portal.people import NARROW
from tests.prediction.detectors import put_detector
from tests.prediction.graphs import COLOURS

RED, BLUE = (0.125, 0.25, 0.25, 0.5), (0.75, 0.125, 0.1875, 0.25)
CALLS = re.compile("/images/regions")


@pytest.fixture
def project(training, request):
    """A detection project with the tags red, green and blue."""
    project = training.create_project(request.node.name[:100], domain_id=DETECTION)
    ids = {name: training.create_tag(project.id, name).id for name in sorted(COLOURS)}
    return SimpleNamespace(id=project.id, tags=ids)


def add(training, project, name, regions=(), **boxes):
    """A picture with things in these colours, and with these regions."""
    entry = ImageFileCreateEntry(
        name=name,
        contents=rectangles(boxes, (640 + len(name), 320)),
        regions=[Region(tag_id=project.tags[tag], left=b[0], top=b[1], width=b[2], height=b[3]) for tag, b in regions],
    )
    (created,) = training.create_images_from_files(project.id, ImageFileCreateBatch(images=[entry])).images
    return created.image.id


@pytest.fixture
def editor(portal):
    return Editor(portal)


@pytest.fixture
def opened(portal, editor, training, project):
    """A white picture of two, the newer one, without boxes."""
    ids = [add(training, project, "older.jpg"), add(training, project, "newer-one.jpg")]
    portal.images(project.id, 2)
    portal.press("Space")
    editor.shows("1 of 2")
    expect(portal.page.get_by_role("listbox", name="Boxes").locator("img")).to_be_visible()
    return SimpleNamespace(id=project.id, tags=project.tags, image=ids[1], other=ids[0])


def regions(training, project_id, image_id):
    """Tag and box of each region that the service has, in order of the names."""
    (image,) = training.get_images_by_ids(project_id, image_ids=[image_id])
    found = [(each.tag_name, each.left, each.top, each.width, each.height) for each in image.regions or []]
    return sorted(found)


def near(*box, by=0.006):
    return pytest.approx(box, abs=by)


def only(training, opened):
    ((tag, *box),) = regions(training, opened.id, opened.image)
    return tag, box


def test_a_drag_draws_a_box_and_a_digit_corrects_it(portal, editor, training, opened):
    editor.drag((0.2, 0.3), (0.5, 0.7))
    expect(editor.box("box 1, blue, 20 % from the left, 30 % from the top")).to_have_attribute("aria-selected", "true")
    portal.saved()
    assert only(training, opened) == ("blue", near(0.2, 0.3, 0.3, 0.4))
    portal.press("3")
    expect(editor.box("box 1, red")).to_be_visible()
    # The next one is red as well, from right to left.
    editor.drag((0.9, 0.9), (0.8, 0.8))
    portal.saved()
    found = regions(training, opened.id, opened.image)
    assert [tag for tag, *_ in found] == ["red", "red"]
    assert found[1][1:] == near(0.8, 0.8, 0.1, 0.1)
    (image,) = training.get_images_by_ids(opened.id, image_ids=[opened.image])
    assert [tag.tag_name for tag in image.tags] == ["red"]


def taken_back(portal, editor, steps):
    """The picture is as it was before so many steps: without boxes."""
    portal.press(*["Control+z"] * steps)
    expect(editor.boxes).to_have_count(0)
    portal.saved()


def test_boxes_are_drawn_in_two_ways_and_put_right_by_numbers(portal, editor, training, opened):
    editor.drag((0.2, 0.2), (0.4, 0.6))
    editor.mouse.move(*editor.at(0.2, 0.4))
    editor.mouse.down()
    editor.mouse.move(*editor.at(0.5, 0.4), steps=3)
    portal.press("Escape")
    editor.mouse.move(*editor.at(0.6, 0.4), steps=3)
    editor.mouse.up()
    portal.saved()
    assert only(training, opened) == ("blue", near(0.2, 0.2, 0.2, 0.4))
    taken_back(portal, editor, 1)
    editor.click(0.2, 0.2)
    editor.mouse.move(*editor.at(0.4, 0.4))
    portal.press("Escape")
    editor.click(0.5, 0.5)
    editor.mouse.move(*editor.at(0.6, 0.6), steps=3)
    editor.click(0.7, 0.8)
    portal.saved()
    assert only(training, opened) == ("blue", near(0.5, 0.5, 0.2, 0.3))
    taken_back(portal, editor, 1)
    x, y = editor.at(0.3, 0.3)
    editor.mouse.move(x, y)
    editor.mouse.down()
    editor.mouse.move(x + 60, y + 2, steps=3)
    editor.mouse.up()
    expect(editor.boxes).to_have_count(0)
    editor.drag((0.5, 0.5), (1.4, 1.4))
    portal.saved()
    # What goes beyond the picture is cut off at its sides.
    assert only(training, opened) == ("blue", near(0.5, 0.5, 0.5, 0.5))
    taken_back(portal, editor, 1)
    # A digit before a box is the tag of the next ones.
    portal.press("2")
    editor.drag((0.1, 0.1), (0.2, 0.2))
    portal.press("Escape")
    editor.drag((0.3, 0.3), (0.4, 0.4))
    portal.saved()
    assert [tag for tag, *_ in regions(training, opened.id, opened.image)] == ["green", "green"]
    taken_back(portal, editor, 2)
    portal.press("1")
    editor.drag((0.2, 0.3), (0.5, 0.7))
    sides = portal.page.get_by_role("group", name="The chosen box")
    sides.get_by_label("left").fill("0.125")
    sides.get_by_label("width").fill("0.5")
    sides.get_by_label("top").fill("7")
    sides.get_by_label("height").fill("")
    sides.get_by_label("height").press("Tab")
    portal.saved()
    assert only(training, opened) == ("blue", near(0.125, 0.6, 0.5, 0.4))


def test_a_box_is_moved_by_its_frame_and_sized_by_its_handles(portal, editor, training, opened):
    editor.drag((0.2, 0.2), (0.4, 0.6))
    portal.press("Escape")
    editor.drag((0.2, 0.4), (0.3, 0.5))
    portal.saved()
    assert only(training, opened) == ("blue", near(0.3, 0.3, 0.2, 0.4))
    editor.drag((0.5, 0.7), (0.6, 0.9))
    portal.saved()
    assert only(training, opened) == ("blue", near(0.3, 0.3, 0.3, 0.6))
    # A side that crosses the other one flips.
    editor.drag((0.6, 0.6), (0.1, 0.6))
    portal.saved()
    assert only(training, opened) == ("blue", near(0.1, 0.3, 0.2, 0.6))
    # Nothing of what a box was stays behind, and each step can be taken back.
    portal.press("Control+z", "Control+z", "Control+z")
    portal.saved()
    assert only(training, opened) == ("blue", near(0.2, 0.2, 0.2, 0.4))
    portal.press("Control+z")
    portal.saved()
    assert regions(training, opened.id, opened.image) == []
    portal.press("Control+Shift+z", "Control+Shift+z")
    portal.saved()
    assert only(training, opened) == ("blue", near(0.3, 0.3, 0.2, 0.4))


def test_draw_mode_draws_on_a_box_and_choose_mode_chooses_the_smallest(portal, editor, training, opened):
    editor.drag((0.1, 0.1), (0.9, 0.9))
    editor.drag((0.3, 0.3), (0.6, 0.6))
    expect(editor.boxes).to_have_count(2)
    portal.press("Escape", "v")
    editor.click(0.45, 0.45)
    expect(editor.box("box 2")).to_have_attribute("aria-selected", "true")
    # Once more on the same spot: what lies under it.
    editor.click(0.45, 0.45)
    expect(editor.box("box 1")).to_have_attribute("aria-selected", "true")
    editor.click(0.95, 0.95)
    expect(editor.page.get_by_role("option", selected=True)).to_have_count(0)
    editor.click(0.45, 0.45)
    editor.drag((0.45, 0.45), (0.35, 0.45))
    portal.saved()
    assert sorted(each[1] for each in regions(training, opened.id, opened.image)) == near(0.1, 0.2)


def test_keys_alone_draw_move_size_and_delete(portal, editor, training, opened):
    portal.press("b", "Enter")
    expect(editor.box("box 1, blue, 38 % from the left, 38 % from the top")).to_be_visible()
    portal.saved()
    sent = []

    def note(request):
        if CALLS.search(request.url):
            sent.append(request.method)

    portal.page.on("request", note)
    portal.press(*["ArrowRight"] * 4, "Shift+ArrowDown", "Alt+ArrowRight", "Alt+Shift+ArrowDown")
    portal.press("Escape", "b", "Enter")
    portal.saved()
    width, height = 640 + len("newer-one.jpg"), 320
    moved = near(0.375 + 4 / width, 0.375 + 10 / height, 0.25 + 1 / width, 0.25 + 10 / height, by=1e-5)
    assert regions(training, opened.id, opened.image)[1][1:] == moved
    # Keys that follow each other are one change, made before it is deleted.
    assert sent[:2] == ["POST", "DELETE"]
    assert len(sent) <= 3
    portal.press("Tab")
    expect(editor.page.get_by_role("option", selected=True)).to_have_count(0)
    portal.press("Shift+Tab", "Shift+Tab")


def test_tab_goes_through_the_boxes_and_then_on(portal, editor, opened):
    for left in (0.1, 0.4, 0.7):
        editor.drag((left, 0.2), (left + 0.2, 0.5))
    portal.press("Escape", "Tab")
    expect(editor.box("box 1")).to_have_attribute("aria-selected", "true")
    portal.press("ArrowRight", "Control+z", "ArrowRight")
    expect(editor.box("box 1")).to_have_attribute("aria-selected", "true")
    portal.press("Control+z")
    expect(editor.box("box 1")).to_have_attribute("aria-selected", "true")
    portal.press("Tab", "Tab")
    expect(editor.box("box 3")).to_have_attribute("aria-selected", "true")
    portal.press("Shift+Tab", "Delete")
    expect(editor.boxes).to_have_count(2)
    portal.press("Tab", "Tab", "Tab")
    expect(editor.page.get_by_role("listbox", name="Boxes")).not_to_be_focused()


def test_boxes_of_the_image_before_copies_and_duplicates(portal, editor, training, opened):
    editor.drag((0.1, 0.1), (0.3, 0.3))
    portal.press("2")
    editor.drag((0.5, 0.5), (0.7, 0.9))
    portal.press("d")
    expect(editor.boxes).to_have_count(3)
    portal.press("Delete", "Control+c", "Space")
    editor.shows("2 of 2")
    portal.press("r")
    expect(editor.boxes).to_have_count(2)
    # What would be the same once more is passed over.
    portal.press("r", "Control+v")
    expect(portal.page.get_by_text("These boxes are here already.").first).to_be_visible()
    portal.saved()
    assert regions(training, opened.id, opened.other) == regions(training, opened.id, opened.image)
    portal.button("Undo").first.click()
    portal.saved()
    assert regions(training, opened.id, opened.other) == []
    portal.press("Control+v")
    portal.saved()
    assert len(regions(training, opened.id, opened.other)) == 2


def test_nothing_here_is_a_note_and_no_box(portal, editor, training, opened):
    portal.press("0")
    editor.shows("2 of 2")
    portal.saved()
    (image,) = training.get_images_by_ids(opened.id, image_ids=[opened.image])
    assert image.metadata["background"] == "true"
    editor.drag((0.1, 0.1), (0.3, 0.3))
    portal.press("0")
    expect(portal.page.get_by_text("delete them first")).to_be_visible()


def test_h_hides_and_space_pulls(portal, editor, opened):
    editor.drag((0.4, 0.4), (0.6, 0.6))
    portal.page.keyboard.down("h")
    expect(editor.box("box 1")).to_have_count(0)
    portal.page.keyboard.up("h")
    expect(editor.box("box 1")).to_be_visible()
    portal.press("+", "+", "+", "+", "+")
    before = editor.at(0, 0)
    portal.page.keyboard.down(" ")
    editor.drag((0.5, 0.5), (0.55, 0.5))
    portal.page.keyboard.up(" ")
    assert editor.at(0, 0)[0] > before[0] + 20
    expect(editor.boxes).to_have_count(1)
    editor.shows("1 of 2")


@pytest.fixture
def suggested(training, storage, project):
    """Two pictures of red and blue things, and a detector that sees them."""
    tags = [ModelTag(UUID(project.tags[name]), name) for name in COLOURS]
    put_detector(storage, UUID(project.id), tags)
    ids = [add(training, project, name, red=RED, blue=BLUE) for name in ("older.jpg", "newer-one.jpg")]
    return SimpleNamespace(id=project.id, tags=project.tags, image=ids[1], other=ids[0])


def test_suggested_boxes_are_accepted_by_one_key(portal, editor, training, suggested):
    held = []
    portal.page.route(re.compile(f"{suggested.other}.*resized"), lambda route: held.append(route))
    portal.images(suggested.id, 2)
    portal.press("Space")
    expect(editor.box("suggested box 1")).to_be_visible()
    expect(editor.boxes).to_have_count(2)
    portal.seen("Image")
    portal.press("Enter")
    editor.shows("2 of 2")
    expect(editor.boxes).to_have_count(2)
    # Nobody could see this picture yet.
    portal.press("Enter")
    portal.saved()
    assert held
    assert regions(training, suggested.id, suggested.other) == []
    for route in held:
        route.continue_()
    found = {tag: box for tag, *box in regions(training, suggested.id, suggested.image)}
    assert found == {"red": near(*RED, by=1 / 60), "blue": near(*BLUE, by=1 / 60)}
    portal.press("Control+z")
    portal.saved()
    assert regions(training, suggested.id, suggested.image) == []


def test_a_suggested_box_is_left_out_or_corrected(portal, editor, training, suggested):
    portal.page.route(re.compile("/tagsandregions/suggestions"), doubted)
    portal.images(suggested.id, 2)
    portal.press("Space")
    expect(portal.page.get_by_text("2 less sure boxes are hidden, the surest at 22 %.")).to_be_visible()
    portal.button("Show from 20 % on").click()
    expect(editor.boxes).to_have_count(2)
    portal.press("Tab", "x")
    expect(editor.boxes).to_have_count(1)
    portal.press("Tab", "2")
    expect(editor.box("^box 1, green")).to_be_visible()
    portal.seen("Image")
    portal.press("Escape", "Enter")
    portal.saved()
    assert [tag for tag, *_ in regions(training, suggested.id, suggested.image)] == ["green"]
    # One by one, in the list; and back in.
    out = portal.page.get_by_role("button", name=re.compile("Leave .* out"))
    out.first.click()
    portal.page.get_by_role("button", name=re.compile("Take .* back in")).click()
    portal.page.get_by_role("button", name="Accept red").click()
    portal.saved()
    assert [tag for tag, *_ in regions(training, suggested.id, suggested.other)] == ["red"]


def test_what_stands_out_is_offered_and_taken_by_a_click(portal, editor, training, project):
    image = add(training, project, "thing.jpg", red=(0.3, 0.3, 0.3, 0.4))
    portal.images(project.id, 1)
    with portal.page.expect_response(re.compile("regionproposals")):
        portal.press("Space")
    editor.mouse.move(*editor.at(0.4, 0.4))
    editor.mouse.move(*editor.at(0.45, 0.5), steps=3)
    portal.page.wait_for_timeout(400)
    editor.mouse.down()
    editor.mouse.up()
    portal.saved()
    ((_, *box),) = regions(training, project.id, image)
    assert box == near(0.3, 0.3, 0.3, 0.4, by=0.05)


def test_boxes_survive_a_reload_and_a_dead_service(portal, editor, training, opened):
    portal.page.on("dialog", lambda dialog: dialog.accept())
    portal.page.route(CALLS, lambda route: route.abort())
    editor.drag((0.2, 0.2), (0.4, 0.6))
    portal.press("Shift+ArrowRight")
    portal.page.reload()
    expect(editor.box("box 1, blue, 22 %")).to_be_visible()
    expect(portal.page.locator("[data-state=away]")).to_be_visible()
    portal.page.unroute(CALLS)
    portal.saved()
    assert only(training, opened) == ("blue", near(0.2 + 10 / 653, 0.2, 0.2, 0.4))


def test_a_lost_answer_makes_no_second_box(portal, editor, training, opened):
    """The service has the box, but the page never heard of it: it is sent again, and can still be moved."""

    def lose(route):
        route.fetch()
        route.abort()

    portal.page.route(CALLS, lose, times=1)
    editor.drag((0.2, 0.2), (0.4, 0.6))
    portal.saved()
    portal.press("3")
    portal.saved()
    assert only(training, opened) == ("red", near(0.2, 0.2, 0.2, 0.4))
    portal.press("Delete")
    portal.saved()
    assert regions(training, opened.id, opened.image) == []


def test_what_the_service_refuses_is_taken_back_and_told(portal, editor, training, opened):
    training.delete_tag(opened.id, opened.tags["green"])
    editor.drag((0.1, 0.1), (0.3, 0.3))
    portal.press("2")
    refusal = portal.page.get_by_role("alert").filter(has_text="blue is green")
    expect(refusal).to_be_visible()
    portal.saved()
    expect(editor.box("box 1, blue")).to_be_visible()
    assert only(training, opened)[0] == "blue"


def test_two_people_on_one_image_end_with_what_both_did(portal, editor, training, opened):
    editor.drag((0.1, 0.1), (0.3, 0.3))
    portal.saved()
    ((_, left, *_),) = regions(training, opened.id, opened.image)
    (image,) = training.get_images_by_ids(opened.id, image_ids=[opened.image])
    training.delete_image_regions(opened.id, region_ids=[image.regions[0].region_id])
    # The one deletes what the other moves: what was moved is there.
    editor.drag((0.1, 0.2), (0.2, 0.2))
    portal.saved()
    assert only(training, opened)[1][0] == pytest.approx(left + 0.1, abs=0.006)


FRAME = ".frames .chosen .over"


def hidden(portal) -> float:
    """How many pixels of the box the dialog lies over; all of the dialog is in the window."""
    expect(portal.page.locator(FRAME)).to_be_visible()
    box = portal.page.locator(FRAME).bounding_box()
    dialog = portal.page.get_by_role("dialog", name="Tag").bounding_box()
    assert box
    assert dialog
    size = portal.page.viewport_size
    common = 1.0
    for side, length in (("x", "width"), ("y", "height")):
        assert 0 <= dialog[side] <= dialog[side] + dialog[length] <= size[length]
        common *= max(0, min(each[side] + each[length] for each in (box, dialog)) - max(box[side], dialog[side]))
    return common


def test_the_first_box_of_a_project_without_tags_asks_for_one(portal, editor, training):
    project = training.create_project("no tags yet", domain_id=DETECTION)
    bare = SimpleNamespace(id=project.id, tags={})
    image = add(training, bare, "a.jpg")
    portal.images(project.id, 1)
    portal.press("Space")
    expect(portal.page.get_by_role("listbox", name="Boxes").locator("img")).to_be_visible()
    # The box is seen while its tag is asked for, wherever it is and whatever comes of it.
    for start, end in (((0.7, 0.1), (0.95, 0.3)), ((0.3, 0.6), (0.7, 0.95)), ((0.1, 0.1), (0.3, 0.3))):
        editor.drag(start, end)
        assert hidden(portal) == 0
        if start != (0.1, 0.1):
            portal.press("Escape")
            expect(portal.page.locator(FRAME)).to_have_count(0)
    portal.page.get_by_role("combobox", name="Name of the tag").fill("screw")
    portal.press("Enter")
    expect(editor.box("box 1, screw")).to_be_visible()
    portal.press("t")
    assert hidden(portal) == 0
    portal.press("Escape")
    portal.saved()
    ((tag, *_),) = regions(training, project.id, image)
    assert tag == "screw"
    portal.images(project.id, 1)
    expect(portal.cell(1)).to_have_accessible_name("image, screw, 1 box")


def many(training, project, count):
    """A picture with so many boxes."""
    boxes = [("red", (0.04 * (n % 24) + 0.01, 0.07 * (n // 24) + 0.02, 0.03, 0.05)) for n in range(count)]
    add(training, project, "crowd.jpg", boxes)


def test_a_drag_leaves_three_hundred_other_boxes_alone(portal, editor, training, project):
    """What does not move is not drawn anew: nothing else of the drawing changes while a box is pulled."""
    many(training, project, 299)
    portal.images(project.id, 1)
    portal.press("Space")
    expect(editor.boxes).to_have_count(299)
    editor.mouse.move(*editor.at(0.3, 0.93))
    editor.mouse.down()
    editor.mouse.move(*editor.at(0.35, 0.95), steps=3)
    watch = """() => {
        window.changes = 0;
        const watched = document.querySelectorAll('.frames')[0];
        new MutationObserver((all) => (window.changes += all.length)).observe(watched,
            { subtree: true, childList: true, attributes: true });
    }"""
    portal.page.evaluate(watch)
    editor.mouse.move(*editor.at(0.6, 0.99), steps=20)
    assert portal.page.evaluate("window.changes") == 0
    editor.mouse.up()
    expect(editor.boxes).to_have_count(300)
    # The limit of a picture: what is too much is told, and taken back.
    portal.press("d")
    refusal = portal.page.get_by_role("alert").filter(has_text="as many boxes")
    expect(refusal).to_be_visible()
    expect(editor.boxes).to_have_count(300)


def test_nothing_keeps_anybody_out(portal, editor, suggested):
    portal.images(suggested.id, 2)
    portal.press("Space")
    expect(editor.boxes).to_have_count(2)
    editor.drag((0.5, 0.3), (0.7, 0.8))
    assert portal.barriers("boxes") == []
    portal.page.set_viewport_size({"width": NARROW, "height": 640})
    assert portal.barriers("boxes-narrow") == []
