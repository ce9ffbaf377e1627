"""Somebody at a browser: one tab at a time, signed in, on a machine that keeps nothing; what was seen, as figures."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from local.demo.report import percentile
from local.service import Service

NAMES = ("chromium", "google-chrome", "chromium-browser")
WINDOW = {"width": 1280, "height": 800}
PROBE = Path(__file__).with_name("probe.js")
PATIENCE_MS = 120_000
FRAME_SECONDS = 1 / 60


class Figure(NamedTuple):
    """What was measured, and the budget for its median, its p95 or the largest; `least` where more is better."""

    name: str
    values: Sequence[float]
    unit: str = "ms"
    budget: float | None = None
    of: int = 95
    least: bool = False

    @property
    def told(self) -> float:
        return percentile(self.values, self.of)

    @property
    def fits(self) -> bool:
        if self.budget is None:
            return True
        return self.told >= self.budget if self.least else self.told <= self.budget

    @property
    def cells(self) -> list[str]:
        several = len(self.values) > 1
        spread = [self._shown(percentile(self.values, each)) if several else "" for each in (50, 95)]
        most = self._shown(max(self.values))
        kind = {50: "median", 95: "p95", 100: ""}[self.of] if several else ""
        bound = "" if self.budget is None else f"{self._shown(self.budget)} {kind}".strip()
        return [*spread, most, bound]

    def _shown(self, value: float) -> str:
        if self.unit == "ms":
            return f"{value / 1000:.2f} s" if value >= 1000 else f"{value:.0f} ms"
        return f"{value:,.1f} {self.unit}" if value < 100 and self.unit != "nodes" else f"{value:,.0f} {self.unit}"


class Tab(NamedTuple):
    page: Page
    devtools: CDPSession

    def probe(self, call: str) -> Any:
        """What a call of `probe.js` answers."""
        return self.page.evaluate(f"window.probe.{call}")

    def press(self, key: str, armed: str, told: str) -> float:
        """Milliseconds from a key until what the probe was armed for was there."""
        self.probe(armed)
        self.page.keyboard.press(key)
        return float(self.probe(told))


class Desk:
    def __init__(self, browser: Browser, service: Service) -> None:
        self.figures: list[Figure] = []
        self._browser, self._service = browser, service

    @contextmanager
    def tab(self, path: str) -> Iterator[Tab]:
        """A tab on a path of the portal."""
        context = self._browser.new_context(viewport=WINDOW, locale="en-US")  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(
            f"sessionStorage['ocellus.key'] = '{self._service.training_key}';"
            "sessionStorage['ocellus.used'] = String(Date.now());"
        )
        context.add_init_script(path=PROBE)
        page = context.new_page()
        page.goto(f"{self._service.endpoint}/portal/{path}", wait_until="commit")
        yield Tab(page, context.new_cdp_session(page))
        context.close()

    def add(self, figure: Figure) -> None:
        self.figures.append(figure)
        print(f"  {figure.name}: {', '.join(each for each in figure.cells[:3] if each)}", flush=True)


@contextmanager
def seated(service: Service) -> Iterator[Desk]:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        sys.exit(f"There is none of {', '.join(NAMES)} on PATH; ./test installs one where it can.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--disable-gpu"])
        yield Desk(browser, service)
        browser.close()
