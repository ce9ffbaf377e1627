"""Quick test: pictures that are chosen, dropped, pasted, named or taken, and what an iteration says of them."""

import re
from base64 import b64encode

import pytest
from playwright.sync_api import expect

from tests.functions.flows import DETECTION
from tests.pictures import picture
from tests.portal.models import classifier, detector, scene
from tests.servers import Answer, serving

DROP = """(data) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], "dropped.jpg", { type: "image/jpeg" }));
    const given = { bubbles: true, cancelable: true, dataTransfer: transfer };
    document.querySelector("main").dispatchEvent(new DragEvent("drop", given));
}"""
PASTE = (
    DROP.replace("dropped", "pasted")
    .replace("dataTransfer:", "clipboardData:")
    .replace('DragEvent("drop"', 'ClipboardEvent("paste"')
)


@pytest.fixture(scope="module")
def fruit(training, storage):
    project = training.create_project("fruit to test", classification_type="Multiclass")
    classifier(training, storage, project, "Iteration 1", scale=0.02)
    classifier(training, storage, project, "Iteration 2")
    return project


def kept(training, project):
    return len(training.query_predictions(project.id, {"order_by": "Newest"}).results)


def choose(portal, *files):
    with portal.page.expect_file_chooser() as chooser:
        portal.button("Choose pictures …").click()
    chooser.value.set_files([{"name": name, "mimeType": "image/jpeg", "buffer": data} for name, data in files])


def said(portal):
    return portal.page.get_by_role("list", name="What it says").get_by_role("listitem")


def test_a_chosen_picture_is_judged_and_another_iteration_looks_again(portal, training, fruit, eventually):
    before = kept(training, fruit)
    portal.open(fruit.id, "test")
    choose(portal, ("one.jpg", picture("leaf", 1)))
    expect(portal.page.get_by_role("img", name="one.jpg")).to_be_visible()
    expect(said(portal).first).to_contain_text("leaf")
    sure = said(portal).first.inner_text()
    portal.page.get_by_label("Iteration").select_option(label="Iteration 1")
    expect(said(portal).first).not_to_have_text(sure)
    expect(said(portal).first).to_contain_text("leaf")
    expect(portal.page).to_have_url(re.compile(r"\?iteration="))
    eventually(lambda: kept(training, fruit) == before + 2)
    portal.page.set_viewport_size({"width": 700, "height": 900})
    expect(portal.page.get_by_role("img", name="one.jpg")).to_be_in_viewport(ratio=1)
    stage = portal.page.get_by_role("region", name="Picture")
    eventually(lambda: stage.evaluate("stage => stage.scrollHeight <= stage.clientHeight"))


def test_the_iteration_that_is_chosen_while_another_looks_has_the_last_word(portal, training, fruit):
    held = []
    portal.page.route(re.compile("/quicktest/image"), lambda route: held.append(route), times=1)
    portal.open(fruit.id, "test")
    choose(portal, ("one.jpg", picture("leaf", 1)))
    expect(portal.page.get_by_text("Looking at one.jpg")).to_be_visible()
    portal.page.get_by_label("Iteration").select_option(label="Iteration 1")
    expect(portal.page).to_have_url(re.compile(r"\?iteration="))
    held[0].continue_()
    expect(said(portal).first).to_contain_text("leaf")
    expect(said(portal).first).not_to_contain_text("100 %")


def test_pictures_are_dropped_and_pasted_and_remembered(portal, fruit):
    portal.open(fruit.id, "test")
    expect(portal.page.get_by_role("heading", name="Drop a picture here")).to_be_visible()
    portal.page.evaluate(DROP, b64encode(picture("apple", 1)).decode())
    expect(said(portal).first).to_contain_text("apple")
    portal.page.evaluate(PASTE, b64encode(picture("sky", 2)).decode())
    expect(said(portal).first).to_contain_text("sky")
    portal.press("ArrowLeft")
    expect(said(portal).first).to_contain_text("apple")
    portal.press(".", "1", ".", "t")
    expect(portal.page.get_by_role("list", name="Tried before").get_by_role("button")).to_have_count(2)
    portal.press("Delete")
    expect(portal.page.get_by_role("img", name="pasted.jpg")).to_be_visible()


def test_a_picture_is_named_by_its_address(portal, fruit):
    data = picture("leaf", 3)
    with serving(lambda request: Answer(body=data, headers={"Content-Type": "image/jpeg"})) as port:
        portal.open(fruit.id, "test")
        portal.page.get_by_label("Address of a picture").fill(f"http://127.0.0.1:{port}/far.jpg")
        portal.button("Test").click()
        expect(said(portal).first).to_contain_text("leaf")
        expect(portal.page.get_by_role("img", name="far.jpg")).to_be_visible()
        portal.page.get_by_label("Keep what is tested among the predictions").uncheck()
        portal.page.get_by_label("Address of a picture").fill(f"http://127.0.0.1:{port}/other.jpg")
        portal.button("Test").click()
        expect(portal.page.get_by_text("The page shows no pictures of other sites.")).to_be_visible()


