"""Data sets as zips over HTTP: into a project, out of it, and what strangers send instead."""

import json
import stat
from io import BytesIO
from urllib.parse import quote, urlencode
from urllib.request import urlopen
from uuid import UUID, uuid4
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest
from msgspec.structs import replace

from shared.formats.catalogue import FORMATS
from shared.formats.dataset import Labelled, LabelledSet, Mark
from shared.models.training.datasets import DatasetHeader
from shared.models.training.iterations import IterationStatus
from shared.models.training.model_spec import ModelTag
from shared.storage.training import datasets, iterations
from shared.storage.workspace import images as stored_images
from shared.storage.workspace import tags as stored_tags
from tests.operations.making import record_of
from tests.pictures import picture
from tests.prediction.detectors import put_detector
from tests.prediction.graphs import DETECTION_DOMAIN

SIZE = (64, 48)
BOXED = [
    Labelled("apple 1.jpg", (), (Mark("apple", 0.1, 0.2, 0.3, 0.4), Mark("Größe", 0.5, 0.5, 0.25, 0.5)), "train", SIZE),
    Labelled("leaf.jpg", (), (Mark("leaf", 0.0, 0.0, 1.0, 1.0),), "val", SIZE),
    Labelled("bare.jpg", (), (), "val", SIZE),
]
TAGGED = [
    Labelled("one.jpg", ("apple", "leaf"), (), "train", SIZE),
    Labelled("two.jpg", ("leaf",), (), "test", SIZE),
]


@pytest.fixture
def detecting(training):
    made = training.create_project(f"exchange {uuid4()}", domain_id=DETECTION_DOMAIN)
    yield made
    training.delete_project(made.id)


@pytest.fixture
def send(ask):
    """Import a zip; or the refusal."""

    def sent(project, package, dataset=None, **options):
        path = f"/ocellus/v1/projects/{project.id}/datasets/{dataset or uuid4()}/import?{urlencode(options)}"
        return ask("POST", path, package, Content_Type="application/octet-stream")

    return sent


@pytest.fixture
def take(ask):
    """Export; or the refusal."""

    def taken(project, dataset=None, **options):
        return ask(
            "POST", f"/ocellus/v1/projects/{project.id}/datasets/{dataset or uuid4()}/export?{urlencode(options)}"
        )

    return taken


@pytest.fixture
def finish(ask, eventually):
    """A data set as it is once it has ended."""

    def wait(project, reply):
        assert reply.status == 202, reply.body

        def now():
            return ask("GET", f"/ocellus/v1/projects/{project.id}/datasets/{reply.body['id']}").body

        eventually(lambda: now()["status"] != "Running", seconds=60)
        return now()

    return wait


def zipped(files, kind=ZIP_DEFLATED):
    buffer = BytesIO()
    with ZipFile(buffer, "w", kind) as package:
        for name, data in files.items():
            package.writestr(name, data)
    return buffer.getvalue()


def set_of(format, pictures):
    """The files of a data set, with pictures that differ."""
    tags = sorted({tag for each in pictures for tag in each.said})
    files = dict(FORMATS[format].write(LabelledSet(list(pictures), tags)))
    for seed, each in enumerate(pictures):
        files |= dict.fromkeys(FORMATS[format].places(each), picture("leaf", seed, SIZE))
    return files


def held(training, project):
    """What the project has of each picture, by its file's name."""
    return {
        image.metadata["filename"]: (
            image.metadata.get("split"),
            sorted(tag.tag_name for tag in image.tags or []),
            sorted(
                (box.tag_name, *(round(getattr(box, side), 4) for side in ("left", "top", "width", "height")))
                for box in image.regions or []
            ),
        )
        for image in training.get_images(project.id)
    }


@pytest.mark.parametrize("format", ["coco", "yolo", "voc"])
def test_import_dataset_brings_boxes_that_export_dataset_takes_out(training, detecting, send, take, finish, format):
    task = finish(detecting, send(detecting, zipped(set_of(format, BOXED))))
    assert (task["status"], task["format"], task["total"], task["done"]) == ("Completed", format, 3, 3)
    assert (task["new"], task["present"], task["leftOut"], task["misplaced"]) == (3, 0, 0, 0)
    assert task["by"].startswith("key ")
    first = held(training, detecting)
    assert first["apple 1.jpg"] == (
        "train", ["Größe", "apple"], [("Größe", 0.5, 0.5, 0.25, 0.5), ("apple", 0.1, 0.2, 0.3, 0.4)],
    )  # fmt: skip
    assert first["bare.jpg"] == ("val", [], [])

    out = finish(detecting, take(detecting, format=format.upper()))
    assert (out["status"], out["format"], out["total"], out["done"], out["new"]) == ("Completed", format, 3, 3, 3)
    with urlopen(out["downloadUri"]) as answer:
        data = answer.read()
        assert (
            answer.headers["Content-Disposition"]
            == f"attachment; filename*=UTF-8''{quote(detecting.name)}%20{format}.zip"
        )
    with ZipFile(BytesIO(data)) as package:
        assert package.testzip() is None
        assert package.read(FORMATS[format].places(BOXED[1])[0]) == picture("leaf", 1, SIZE)
    back = training.create_project(f"exchange {uuid4()}", domain_id=DETECTION_DOMAIN)
    assert finish(back, send(back, data, format=format))["new"] == 3
    assert held(training, back) == first
    again = finish(back, send(back, data))
    assert (again["new"], again["present"]) == (0, 3)
    training.delete_project(back.id)


