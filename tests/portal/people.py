"""What people do with the portal: find things by role and name, press keys, click, and look whether all is saved."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from playwright.sync_api import ConsoleMessage, Locator, Page, expect

from shared.settings import ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
# Where pictures of the pages go: `PICTURES=1` in the environment.
LOOKS = ROOT / ".local" / "portal"
NARROW = 320
# A window of 1280 by 1024 at 400 %, though taller, and at 200 %.
ZOOMED = {"400%": (NARROW, 640), "200%": (640, 512)}
# What is dark is as light but for its colours. How large a target is has to be asked for.
CHECKED: dict[Literal["light", "dark"], dict[str, object]] = {
    "light": {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}},
    "dark": {"resultTypes": ["violations"], "runOnly": ["color-contrast"]},
}
# What lies beyond an edge and can't be scrolled to, or in too low a strip; to the right only strips and tables scroll.
LOST = """(async () => {
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const WIDE = "nav, pre, .scroll, .tagbar, .segments, .strip", ROOM = 80;
  const lost = (each) => {
    let { right, bottom } = each.getBoundingClientRect();
    if (right > innerWidth + 1 && !each.closest(WIDE)) return true;
    if (each.type === "number" && each.scrollWidth > each.clientWidth) return true;
    for (let box = each; box !== document.body; box = box.parentElement) {
      const { overflowY, position } = getComputedStyle(box), edge = box.getBoundingClientRect().bottom;
      if (/auto|scroll/.test(overflowY)) {
        if (box.scrollHeight > box.clientHeight + 1 && box.clientHeight < ROOM) return true;
        bottom = Math.min(bottom, edge);
      }
      if (/hidden|clip/.test(overflowY) && bottom > edge + 1) return true;
      if (position === "fixed") break;
    }
    return bottom > innerHeight + 1;
  };
  return [...document.querySelectorAll("button, a, input, select, textarea, summary, h1, h2, p")]
    .filter((each) => each.checkVisibility() && lost(each))
    .map((each) => each.outerHTML.slice(0, 160));
})()"""
FOLLOW = """(address) => {
  history.pushState(null, "", address);
  dispatchEvent(new PopStateEvent("popstate"));
}"""
# A busy machine takes its time; who waits for nothing loses none.
expect.set_options(timeout=20_000)
# Of a training of the tests, on a busy machine.
TRAINED_MS = 480_000
# A call that the service refuses is on the console as well; the tests that provoke one look at the page.
REFUSED = "Failed to load resource"


@contextmanager
def watched(page: Page) -> Iterator[None]:
    """At the end, whatever the page complained of is a failure; a refused call is none."""
    faults: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and REFUSED not in message.text:
            faults.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield
    assert faults == [], faults


COUNT = """(() => {
  const known = "actions" in window;
  window.actions = 0;
  if (known) return;
  const count = () => void window.actions++;
  const held = ["Control", "Shift", "Alt", "Meta"];
  addEventListener("keydown", (event) => event.repeat || held.includes(event.key) || count(), true);
  for (const kind of ["pointerup", "drop"]) addEventListener(kind, count, true);
})()"""


class Counter:
    """Counts what a hand does on a page: keys, clicks, drags and drops are one each; a key that is held is none."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @contextmanager
    def __call__(self, most: int) -> Iterator[None]:
        """What is done within takes at most so many actions. The page must not be loaded again meanwhile."""
        self.page.evaluate(COUNT)
        yield
        done = self.page.evaluate("window.actions")
        assert 0 < done <= most


