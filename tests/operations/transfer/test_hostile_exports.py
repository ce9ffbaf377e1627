"""What an export of a stranger can do to an import: end it, and no more."""

from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from uuid import uuid4

import msgspec
import pytest
from msgspec.structs import replace

from shared import errors
from shared.models.transfer import PartHeader
from shared.models.wire import now
from shared.models.workspace.images import OrderBy, RegionMark, TaggingStatus, TagMark, new_image_id, new_region_id
from shared.models.workspace.projects import ProjectStatus
from shared.operations.transfer import project_export, project_import
from shared.operations.workspace import images
from shared.storage.account import blobs
from shared.storage.training import iterations as stored_iterations
from shared.storage.workspace import catalog
from shared.storage.workspace import projects as stored_projects
from tests.operations.making import tag_of
from tests.operations.transfers import Copy, begin, imported, step
from tests.pictures import picture
from tests.storage.making import assert_consistent


def test_a_part_that_never_comes_ends_as_failed(store, settings, project_id, copy):
    copy.header = PartHeader(f"{copy.web.address}/never")
    waiting = step(store, settings, begin(store, settings, copy.token()))
    assert project_import.read_import(store, settings, replace(waiting, waits=project_import.WAITS)) is None
    failed = stored_projects.get(store, waiting.project_id)
    assert (failed.status, "could not be read" in str(failed.description)) == (ProjectStatus.FAILED, True)
    assert catalog.read(store, failed.id).images == 5


def lose(store, project_id, container, ending) -> None:
    lost = [name for name in blobs.names(store, container, f"{project_id}/") if name.endswith(ending)]
    assert lost
    for name in lost:
        blobs.delete(store, container, name)


@pytest.mark.parametrize(("container", "ending", "taken"), [
    ("exports", "000-000000.jsonl", 0),
    ("images", "original", 0),
    ("models", "model.onnx", 1),
])  # fmt: skip
def test_what_is_missing_of_an_export_that_is_gone_ends_as_failed_at_once(
    store, settings, project_id, trained, container, ending, taken
):
    task = begin(store, settings, project_export.export_project(store, project_id).token)
    for _ in range(taken):
        task = step(store, settings, task)
    lose(store, project_id, container, ending)
    lose(store, project_id, "exports", "info.json")
    assert project_import.read_import(store, settings, task) is None
    failed = stored_projects.get(store, task.project_id)
    assert (failed.status, "was deleted" in str(failed.description)) == (ProjectStatus.FAILED, True)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("model.onnx", None),
        ("model.json", {"preprocessing": {"width": 1_000_000, "height": 16}}),
        ("model.json", {"tags": "none"}),
        ("model.json", {"tags": [{"id": str(uuid4()), "name": "apple\npear", "type": "Regular"}]}),
        ("performance.json", {"tags": []}),
    ],
)
def test_a_hostile_model_ends_the_import_as_failed(store, settings, project_id, trained, name, change):
    token = project_export.export_project(store, project_id).token
    if change is None:
        blobs.delete(store, "models", f"{project_id}/{trained.id}/{name}")
    else:
        data = msgspec.json.decode(blobs.model_read(store, project_id, trained.id, name))
        blobs.model_write(store, project_id, trained.id, name, msgspec.json.encode({**data, **change}))
    project = imported(store, settings, token)
    assert project.status == ProjectStatus.FAILED
    assert stored_iterations.list_all(store, project.id) == []


def changed(copy: Copy, **changes: object) -> None:
    """The first image of the export with these changes."""
    entry = copy.images[0]
    copy.images[0] = replace(entry, image=replace(entry.image, **changes))


def addressed(copy: Copy, original: str | None) -> None:
    copy.images[0] = replace(copy.images[0], original=original)


def elsewhere(copy: Copy) -> None:
    # Another host than the export's own, though it can be reached from here.
    url = str(copy.rehosted(copy.images[0].original))
    addressed(copy, url.replace("127.0.0.1", "localhost"))


def endless(copy: Copy) -> None:
    copy.images.clear()
    copy.header = PartHeader(copy.web.address)


