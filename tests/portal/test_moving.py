"""A model that was trained elsewhere, brought in by its package; and how it did there."""

import json

from playwright.sync_api import expect

from tests.functions.wire import ask
from tests.importing.packages import PERFORMANCE, THERE, classifier, manifest, zipped
from tests.pictures import picture


def choose(portal, name, package):
    with portal.page.expect_file_chooser() as choosing:
        portal.button("Import a model …").click()
    choosing.value.set_files([{"name": name, "mimeType": "application/zip", "buffer": package}])


def test_a_model_is_imported_and_shown_beside_how_it_did_before(portal, training, project, service):
    told = {"name": "Iteration 7", "publishName": "gate", "performance": PERFORMANCE}
    path = f"/ocellus/v1/projects/{project.id}/pastperformances/{THERE}"
    headers = {"Training_Key": service.training_key, "Content_Type": "application/json"}
    assert ask(service, "PUT", path, json.dumps(told).encode(), **headers).status == 200
    portal.open(project.id, "performance")
    labels = ["apple", "leaf"]
    choose(portal, "broken.zip", b"no zip")
    expect(portal.page.get_by_text("no zip that can be read")).to_be_visible()
    choose(portal, "moved.zip", zipped(classifier(2), labels, manifest=manifest("Classification")))
    expect(portal.page.get_by_role("heading", name="Iteration 1")).to_be_visible()
    before = "precision 75.0 %, recall 50.0 %, average precision 62.5 %"
    expect(portal.page.get_by_text(f"Before the move: {before}.")).to_be_visible()
    expect(portal.page.get_by_role("region", name="Before the move")).to_contain_text("Iteration 7")
    expect(portal.page.get_by_role("heading", name="No labelled image was shown to it yet")).to_be_visible()
    assert portal.barriers("moved") == []
    expect(portal.button("Show it the labelled images")).to_be_disabled()
    for tag in training.get_tags(project.id):
        training.create_images_from_data(project.id, picture(tag.name, 1), tag_ids=[tag.id])
    portal.page.reload()
    # The call is cut off by the reload, before the service has it.
    portal.page.route("**/judge", lambda route: None, times=1)
    portal.button("Show it the labelled images").click()
    expect(portal.page.get_by_role("progressbar", name="Looking")).to_be_visible()
    portal.page.reload()
    # All of it comes by itself, over a reload.
    expect(portal.page.get_by_label("Precision", exact=True)).to_contain_text("%")
    expect(portal.page.get_by_role("heading", name="What was taken for what")).to_be_visible()
    expect(portal.page.get_by_role("navigation", name="Iterations").locator(".score")).to_contain_text("%")
    portal.open(project.id, "train")
    expect(portal.page.get_by_role("heading", name="Iteration 1 is imported")).to_be_visible()
    expect(portal.page.get_by_text("On images that it may have learned from: precision")).to_be_visible()
