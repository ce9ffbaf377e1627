"""The sample for browsers, in Chromium, as it lies in the package: it predicts what the service does."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from shared.prediction.model import Model
from shared.settings import ROOT
from tests.packages.unpacking import COMPACT, S1, SEEN, described, seen_here, seen_there, unpacked
from tests.pictures import encoded, rectangles
from tests.portal.people import watched
from tests.prediction.small import SIDE
from tests.web import Web

THINGS = {"red": (0.0, 0.25, 0.25, 0.25), "blue": (0.5, 0.5, 0.5, 0.25)}
# Of the size of the input; shrunk, by the longer side first; and halved before that, which decoders do otherwise.
PICTURES = [
    ("exact.png", encoded(Image.open(BytesIO(rectangles(THINGS, (SIDE, SIDE)))), "PNG"), 1e-5),
    ("wide.png", encoded(Image.open(BytesIO(rectangles(THINGS, (60, 44)))), "PNG"), 1e-3),
    ("tall.png", encoded(Image.open(BytesIO(rectangles(THINGS, (44, 60)))), "PNG"), 1e-3),
    ("large.jpg", rectangles(THINGS), 1e-3),
]
INSTALLED = ("tfjs-core", "tfjs-converter", "tfjs-backend-wasm")


def put(web: Web, files: Path) -> str:
    """The package as a site, with what npm installs for it. Answers its address."""
    for path in files.rglob("*.*"):
        web.pages[f"/package/{path.relative_to(files)}"] = path.read_bytes()
    for name in INSTALLED:
        for path in (ROOT / "node_modules" / "@tensorflow" / name / "dist").glob("tf*"):
            if path.suffix in (".js", ".wasm") and "es2017" not in path.name:
                web.pages[f"/package/javascript/node_modules/@tensorflow/{name}/dist/{path.name}"] = path.read_bytes()
    web.pages["/package/javascript/"] = (files / "javascript" / "index.html").read_bytes()
    return f"{web.address}/package/javascript/"


@pytest.mark.parametrize("domain", [COMPACT, S1])
@pytest.mark.parametrize("detects", [False, True], ids=["classifier", "detector"])
def test_a_page_predicts_what_the_service_does(
    tmp_path: Path, web: Web, browser: Browser, detects: bool, domain: str
) -> None:
    graph, spec = described(detects, domain)
    unpacked("TensorFlow", "TensorFlowJs", graph, spec, tmp_path)
    served = Model.load(graph, msgspec.json.encode(spec))
    page = browser.new_page()
    with watched(page):
        page.goto(put(web, tmp_path))
        for name, data, margin in PICTURES:
            found = asked(page, tmp_path / name, data)
            expected = served.predict(data)
            if detects:
                mine = sorted(seen_here(each) for each in found if each[1] > SEEN)
                theirs = sorted(seen_there(each) for each in expected if each.probability > SEEN)
                assert len(theirs) == 3
                assert np.array(mine) == pytest.approx(np.array(theirs), abs=margin)
            else:
                told = {each.tag_name: each.probability for each in expected}
                assert dict(found) == pytest.approx(told, abs=margin)
    page.close()


def asked(page: Page, path: Path, data: bytes) -> list[Any]:
    """The label, the probability and, of a detector, the box of each that the page shows."""
    path.write_bytes(data)
    page.get_by_label("A picture").set_input_files(path)
    shown = page.locator("pre")
    expect(shown).not_to_be_empty(timeout=30_000)
    return [tuple(json.loads(line).values()) for line in (shown.text_content() or "").splitlines()]
