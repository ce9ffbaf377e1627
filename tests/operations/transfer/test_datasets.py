"""Data sets in shares: each step twice, cut off in the middle, and what changes while they are under way."""

import csv
from io import BytesIO, StringIO
from unittest.mock import Mock
from uuid import UUID, uuid4
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest
from msgspec.structs import replace

from shared import errors
from shared.formats.catalogue import FORMATS
from shared.formats.dataset import Labelled, LabelledSet
from shared.models.limits import Limits
from shared.models.messages.tasks import ExportDataset, ImportDataset
from shared.models.training.iterations import Iteration
from shared.models.training.model_spec import ModelTag
from shared.models.workspace.bulk import TaskStatus
from shared.models.workspace.exchange import DatasetTask
from shared.models.workspace.images import TaggingStatus
from shared.operations.transfer import (
    dataset_export,
    dataset_import,
    dataset_packing,
    dataset_reading,
    dataset_taking,
    dataset_tasks,
)
from shared.operations.workspace import uploads
from shared.storage.account import blobs
from shared.storage.workspace import images as stored_images
from shared.storage.workspace import tags as stored_tags
from tests.pictures import picture
from tests.prediction.classifiers import put_classifier

COUNT, TWO = 5, 2
PICTURES = [Labelled(f"{at}.jpg", ("apple" if at % 2 else "leaf",), (), "", (32, 24)) for at in range(COUNT)]


@pytest.fixture(autouse=True)
def small_shares(monkeypatch):
    for module in (dataset_reading, dataset_taking, dataset_packing):
        monkeypatch.setattr(module, "SHARE", TWO)


def zipped(files, kind=ZIP_STORED):
    buffer = BytesIO()
    with ZipFile(buffer, "w", kind) as package:
        for name, data in files.items():
            package.writestr(name, data)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def package() -> bytes:
    files = {FORMATS["csv"].places(each)[0]: picture("leaf", at, (32, 24)) for at, each in enumerate(PICTURES)}
    return zipped(files | FORMATS["csv"].write(LabelledSet(PICTURES, ["apple", "leaf"])))


def begin(store, settings, project_id, package, format=None) -> ImportDataset:
    task = dataset_import.import_dataset(
        store,
        settings,
        project_id,
        uuid4(),
        package=package,
        pieces=0,
        format=format,
        background=False,
        untagged=False,
        by="a test",
    )
    return ImportDataset(project_id, task.id)


def take(store, project_id, format="csv", predicted_by=None) -> ExportDataset:
    task = dataset_export.export_dataset(
        store, project_id, uuid4(), format=format, iteration_id=None, predicted_by=predicted_by, by="a test"
    )
    return ExportDataset(project_id, task.id)


def steps(step, task, times=1) -> None:
    """Every step so many times; the next is what the last of them says."""
    while task:
        task = [step(task) for _ in range(times)][-1]


def ended(store, task) -> DatasetTask:
    return dataset_tasks.get_dataset(store, task.project_id, task.dataset_id)


def tagged(store, project_id) -> dict[str, list[str]]:
    names = stored_tags.names(store, project_id)
    return {
        image.metadata["filename"]: [names[mark.tag_id].name for mark in image.tags]
        for image in stored_images.each(store, project_id, TaggingStatus.ALL)
    }


ALL = {each.file: list(each.tags) for each in PICTURES}


def test_a_data_set_is_there_once_though_each_step_runs_twice(store, settings, project_id, package):
    task = begin(store, settings, project_id, package)
    steps(lambda each: dataset_taking.step(store, settings, each), task, times=2)
    told = ended(store, task)
    assert (told.status, told.total, told.done, told.left_out) == (TaskStatus.COMPLETED, COUNT, COUNT, 0)
    # A share that runs again counts no picture again.
    assert (told.new, told.present) == (COUNT, 0)
    assert tagged(store, project_id) == ALL
    # Nothing but how it ended is left.
    assert [name for name in blobs.names(store, "exports", f"{project_id}/") if "state" not in name] == []
    assert dataset_taking.step(store, settings, task) is None


