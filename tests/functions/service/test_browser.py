"""A page of another origin calls the service in a real browser: Chromium, where it is installed."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.pictures import picture

CHROMIUM = shutil.which("chromium") or ""
SECONDS = 60
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --remote-debugging-port=0"
)
PAGE = """<!DOCTYPE html>
<meta charset="utf-8">
<title>Apple or leaf?</title>
<h1>...</h1>
<script>
async function send(path, options) {
  try {
    const answer = await fetch("%(endpoint)s/customvision/" + path, options);
    const seen = {status: answer.status, id: answer.headers.get("apim-request-id"), allow: answer.headers.get("allow")};
    return {...seen, body: await answer.json()};
  } catch (fault) {
    return {fault: String(fault)};
  }
}
async function main() {
  const body = await (await fetch("%(picture)s")).blob();
  const type = {"Content-Type": "application/octet-stream"};
  const place = "v3.1/Prediction/%(project)s/classify/iterations/browser/image";
  const predicted = await send(place, {method: "POST", body, headers: {...type, "Prediction-Key": "%(key)s"}});
  if (predicted.body) document.querySelector("h1").textContent = predicted.body.predictions[0].tagName;
  const told = {
    shown: document.querySelector("h1").textContent,
    predicted,
    refused: await send(place, {method: "POST", body, headers: {...type, "Ocp-Apim-Subscription-Key": "wrong"}}),
    wrong: await send(place, {method: "PATCH", body, headers: {...type, "Authorization": "Bearer none"}}),
    lost: await send("v3.3/training/nothing"),
  };
  await fetch("/told", {method: "POST", body: JSON.stringify(told)});
}
main();
</script>
"""

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no chromium on PATH")


@contextmanager
def shown(address: str, folder) -> Iterator[None]:
    """A browser with a profile of its own that shows a page."""
    command = [CHROMIUM, *FLAGS.split(), f"--user-data-dir={folder}", address]
    with (folder / "log").open("wb") as log:
        browser = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        yield
    finally:
        os.killpg(browser.pid, signal.SIGKILL)
        browser.wait()


@pytest.fixture
def page(service, training, trained, web) -> Iterator[str]:
    """The address of a page that predicts."""
    training.publish_iteration(trained.project.id, trained.iteration.id, "browser", "resource")
    values = {
        "endpoint": service.endpoint,
        "picture": web.serve(picture("leaf", 90)).removeprefix(web.address),
        "project": trained.project.id,
        "key": service.prediction_key,
    }
    web.pages["/page.html"] = (PAGE % values).encode()
    yield f"{web.address}/page.html"
    training.unpublish_iteration(trained.project.id, trained.iteration.id)


def test_a_page_of_an_allowed_origin_predicts(web, page, tmp_path):
    with shown(page, tmp_path):
        told = json.loads(web.told.get(timeout=SECONDS))
    assert told["shown"] == "leaf"
    assert told["predicted"]["status"] == 200
    assert told["predicted"]["id"] == told["predicted"]["body"]["id"]
    assert (told["refused"]["status"], told["refused"]["body"]["error"]["code"]) == (401, "401")
    assert (told["wrong"]["status"], told["wrong"]["allow"]) == (405, "OPTIONS, POST")
    assert told["lost"]["status"] == 404


def test_a_page_of_another_origin_reads_nothing(web, page, tmp_path):
    with shown(page.replace("127.0.0.1", "localhost"), tmp_path):
        told = json.loads(web.told.get(timeout=SECONDS))
    assert told["shown"] == "..."
    faults = [told[name] for name in ("predicted", "refused", "wrong", "lost")]
    assert faults == [{"fault": "TypeError: Failed to fetch"}] * 4