def test_what_is_no_picture_is_told_by_name(portal, fruit):
    portal.open(fruit.id, "test")
    cut, large = picture("leaf", 1)[:300], picture("leaf", 2) + bytes(7 * 1024**2)
    phone = b"\0\0\0\x18ftypheic" + bytes(16)
    notes = ("notes.jpg", b"no picture at all")
    choose(portal, ("IMG_1.heic", phone), notes, ("empty.jpg", b""), ("large.jpg", large), ("cut.jpg", cut))
    alert = portal.page.get_by_role("region", name="Picture").get_by_role("alert")
    expect(alert).to_contain_text(re.compile("picture|image", re.IGNORECASE))
    portal.page.get_by_role("button", name="IMG_1.heic").click()
    expect(alert).to_contain_text("It can't be tested: HEIC, as iPhones save it; export it as a JPEG")
    portal.page.get_by_role("button", name="notes.jpg").click()
    expect(alert).to_contain_text("not a JPEG, PNG, GIF or BMP")
    portal.page.get_by_role("button", name="empty.jpg").click()
    expect(alert).to_contain_text("It can't be tested: empty; copy it again.")
    portal.page.get_by_role("button", name="large.jpg").click()
    expect(alert).to_contain_text("7 MB, and at most 6 MB are taken; save it smaller")
    expect(alert.get_by_role("button", name="Try again")).to_have_count(0)
    portal.page.get_by_role("button", name="cut.jpg").click()
    expect(alert.get_by_role("heading", name="cut.jpg was not tested")).to_be_visible()


def test_a_picture_is_judged_when_the_service_is_back(portal, fruit):
    portal.open(fruit.id, "test")
    expect(portal.page.get_by_role("heading", name="Drop a picture here")).to_be_visible()
    portal.page.context.set_offline(True)
    choose(portal, ("one.jpg", picture("leaf", 1)))
    stage = portal.page.get_by_role("region", name="Picture")
    expect(stage.get_by_text("The service does not answer.")).to_be_visible()
    expect(portal.page.locator("[data-state=away]")).to_be_visible()
    portal.page.context.set_offline(False)
    expect(said(portal).first).to_contain_text("leaf")
    portal.saved()


def test_the_threshold_moves_what_counts(portal, fruit):
    portal.open(fruit.id, "test")
    choose(portal, ("one.jpg", picture("leaf", 1)))
    expect(said(portal).first).to_contain_text("100 %")
    portal.page.get_by_label("Iteration").select_option(label="Iteration 1")
    expect(said(portal).first).not_to_contain_text("100 %")
    portal.page.get_by_label("From").fill("1")
    below = portal.page.get_by_text(re.compile(r"The surest: leaf, \d+ %; below the threshold of 100 %\."))
    expect(below).to_be_visible()
    portal.button("Lower the threshold to it").click()
    expect(below).to_have_count(0)
    expect(portal.page.get_by_label("From")).not_to_have_value("1")


def test_boxes_are_drawn(portal, training, storage, request):
    project = training.create_project(request.node.name, domain_id=DETECTION)
    detector(training, storage, project)
    portal.open(project.id, "test")
    choose(portal, ("scene.png", scene(0)))
    expect(said(portal)).to_have_count(2)
    frame = portal.page.get_by_role("region", name="Picture").get_by_text(re.compile(r"red \d+"))
    expect(frame).to_be_visible()
    picture_box = portal.page.get_by_role("img", name="scene.png").bounding_box()
    box = frame.locator("..").bounding_box()
    assert abs((box["x"] - picture_box["x"]) / picture_box["width"] - 0.1) < 0.03
    portal.look("test-boxes")


def test_the_webcam_takes_a_picture(portal, fruit):
    portal.page.context.grant_permissions(["camera"])
    portal.open(fruit.id, "test")
    portal.button("Webcam").click()
    expect(portal.page.get_by_label("What the camera sees")).to_be_visible()
    assert portal.barriers("webcam") == []
    portal.page.get_by_label("Look all the time").check()
    expect(said(portal).first).to_be_visible()
    portal.page.get_by_role("button", name="Take a picture").click()
    expect(portal.page.get_by_role("img", name=re.compile("^webcam"))).to_be_visible()
    expect(said(portal)).to_have_count(3)


def test_without_an_iteration_it_says_what_to_do(portal, project):
    portal.open(project.id, "test")
    expect(portal.page.get_by_role("heading", name="There is nothing to test yet")).to_be_visible()
