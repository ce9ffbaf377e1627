"""The browser of the tests, which Debian's Chromium is."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

# The first has no windows, and so less to do.
NAMES = ("chromium-headless-shell", "chromium", "google-chrome", "chromium-browser")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
# A camera that shows a moving pattern, and is seen through without a question.
CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


# Pages of one site share a process: starting one costs as much as loading a page.
FLAGS = ["--disable-gpu", "--process-per-site", *CAMERA]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        assert os.environ.get("CI") != "true", "there is no Chromium, and CI tests the portal"
        pytest.skip("there is no Chromium on PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
