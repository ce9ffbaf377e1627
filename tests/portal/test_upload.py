"""Upload: pictures and folders, chosen or dropped; duplicates and refusals by name."""

import re
from base64 import b64encode
from functools import partial
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Route, expect

from tests.functions.flows import DETECTION
from tests.pictures import encoded, picture
from tests.portal.conftest import window

DROP = """async (files) => {
  const transfer = new DataTransfer();
  for (const { name, body } of files) {
    const bytes = Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type: "image/jpeg" }));
  }
  for (const kind of ["dragover", "drop"]) {
    document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }
}"""


def jpeg(name: str, kind: str = "apple", seed: int = 0) -> FilePayload:
    return {"name": name, "mimeType": "image/jpeg", "buffer": picture(kind, seed)}


@pytest.fixture
def context(browser):
    """One for each test, as a clock that was installed stays in it."""
    with window(browser) as context:
        yield context


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Three folders of two pictures each, and what lies about in folders."""
    for kind in ("apple", "leaf", "sky"):
        (tmp_path / "fruit" / kind).mkdir(parents=True)
        for seed in (1, 2):
            (tmp_path / "fruit" / kind / f"{kind}{seed}.jpg").write_bytes(picture(kind, seed))
    (tmp_path / "fruit" / "sky" / ".DS_Store").write_bytes(b"x")
    (tmp_path / "fruit" / "notes.txt").write_text("apples were bought on Monday")
    return tmp_path / "fruit"


def drop(portal, *paths: Path) -> None:
    """As from a file manager."""
    session = portal.page.context.new_cdp_session(portal.page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 600, "y": 400, "data": data})


def choose(portal, click, files) -> None:
    with portal.page.expect_file_chooser() as chooser:
        click()
    chooser.value.set_files(files)


def test_pictures_that_are_chosen_are_uploaded_with_a_tag(portal, training, project):
    portal.open(project.id)
    expect(portal.page.get_by_role("heading", name="Drop your pictures here")).to_be_visible()
    choose(portal, portal.button("Add images").click, [jpeg("a.jpg", seed=1), jpeg("b.jpg", seed=2)])
    dialog = portal.page.get_by_role("dialog", name="Add 2 pictures")
    dialog.get_by_label("Tag of the pictures").fill("apple")
    dialog.get_by_role("button", name="Add 2 pictures").click()
    expect(portal.page.get_by_role("status").get_by_text("2 images added")).to_be_visible()
    expect(portal.cells).to_have_count(2)
    expect(portal.cell(1)).to_have_accessible_name(re.compile(r"^[ab]\.jpg, apple$"))
    assert [tag.image_count for tag in training.get_tags(project.id)] == [2]


def test_folders_become_tags_by_one_choice_and_by_keys_alone(portal, training, project, folders):
    def use(control) -> None:
        portal.reach(control)
        portal.press("Enter")

    def write(field, text) -> None:
        portal.reach(field)
        portal.press("Control+a", "Delete")
        portal.page.keyboard.type(text)

    portal.open(project.id)
    expect(portal.page.get_by_role("button", name="Photographs")).to_be_focused()
    choose(portal, partial(use, portal.page.get_by_role("button", name="A folder")), folders)
    dialog = portal.page.get_by_role("dialog", name="Add 6 pictures")
    expect(dialog.get_by_text("Left out: 1 file")).to_be_visible()
    expect(dialog.get_by_text("notes.txt")).to_be_visible()
    write(dialog.get_by_label("Tag of leaf"), "green leaf")
    write(dialog.get_by_label("Tag of sky"), "")
    use(dialog.get_by_role("button", name="Add 6 pictures"))
    expect(portal.cells).to_have_count(6)
    expect(portal.page.get_by_text("6 images added, 1 refused")).to_be_visible()
    expect(portal.grid).to_be_focused()
    assert {tag.name: tag.image_count for tag in training.get_tags(project.id)} == {"apple": 2, "green leaf": 2}


def test_folders_give_no_tags_where_boxes_are_the_labels(portal, training, request, folders):
    project = training.create_project(request.node.name, domain_id=DETECTION)
    portal.open(project.id)
    choose(portal, portal.page.get_by_role("button", name="A folder").click, folders)
    portal.button("Add 6 pictures").click()
    expect(portal.cells).to_have_count(6)
    assert training.get_untagged_image_count(project.id) == 6
    assert training.get_tags(project.id) == []


def test_what_is_there_already_and_what_is_refused_is_named_until_one_dismisses_it(portal, project):
    portal.page.clock.install()
    portal.open(project.id)
    choose(portal, portal.button("Add images").click, [jpeg("first.jpg")])
    portal.button("Add 1 picture").click()
    expect(portal.cells).to_have_count(1)
    broken: FilePayload = {"name": "broken.jpg", "mimeType": "image/jpeg", "buffer": picture("leaf", 1)[:400]}
    text: FilePayload = {"name": "text.jpg", "mimeType": "image/jpeg", "buffer": b"no picture at all"}
    huge: FilePayload = {"name": "huge.jpg", "mimeType": "image/jpeg", "buffer": picture("leaf", 2) + bytes(7_000_000)}
    large: FilePayload = {
        "name": "large.png",
        "mimeType": "image/png",
        "buffer": encoded(Image.new("1", (8000, 5001)), "PNG"),
    }
    choose(portal, portal.button("Add images").click, [jpeg("again.jpg"), broken, text, huge, large])
    dialog = portal.page.get_by_role("dialog", name="Add 3 pictures")
    expect(dialog.get_by_role("listitem").filter(has_text="text.jpg")).to_have_text(re.compile("not a JPEG"))
    expect(dialog.get_by_role("listitem").filter(has_text="huge.jpg")).to_have_text(re.compile("at most 6 MB"))
    dialog.get_by_label("Tag of the pictures").fill("apple")
    dialog.get_by_role("button", name="Add 3 pictures").click()
    outcome = portal.page.get_by_text("0 images added, 1 there already, 4 refused")
    expect(outcome).to_be_visible()
    expect(portal.cell(1)).to_have_accessible_name("again.jpg, apple")
    portal.button("Show which").click()
    report = portal.page.get_by_role("dialog", name="What became of the pictures")
    expect(report.get_by_role("listitem").filter(has_text="broken.jpg")).to_contain_text("save it again")
    limit = "send at most 40,000,000, or a JPEG that is not progressive"
    expect(report.get_by_role("listitem").filter(has_text="large.png")).to_contain_text(limit)
    expect(report.get_by_role("listitem").filter(has_text="again.jpg")).to_be_visible()
    assert portal.barriers("upload-report") == []
    portal.press("Escape")
    portal.page.clock.fast_forward("10:00")
    expect(outcome).to_be_visible()
    portal.button("Show which").click()
    expect(report).to_be_visible()
    portal.press("Escape")
    portal.button("Dismiss").last.click()
    expect(outcome).to_have_count(0)


def test_folders_are_dropped_and_each_is_a_tag_by_one_click(portal, counted, training, project, folders):
    portal.open(project.id)
    expect(portal.page.get_by_role("heading", name="Drop your pictures here")).to_be_visible()
    with counted(2):
        drop(portal, *(folders / kind for kind in ("apple", "leaf", "sky")))
        portal.button("Add 6 pictures").click()
    expect(portal.cells).to_have_count(6)
    assert [(tag.name, tag.image_count) for tag in training.get_tags(project.id)] == [
        ("apple", 2),
        ("leaf", 2),
        ("sky", 2),
    ]
    shown = portal.page.get_by_role("toolbar", name="Tags").locator(".tag .name")
    expect(shown).to_have_text(["apple", "leaf", "sky"])


def test_an_upload_goes_where_it_was_dropped_whatever_is_opened_meanwhile(portal, training, project, folders):
    other = training.create_project("opened meanwhile")
    held: list[Route] = []
    portal.page.route(re.compile(r"/tags\?name="), lambda route: route.continue_() if held else held.append(route))
    portal.open(project.id)
    expect(portal.page.get_by_role("heading", name="Drop your pictures here")).to_be_visible()
    drop(portal, *(folders / kind for kind in ("apple", "leaf", "sky")))
    portal.button("Add 6 pictures").click()
    portal.page.get_by_role("link", name="Ocellus: all projects").click()
    portal.page.get_by_role("link", name=other.name).click()
    expect(portal.page.get_by_role("heading", name="Drop your pictures here")).to_be_visible()
    # The others are made after it, in their order.
    held[0].continue_()
    expect(portal.page.get_by_role("status").get_by_text(f"6 images added to {project.name}")).to_be_visible()
    expect(portal.page.get_by_role("heading", name="Drop your pictures here")).to_be_visible()
    expect(portal.button("All 0")).to_be_visible()
    assert {tag.name: tag.image_count for tag in training.get_tags(project.id)} == {"apple": 2, "leaf": 2, "sky": 2}
    assert (training.get_tags(other.id), training.get_image_count(other.id)) == ([], 0)


def drop_two(portal, *seeds: int) -> None:
    files = [{"name": f"{seed}.jpg", "body": b64encode(picture("apple", seed)).decode()} for seed in seeds]
    portal.page.evaluate(DROP, files)
    portal.button("Add 2 pictures").click()


def test_pictures_are_dropped_anywhere_and_do_not_shift_the_grid_under_a_hand(portal, training, filled):
    project = filled(3)
    portal.images(project.id, 3)
    drop_two(portal, 1, 2)
    # Nobody is at work in the grid.
    expect(portal.cells).to_have_count(5)
    new = portal.page.get_by_role("button", name="2 new")
    expect(new).to_have_count(0)
    portal.press("m")
    first = portal.cell(1).locator("img").get_attribute("src")
    drop_two(portal, 3, 4)
    new.wait_for()
    expect(portal.page.get_by_role("progressbar", name="Upload")).to_have_count(0)
    assert portal.cell(1).locator("img").get_attribute("src") == first
    new.click()
    expect(portal.cells).to_have_count(7)
    assert training.get_image_count(project.id) == 7


def test_the_grid_follows_the_count_of_what_comes_from_elsewhere(portal, training, filled):
    project = filled(2)
    portal.page.clock.install()
    portal.images(project.id, 2)
    training.create_images_from_data(project.id, picture("apple", 1))
    portal.page.clock.fast_forward("00:11")
    expect(portal.cells).to_have_count(3)
    portal.press("m")
    training.create_images_from_data(project.id, picture("apple", 2))
    portal.page.clock.fast_forward("00:11")
    portal.page.get_by_role("button", name="1 new").click()
    expect(portal.cells).to_have_count(4)


def test_what_is_dropped_on_all_projects_goes_into_a_new_one(portal, training, folders):
    portal.home()
    expect(portal.page.get_by_role("heading", name="Projects")).to_be_visible()
    drop(portal, *(folders / kind for kind in ("apple", "leaf")))
    dialog = portal.page.get_by_role("dialog", name="New project")
    expect(dialog.get_by_text("It gets what you dropped, 4 files")).to_be_visible()
    dialog.get_by_label("Name").fill("dropped")
    dialog.get_by_role("button", name="Create").click()
    portal.button("Add 4 pictures").click()
    expect(portal.cells).to_have_count(4)
    project = next(each for each in training.get_projects() if each.name == "dropped")
    assert {tag.name: tag.image_count for tag in training.get_tags(project.id)} == {"apple": 2, "leaf": 2}


def test_an_upload_goes_on_after_an_outage(portal, training, project, service):
    portal.open(project.id)
    refusals = iter([503, 429])

    def refuse(route):
        status = next(refusals, None)
        headers = {"Retry-After": "0"}
        route.fulfill(status=status, body="{}", headers=headers) if status else route.fallback()

    portal.page.route(re.compile(r"/images\?nameKey"), refuse)
    choose(portal, portal.button("Add images").click, [jpeg("a.jpg", seed=1)])
    portal.button("Add 1 picture").click()
    expect(portal.cells).to_have_count(1, timeout=10_000)
    assert training.get_image_count(project.id) == 1


def test_what_a_reload_cuts_off_is_asked_about_before_and_named_afterwards(portal, training, project):
    files = [jpeg(f"{seed}.jpg", seed=seed) for seed in (1, 2)]
    portal.page.route(re.compile(r"/images\?nameKey"), lambda route: None)
    portal.open(project.id)
    choose(portal, portal.button("Add images").click, files)
    with portal.page.expect_request(re.compile(r"/images\?nameKey")):
        portal.button("Add 2 pictures").click()
    with portal.page.expect_event("dialog") as asked:
        portal.page.on("dialog", lambda dialog: dialog.accept())
        portal.page.reload()
    assert asked.value.type == "beforeunload"
    lost = portal.page.get_by_role("alert").get_by_text(f"2 pictures may not have reached {project.name}")
    expect(lost).to_be_visible()
    portal.button("Show which").click()
    report = portal.page.get_by_role("dialog", name="What became of the pictures")
    expect(report.get_by_role("listitem")).to_have_text([file["name"] for file in files])
    portal.press("Escape")
    portal.button("Dismiss").click()
    expect(lost).to_have_count(0)
    portal.page.reload()
    expect(portal.page.get_by_role("heading", name="Drop your pictures here")).to_be_visible()
    expect(lost).to_have_count(0)
    portal.page.unroute_all()
    choose(portal, portal.button("Add images").click, files)
    portal.button("Add 2 pictures").click()
    expect(portal.cells).to_have_count(2)
    expect(lost).to_have_count(0)
    assert training.get_image_count(project.id) == 2
    portal.page.reload()
    expect(portal.cells).to_have_count(2)
    expect(lost).to_have_count(0)
