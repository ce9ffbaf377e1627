"""A person at the keys, and what tries each key of the table: by its place and its action."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, expect

from tests.portal.people import Portal

# Images of the project: more than a low window has.
COUNT = 24

Check = Callable[["Hand", str], None]
CHECKS: dict[tuple[str, str], Check] = {}


def at(place: str, *actions: str) -> Callable[[Check], Check]:
    """Notes what tries these actions at a place. It leaves all as it was, so that the next key can be tried."""

    def note(check: Check) -> Check:
        CHECKS.update({(place, action): check for action in actions})
        return check

    return note


class Hand:
    """A person at the keys."""

    def __init__(self, portal: Portal) -> None:
        self.portal, self.page = portal, portal.page

    def press(self, *keys: str) -> None:
        for key in keys:
            parts = ["."] if re.fullmatch(r"\..", key) else []
            for part in [*parts, key[len(parts) :]]:
                self.page.keyboard.press(re.sub("^Ctrl", "Control", part))

    def try_all(self, rows: list[dict[str, Any]], place: str, *but: str) -> None:
        for row in rows:
            if place in row["places"] and row["action"] not in but:
                for key in row["keys"]:
                    CHECKS[place, row["action"]](self, key)

    def dialog(self, name: str) -> None:
        """It opens, and Esc closes it."""
        expect(self.page.get_by_role("dialog", name=name)).to_be_visible()
        self.press("Escape")
        # Gone, and not only closed: until then a key could not open it again.
        expect(self.page.locator("dialog")).to_have_count(0)

    # Among the images.

    def on(self, place: int) -> None:
        """The focus lies on the image at that place, from 0."""
        expect(self.portal.grid).to_have_attribute("aria-activedescendant", f"cell-{place}")

    def to(self, place: int) -> None:
        self.press("Escape", "Home", *["ArrowRight"] * place)
        self.on(place)

    def columns(self) -> int:
        tops = [self.portal.cell(place).bounding_box()["y"] for place in range(1, 10)]  # type: ignore[index]
        return tops.count(tops[0])

    def named(self, place: int, name: str) -> None:
        expect(self.portal.cell(place)).to_have_accessible_name(re.compile(name))

    def chosen(self, count: int) -> None:
        expect(self.portal.grid.locator("[aria-selected=true]")).to_have_count(count)

    # At the boxes of an image.

    @property
    def boxes(self) -> Locator:
        return self.page.get_by_role("listbox", name="Boxes").get_by_role("option")

    def side(self, name: str) -> float:
        """Of the chosen box, in parts of the picture."""
        return float(self.page.get_by_role("group", name="The chosen box").get_by_label(name).input_value())

    def count(self, boxes: int) -> None:
        expect(self.boxes).to_have_count(boxes)

    def choose(self) -> None:
        """One box is there, and it is chosen."""
        self.press("b", "Enter")
        expect(self.page.locator(".label.chosen")).to_be_visible()

    def width(self) -> float:
        return self.page.locator(".placed").bounding_box()["width"]  # type: ignore[index]