def test_put_dataset_piece_sends_what_is_too_large_for_a_call(training, project, ask, send, finish):
    training.create_tag(project.id, "APPLE")
    data, dataset = zipped(set_of("csv", TAGGED)), uuid4()
    for number, start in enumerate(range(0, len(data), 700), 1):
        path = f"/ocellus/v1/projects/{project.id}/datasets/{dataset}/pieces/{number}"
        assert ask("PUT", path, data[start : start + 700], Content_Type="application/octet-stream").status == 204
    lacking = send(project, b"", dataset, pieces=number + 1)
    assert (lacking.status, "put those that lack" in lacking.body["message"]) == (400, True)
    begun = send(project, b"", dataset, pieces=number)
    assert finish(project, begun)["new"] == 2
    assert held(training, project) == {"one.jpg": ("train", ["APPLE", "leaf"], []), "two.jpg": ("test", ["leaf"], [])}
    assert send(project, b"", dataset, pieces=number).body["status"] == "Completed"
    assert send(project, b"", dataset, pieces=number, format="coco").status == 409


def test_put_dataset_piece_refuses_what_is_none(project, ask):
    def put(number, data=b"x", of=project.id):
        return ask("PUT", f"/ocellus/v1/projects/{of}/datasets/{uuid4()}/pieces/{number}", data, Content_Type="")

    assert "1 to 1,000" in put(0).body["message"]
    assert "1 to 1,000" in put(1_001).body["message"]
    assert put(1, b"").status == 400
    assert put(1, of=uuid4()).status == 404


def test_import_dataset_says_what_it_leaves_out(training, project, send, finish):
    files = set_of("folders", TAGGED)
    files |= {"train/apple/broken.jpg": b"no picture", "../../etc/leaf/out.jpg": b"", "/root/leaf/out.jpg": b""}
    buffer = BytesIO(zipped(files))
    with ZipFile(buffer, "a") as package:
        link = ZipInfo("train/leaf/link.jpg")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        package.writestr(link, "/etc/passwd")
        package.writestr("__MACOSX/train/apple/._one.jpg", b"Mac")
    task = finish(project, send(project, buffer.getvalue()))
    assert (task["format"], task["total"], task["new"]) == ("folders", 4, 2)
    # The picture of two tags lies in both folders.
    assert (task["present"], task["leftOut"]) == (1, 2)
    assert task["reasons"] == [
        "3 links or paths lead out of it",
        "train/apple/broken.jpg is no whole JPEG, PNG, BMP or GIF",
    ]
    assert held(training, project)["one.jpg"] == ("train", ["apple", "leaf"], [])


@pytest.mark.parametrize(
    ("package", "message"),
    [
        (b"no zip", "no zip that can be read"),
        (zipped({"a.jpg": b"x"})[:-30], "no zip that can be read"),
        (b"", "Send the zip in the body"),
    ],
    ids=range(3),
)
def test_import_dataset_refuses_what_is_no_zip(project, send, package, message):
    reply = send(project, package)
    assert (reply.status, message in reply.body["message"]) == (400, True)


def test_import_dataset_refuses_a_format_that_there_is_not(project, send):
    assert (
        "no format is called tfrecord" in send(project, zipped({"a": b""}), format="tfrecord").body["message"].lower()
    )
    assert send(project, b"", pieces=1_001).status == 400


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"notes.txt": b"nothing"}, "No format is known"),
        (set_of("coco", BOXED), "tags whole pictures"),
        ({"a.json": b"[" * 100_000, "a.jpg": b""}, "No format is known"),
        ({"a.xml": b"<!DOCTYPE a [<!ENTITY b 'c'>]><annotation>&b;</annotation>", "a.jpg": b""}, "DOCTYPE"),
        ({"bomb.json": bytes(40_000_000)}, "over 32 MB; import it by `ocellus dataset import`"),
        (set_of("folders", [Labelled("a.jpg", ("x" * 129,), (), "", SIZE)]), "128 printable characters"),
    ],
    ids=range(6),
)
def test_import_dataset_fails_where_nothing_can_be_read(training, project, send, finish, files, message):
    task = finish(project, send(project, zipped(files)))
    assert task["status"] == "Failed"
    assert message in task["message"]
    assert training.get_tagged_image_count(project.id) == training.get_untagged_image_count(project.id) == 0


