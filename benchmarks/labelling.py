"""How many keys and clicks it takes to label photographs by the live model's pages: a hand at the portal in Chromium.

python -m benchmarks.labelling
python -m benchmarks.labelling --sessions 3
"""

import argparse
import random
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import requests
from msgspec import Struct
from playwright.sync_api import Page
from rich.console import Console
from rich.table import Table

from benchmarks import subjects
from benchmarks.portal.desk import Desk, Tab, seated
from benchmarks.rig import Client
from local.demo.report import percentile
from local.service import Service
from shared.formats.dataset import TaggedPicture
from shared.settings import ROOT

# Citrus fruits and yoghurts of two brands: groceries that look alike.
TAGS = ("Orange", "Satsumas", "Red-Grapefruit", "Arla-Natural-Yoghurt", "Yoggi-Strawberry-Yoghurt")
IMAGES, SESSIONS = 100, 10
MEAN_GOAL, P90_GOAL = 50.0, 65.0
AT_ONCE = 50
# Cells of the page, when all are drawn; null while they are not, as in the first frame, or while it turns.
CELLS = """() => {
  if (document.querySelector("[aria-busy=true]")) return null;
  const drawn = [...document.querySelectorAll("[aria-label=Suggestions] [role=option]")];
  const cells = drawn.map((each) => each.ariaLabel);
  const isWhole = drawn.every((each) => Number(each.ariaSetSize) === cells.length);
  if (!isWhole || cells.includes("not loaded yet")) return null;
  return { cells, offer: document.querySelector(".offer")?.innerText ?? "" };
}"""
FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
DONE = "Every image has its labels"


class Seen(NamedTuple):
    """A page: its cells in words, and what it is about."""

    cells: Sequence[str]
    offer: str


class Labelled(NamedTuple):
    actions: int
    wrong: int
    seconds: float


class Stands(Struct):
    total: int
    embedded: int


class Hand:
    """It sees all that is shown, errs never, and counts what it does."""

    def __init__(self, page: Page) -> None:
        self.page, self.actions = page, 0

    def label(self) -> None:
        """Until every image has its labels."""
        seen = self._turned(None)
        while seen:
            if "taken for" in seen.offer:
                seen = self._confirm(seen)
            else:
                self._press(str(TAGS.index(_truth(seen.cells[0])) + 1))
                seen = self._turned(seen)

    def _confirm(self, seen: Seen) -> Seen | None:
        """What is wrong takes a digit while the mouse points at it, the rest Enter."""
        while wrong := [at for at, cell in enumerate(seen.cells) if _truth(cell) != _said(cell)]:
            self.page.mouse.move(0, 0)
            self.page.locator(f"#cell-{wrong[0]}").hover()
            self._press(str(TAGS.index(_truth(seen.cells[wrong[0]])) + 1))
            after = self._turned(seen)
            if after is None or len(after.cells) != len(seen.cells) - 1:
                return after
            seen = after
        self._press("Enter")
        return self._turned(seen)

    def _press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.actions += 1

    def _turned(self, before: Seen | None) -> Seen | None:
        """What is shown after something was done; none at the end."""
        while True:
            found = self.page.evaluate(CELLS)
            if found and found["cells"] and (before is None or found["cells"] != before.cells):
                return Seen(found["cells"], found["offer"])
            if self.page.get_by_role("heading", name=DONE).count():
                return None
            self.page.wait_for_timeout(20)


def _truth(cell: str) -> str:
    """File names begin with it."""
    return cell.split("--")[0]


def _said(cell: str) -> str:
    found = re.search(r"suggested: (.+) \d+ %$", cell)
    return found[1] if found else ""


