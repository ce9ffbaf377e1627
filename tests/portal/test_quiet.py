"""A detector trains quietly while somebody draws, where that was asked for."""

import json
import re

import pytest
from azure.cognitiveservices.vision.customvision.training.models import (
    ImageFileCreateBatch,
    ImageFileCreateEntry,
    Region,
)
from playwright.sync_api import expect

from tests.functions.flows import DETECTION
from tests.portal.models import detector, tagged
from tests.portal.uploads import plain
from tests.prediction.detectors import put_detector


@pytest.fixture
def project(training, request):
    return training.create_project(request.node.name, domain_id=DETECTION)


def test_it_trains_by_itself_as_soon_as_enough_is_drawn(portal, training, project):
    [tag] = tagged(training, project, ["fork"])
    region = Region(tag_id=tag.id, left=0.2, top=0.2, width=0.5, height=0.5)
    entries = [ImageFileCreateEntry(contents=plain("red", n), regions=[region]) for n in range(9)]
    training.create_images_from_files(project.id, ImageFileCreateBatch(images=entries))
    training.create_images_from_data(project.id, plain("red", 10))
    portal.images(project.id, 10)
    panel = portal.page.get_by_role("region", name="Quiet training")
    panel.get_by_role("checkbox", name="Train quietly").check()
    expect(panel).to_contain_text("1 more image with boxes, and it trains.")
    portal.grid.focus()
    portal.press("Home", "Space")
    expect(panel).to_contain_text("1 more image with boxes, and it trains.")
    assert training.get_iterations(project.id) == []
    portal.press("1", "b", "Enter")
    expect(panel).to_contain_text("Iteration 1 is in training")
    [iteration] = training.get_iterations(project.id)
    assert iteration.training_type == "Regular"
    # Who cancels it is not trained for at once again.
    training.delete_iteration(project.id, iteration.id)
    expect(panel).to_contain_text("10 more images with boxes, and it trains.")
    assert training.get_iterations(project.id) == []
    panel.get_by_role("checkbox", name="Train quietly").uncheck()
    expect(panel).to_contain_text("Quick trainings begin by themselves")


def test_of_what_it_trained_the_newest_stays_and_what_is_published(portal, training, storage, project, eventually):
    published = detector(training, storage, project)
    training.publish_iteration(project.id, str(published.id), "live", "prediction")
    old, new, other = (put_detector(storage, published.project_id) for _ in range(3))
    quiet = {project.id: [str(each.id) for each in (published, old, new)]}
    kept = json.dumps(json.dumps({"quiet": quiet}))
    portal.page.add_init_script(f"if (location.host) localStorage.setItem('ocellus.preferences', {kept})")
    portal.open(project.id)
    expect(portal.page.get_by_role("checkbox", name="Train quietly")).to_be_checked()
    expect(portal.page.get_by_text(re.compile("^It begins once a tag has 5 images with boxes"))).to_be_visible()
    left = {str(each.id) for each in (published, new, other)}
    eventually(lambda: {each.id for each in training.get_iterations(project.id)} == left)
