"""What somebody does at the portal, each step with its figures beside their budgets."""

import re
import tempfile
import time
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from benchmarks.portal import filling
from benchmarks.portal.desk import FRAME_SECONDS, Desk, Figure, Tab
from benchmarks.portal.filling import Projects
from local.demo import scenes
from shared.settings import ROOT

DIST = ROOT / "portal" / "dist"
LOADS, KEYS = 5, 40
# Pixels, and pixels a second: reading along, looking for something, flying.
SCROLLS = {"slowly": (4_000, 800), "quickly": (12_000, 3_000), "flying": (60_000, 15_000)}
SLIDES = 50
UPLOADED, FILE_BYTES = 200, 23_000
DRAGGED_SECONDS = 3
# For what a tab does ahead of time, and for images to be let go of.
REST_SECONDS = 1.0


class Seen(NamedTuple):
    """How long each frame took, and how many nodes the page had at most."""

    frames: list[float]
    nodes: int


def first_load(desk: Desk, projects: Projects) -> None:
    paints, pictures = [], []
    for _ in range(LOADS):
        with desk.tab(projects.images) as tab:
            pictures.append(tab.probe("thumbnails()"))
            paints.append(tab.page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
            names = tab.page.evaluate("performance.getEntriesByType('resource').map((each) => each.name)")
    for kind, budget in (("js", 45), ("css", 6)):
        loaded = [found for name in names if (found := re.search(rf"/portal/(assets/[^/]+\.{kind})$", name))]
        size = sum((DIST / f"{found[1]}.gz").stat().st_size for found in loaded) / 1000
        desk.add(Figure(f"first load, {kind}, gzipped", [size], "kB", budget, 100))
    desk.add(Figure("first load, first paint", paints, "ms", 400, 50))
    desk.add(Figure("first load, first thumbnails", pictures, "ms", 1_200, 50))


def scroll(desk: Desk, projects: Projects) -> None:
    nodes = 0
    with desk.tab(projects.images) as tab:
        tab.probe("thumbnails()")
        for name, (distance, speed) in SCROLLS.items():
            tab.page.evaluate("document.querySelector('.grid').scrollTop = 0")
            time.sleep(REST_SECONDS)
            seen = scrolled(tab, distance, speed)
            nodes = max(nodes, seen.nodes)
            desk.add(Figure(f"frames, scrolling {name}, {speed:,} px/s", seen.frames, "ms", 33))
        tab.devtools.send("HeapProfiler.collectGarbage")
        heap = tab.devtools.send("Runtime.getHeapUsage")["usedSize"] / 1e6
    desk.add(Figure("nodes in the page, at most", [nodes], "nodes", 600, 100))
    desk.add(Figure("heap after that", [heap], "MB", 40, 100))


def scrolled(tab: Tab, distance: int, speed: int) -> Seen:
    at = tab.page.get_by_role("listbox").bounding_box() or {"x": 0, "y": 0}
    gesture = {"x": at["x"] + 300, "y": at["y"] + 300, "yDistance": -distance, "speed": speed}
    tab.probe("frames()")
    tab.devtools.send("Input.synthesizeScrollGesture", {**gesture, "gestureSourceType": "mouse"})
    return Seen(**tab.probe("stop()"))


def jump(desk: Desk, projects: Projects) -> None:
    """Each to a place where nobody was before."""
    with desk.tab(projects.images) as tab:
        tab.probe("thumbnails()")
        took = []
        for place in filling.places(projects.size):
            took.append(tab.probe(f"jump({place / projects.size})"))
            time.sleep(REST_SECONDS)
    desk.add(Figure("jump anywhere, to all thumbnails in sight", took, "ms", 800, 50))


def label(desk: Desk, projects: Projects) -> None:
    with desk.tab(projects.images) as tab:
        tab.probe("thumbnails()")
        tab.page.get_by_role("listbox").focus()
        shown, saved = [], []
        for each in range(KEYS):
            tab.probe("saving()")
            shown.append(tab.press(str(each % 9 + 1), "key('.grid')", "seen"))
            saved.append(tab.probe("saved"))
    desk.add(Figure("key to the tag that is seen", shown, "ms", 50))
    desk.add(Figure("key to saved", saved, "ms", 300))


def look(desk: Desk, projects: Projects) -> None:
    """At one image after the other, with a pause between; then at every fourth, as fast as keys go."""
    with desk.tab(projects.images) as tab:
        tab.probe("thumbnails()")
        tab.page.get_by_role("listbox").focus()
        opened = [tab.press("Space", "next()", "shown")]
        there, fetched = [], []
        for _ in range(20):
            time.sleep(REST_SECONDS)
            there.append(tab.press("ArrowRight", "next()", "shown"))
        for _ in range(10):
            time.sleep(REST_SECONDS)
            for _ in range(3):
                tab.page.keyboard.press("ArrowRight")
            fetched.append(tab.press("ArrowRight", "next()", "shown"))
    desk.add(Figure("an image, opened from the grid", opened))
    desk.add(Figure("next image, fetched before", there, "ms", 100))
    desk.add(Figure("next image, not fetched before", fetched, "ms", 500))


def drag(desk: Desk, projects: Projects) -> None:
    with desk.tab(projects.crowded) as tab:
        tab.page.locator(".frames .over").nth(filling.BOXES - 1).wait_for(state="attached")
        tab.probe("picture()")
        tab.page.keyboard.press("v")
        tab.page.keyboard.press("Tab")
        at = tab.page.locator(".label.chosen").bounding_box() or {"x": 0, "y": 0}
        mouse = tab.page.mouse
        mouse.move(at["x"] + 4, at["y"] + 4)
        mouse.down()
        mouse.move(at["x"] + 12, at["y"] + 12)
        tab.page.locator(".label.held").wait_for(state="attached")
        tab.probe("frames()")
        started = time.perf_counter()
        while (past := time.perf_counter() - started) < DRAGGED_SECONDS:
            mouse.move(at["x"] + 12 + 60 * past, at["y"] + 12 + 30 * past)
            time.sleep(FRAME_SECONDS / 2)
        seen = Seen(**tab.probe("stop()"))
        mouse.up()
    desk.add(Figure(f"frames, dragging one of {filling.BOXES} boxes", seen.frames, "ms", 40))


def slide(desk: Desk, projects: Projects) -> None:
    with desk.tab(projects.performance) as tab:
        slider = tab.page.get_by_role("slider", name=re.compile("Threshold", re.I))
        slider.wait_for()
        tab.page.locator(".chart svg path").first.wait_for(state="attached")
        time.sleep(REST_SECONDS)
        took = [
            slider.evaluate("(field, at) => probe.slide(field, at, '.judgement')", f"{each / SLIDES:.2f}")
            for each in range(1, SLIDES)
        ]
    desk.add(Figure("threshold slider to numbers and curve", took, "ms", 16))


def upload(desk: Desk, projects: Projects) -> None:
    with tempfile.TemporaryDirectory(prefix="ocellus-photos-") as folder, desk.tab(projects.empty) as tab:
        files = photographs(Path(folder), UPLOADED)
        with tab.page.expect_file_chooser() as chooser:
            tab.page.get_by_role("button", name="Add images", exact=True).click()
        chooser.value.set_files(files)
        add = tab.page.get_by_role("button", name=f"Add {UPLOADED} pictures")
        add.wait_for()
        started = time.perf_counter()
        add.click()
        tab.page.get_by_text(f"{UPLOADED} images added").wait_for()
        rate = UPLOADED / (time.perf_counter() - started)
    desk.add(Figure(f"upload of {UPLOADED} photos of {FILE_BYTES // 1000} kB", [rate], "a second", 20, 100, least=True))


def photographs(folder: Path, count: int) -> list[Path]:
    """Files of about the same size, each with bytes of its own."""
    pictures = [scenes.render("good", seed) for seed in range(8)]
    files = [folder / f"IMG_{number:04}.jpg" for number in range(count)]
    for number, file in enumerate(files):
        file.write_bytes(compressed(pictures[number % len(pictures)], number))
    return files


def compressed(picture: Image.Image, number: int) -> bytes:
    """At the best quality that fits."""
    for quality in range(90, 20, -10):
        written = BytesIO()
        picture.save(written, "JPEG", quality=quality, comment=f"{number}".encode())
        if written.tell() <= FILE_BYTES:
            break
    return written.getvalue()


STEPS = (first_load, scroll, jump, label, look, drag, slide, upload)
