"""The live model while people label: pages to confirm, what it asks for, labels that look wrong."""

import re
from uuid import UUID

import pytest
from playwright.sync_api import expect

from shared.storage.training import draws
from shared.storage.training.draws import Draw
from tests.functions.flows import DETECTION
from tests.portal.editor import Editor
from tests.portal.models import FRUIT, looked_at, scene, tagged

KINDS = ["apple", "leaf", "sky"]
# What a canvas shows once all is drawn.
DRAWN = """async (canvas) => {
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return canvas.toDataURL();
}"""


@pytest.fixture
def labelled(training, storage, project):
    """Thirty pictures of three kinds; six are labelled."""
    return looked_at(training, storage, project, KINDS * 10, 6)


def tags_of(training, project):
    found = training.get_images(project.id, take=256)
    return {image.id: [tag.tag_name for tag in image.tags or []] for image in found}


def enclose(page, canvas, low, high) -> None:
    """Draw a line around a part of the map, from a share of its sides to another."""
    frame = canvas.bounding_box()
    corners = [(low, low), (high, low), (high, high), (low, high)]
    places = [(frame["x"] + across * frame["width"], frame["y"] + down * frame["height"]) for across, down in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=3)
    page.mouse.up()


def name_of_page(portal) -> str:
    """The tag that a page is of."""
    text = portal.page.get_by_text(re.compile("taken for")).inner_text()
    return str(text.split("taken for ")[1].split()[0])


def test_pages_of_one_tag_are_confirmed_and_what_is_left_out_gets_its_digit(portal, training, labelled):
    page, asked = portal.page, []

    page.on("requestfinished", lambda request: asked.append(request.resource_type))
    page.on("request", lambda request: asked.append(request.url.split("/")[-1]))
    portal.images(labelled.id, 30)
    panel = page.get_by_role("region", name="Live model")
    expect(panel).to_contain_text("Learned from 6 labelled images")
    # What it begins with would keep them waiting.
    assert asked[: asked.index("live")].count("image") >= 30
    expect(panel).to_contain_text("Not measured yet")
    portal.press("s")
    expect(portal.suggestions).to_have_count(8)
    assert "suggested=live" in page.url
    first = name_of_page(portal)
    page.get_by_role("listbox", name="Suggestions").focus()
    portal.press("x")
    expect(portal.suggestions.first).to_have_accessible_name(re.compile("left out"))
    assert portal.barriers("live-page") == []
    portal.seen()
    portal.press("Enter")
    expect(portal.suggestions).to_have_count(1)
    expect(page.get_by_text(f"1 left out of those taken for {first}")).to_be_visible()
    expect(page.get_by_role("button", name="Next page")).to_be_visible()
    portal.press(str(FRUIT.index(first) + 1))
    for _ in range(2):
        expect(portal.suggestions).to_have_count(8)
        expect(page.get_by_text(re.compile("taken for"))).not_to_contain_text(first)
        first = name_of_page(portal)
        portal.seen()
        portal.press("Enter")
    expect(page.get_by_role("heading", name="Every image has its labels")).to_be_visible()
    portal.saved()
    assert tags_of(training, labelled) == {id: [kind] for id, kind in labelled.truths.items()}
    expect(panel).to_contain_text("Learned from 30 labelled images")
    portal.press("Control+z")
    expect(portal.suggestions).to_have_count(8)


def test_what_is_nearly_certain_is_a_page_of_its_own_and_of_others_it_says_what_to_expect(
    portal, training, storage, project
):
    of = looked_at(training, storage, project, KINDS * 15, 15, own=0.7)
    page = portal.page
    headline = page.get_by_text(re.compile("taken for leaf"))
    portal.open(of.id, search=f"?suggested=live&tag={of.tags['leaf']}")
    expect(headline).to_have_text("9 taken for leaf of 10 · nearly certain")
    portal.seen()
    portal.press("Enter")
    expect(headline).to_have_text("1 taken for leaf · look first")
    portal.saved()
    assert training.get_untagged_image_count(of.id) == 21

    def doubt(route):
        answer = route.fetch()
        body = answer.json()
        doubtful = [each | {"probability": 0.6} for each in body["results"]]
        route.fulfill(response=answer, json=body | {"results": doubtful, "certain": {}})

    def trust(route):
        answer = route.fetch()
        body = answer.json()
        sure = [each | {"probability": 0.97} for each in body["results"]]
        route.fulfill(response=answer, json=body | {"results": sure})

    page.route("**/live", doubt)
    portal.open(of.id, search=f"?suggested=live&tag={of.tags['sky']}")
    expect(page.get_by_text("look first: about 4 may be wrong")).to_be_visible()
    page.get_by_role("listbox", name="Suggestions").focus()
    portal.press("x")
    expect(page.get_by_text("look first: about 4 may be wrong · 1 left out")).to_be_visible()
    page.unroute("**/live")
    page.route("**/live", trust)
    portal.press("q")
    expect(page.get_by_text("It is fairly sure of all that is left.")).to_be_visible()
    portal.button("Confirm them by pages").click()
    expect(page.get_by_text(re.compile("taken for"))).to_be_visible()
    page.unroute("**/live")