def test_a_share_that_storage_does_not_take_is_done_again(store, settings, project_id, package, monkeypatch):
    task = begin(store, settings, project_id, package)
    share = replace(task, share=1)
    dataset_taking.step(store, settings, task)
    insert, calls = uploads._insert, []

    def away(*given):
        calls.append(given)
        if len(calls) == TWO:
            raise errors.ServiceUnavailable("away")
        return insert(*given)

    monkeypatch.setattr(uploads, "_insert", away)
    with pytest.raises(errors.ServiceUnavailable):
        dataset_taking.step(store, settings, share)
    assert ended(store, task).done == 0
    steps(lambda each: dataset_taking.step(store, settings, each), share)
    assert ended(store, task).done == COUNT
    assert tagged(store, project_id) == ALL


def test_a_tag_that_is_deleted_meanwhile_is_named(store, settings, project_id, package):
    task = begin(store, settings, project_id, package)
    share = dataset_taking.step(store, settings, task)
    gone = next(tag for tag in stored_tags.names(store, project_id).values() if tag.name == "apple")
    stored_tags.delete(store, project_id, gone.id)
    steps(lambda each: dataset_taking.step(store, settings, each), share)
    told = ended(store, task)
    assert (told.status, told.new, told.left_out) == (TaskStatus.COMPLETED, 3, 2)
    assert told.reasons == [f"images/{name} has a tag that was deleted meanwhile" for name in ("1.jpg", "3.jpg")]


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"images_per_project": COUNT - 1}, "It has 5 pictures, and a project takes 4."),
        ({"tags_per_project": 1}, "would have 2; 1 are allowed"),
    ],
    ids=["images", "tags"],
)
def test_what_is_over_a_limit_is_not_begun_upon(store, settings, project_id, package, limits, message):
    strict = replace(settings, limits=Limits(**limits))
    task = begin(store, strict, project_id, package)
    steps(lambda each: dataset_taking.step(store, strict, each), task)
    told = ended(store, task)
    assert (told.status, message in (told.message or "")) == (TaskStatus.FAILED, True)
    assert tagged(store, project_id) == {}


def test_a_zip_of_more_files_than_pictures_have_is_refused(store, settings, project_id):
    strict = replace(settings, limits=Limits(images_per_project=2))
    with pytest.raises(errors.BadRequest, match="over 6 files"):
        begin(store, strict, project_id, zipped({f"{at}.txt": b"" for at in range(7)}))
    assert list(blobs.names(store, "exports", f"{project_id}/")) == []


def test_a_picture_that_is_a_bomb_is_named_and_the_others_come(store, settings, project_id):
    files = {"apple/a.jpg": picture("leaf", 1), "apple/bomb.jpg": bytes(30_000_000)}
    task = begin(store, settings, project_id, zipped(files, ZIP_DEFLATED))
    steps(lambda each: dataset_taking.step(store, settings, each), task)
    told = ended(store, task)
    assert (told.new, told.left_out) == (1, 1)
    assert told.reasons == ["apple/bomb.jpg has more bytes than the service takes; save it smaller"]


def test_a_data_set_of_a_project_that_is_deleted_ends(store, settings, project_id, package):
    task = begin(store, settings, project_id, package)
    share = replace(task, share=1)
    dataset_taking.step(store, settings, task)
    for name in list(blobs.names(store, "exports", f"{project_id}/")):
        blobs.delete(store, "exports", name)
    assert dataset_taking.step(store, settings, share) is None


def test_one_that_is_stopped_goes_no_further(store, settings, project_id, package):
    task = begin(store, settings, project_id, package)
    share = replace(task, share=1)
    dataset_taking.step(store, settings, task)
    following = dataset_taking.step(store, settings, share)
    told = dataset_tasks.stop_dataset(store, project_id, task.dataset_id, "a test")
    assert (told.status, told.done, told.message) == (
        TaskStatus.FAILED, TWO, "It was stopped by a test.",
    )  # fmt: skip
    assert following is not None
    assert dataset_taking.step(store, settings, following) is None
    assert dataset_tasks.stop_dataset(store, project_id, task.dataset_id, "another") == told
    assert len(tagged(store, project_id)) == TWO


def test_a_zip_that_ends_the_process_that_reads_it_is_given_up(store, settings, project_id, package, monkeypatch):
    task = begin(store, settings, project_id, package)
    with monkeypatch.context() as patch:
        patch.setattr(dataset_reading, "_found", Mock(side_effect=errors.ServiceUnavailable("away")))
        for _ in range(dataset_reading.TRIES + 1):
            # Storage that is away is no fault of the zip.
            with pytest.raises(errors.ServiceUnavailable):
                dataset_taking.step(store, settings, task)
        patch.setattr(dataset_reading, "_found", Mock(side_effect=KeyboardInterrupt))
        for _ in range(dataset_reading.TRIES):
            with pytest.raises(KeyboardInterrupt):
                dataset_taking.step(store, settings, task)
    assert dataset_taking.step(store, settings, task) is None
    told = ended(store, task)
    assert (told.status, "within the time and memory" in (told.message or "")) == (TaskStatus.FAILED, True)