def test_import_dataset_brings_pictures_untagged_where_that_is_asked_for(training, detecting, send, finish):
    """Else a data set of tags is none for a project of boxes, and nothing of it is written."""
    package = zipped(set_of("csv", TAGGED))
    refused = finish(detecting, send(detecting, package))
    assert (refused["status"], "or choose that its pictures come untagged" in refused["message"]) == ("Failed", True)
    assert (training.get_tags(detecting.id), training.get_untagged_image_count(detecting.id)) == ([], 0)
    task = finish(detecting, send(detecting, package, untagged=True))
    assert (task["status"], task["new"], task["lost"]) == ("Completed", 2, {"tags without a box": 3})
    assert held(training, detecting) == {"one.jpg": ("train", [], []), "two.jpg": ("test", [], [])}


def test_get_dataset_refuses_what_is_not_there(project, ask):
    assert ask("GET", f"/ocellus/v1/projects/{project.id}/datasets/{uuid4()}").status == 404


def test_stop_dataset_leaves_what_has_ended(project, take, finish, ask):
    task = finish(project, take(project, format="csv"))
    reply = ask("POST", f"/ocellus/v1/projects/{project.id}/datasets/{task['id']}/stop")
    assert (reply.status, reply.body["status"]) == (200, "Completed")


def test_stop_dataset_refuses_what_is_not_there(project, ask):
    assert ask("POST", f"/ocellus/v1/projects/{project.id}/datasets/{uuid4()}/stop").status == 404


def test_get_dataset_tells_of_an_empty_project(project, take, finish):
    task = finish(project, take(project, format="csv"))
    assert (task["status"], task["total"], task["new"]) == ("Completed", 0, 0)
    with urlopen(task["downloadUri"]) as answer, ZipFile(BytesIO(answer.read())) as package:
        assert package.testzip() is None


def test_export_dataset_takes_what_an_iteration_was_trained_on(training, storage, project, send, take, finish):
    finish(project, send(project, zipped(set_of("csv", TAGGED))))
    made = record_of(UUID(project.id))
    header = DatasetHeader(made.iteration.project_id, made.iteration.id, made.iteration.domain_id, None, [])
    tags = list(stored_tags.names(storage, made.iteration.project_id).values())
    images = list(stored_images.each(storage, made.iteration.project_id))
    datasets.write(storage, replace(header, tags=tags), images)
    iterations.insert(storage, made)
    # What becomes of the project since is of no matter to what the iteration has seen.
    training.delete_tag(project.id, str(tags[0].id))
    task = finish(project, take(project, format="jsonl", iterationId=made.iteration.id))
    assert (task["status"], task["new"], task["leftOut"]) == ("Completed", 2, 0)
    with urlopen(task["downloadUri"]) as answer, ZipFile(BytesIO(answer.read())) as package:
        names = package.namelist()
        listed = [json.loads(line) for line in package.read(names[-1]).splitlines()]
    assert sorted(names[:-1]) == ["images/one.jpg", "images/two.jpg"]
    assert sorted(sorted(row["tags"]) for row in listed) == [["apple", "leaf"], ["leaf"]]


def test_export_dataset_refuses_a_format_without_place_for_it(project, take):
    reply = take(project, format="kitti")
    assert (reply.status, "no tags of whole pictures" in reply.body["message"]) == (400, True)
    assert take(project).status == 400
    assert take(project, format="csv", iterationId=uuid4()).status == 404
    assert take(project, format="csv", predictedBy=uuid4()).status == 404


def test_export_dataset_has_what_an_iteration_says_of_boxes(storage, detecting, send, take, finish):
    finish(detecting, send(detecting, zipped(set_of("coco", BOXED))))
    tags = [ModelTag(tag.id, tag.name) for tag in stored_tags.names(storage, UUID(detecting.id)).values()]
    judge = put_detector(storage, UUID(detecting.id), tags)
    task = finish(detecting, take(detecting, format="coco", predictedBy=judge.id))
    assert (task["status"], task["new"]) == ("Completed", 3)
    with urlopen(task["downloadUri"]) as answer, ZipFile(BytesIO(answer.read())) as package:
        found = json.loads(package.read("predictions.json"))
        files = [json.loads(package.read(name)) for name in package.namelist() if "instances" in name]
    images = {image["id"]: image["file_name"] for file in files for image in file["images"]}
    assert found
    assert {images[each["image_id"]] for each in found} == {each["file_name"] for each in found}
    assert {each["category_id"] for each in found} <= {1, 2, 3}


def test_export_dataset_refuses_an_iteration_without_a_model(storage, project, take):
    made = record_of(UUID(project.id))
    begun = replace(made.iteration, status=IterationStatus.TRAINING)
    iterations.insert(storage, replace(made, iteration=begun))
    reply = take(project, format="csv", predictedBy=begun.id)
    assert (reply.status, "has no model that could predict" in reply.body["message"]) == (400, True)
