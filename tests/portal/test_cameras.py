"""Cameras: the commands that connect one are filled in, and they work."""

import pytest
from playwright.sync_api import expect

from tests.pictures import picture
from tests.portal.models import classifier


@pytest.fixture
def published(training, storage, project):
    iteration = classifier(training, storage, project)
    training.publish_iteration(project.id, str(iteration.id), "live", "prediction")
    return project


def test_without_a_published_name_it_says_what_to_do(portal, project):
    portal.open(project.id, "cameras")
    expect(portal.page.get_by_role("heading", name="Publish first, and cameras can ask")).to_be_visible()
    expect(portal.page.get_by_role("link", name="Publish", exact=True)).to_be_visible()


def test_the_program_that_is_shown_sends_a_picture_and_reads_its_answer(
    portal, published, service, tmp_path, monkeypatch, capsys, eventually
):
    portal.open(published.id, "cameras")
    portal.page.get_by_label("Camera").fill("hall 2/east")
    expect(portal.page.get_by_text(f"{published.id}/live/hall-2-east/", exact=True)).to_be_visible()
    sends = portal.page.get_by_label("Python that sends a picture", exact=True).inner_text()
    reads = portal.page.get_by_label("Python that reads the answers", exact=True).inner_text()
    (tmp_path / "photo.jpg").write_bytes(picture("leaf", 1))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STORAGE_CONNECTION_STRING", service.connection_string)
    exec(sends, {})

    def answered() -> bool:
        exec(reads, {})
        return "leaf" in capsys.readouterr().out

    eventually(answered, 30)


def test_pictures_that_it_is_unsure_of_are_kept_where_somebody_asks_for_it(portal, published):
    page = portal.page
    portal.open(published.id, "cameras")
    switch = page.get_by_label("Keep such pictures of live")
    expect(switch).not_to_be_checked()
    switch.check()
    for field, typed, fault in (
        ("Lowest probability", "80", "Not less than the lowest"),
        ("Highest probability", "120", "A number from 0 to 100"),
        ("Share of the others", "", "A number from 0 to 100"),
        ("At most", "2.5", "A whole number from 1 to 10,000"),
    ):
        before = page.get_by_label(field).input_value()
        page.get_by_label(field).fill(typed)
        expect(page.get_by_role("alert").filter(has_text=fault)).to_be_visible()
        expect(portal.button("Save")).to_be_disabled()
        if field == "At most":
            assert portal.barriers("camera-feedback") == []
        page.get_by_label(field).fill(before)
    page.get_by_label("Lowest probability").fill("40")
    portal.button("Save").click()
    expect(page.get_by_text("Kept from now on.")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Lowest probability")).to_have_value("40")
    switch.uncheck()
    portal.button("Save").click()
    expect(page.get_by_text("Nothing is kept any more.")).to_be_visible()
    page.reload()
    expect(switch).not_to_be_checked()


def test_a_camera_without_a_name_gets_one(portal, published):
    portal.open(published.id, "cameras")
    portal.page.get_by_label("Camera").fill("  ")
    expect(portal.page.get_by_text(f"{published.id}/live/camera/", exact=True)).to_be_visible()
