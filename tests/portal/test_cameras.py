"""Cameras: the commands that connect one are filled in, and they work."""

import pytest
from playwright.sync_api import expect

from tests.pictures import picture
from tests.portal.models import classifier


@pytest.fixture
def published(training, storage, project):
    iteration = classifier(training, storage, project)
    training.publish_iteration(project.id, str(iteration.id), "live", "prediction")
    yield project
    training.unpublish_iteration(project.id, str(iteration.id))


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


def test_a_camera_without_a_name_gets_one(portal, published):
    portal.open(published.id, "cameras")
    portal.page.get_by_label("Camera").fill("  ")
    expect(portal.page.get_by_text(f"{published.id}/live/camera/", exact=True)).to_be_visible()
