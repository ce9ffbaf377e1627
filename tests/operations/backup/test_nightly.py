"""Copies of each night in a container of their own: what changed moves, what is cut off goes on, what is old goes."""

from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import azure.functions as func
import pytest
from azure.storage.blob import BlobServiceClient
from msgspec.structs import replace

from functions import upkeep as timers
from shared.errors import BackupError
from shared.models.messages.tasks import BackUpProject, SweepBackups
from shared.models.wire import now
from shared.operations.backup import letting_go, nightly, restoring, taking
from shared.operations.backup.vault import NAMED, BlobLine, Vault
from shared.storage.account import queues, shelves
from shared.storage.workspace import catalog
from shared.storage.workspace import projects as stored_projects
from tests.operations.making import create_images, do
from tests.storage.making import delete_image
from tests.storage.places import signed

# Of each image its original, a resized copy and a thumbnail.
KINDS = 3


@pytest.fixture
def container(settings):
    """In another account it would lie in the same way."""
    service = BlobServiceClient.from_connection_string(settings.storage_connection_string)
    client = service.create_container(f"backups-{uuid4()}")
    yield client
    client.delete_container()


@pytest.fixture(params=["container", "folder"])
def place(request, settings, tmp_path):
    if request.param == "folder":
        return str(tmp_path / "backups")
    return signed(settings.storage_connection_string, request.getfixturevalue("container").container_name)


@pytest.fixture
def night(store, settings, project_id, place):
    """The settings, the project, and what is kept; the last also after some days."""
    wanted = replace(settings, backup_to=place, backup_days=7)

    def run(*, at=None):
        with pytest.MonkeyPatch.context() as patch:
            if at:
                patch.setattr(taking, "now", lambda: at)
            return nightly.back_up(store, wanted, BackUpProject(project_id, now()))

    with shelves.opened(wanted, place) as shelf:
        yield SimpleNamespace(settings=wanted, project=project_id, vault=Vault(shelf), shelf=shelf, run=run)


def contents(vault) -> set[str]:
    return {digest for digest, _ in vault.contents()}


def restored(store, night, copy):
    """The project is gone, and comes back from that copy."""
    stored_projects.delete(store, night.project)
    while not stored_projects.purge(store, night.project):
        pass
    return restoring.restore(store, night.vault, copy, lambda _: None, force=False)


def test_the_next_night_moves_what_has_changed_and_both_come_back(store, settings, night):
    create_images(store, settings, night.project, range(3))
    assert night.run(at=now() - timedelta(days=2))
    first = contents(night.vault)
    assert len(first) == 3 * KINDS
    create_images(store, settings, night.project, [7])
    written = {each.name: each.version for _, each in night.vault.contents()}
    assert night.run()
    assert len(contents(night.vault) - first) == KINDS
    # What was there is as it was.
    assert written == {each.name: each.version for digest, each in night.vault.contents() if digest in first}
    before, last = night.vault.copies(night.project)
    assert restored(store, night, last).images == 4
    assert restored(store, night, before).images == 3
    assert catalog.read(store, night.project).images == 3


def test_a_copy_that_is_cut_off_goes_on_and_the_one_before_is_the_last(store, settings, night, monkeypatch):
    create_images(store, settings, night.project, range(2))
    assert night.run(at=now() - timedelta(days=1))
    create_images(store, settings, night.project, range(2, 6))
    monkeypatch.setattr(taking, "PART", 4)
    monkeypatch.setattr(nightly, "STEP_SECONDS", -1.0)
    monkeypatch.setattr(letting_go, "GRACE", timedelta(days=-1))
    tries = 0
    while not night.run():
        tries += 1
        [last] = night.vault.copies(night.project)
        # Nothing of what was copied is swept away before a copy has it.
        assert letting_go.sweep(night.vault, 7) == 0
    assert tries == 3
    assert {line.digest for line in night.vault.lines(last, BlobLine)} <= contents(night.vault)
    assert len(night.vault.copies(night.project)) == 2
    assert list(night.shelf.names("notes/")) == []
    assert restored(store, night, night.vault.copies(night.project)[-1]).images == 6


