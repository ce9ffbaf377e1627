"""Backups: a project in a folder, and back with all of its ids, here and in another installation."""

import gzip
import json
import shutil
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from azure.cognitiveservices.vision.customvision.training.models import (
    ImageFileCreateBatch,
    ImageFileCreateEntry,
    Region,
)
from azure.storage.blob import BlobServiceClient

from cli.faults import FAILED
from shared.models.training.model_spec import ModelTag
from shared.models.workspace.images import TaggingStatus
from shared.storage.serving import predictions, published
from shared.storage.workspace import images, projects
from tests.commands import ocellus
from tests.disks import full
from tests.pictures import picture, rectangles
from tests.prediction.detectors import put_detector
from tests.prediction.graphs import DETECTION_DOMAIN
from tests.storage.making import assert_consistent
from tests.storage.places import signed
from tests.waiting import wait_for

RED = rectangles({"red": (0.2, 0.2, 0.5, 0.5)})


@pytest.fixture
def boxed(training, prediction, storage, monkeypatch, service):
    """A detector with images, a name that answers, and a stored prediction."""
    for name, value in service.settings().items():
        monkeypatch.setenv(name, value)
    project = training.create_project(f"boxed {uuid4()}", domain_id=str(DETECTION_DOMAIN))
    tags = [training.create_tag(project.id, name, description=f"a {name}") for name in ("red", "blue")]
    entries = [
        ImageFileCreateEntry(
            name=f"{seed}.jpg",
            contents=picture("apple", seed),
            regions=[Region(tag_id=tags[seed % 2].id, left=0.1, top=0.2, width=0.3, height=0.4)] if seed else [],
        )
        for seed in range(5)
    ]
    training.create_images_from_files(project.id, ImageFileCreateBatch(images=entries, metadata={"shelf": "7"}))
    put_detector(storage, UUID(project.id), [ModelTag(UUID(tag.id), tag.name) for tag in tags])
    [iteration] = training.get_iterations(project.id)
    training.publish_iteration(project.id, iteration.id, "gate", "resource")
    prediction.detect_image(project.id, "gate", RED)
    yield SimpleNamespace(id=project.id, name=project.name, tags=tags)
    if any(each.id == project.id for each in training.get_projects()):
        training.unpublish_iteration(project.id, iteration.id)
        training.delete_project(project.id)


def shown(training, project_id):
    """All that people see of a project, but for addresses, which differ each time."""
    found = {
        "project": training.get_project(project_id),
        "tags": training.get_tags(project_id),
        "images": training.get_images(project_id, order_by="Newest"),
        "iterations": training.get_iterations(project_id),
        "predictions": training.query_predictions(project_id, {"orderBy": "Newest"}).results,
    }
    listed = {name: part if isinstance(part, list) else [part] for name, part in found.items()}
    return {name: [_lasting(each.as_dict()) for each in part] for name, part in listed.items()}


def _lasting(fields):
    return {key: value for key, value in fields.items() if "uri" not in key}


def backed_up(folder, capsys, *options):
    assert ocellus("backup", str(folder), "--json", *options) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def answer(prediction, project_id):
    found = prediction.detect_image_with_no_store(project_id, "gate", RED).predictions
    return [(each.tag_id, round(each.probability, 6), each.bounding_box.as_dict()) for each in found]


def test_a_deleted_project_comes_back_as_it_was(training, prediction, storage, boxed, tmp_path, capsys, eventually):
    before, said = shown(training, boxed.id), answer(prediction, boxed.id)
    [copied] = backed_up(tmp_path, capsys, "--project", boxed.name)
    assert {key: copied[key] for key in ("projectId", "images", "tags", "iterations")} == {
        "projectId": boxed.id, "images": 5, "tags": 2, "iterations": 1,
    }  # fmt: skip
    assert copied["new"] == copied["blobs"] > 15
    assert backed_up(tmp_path, capsys, "--project", boxed.id)[0]["new"] == 0
    assert ocellus("restore", str(tmp_path), "--project", boxed.name) == FAILED
    assert "is there; delete it first" in capsys.readouterr().err

    training.unpublish_iteration(boxed.id, before["iterations"][0]["id"])
    training.delete_project(boxed.id)
    eventually(lambda: not projects.leaves_something(storage, UUID(boxed.id)), 60)
    assert ocellus("restore", str(tmp_path), "--project", boxed.id) == 0
    assert "5 images, 2 tags, 1 iterations are back" in capsys.readouterr().out
    assert shown(training, boxed.id) == before
    eventually(lambda: answer(prediction, boxed.id) == said)
    assert_consistent(storage, UUID(boxed.id))
    training.create_tag(boxed.id, "another")
    assert training.get_tagged_image_count(boxed.id) == 4


