"""Many tags, long names and narrow windows: all of it can be read, and no list takes more than one stop of Tab."""

import re

import pytest
from playwright.sync_api import expect

from tests.pictures import picture
from tests.portal.models import tagged

NARROW = {"width": 700, "height": 800}
WIDTHS = (700, 1000, 1440)
LONG = "Pneumatic quick-release coupling, stainless steel, with a viton seal"
NAMES = ["apple", LONG, *(f"{'bdf'[n % 3]}olt {n}" for n in range(79))]
# What has the keyboard's focus, in words.
FOCUSED = "document.activeElement.ariaLabel ?? document.activeElement.title"
STOPS = "(each) => each.filter(({ tabIndex, checkVisibility }) => tabIndex >= 0).length"
# How far a drawing's lettering is from what the page is set in, in pixels of the screen.
LETTERING = (
    "(texts) => Math.max(...texts.map((text) => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a))"
)
# Whether a tag lies under the field for a new one, or over it.
OVERLAP = """(field) => {
  const { left, right, top, height } = field.getBoundingClientRect();
  const across = [0, 0.25, 0.5, 0.75, 1].map((part) => left + 1 + part * (right - left - 2));
  return across.some((x) => document.elementsFromPoint(x, top + height / 2).some((each) => each.matches(".tag")));
}"""


@pytest.fixture(scope="module")
def crowded(training):
    project = training.create_project("crowded", classification_type="Multilabel")
    [apple, coupling, *_] = tagged(training, project, NAMES)
    for seed in range(3):
        training.create_images_from_data(project.id, picture("apple", seed), tag_ids=[apple.id, coupling.id])
    return project


def stops(portal, within, name) -> int:
    found = portal.page.get_by_role(within, name=name, exact=True)
    expect(found).to_be_visible()
    return found.locator("button, a, input").evaluate_all(STOPS)


def test_eighty_tags_are_one_stop_and_keys_go_through_them(portal, crowded):
    page = portal.page
    portal.images(crowded.id, 3)
    portal.reach(page.get_by_role("toolbar", name="Tags").get_by_role("button", name=re.compile("^apple")))
    gone = {
        "ArrowDown": LONG,
        "End": NAMES[-1],
        "ArrowUp": NAMES[-2],
        "Home": NAMES[0],
        # The letters of a name, of which there is no "dof".
        "d": NAMES[3],
        "o": NAMES[3],
        "f": NAMES[3],
        "ArrowRight": f"More of {NAMES[3]}",
    }
    for key, name in gone.items():
        portal.press(key)
        assert page.evaluate(FOCUSED).split(":")[0] == name, key
    portal.press("Tab")
    expect(page.get_by_label("New tag")).to_be_focused()
    portal.press("Shift+Tab", "Shift+F10")
    expect(page.get_by_role("menuitem", name="Rename")).to_be_focused()
    portal.press("Escape")
    assert page.evaluate(FOCUSED) == f"More of {NAMES[3]}"
    expect(portal.grid).to_have_attribute("aria-activedescendant", "cell-0")


def test_after_a_click_on_a_tag_the_keys_are_for_the_images(portal, crowded):
    portal.images(crowded.id, 3)
    portal.page.get_by_role("toolbar", name="Tags").get_by_role("button", name=re.compile("^apple")).click()
    expect(portal.button("No longer only apple")).to_be_visible()
    expect(portal.cell(2).locator("img")).to_be_visible()
    portal.press("ArrowRight", "m")
    expect(portal.cell(2)).to_have_attribute("aria-selected", "true")