def test_a_kill_costs_no_more_than_what_was_not_noted(store, settings, night, monkeypatch):
    create_images(store, settings, night.project, range(4))
    monkeypatch.setattr(taking, "PART", 4)
    monkeypatch.setattr(taking, "NOTED", 4)
    put, puts = Vault.put, []

    def killed(vault, digest, data):
        puts.append(digest)
        if len(puts) == 10:
            raise KeyboardInterrupt
        put(vault, digest, data)

    monkeypatch.setattr(Vault, "put", killed)
    with pytest.raises(KeyboardInterrupt):
        night.run()
    assert night.vault.copies(night.project) == []
    assert night.run()
    # Two parts of four were noted.
    assert len(puts) == 12 + (12 - 8)


def test_old_copies_go_with_what_they_alone_need(store, settings, night, monkeypatch):
    monkeypatch.setattr(letting_go, "GRACE", timedelta(days=-1))
    gone = create_images(store, settings, night.project, range(2))
    assert night.run(at=now() - timedelta(days=9))
    for image_id in gone[:1]:
        delete_image(store, night.project, image_id)
    assert night.run(at=now() - timedelta(days=6))
    [kept] = night.vault.copies(night.project)
    assert kept.name < f"{now() - timedelta(days=5):{NAMED}}"
    assert letting_go.sweep(night.vault, 7) == KINDS
    assert letting_go.sweep(night.vault, 7) == 0
    # The last one stays, however old it is.
    assert letting_go.forget_copies(night.vault, night.project, 1) == 0
    [last] = night.vault.copies(night.project)
    # Where nobody wrote down what a copy needs, the copy itself says so.
    night.shelf.delete(last.digests)
    assert letting_go.sweep(night.vault, 7) == 0
    assert restored(store, night, last).images == 1


def test_nothing_goes_while_a_copy_can_not_say_what_it_needs(store, settings, night, monkeypatch):
    monkeypatch.setattr(letting_go, "GRACE", timedelta(days=-1))
    create_images(store, settings, night.project, range(2))
    assert night.run()
    [copy] = night.vault.copies(night.project)
    night.shelf.delete(copy.digests)
    night.shelf.write(copy.path, b"damaged")
    there = contents(night.vault)
    with pytest.raises(BackupError, match="no copy of a project, or a damaged one"):
        letting_go.sweep(night.vault, 7)
    assert contents(night.vault) == there
    # The next copy does without it.
    assert night.run(at=now() + timedelta(minutes=1))
    assert restored(store, night, night.vault.copies(night.project)[-1]).images == 2


def test_the_timer_has_every_project_copied_through_the_queue(store, settings, project_id, container, monkeypatch):
    sent = []
    monkeypatch.setattr(queues, "send", lambda store, task, delay=0.0: sent.append(task))
    wanted = replace(settings, backup_to=signed(settings.storage_connection_string, container.container_name))
    monkeypatch.setattr(timers, "runtime", lambda: SimpleNamespace(store=store, settings=wanted))
    timers.upkeep_back_up.build().get_user_function()(func.TimerRequest)
    sweep, *copies = sent
    assert isinstance(sweep, SweepBackups)
    assert project_id in {task.project_id for task in copies}
    create_images(store, settings, project_id, range(2))
    for task in (sweep, *(task for task in copies if task.project_id == project_id)):
        do(store, wanted, task)
    with shelves.opened(wanted, wanted.backup_to) as shelf:
        assert Vault(shelf).projects() == [project_id]
    # A night's steps that are tried again when the next night has come leave it to that.
    container.delete_blobs(*[each.name for each in container.list_blobs()])
    do(store, wanted, BackUpProject(project_id, now() - timedelta(days=1)))
    assert list(container.list_blobs()) == []


def test_without_a_place_nothing_is_begun(store, settings, monkeypatch):
    sent = []
    monkeypatch.setattr(queues, "send", lambda store, task, delay=0.0: sent.append(task))
    nightly.begin(store, settings)
    assert sent == []


def test_a_container_that_does_not_let_us_in_is_named(store, settings, project_id, container):
    reading = replace(settings, backup_to=signed(settings.storage_connection_string, container.container_name, "rl"))
    create_images(store, settings, project_id, [1])
    with pytest.raises(BackupError, match="does not let us in") as refused:
        nightly.back_up(store, reading, BackUpProject(project_id, now()))
    assert "sig=" not in str(refused.value)
    with pytest.raises(BackupError, match="name one of its containers"), shelves.opened(settings, "https://a.example/"):
        pass