def test_enter_takes_nothing_that_nobody_could_see(portal, training, labelled):
    page, held = portal.page, []
    page.route("**/thumbnail**", lambda route: held.append(route))
    portal.open(labelled.id, search="?suggested=last")
    expect(portal.suggestions).to_have_count(8)
    first = name_of_page(portal)
    portal.press("Enter")
    confirm = page.get_by_role("button", name="Confirm 8")
    expect(confirm).to_have_attribute("aria-disabled", "true")
    confirm.click(force=True)
    expect(portal.suggestions).to_have_count(8)
    portal.saved()
    assert training.get_untagged_image_count(labelled.id) == 24
    for route in held:
        route.continue_()
    page.unroute("**/thumbnail**")
    portal.seen()
    page.keyboard.down("Enter")
    expect(page.get_by_text(re.compile("taken for"))).not_to_contain_text(first)
    expect(portal.suggestions).to_have_count(8)
    # The page that follows is there, and the hand still rests on the key.
    portal.seen()
    page.keyboard.down("Enter")
    portal.saved()
    page.keyboard.up("Enter")
    assert training.get_untagged_image_count(labelled.id) == 16


def test_before_any_label_it_asks_for_what_teaches_most(portal, training, storage, project):
    of = looked_at(training, storage, project, KINDS * 4, 0)
    portal.open(of.id, search="?suggested=last")
    expect(portal.suggestions.first).to_have_accessible_name(re.compile("untagged"))
    panel = portal.page.get_by_role("region", name="Live model")
    expect(panel).to_contain_text("No label yet: apple, leaf, sky")
    portal.look("live-begin")
    count = portal.suggestions.count()
    portal.page.get_by_role("listbox", name="Suggestions").focus()
    portal.press("1")
    expect(portal.suggestions).to_have_count(count - 1)
    portal.press("2")
    portal.saved()
    assert sorted(len(tags) for tags in tags_of(training, of).values()) == [0] * 10 + [1] * 2
    expect(panel).to_contain_text("Learned from 2 labelled images")
    expect(panel).to_contain_text("No label yet: sky")


def test_labels_that_look_wrong_are_put_right_or_kept(portal, training, storage, project):
    of = looked_at(training, storage, project, KINDS * 8, 24)
    wrong = [of.ids[0], of.ids[1]]
    for id, before, after in ((wrong[0], "apple", "leaf"), (wrong[1], "leaf", "sky")):
        training.delete_image_tags(of.id, [id], [of.tags[before]])
        training.create_image_tags(of.id, [{"imageId": id, "tagId": of.tags[after]}])
    said = [Draw(UUID(id), [UUID(of.tags[of.truths[id]])], 0) for id in of.ids[:12]]
    draws.change(storage, UUID(of.id), lambda _: said)
    portal.images(of.id, 24)
    panel = portal.page.get_by_role("region", name="Live model")
    expect(panel).to_contain_text("Right about 10 of the last 12 images drawn at random: 55 to 95 %")
    portal.press("w")
    expect(portal.suggestions).to_have_count(2)
    expect(portal.suggestions.first).to_have_accessible_name(re.compile(r", (leaf; rather apple|sky; rather leaf)\?$"))
    assert portal.barriers("live-doubts") == []
    portal.page.get_by_role("listbox", name="Suggestions").focus()
    portal.press("x")
    expect(portal.suggestions).to_have_count(1)
    portal.press("Control+z")
    expect(portal.suggestions).to_have_count(2)
    portal.press("x")
    expect(portal.suggestions).to_have_count(1)
    portal.seen()
    portal.press("Enter")
    expect(portal.page.get_by_role("heading", name="No label looks wrong")).to_be_visible()
    portal.saved()
    right = {id: [kind] for id, kind in of.truths.items()}
    mended = [id for id in wrong if tags_of(training, of)[id] == right[id]]
    assert len(mended) == 1
    expect(panel).to_contain_text("Right about 11 of the last 12 images drawn at random")
    portal.page.reload()
    expect(portal.page.get_by_role("heading", name="No label looks wrong")).to_be_visible()