def test_no_list_takes_more_than_one_stop(portal, training, crowded, still):
    portal.home()
    projects = portal.page.get_by_role("main").get_by_role("list")
    expect(projects.get_by_role("link", name="crowded").first).to_be_visible()
    assert projects.locator("button, a").evaluate_all(STOPS) == 1
    portal.images(crowded.id, 3)
    assert stops(portal, "toolbar", "Tags") == 1
    tags = training.get_tags(crowded.id)
    portal.follow(crowded.id, search=f"?tags={','.join(tag.id for tag in tags[:5])}")
    expect(portal.page.locator(".filter")).to_have_count(5)
    assert portal.page.locator(".filter").evaluate_all(STOPS) == 1
    portal.images(crowded.id, 3)
    portal.press("Space")
    expect(portal.page.get_by_text("1 of 3")).to_be_visible()
    assert stops(portal, "toolbar", "Tags") == 1
    portal.follow(crowded.id, "train")
    table = portal.page.get_by_role("table")
    expect(table).to_be_visible()
    assert table.locator("button, a, input").evaluate_all(STOPS) == len(("Leave out all", "all rows"))
    portal.open(still.id, "performance")
    assert stops(portal, "region", "Tags") == len(("Tag", "Precision", "Recall", "AP", "Judged", "all rows"))
    assert stops(portal, "navigation", "Iterations") == len(("all iterations", "Compare", "Import"))


def test_what_is_typed_finds_some_of_many_tags(portal, crowded):
    portal.images(crowded.id, 3)
    tags = portal.page.get_by_role("toolbar", name="Tags").locator(".tag")
    expect(tags).to_have_count(len(NAMES))
    field = portal.page.get_by_label("New tag")
    expect(field).to_have_attribute("placeholder", "Find or add")
    field.fill(" APPLE")
    expect(tags).to_have_count(1)
    # It keeps its place among the digits.
    expect(portal.button(re.compile("^1 Give apple"))).to_be_visible()
    portal.look("crowded-sought")
    field.fill("")
    expect(tags).to_have_count(len(NAMES))


def test_in_a_narrow_window_nothing_lies_over_the_tags(portal, crowded):
    portal.page.set_viewport_size(NARROW)
    portal.images(crowded.id, 3)
    field = portal.page.get_by_label("New tag")
    assert not field.evaluate(OVERLAP)
    field.click()
    expect(field).to_be_focused()


def test_long_names_show_how_they_begin_and_end(portal, crowded):
    portal.images(crowded.id, 3)
    chip = portal.cell(1).get_by_text(re.compile("^Pneum.*….* seal$"))
    assert chip.evaluate("(chip) => chip.scrollWidth <= chip.clientWidth")
    # Where its letters are wider than most: a flexible box would cut its text without a sign.
    assert chip.evaluate("(chip) => [getComputedStyle(chip).display, getComputedStyle(chip).textOverflow]") == [
        "block",
        "ellipsis",
    ]
    portal.page.get_by_role("toolbar", name="Tags").get_by_role("button", name=re.compile("^Pneumatic")).click()
    filter = portal.button(f"No longer only {LONG}")
    assert filter.evaluate("(button) => button.scrollWidth <= button.clientWidth")


def test_what_performance_shows_fits_every_window(portal, still):
    page = portal.page
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 500})
        portal.open(still.id, "performance")
        chart = page.get_by_role("region", name="Precision and recall")
        expect(chart).to_be_visible()
        assert 9 <= chart.locator("text").evaluate_all(LETTERING) <= 14, width
        aside = page.get_by_role("navigation", name="Iterations").locator("..")
        assert aside.evaluate("(aside) => aside.scrollHeight <= aside.clientHeight"), width
        page.get_by_role("button", name=re.compile(r"\d mistake")).click()
        tiles = page.get_by_role("listbox", name="Judged images").get_by_role("option")
        expect(tiles.first.locator("img")).to_be_visible()
        assert tiles.evaluate_all("(tiles) => tiles.every((tile) => tile.scrollHeight <= tile.clientHeight)"), width


def test_the_titles_of_dialogs_are_of_one_size(portal, still):
    page = portal.page
    portal.open(still.id, "performance")
    sizes = {}
    for opener in ("Publish", "Export", "Keys"):
        portal.button(opener).click()
        title = page.get_by_role("dialog").get_by_role("heading").first
        expect(title).to_be_visible()
        sizes[opener] = title.evaluate("(title) => getComputedStyle(title).fontSize + getComputedStyle(title).padding")
        portal.press("Escape")
    assert len(set(sizes.values())) == 1, sizes