def session(desk: Desk, service: Service, pictures: Sequence[TaggedPicture], seed: int) -> Labelled:
    """So many photographs of each tag, by chance, labelled from the first to the last."""
    chance, each = random.Random(seed), IMAGES // len(TAGS)
    some = [picture for tag in TAGS for picture in chance.sample([p for p in pictures if p.tag == tag], each)]
    chance.shuffle(some)
    client = Client(service)
    project_id = msgspec.json.decode(client.post("projects", name=f"session {seed}", classificationType="Multiclass"))[
        "id"
    ]
    for tag in TAGS:
        client.post(f"projects/{project_id}/tags", name=tag)
    upload(service, project_id, some)
    ready(service, project_id)
    with desk.tab(f"projects/{project_id}/images?suggested=last") as tab:
        hand, start = _sat_down(tab), time.perf_counter()
        hand.label()
        seconds = time.perf_counter() - start
        # The header tells of a key only in the frame after it.
        tab.page.evaluate(FRAMES)
        tab.page.locator("[data-state=saved]").wait_for()
    images = msgspec.json.decode(client.get(f"projects/{project_id}/images", take=256))
    right = sum(
        [tag["tagName"] for tag in image["tags"]] == [_truth(image["metadata"]["filename"])] for image in images
    )
    client.delete(f"projects/{project_id}")
    return Labelled(hand.actions, IMAGES - right, seconds)


def _sat_down(tab: Tab) -> Hand:
    tab.page.get_by_role("listbox", name="Suggestions").focus()
    return Hand(tab.page)


def upload(service: Service, project_id: str, pictures: Sequence[TaggedPicture]) -> None:
    """Under file names that tell the tag to the hand, and to nobody else."""
    url = f"{service.endpoint}/customvision/v3.4-preview/training/projects/{project_id}/images?nameKey=filename"
    for start in range(0, len(pictures), AT_ONCE):
        part = pictures[start : start + AT_ONCE]
        names = [f"{each.tag}--{start + at}.jpg" for at, each in enumerate(part)]
        files = [("imageData", (name, each.path.read_bytes())) for name, each in zip(names, part, strict=True)]
        answer = requests.post(url, files=files, headers={"Training-Key": service.training_key}, timeout=120)
        answer.raise_for_status()


def ready(service: Service, project_id: str) -> None:
    """Wait until the backbone has looked at all."""
    client = Client(service, "/ocellus/v1")
    while True:
        stands = msgspec.json.decode(client.post(f"projects/{project_id}/live", {}), type=Stands)
        if stands.embedded == stands.total == IMAGES:
            return
        time.sleep(0.5)


def main(argv: list[str]) -> int:
    options = arguments().parse_args(argv)
    pictures = subjects.photographs(options.photos / "grocery10" / "train", TAGS)
    subprocess.run(["sh", "-c", "root=$PWD; . local/setup.sh; build_portal"], cwd=ROOT, check=True)
    done = []
    with subjects.fresh_service() as service, seated(service) as desk:
        for seed in range(options.sessions):
            done.append(session(desk, service, pictures, seed))
            print(
                f"session {seed}: {done[-1].actions} actions, {done[-1].seconds:.0f} s, {done[-1].wrong} wrong",
                flush=True,
            )
    show(done)
    return 0


def show(done: Sequence[Labelled]) -> None:
    actions = [each.actions for each in done]
    table = Table("", "measured", "goal", title=f"{IMAGES} photographs of {len(TAGS)} groceries, {len(done)} sessions")
    mean = sum(actions) / len(actions)
    table.add_row(
        "keys and clicks, mean", f"{mean:.1f}", f"{MEAN_GOAL:.0f}", style=None if mean <= MEAN_GOAL else "red"
    )
    p90 = percentile(actions, 90)
    table.add_row("at p90", f"{p90:.0f}", f"{P90_GOAL:.0f}", style=None if p90 <= P90_GOAL else "red")
    table.add_row("fewest and most", f"{min(actions)}, {max(actions)}", "")
    table.add_row("labels that are wrong in the end", str(sum(each.wrong for each in done)), "0")
    table.add_row("seconds a session, without looking", f"{sum(each.seconds for each in done) / len(done):.0f}", "")
    Console(highlight=False).print(table)


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.labelling", description=__doc__)
    parser.add_argument("--sessions", type=int, default=SESSIONS, metavar="N", help="other photographs in each")
    subjects.add_photos(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