def another_picture(copy: Copy) -> None:
    addressed(copy, copy.web.serve(picture("sky", 1)))


def no_picture(copy: Copy) -> None:
    data = b"\xff\xd8\xff no picture"
    changed(copy, sha256=sha256(data).hexdigest())
    addressed(copy, copy.web.serve(data))


def foreign_region(copy: Copy) -> None:
    image = copy.images[0].image
    marks = [TagMark(copy.info.tags[0].id, now())]
    region = RegionMark(new_region_id(new_image_id()), marks[0].tag_id, now(), 0, 0, 1, 1)
    changed(copy, tags=marks, regions=[region], id=image.id)


def box_beyond(copy: Copy) -> None:
    image = copy.images[0].image
    marks = [TagMark(copy.info.tags[0].id, now())]
    changed(copy, tags=marks, regions=[RegionMark(new_region_id(image.id), marks[0].tag_id, now(), 0, 0, 2, 1)])


def the_same_content_twice(copy: Copy) -> None:
    copy.images[1] = replace(copy.images[0], image=replace(copy.images[0].image, id=new_image_id()))


def beyond_measure(copy: Copy) -> None:
    copy.images[:] = [replace(copy.images[0], original=None)] * 1_001


HOSTILE = {
    "other hosts": elsewhere,
    "another picture": another_picture,
    "no picture": no_picture,
    "a picture without an address": lambda copy: addressed(copy, None),
    "a picture whose address is none": lambda copy: addressed(copy, "nowhere"),
    "a time before all times": lambda copy: changed(
        copy, created=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
    ),
    "a region of another image": foreign_region,
    "a box beyond its image": box_beyond,
    "a tag that is none": lambda copy: changed(copy, tags=[TagMark(uuid4(), now())]),
    "the same content twice": the_same_content_twice,
    "much metadata": lambda copy: changed(copy, metadata={str(n): "" for n in range(99)}),
    "a hash that is none": lambda copy: changed(copy, sha256="../../x"),
    "an endless chain": endless,
    "a part beyond measure": beyond_measure,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_export_ends_as_failed(store, settings, copy, name):
    HOSTILE[name](copy)
    project = imported(store, settings, copy.token())
    assert project.status == ProjectStatus.FAILED
    assert project.description.startswith("The import failed: ")
    with pytest.raises(errors.WorkspaceCannotBeModified):
        tag_of(store, project.id, "new")
    assert_consistent(store, project.id)


def test_a_time_without_a_zone_is_in_utc(store, settings, copy):
    changed(copy, created=now().replace(tzinfo=None))
    project = imported(store, settings, copy.token())
    assert project.status == ProjectStatus.SUCCEEDED
    page = images.get_images(
        store, project.id,
        status=TaggingStatus.ALL, tag_ids=[], order=OrderBy.NEWEST, take=50, skip=0,
    )  # fmt: skip
    assert {image.created.tzinfo for image in page} == {UTC}
    assert_consistent(store, project.id)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda info: replace(info, next_number=0),
        lambda info: replace(info, tags=[*info.tags, info.tags[0]]),
        lambda info: replace(info, tags=[replace(info.tags[0], name="\n")]),
        lambda info: replace(info, project=replace(info.project, name="x" * 200)),
        lambda info: replace(
            info, project=replace(info.project, settings=replace(info.project.settings, domain_id=uuid4()))
        ),
    ],
)
def test_import_project_refuses_what_can_not_be(store, settings, copy, spoil):
    copy.info = spoil(copy.info)
    with pytest.raises(errors.ServiceError) as caught:
        project_import.import_project(store, settings, token=copy.token(), name=None)
    assert caught.value.status == 400


def test_import_project_reads_no_endless_token(store, settings, web, monkeypatch):
    monkeypatch.setattr("shared.operations.transfer.exported.INFO_BYTES", 100)
    with pytest.raises(errors.InvalidImportToken, match="over 100 bytes"):
        project_import.import_project(store, settings, token=web.serve(b" " * 101), name=None)