def test_similar_images_and_near_duplicates_are_tagged_together(portal, training, storage, project):
    of = looked_at(training, storage, project, [*KINDS * 8, "sky", "sky"], 0, twins=2)
    page = portal.page
    portal.images(of.id, 26)
    portal.press("End", "l")
    expect(page.get_by_text("26 images", exact=True)).to_be_visible()
    assert f"like={of.ids[0]}" in page.url
    # The image itself comes first; all images were as many.
    expect(portal.cells.first.locator("img")).to_have_attribute("src", re.compile(of.ids[0]))
    portal.look("live-similar")
    portal.grid.focus()
    portal.press("Home", "Shift+ArrowRight", "Shift+ArrowRight")
    expect(page.get_by_text("3 chosen")).to_be_visible()
    portal.press("1")
    expect(page.get_by_text("3 images tagged apple")).to_be_visible()
    portal.press("Escape", "Escape")
    expect(page).not_to_have_url(re.compile("like="))
    portal.press("g")
    expect(portal.cells).to_have_count(1)
    expect(portal.cell(1)).to_have_accessible_name(re.compile("untagged, 2 alike"))
    assert portal.barriers("live-groups") == []
    portal.grid.focus()
    portal.press("3")
    expect(page.get_by_text("2 images tagged sky")).to_be_visible()
    portal.saved()
    found = tags_of(training, of)
    assert [found[id] for id in of.ids[-2:]] == [["sky"]] * 2
    assert [of.truths[id] for id, tags in found.items() if tags == ["apple"]] == ["apple"] * 3
    portal.press("Control+z", "Space")
    expect(page).to_have_url(re.compile(f"like={of.ids[-1]}"))
    portal.saved()
    assert sum(map(len, tags_of(training, of).values())) == 3


def test_a_box_says_what_it_looks_like_and_one_key_takes_that(portal, training, request):
    project = training.create_project(request.node.name, domain_id=DETECTION)
    red, blue = tagged(training, project, ["red", "blue"])
    made = [training.create_images_from_data(project.id, scene(seed)).images[0].image.id for seed in range(3)]
    sides = {red.id: {"left": 0.1, "top": 0.2, "width": 0.27, "height": 0.4}}
    sides[blue.id] = {"left": 0.6, "top": 0.48, "width": 0.3, "height": 0.32}
    drawn = [(made[0], red.id), (made[0], blue.id), (made[1], red.id), (made[1], blue.id), (made[2], red.id)]
    training.create_image_regions(project.id, [{"imageId": at, "tagId": tag, **sides[tag]} for at, tag in drawn])
    editor = Editor(portal)
    portal.open(project.id, f"image/{made[2]}")
    expect(editor.boxes).to_have_count(1)
    editor.drag((0.6, 0.48), (0.9, 0.8))
    expect(portal.page.get_by_text("Looks like blue")).to_be_visible()
    assert portal.barriers("live-box") == []
    portal.press("Enter")
    expect(editor.box("blue")).to_have_count(1)
    expect(portal.page.get_by_text("Looks like")).to_have_count(0)
    portal.saved()

    def tags(image):
        return sorted(region.tag_name for region in training.get_images_by_ids(project.id, [image])[0].regions or [])

    assert tags(made[2]) == ["blue", "red"]
    # On the next picture boxes are suggested where something stands out.
    unseen = training.create_images_from_data(project.id, scene(3)).images[0].image.id
    portal.open(project.id, f"image/{unseen}")
    expect(editor.box("suggested box 2")).to_be_visible(timeout=20_000)
    expect(editor.boxes).to_have_count(2)
    portal.seen("Image")
    portal.press("Enter")
    portal.saved()
    assert tags(unseen) == ["blue", "red"]


def test_a_part_of_the_map_is_looked_at_and_tagged(portal, training, storage, project, eventually):
    of = looked_at(training, storage, project, KINDS * 8, 6)
    page = portal.page
    portal.images(of.id, 24)
    portal.press("k")
    canvas = page.get_by_role("img", name=re.compile("Map of 24 images"))
    expect(canvas).to_be_focused()
    assert "map=all" in page.url
    expect(page.get_by_role("heading", name="Nothing is chosen on the map")).to_be_visible()
    assert portal.barriers("live-map") == []
    portal.press("1")
    expect(page.get_by_role("status").get_by_text("No image is chosen: draw around some")).to_be_visible()
    before = canvas.evaluate(DRAWN)
    enclose(page, canvas, 0.02, 0.98)
    expect(page.get_by_text("24 chosen")).to_be_visible()
    portal.look("live-map-chosen")
    canvas.focus()
    drawn = canvas.evaluate("canvas => canvas.toDataURL()")
    portal.press(*["+"] * 12)
    page.wait_for_function("before => document.querySelector('canvas').toDataURL() !== before", arg=drawn)
    portal.press("Enter")
    expect(page.get_by_text("24 chosen")).to_have_count(0)
    portal.press("f", "Enter")
    expect(page.get_by_text("24 chosen")).to_be_visible()
    portal.press("2")
    expect(page.get_by_text("24 images tagged leaf")).to_be_visible()
    portal.saved()
    assert {tuple(tags) for tags in tags_of(training, of).values()} == {("leaf",)}
    enclose(page, canvas, 0.001, 0.015)
    expect(page.get_by_role("heading", name="Nothing is chosen on the map")).to_be_visible()
    assert canvas.evaluate(DRAWN) != before
    portal.press("Control+z")
    eventually(lambda: canvas.evaluate(DRAWN) == before)
    enclose(page, canvas, 0.02, 0.98)
    portal.saved()
    portal.grid.focus()
    portal.press("Escape", "Escape")
    expect(page).not_to_have_url(re.compile("map="))
