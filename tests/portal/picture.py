"""Makes docs/portal.jpg: the images of a project of rendered parts, as the portal shows them.

`python -m tests.portal.picture`
"""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import (
    ImageFileCreateBatch,
    ImageFileCreateEntry,
    Project,
)
from msrest.authentication import ApiKeyCredentials
from playwright.sync_api import expect, sync_playwright

from local.demo import scenes
from local.service import running
from shared.settings import ROOT
from tests.browsers import CHROMIUM
from tests.portal.people import Portal

PLACE = ROOT / "docs" / "portal.jpg"
SIZE = {"width": 1200, "height": 640}
COUNT = 40
UNTAGGED = 9


def main() -> None:
    with TemporaryDirectory() as data, running(Path(data)) as service, sync_playwright() as playwright:
        credentials = ApiKeyCredentials(in_headers={"Training-key": service.training_key})
        project = fill(CustomVisionTrainingClient(service.endpoint, credentials))
        page = playwright.chromium.launch(executable_path=CHROMIUM).new_page(viewport=SIZE, color_scheme="light")  # type: ignore[arg-type]
        portal = Portal(page, service.endpoint)
        portal.sign_in(service.training_key)
        portal.images(project.id, COUNT)
        portal.press("m", "ArrowRight", "m", "ArrowRight", "ArrowRight", "m")
        expect(page.get_by_text("3 chosen")).to_be_visible()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=PLACE, type="jpeg", quality=82)


def fill(training: CustomVisionTrainingClient) -> Project:
    """Parts of all kinds in a mixed order; the newest of them have no tag yet."""
    project = training.create_project("Machined parts", classification_type="Multiclass")
    tags = {name: training.create_tag(project.id, name).id for name in scenes.TAGS}
    kinds = Random(4).choices(scenes.TAGS, (5, 3, 2, 2), k=COUNT)
    for start in range(0, COUNT, 10):
        entries = [entry(kinds[at], at, tags, COUNT - at) for at in range(start, start + 10)]
        training.create_images_from_files(project.id, ImageFileCreateBatch(images=entries))
    return project


def entry(kind: str, seed: int, tags: dict[str, str], left: int) -> ImageFileCreateEntry:
    contents = BytesIO()
    scenes.render(kind, seed).save(contents, "JPEG", quality=90)
    tag_ids: Sequence[str] = [tags[kind]] if left > UNTAGGED else []
    return ImageFileCreateEntry(name=f"part-{seed:03}.jpg", contents=contents.getvalue(), tag_ids=tag_ids)


if __name__ == "__main__":
    main()
