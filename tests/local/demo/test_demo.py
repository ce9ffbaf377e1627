"""The demo: bad input ends with a line that says what to do; a small folder runs through the real service."""

import socket
from collections.abc import Iterator
from contextlib import closing

import msgspec
import pytest

from local import demo
from local.demo import scenes
from local.demo.splitting import split
from shared.formats import folders
from shared.formats.dataset import DatasetError, TaggedPicture
from tests.formats.making import fill


@pytest.fixture
def used_port() -> Iterator[int]:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


def test_split_holds_out_the_last_fifth_of_each_tag(tmp_path):
    dataset = split(folders.load(fill(tmp_path, {"a": 10, "b": 6})), None)
    assert [(picture.tag, picture.path.name) for picture in dataset.test] == [
        ("a", "08.jpg"),
        ("a", "09.jpg"),
        ("b", "05.jpg"),
    ]
    assert len(dataset.train) == 13


def test_split_keeps_all_for_training_when_there_are_test_pictures(tmp_path):
    pictures = folders.load(fill(tmp_path, {"a": 5, "b": 5}))
    dataset = split(pictures, pictures[:1])
    assert (len(dataset.train), len(dataset.test)) == (10, 1)


def test_split_refuses_test_pictures_of_a_tag_that_is_not_trained(tmp_path):
    pictures = folders.load(fill(tmp_path, {"a": 5, "b": 5}))
    with pytest.raises(DatasetError, match="not trained: c"):
        split(pictures, [TaggedPicture("c", tmp_path)])


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ({}, "holds no pictures"),
        ({"a": 0, "b": 0}, "holds no pictures"),
        ({"a": 9}, "only one tag, a"),
        ({"a": 9, "b": 5, "c": 1}, "too few: b (4), c (0)"),
    ],
)
def test_demo_says_what_is_wrong_with_a_folder(tmp_path, capsys, counts, says):
    folder = fill(tmp_path / "pictures", counts)
    folder.mkdir(exist_ok=True)
    assert demo.main([str(folder), "--data", str(tmp_path / "data")]) == 1
    assert says in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_demo_names_a_folder_that_is_not_there(tmp_path, capsys):
    assert demo.main([str(tmp_path / "nowhere")]) == 1
    assert "nowhere" in capsys.readouterr().err


def test_demo_names_a_test_folder_without_pictures(tmp_path, capsys):
    folder = fill(tmp_path / "pictures", {"a": 5, "b": 5})
    (tmp_path / "empty").mkdir()
    assert demo.main([str(folder), "--test", str(tmp_path / "empty")]) == 1
    assert "empty holds no pictures" in capsys.readouterr().err


def test_demo_names_a_port_that_is_in_use(tmp_path, capsys, used_port):
    folder = fill(tmp_path / "pictures", {"a": 6, "b": 6})
    assert demo.main([str(folder), "--port", str(used_port), "--data", str(tmp_path / "data")]) == 1
    assert f"Port {used_port} is in use" in capsys.readouterr().err


def test_demo_says_what_the_service_says_of_pictures_that_are_none(tmp_path, capsys):
    folder = fill(tmp_path / "pictures", {"a": 6, "b": 6})
    assert demo.main([str(folder), "--data", str(tmp_path / "data")]) == 1
    output = capsys.readouterr()
    assert "a/00.jpg: ErrorImageFormat" in output.out
    assert "MultiClassClassificationTrainingValidationFailed" in output.err


def test_demo_runs_from_a_folder_to_a_cameras_results(tmp_path, capsys):
    folder, figures = tmp_path / "pictures", tmp_path / "figures.json"
    scenes.write_folder(folder, per_tag=10, seed=5)
    for tag in ("chipped", "cracked"):
        (folder / tag).rename(tmp_path / tag)
    (folder / "good" / "good-000.jpg").write_bytes(b"no picture")
    twin = folder / "rusty" / "rusty-001.jpg"
    twin.write_bytes((folder / "rusty" / "rusty-002.jpg").read_bytes())
    code = demo.main([str(folder), "--data", str(tmp_path / "data"), "--json", str(figures)])
    output = capsys.readouterr()
    assert code == 0, output.err
    report = msgspec.json.decode(figures.read_bytes())
    upload, test, camera = report["upload"], report["test"], report["camera"]
    assert (upload["accepted"], upload["duplicates"], upload["refused"]) == (
        14,
        1,
        ["good/good-000.jpg: ErrorImageFormat"],
    )
    assert test["answered"] == 4
    assert test["accuracy"] >= 0.75
    assert (camera["dropped"], camera["results"], camera["rejections"]) == (5, 4, 1)
    assert f"Test accuracy {test['accuracy']:.3f}" in output.out
    assert "broken.jpg" in output.out
