"""What the page says in passing hides nothing that people work at, and an undo leads to what was undone."""

import re

import pytest
from playwright.sync_api import expect

from tests.portal.models import classifier, untagged

COUNT = 24


def overlaps(portal, what: str) -> bool:
    """Whether a notice lies over it."""
    notice, place = portal.page.locator(".toast").first.bounding_box(), portal.page.locator(what).bounding_box()
    assert notice
    assert place
    return all(
        notice[side] < place[side] + place[length] and place[side] < notice[side] + notice[length]
        for side, length in (("x", "width"), ("y", "height"))
    )


@pytest.mark.parametrize("width", [1280, 700])
def test_notices_lie_over_no_picture(portal, filled, width):
    portal.page.set_viewport_size({"width": width, "height": 700})
    portal.images(filled(COUNT).id, COUNT)
    portal.press("Shift+ArrowRight", "2", "1")
    expect(portal.page.get_by_text("2 images tagged apple")).to_be_visible()
    # An undo takes back the last step: what was done before offers none.
    expect(portal.page.get_by_text("2 images tagged leaf")).to_be_visible()
    expect(portal.button("Undo")).to_have_count(1)
    assert not overlaps(portal, ".grid")
    if width == 1280:
        column, notices = (portal.page.locator(each).bounding_box() for each in (".tagbar", ".toasts"))
        inner = portal.page.locator(".tagbar").evaluate("(bar) => bar.clientHeight")
        assert column["y"] + inner <= notices["y"] + 1
    portal.press("Escape", "Space")
    expect(portal.page.get_by_text(f"2 of {COUNT}")).to_be_visible()
    portal.press("Control+z")
    expect(portal.page.get_by_text("Undone: 2 images tagged apple")).to_be_visible()
    # What can't be taken back any more offers that no longer.
    expect(portal.page.get_by_text("2 images tagged apple", exact=True)).to_have_count(0)
    assert not overlaps(portal, ".stage")


def test_an_undo_leads_to_the_image_that_it_is_about(portal, filled):
    portal.page.set_viewport_size({"width": 1280, "height": 500})
    portal.images(filled(COUNT).id, COUNT)
    portal.press("ArrowRight", "1", "End")
    expect(portal.cell(2)).not_to_be_in_viewport()
    for keys in ("Control+z", "Control+Shift+z"):
        portal.press("End", keys)
        expect(portal.grid).to_have_attribute("aria-activedescendant", "cell-1")
        expect(portal.cell(2)).to_be_in_viewport(ratio=1)
    # Though the focus is there, somebody looks elsewhere.
    portal.grid.evaluate("(grid) => (grid.scrollTop = grid.scrollHeight)")
    expect(portal.cell(2)).not_to_be_in_viewport()
    portal.press("Control+z")
    expect(portal.cell(2)).to_be_in_viewport(ratio=1)
    expect(portal.cell(2)).to_have_accessible_name(re.compile("untagged"))


def test_an_undo_leads_to_the_suggestion_that_it_is_about(portal, training, storage, project):
    classifier(training, storage, project)
    untagged(training, project, ["apple", "leaf", "sky", "sky", "leaf"])
    portal.open(project.id, search="?suggested=last")
    expect(portal.suggestions).to_have_count(5)
    listed = portal.page.get_by_role("listbox", name="Suggestions")
    listed.focus()
    portal.press("ArrowRight", "1", "End")
    expect(portal.suggestions).to_have_count(4)
    portal.press("Control+z")
    expect(portal.suggestions).to_have_count(5)
    expect(listed).to_have_attribute("aria-activedescendant", "cell-1")
