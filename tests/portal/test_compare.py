"""Two iterations beside each other: deltas per tag, and the images that the second fixed and broke."""

import re
from uuid import uuid4

from playwright.sync_api import expect


def open_comparison(portal, project, a, b, rest=""):
    portal.open(project, "compare", f"?a={a}&b={b}{rest}")
    expect(portal.page.get_by_text("By 5 images that both were judged by")).to_be_visible(timeout=20_000)


def strip(portal, name):
    return portal.page.get_by_role("region", name=name)


def test_what_the_second_does_better_and_worse(portal, still):
    portal.open(still.id, f"performance/{still.second}")
    expect(portal.figure("Precision")).to_be_visible(timeout=20_000)
    expect(portal.page.get_by_role("heading", name="Second")).to_be_focused()
    expect(portal.page.get_by_text("held out while it learned, with the labels that they had then.")).to_be_visible()
    portal.page.get_by_role("link", name="Compare two …").click()
    expect(portal.page.get_by_role("heading", name="Compare two iterations")).to_be_focused()
    expect(
        portal.page.get_by_text("By 5 images that both were judged by, with the labels that Second was judged by.")
    ).to_be_visible()
    expect(strip(portal, "Second fixed 2").get_by_role("link")).to_have_count(2)
    expect(strip(portal, "Second broke 0")).to_contain_text("It is wrong about nothing")
    row = portal.page.get_by_role("row").filter(has_text="apple")
    expect(row).to_contain_text("50.0 % → 75.0 % +25.0")
    expect(portal.page.get_by_role("combobox", name="Compare")).to_have_value(still.first)
    portal.button("Swap").click()
    expect(strip(portal, "First broke 2").get_by_role("link")).to_have_count(2)
    strip(portal, "First broke 2").get_by_role("link").first.click()
    expect(portal.page).to_have_url(re.compile(r"/image/"))


def test_the_threshold_stands_in_the_address(portal, still):
    open_comparison(portal, still.id, still.first, still.second, "&threshold=0.9")
    portal.page.get_by_role("slider", name="Threshold").focus()
    portal.press("End")
    expect(portal.page).to_have_url(re.compile("threshold=1$"))
    expect(strip(portal, "Second broke 0")).to_be_visible()


def test_two_are_compared_at_the_threshold_that_one_was_looked_at(portal, still):
    portal.open(still.id, f"performance/{still.second}", "?threshold=0.9")
    compared = portal.page.get_by_role("link", name="Compare two …")
    expect(compared).to_have_attribute("href", re.compile(f"a={still.first}&b={still.second}&threshold=0.9$"))


def test_nothing_of_it_keeps_anybody_out(portal, still):
    open_comparison(portal, still.id, still.first, still.second)
    assert portal.barriers("compare") == []


def test_what_can_not_be_compared_says_so(portal, project, still):
    portal.open(still.id, "compare", f"?a={uuid4()}&b={still.second}")
    expect(portal.page.get_by_role("alert").first).to_contain_text("no iteration")
    portal.open(still.id, "compare", "?a=no&b=nonsense")
    expect(portal.page.get_by_role("alert").first).to_contain_text("must be")