def test_a_zip_that_keeps_us_busy_is_given_up_in_time(store, settings, project_id, package, monkeypatch):
    task = begin(store, settings, project_id, package)
    monkeypatch.setattr(dataset_reading, "READ_SECONDS", -1.0)
    assert dataset_taking.step(store, settings, task) is None
    assert "takes too long to read" in (ended(store, task).message or "")


@pytest.fixture
def filled(store, settings, project_id, package) -> UUID:
    steps(lambda each: dataset_taking.step(store, settings, each), begin(store, settings, project_id, package))
    return project_id


def test_an_export_is_whole_though_each_step_runs_twice(store, settings, filled):
    task = take(store, filled)
    steps(lambda each: dataset_packing.step(store, settings, each), task, times=2)
    told = ended(store, task)
    assert (told.status, told.total, told.done, told.new) == (TaskStatus.COMPLETED, COUNT, COUNT, COUNT)
    names = [name.rpartition("/")[2] for name in blobs.names(store, "exports", f"{filled}/") if str(told.id) in name]
    assert names == ["dataset.zip", "state.json"]
    assert told.download_uri is not None
    data = blobs.read(store, "exports", f"{filled}/datasets/{told.id}/dataset.zip")
    assert data
    with ZipFile(BytesIO(data.data)) as zipped_again:
        assert zipped_again.testzip() is None
        assert sorted(zipped_again.namelist()) == [*(f"images/{each.file}" for each in PICTURES), "labels.csv"]


def test_an_image_that_is_deleted_while_it_is_packed_is_named(store, settings, filled):
    task = take(store, filled, "folders")
    share = dataset_packing.step(store, settings, task)
    gone = next(image for image in stored_images.each(store, filled) if image.metadata["filename"] == "0.jpg")
    blobs.delete_pictures(store, filled, gone.id)
    steps(lambda each: dataset_packing.step(store, settings, each), share)
    told = ended(store, task)
    assert (told.new, told.left_out, told.reasons) == (COUNT - 1, 1, ["0.jpg was deleted meanwhile"])


@pytest.fixture
def judge(store, filled) -> Iteration:
    """It takes all of them for leaves, which they look like."""
    tags = {tag.name: tag.id for tag in stored_tags.names(store, filled).values()}
    named = [ModelTag(tags.get(name, uuid4()), name) for name in ("apple", "leaf", "sky")]
    return put_classifier(store, filled, named)


def test_what_an_iteration_says_lies_beside_the_pictures_that_are_there(store, settings, filled, judge):
    task = take(store, filled, predicted_by=judge.id)
    share = dataset_packing.step(store, settings, task)
    gone = next(image for image in stored_images.each(store, filled) if image.metadata["filename"] == "0.jpg")
    blobs.delete_pictures(store, filled, gone.id)
    steps(lambda each: dataset_packing.step(store, settings, each), share, times=2)
    assert ended(store, task).new == COUNT - 1
    data = blobs.read(store, "exports", f"{filled}/datasets/{task.dataset_id}/dataset.zip")
    assert data
    with ZipFile(BytesIO(data.data)) as package:
        assert package.testzip() is None
        listed, labels = (
            list(csv.DictReader(StringIO(package.read(f"{name}.csv").decode()))) for name in ("predictions", "labels")
        )
    best = {row["image"]: row["predicted"] for row in reversed(listed)}
    assert best == {f"images/{each.file}": "leaf" for each in PICTURES[1:]}
    assert {row["image"]: row["tags"] for row in listed} == {row["image"]: row["tag"] for row in labels}
    assert len(listed) == 3 * (COUNT - 1)


def test_an_export_ends_where_who_predicts_is_deleted_meanwhile(store, settings, filled, judge):
    task = take(store, filled, predicted_by=judge.id)
    share = dataset_packing.step(store, settings, task)
    blobs.delete_model(store, filled, judge.id)
    steps(lambda each: dataset_packing.step(store, settings, each), share)
    told = ended(store, task)
    assert (told.status, "has no model" in (told.message or "")) == (TaskStatus.FAILED, True)