def test_another_installation_takes_it_up_though_the_first_attempt_was_cut_off(
    training, boxed, store, settings, tmp_path, capsys, monkeypatch
):
    bare = training.create_project(f"bare {uuid4()}")
    backed_up(tmp_path, capsys, "--project", boxed.id, "--project", bare.name)
    training.delete_project(bare.id)
    monkeypatch.setenv("STORAGE_CONNECTION_STRING", settings.storage_connection_string)
    lost = max((tmp_path / "contents").rglob("*"), key=lambda path: path.stat().st_size if path.is_file() else 0)
    data = lost.read_bytes()
    for damage, said in ((data[:-1], "is damaged; delete it, and where the project"), (None, "is not there; where")):
        lost.unlink()
        if damage:
            lost.write_bytes(damage)
        assert ocellus("restore", str(tmp_path)) == FAILED
        assert said in capsys.readouterr().err
        # The other one is back.
        assert {str(each.id) for each in projects.list_all(store)} & {boxed.id, bare.id} == {bare.id}
        lost.write_bytes(data)
    [copy] = (tmp_path / "projects" / boxed.id).iterdir()
    later = shutil.copy(copy, copy.with_name("20991231T235959Z.jsonl.gz"))
    assert ocellus("restore", str(tmp_path), "--project", boxed.name) == FAILED
    assert f"a restore of its copy {copy.name} was broken off; go on with that one" in capsys.readouterr().err
    later.unlink()
    assert ocellus("restore", str(tmp_path), "--project", boxed.id, "--json") == 0
    [restored] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (restored["images"], restored["tags"], restored["iterations"], restored["missing"]) == (5, 2, 1, [])
    project_id = UUID(boxed.id)
    assert_consistent(store, project_id)
    assert {image.metadata["shelf"] for image in images.each(store, project_id, TaggingStatus.ALL)} == {"7"}
    [pointer], [stored] = published.list_all(store, project_id), list(predictions.each(store, project_id))
    assert pointer.publish_name == "gate"
    assert predictions.picture(store, project_id, stored.prediction.id) == RED
    projects.delete(store, project_id)
    assert ocellus("restore", str(tmp_path), "--project", boxed.id) == FAILED
    assert "which goes some minutes after its deletion; wait for that" in capsys.readouterr().err
    assert ocellus("restore", str(tmp_path), "--project", boxed.id, "--force") == 0


def renamed(line):
    return line.replace(b'"name":"', b'"name":"../', 1) if b"BlobLine" in line else line


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda lines: lines[:-1], "was cut off. The copy before: --project {} --at 2020-01-31T02:00:00"),
        (lambda lines: [*lines[:2], b"{}\n"], "is no copy of a project, or a damaged one"),
        (lambda lines: [lines[0].replace(b'"version":1', b'"version":2'), *lines[1:]], "by another version"),
        (lambda lines: map(renamed, lines), "was tampered with"),
    ],
    ids=["cut off", "another line", "a later version", "a name of another project"],
)
def test_a_damaged_copy_is_not_restored(boxed, store, settings, tmp_path, capsys, monkeypatch, damage, said):
    backed_up(tmp_path, capsys, "--project", boxed.id)
    [copy] = (tmp_path / "projects" / boxed.id).iterdir()
    shutil.copy(copy, copy.with_name("20200131T020000Z.jsonl.gz"))
    copy.write_bytes(gzip.compress(b"".join(damage(gzip.decompress(copy.read_bytes()).splitlines(keepends=True)))))
    monkeypatch.setenv("STORAGE_CONNECTION_STRING", settings.storage_connection_string)
    assert ocellus("restore", str(tmp_path), "--project", boxed.id) == FAILED
    assert said.format(boxed.id) in capsys.readouterr().err
    assert boxed.id not in {str(each.id) for each in projects.list_all(store)}


def test_what_is_not_there_is_named(boxed, tmp_path, capsys):
    assert ocellus("backup", str(tmp_path), "--project", "nobody's") == FAILED
    assert "there is no project 'nobody's'" in capsys.readouterr().err
    assert ocellus("restore", str(tmp_path)) == FAILED
    assert "has no copy of a project; `ocellus backup` makes one. Is it the place?" in capsys.readouterr().err
    with full(1_000):
        assert ocellus("backup", str(tmp_path), "--project", boxed.id) == FAILED
    assert " can't be written: File too large." in capsys.readouterr().err
    # Threads that write end after the first that failed.
    wait_for(lambda: not list(tmp_path.rglob("*.partial")))
    (tmp_path / "file").touch()
    assert ocellus("backup", str(tmp_path / "file"), "--project", boxed.id) == FAILED
    assert " can't be read: Not a directory." in capsys.readouterr().err
    backed_up(tmp_path, capsys, "--project", boxed.id)
    assert ocellus("restore", str(tmp_path), "--at", "2020-01-01") == FAILED
    assert f"has no copy of {boxed.id} of that time. The first is " in capsys.readouterr().err


def test_a_container_of_another_account_holds_backups_as_a_folder_does(boxed, settings, capsys):
    name = f"backups-{uuid4()}"
    place = signed(settings.storage_connection_string, name)
    assert ocellus("backup", place, "--project", boxed.id) == FAILED
    told = capsys.readouterr().err
    assert "there is no container http://127.0.0.1:" in told
    assert "sig=" not in told
    BlobServiceClient.from_connection_string(settings.storage_connection_string).create_container(name)
    [copied] = backed_up(place, capsys, "--project", boxed.id)
    assert copied["new"] == copied["blobs"] > 15
    assert backed_up(place, capsys, "--project", boxed.id)[0]["new"] == 0
    assert ocellus("restore", place) == FAILED
    assert "is there; delete it first" in capsys.readouterr().err