class Portal:
    """A person at a page."""

    def __init__(self, page: Page, endpoint: str) -> None:
        self.page = page
        self.endpoint = endpoint

    def sign_in(self, key: str, path: str = "") -> None:
        self.page.goto(f"{self.endpoint}/portal/{path}")
        self.page.get_by_label("Training key").fill(key)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("banner")).to_be_visible()

    def resume(self, key: str) -> None:
        """Be signed in from the first page on, as after a reload."""
        kept = f"Object.assign(sessionStorage, {{ 'ocellus.key': '{key}', 'ocellus.used': Date.now() }})"
        self.page.add_init_script(f"if (location.host && !sessionStorage.length) {kept}")

    def home(self) -> None:
        """Look at all projects."""
        self.page.goto(f"{self.endpoint}/portal/")
        expect(self.page.get_by_role("banner")).to_be_visible()

    def open(self, project_id: str, screen: str = "images", search: str = "") -> None:
        self.page.goto(f"{self.endpoint}/portal/projects/{project_id}/{screen}{search}")

    def follow(self, project_id: str, screen: str = "images", search: str = "") -> None:
        """Go there as by a link of the page, which isn't loaded anew."""
        self.page.evaluate(FOLLOW, f"/portal/projects/{project_id}/{screen}{search}")

    @property
    def grid(self) -> Locator:
        return self.page.get_by_role("listbox", name="Images")

    @property
    def cells(self) -> Locator:
        return self.grid.get_by_role("option")

    @property
    def suggestions(self) -> Locator:
        return self.page.get_by_role("listbox", name="Suggestions").get_by_role("option")

    def figure(self, name: str) -> Locator:
        """Of an iteration's performance."""
        return self.page.get_by_role("region", name="Figures").get_by_label(name, exact=True)

    def cell(self, place: int) -> Locator:
        """Of all images, counted from 1."""
        return self.grid.locator(f"[aria-posinset='{place}']")

    def images(self, project_id: str, count: int) -> None:
        """Look at the images of a project, until so many are there."""
        self.open(project_id)
        expect(self.page.get_by_text(f"{count:,} image{'s' if count != 1 else ''}", exact=True)).to_be_visible()
        expect(self.cells.first.locator("img")).to_be_visible()
        # Tags come with the counts; before, no digit has one.
        expect(self.page.get_by_role("button", name=re.compile(r"^All \d"))).to_be_visible()
        self.grid.focus()

    def seen(self, name: str = "Suggestions") -> None:
        """Look at what is suggested there: Enter takes nothing that nobody could see."""
        expect(self.page.get_by_role("region", name=name, exact=True)).to_have_attribute("aria-busy", "false")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def reach(self, control: Locator) -> None:
        """By Tab, as who has no mouse."""
        expect(control).to_be_visible()
        for _ in range(60):
            if control.evaluate("(control) => control === document.activeElement"):
                return
            self.press("Tab")
        raise AssertionError(f"Tab does not reach {control}")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def saved(self) -> None:
        """Wait until the service has everything."""
        # The header tells of a key only in the frame after it.
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        expect(self.page.locator("[data-state=saved]")).to_be_visible()

    def look(self, name: str) -> None:
        """A picture of the page, where somebody asked for them to look at."""
        if "PICTURES" in os.environ:
            self.page.screenshot(path=LOOKS / f"{name}.png")

    def barriers(self, name: str = "", but: str = "script") -> list[str]:
        """What keeps some people from what is shown: in light and in dark, as axe sees it, and where it is zoomed; with
        pictures of that name. Not of what matches `but`, as more of the same.
        """
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text())
        found = []
        for scheme, options in CHECKED.items():
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found += self.page.evaluate(
                "([exclude, options]) => axe.run({ exclude }, options).then((result) => result.violations)",
                [[but], options],
            )
            if name:
                self.look(f"{name}-{scheme}")
        return self.lost(name) + [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]]

    def lost(self, name: str = "") -> list[str]:
        """What is out of sight and can't be scrolled to for whoever zooms."""
        usual = self.page.viewport_size
        assert usual
        found = []
        for zoom, (width, height) in ZOOMED.items():
            self.page.set_viewport_size({"width": width, "height": height})
            found += [f"{zoom}: {each}" for each in self.page.evaluate(LOST)]
            if name:
                self.look(f"{name}-{zoom}")
        self.page.set_viewport_size(usual)
        return found
