"""Regions through the SDK."""

from types import SimpleNamespace
from uuid import uuid4

import pytest
from azure.cognitiveservices.vision.customvision.training.models import (
    CustomVisionErrorException,
    ImageFileCreateBatch,
    ImageFileCreateEntry,
    ImageRegionCreateEntry,
    Region,
)

from tests.functions.flows import DETECTION, post, refused
from tests.pictures import picture


@pytest.fixture
def detector(training) -> SimpleNamespace:
    """A detection project with two tags and two untagged pictures."""
    project = training.create_project(f"detector {uuid4()}", domain_id=DETECTION)
    tags = [training.create_tag(project.id, name) for name in ("fork", "spoon")]
    entries = [ImageFileCreateEntry(name=str(seed), contents=picture("sky", seed)) for seed in range(2)]
    results = training.create_images_from_files(project.id, ImageFileCreateBatch(images=entries)).images
    return SimpleNamespace(id=project.id, tags=tags, images=[result.image.id for result in results])


def box(image_id, tag, left=0.1, top=0.2, width=0.3, height=0.4) -> ImageRegionCreateEntry:
    return ImageRegionCreateEntry(image_id=image_id, tag_id=tag.id, left=left, top=top, width=width, height=height)


def shown(training, detector, at=0):
    return training.get_images_by_ids(detector.id, [detector.images[at]])[0]


def test_create_image_regions_brings_the_tags_along(training, detector):
    (first, second), (fork, spoon) = detector.images, detector.tags
    summary = training.create_image_regions(
        detector.id, [box(first, fork), box(first, fork, left=0.5), box(second, spoon)]
    )
    assert (len(summary.created), summary.duplicated, summary.exceeded) == (3, [], [])
    made = {(entry.image_id, entry.tag_id, entry.left) for entry in summary.created}
    assert made == {(first, fork.id, 0.1), (first, fork.id, 0.5), (second, spoon.id, 0.1)}
    assert [entry.tag_name for entry in summary.created] == [None] * 3
    image = shown(training, detector)
    assert {region.region_id for region in image.regions} == {
        e.region_id for e in summary.created if e.image_id == first
    }
    assert [(tag.tag_name, tag.tag_id) for tag in image.tags] == [("fork", fork.id)]
    assert [(r.tag_name, r.top, r.width, r.height) for r in image.regions] == [("fork", 0.2, 0.3, 0.4)] * 2
    assert training.get_tag(detector.id, fork.id).image_count == 1
    assert training.get_untagged_image_count(detector.id) == 0


def test_create_image_regions_tells_of_boxes_that_are_there(training, detector, service):
    (first, _), (fork, spoon) = detector.images, detector.tags
    regions = f"projects/{detector.id}/images/regions"
    training.create_image_regions(detector.id, [box(first, fork)])
    summary = training.create_image_regions(detector.id, [box(first, fork), box(first, spoon)])
    assert [entry.tag_id for entry in summary.created] == [spoon.id]
    assert [(entry.image_id, entry.tag_id, entry.left) for entry in summary.duplicated] == [(first, fork.id, 0.1)]
    assert len(shown(training, detector).regions) == 2
    status, answer = post(service, regions, {"Regions": [entry_of(first, fork)]})
    assert status == 207
    assert (answer["created"], len(answer["duplicated"]), answer["exceeded"]) == ([], 1, [])


def test_create_image_regions_refuses(training, detector, project, service):
    (first, _), (fork, spoon) = detector.images, detector.tags
    with refused("BadRequestImageRegions", "Duplicate image regions"):
        training.create_image_regions(detector.id, [box(first, fork), box(first, spoon), box(first, fork)])
    with refused("NotFoundTag"):
        training.create_image_regions(detector.id, [box(first, SimpleNamespace(id=str(uuid4())))])
    with refused("NotFoundImage"):
        training.create_image_regions(detector.id, [box(str(uuid4()), fork)])
    with refused("NotFoundProject"):
        training.create_image_regions(uuid4(), [box(first, fork)])
    with refused("BadRequestRequiredParamIsNull"):
        training.create_image_regions(detector.id, [])
    with refused("BadRequestExceededBatchSize"):
        training.create_image_regions(detector.id, [box(first, fork, left=at / 100) for at in range(65)])
    with refused("BadRequestOperationNotSupported"):
        training.create_image_regions(project.id, [box(first, fork)])
    for wrong in ({"left": -0.1}, {"top": 1.1}, {"width": 0}, {"left": 0.8}, {"height": 0.9}):
        with refused("BadRequest"):
            training.create_image_regions(detector.id, [box(first, fork, **wrong)])
    regions = f"projects/{detector.id}/images/regions"
    for missing in ({"left": None}, {"tagId": "fork"}, {"width": "wide"}):
        status, answer = post(service, regions, {"Regions": [entry_of(first, fork) | missing]})
        assert (status, answer["code"]) == (400, "BadRequest")
    assert shown(training, detector).regions is None


BAD_BOXES = {
    "outside": {"left": 0.9},
    "far outside": {"left": 1.5},
    "negative": {"top": -0.1},
    "without width": {"width": 0},
    "null": {"left": None},
    "text": {"height": "high"},
    "truth": {"left": True},
    "no tag": {"tagId": "fork"},
    "no image": {"imageId": 7},
    "unknown tag": {"tagId": str(uuid4())},
    "unknown image": {"imageId": str(uuid4())},
}


@pytest.mark.parametrize("wrong", BAD_BOXES.values(), ids=BAD_BOXES)
def test_a_box_that_is_none_costs_no_other(training, detector, service, wrong):
    (first, _), (fork, spoon) = detector.images, detector.tags
    bad = entry_of(first, fork) | wrong
    status, answer = post(service, f"projects/{detector.id}/images/regions", {"regions": [bad, entry_of(first, spoon)]})
    assert (status, [made["tagId"] for made in answer["created"]]) == (207, [spoon.id])
    (refused,) = answer["exceeded"]
    fits = {name: value for name, value in bad.items() if value not in (None, True, "high", "fork", 7)}
    assert {name: refused[name] for name in fits} == fits
    assert {refused[name] for name in bad.keys() - fits.keys()} <= {None}
    assert len(refused["message"]) > 10
    assert [region.tag_name for region in shown(training, detector).regions] == ["spoon"]


def test_the_sdk_reads_what_became_of_a_box_that_is_none(training, detector):
    (first, _), (fork, spoon) = detector.images, detector.tags
    missing = ImageRegionCreateEntry(image_id=first, tag_id="fork", left=0.1, top=0.2, width=0.3, height=0.4)
    summary = training.create_image_regions(detector.id, [missing, box(first, spoon), box(first, fork, left=0.9)])
    assert [(entry.image_id, entry.tag_id, entry.left) for entry in summary.exceeded] == [
        (first, None, 0.1),
        (first, fork.id, 0.9),
    ]
    assert [entry.tag_id for entry in summary.created] == [spoon.id]


@pytest.mark.parametrize("body", [{"regions": [None]}, {"regions": [[]]}, {"regions": ["box"]}, {"regions": [{}]}])
def test_a_call_without_any_box_is_refused(detector, service, body):
    status, answer = post(service, f"projects/{detector.id}/images/regions", body)
    assert (status, answer["code"]) == (400, "BadRequest")


def test_a_box_that_passes_the_border_by_rounding_is_cut_off_there(training, detector):
    (first, _), (fork, _) = detector.images, detector.tags
    boxes = [
        box(first, fork, 0, 0, 1, 1),
        box(first, fork, 0.67, 0, 0.34, 1),
        box(first, fork, -0.005, 0.5, 1.006, 0.1),
    ]
    assert len(training.create_image_regions(detector.id, boxes).created) == 3
    assert len(training.create_image_regions(detector.id, boxes).duplicated) == 3
    found = sorted((region.left, region.top, region.width) for region in shown(training, detector).regions)
    assert found == [pytest.approx(each) for each in [(0, 0, 1), (0, 0.5, 1), (0.67, 0, 0.33)]]


def test_delete_image_regions_takes_the_tag_with_the_last_box(training, detector):
    (first, second), (fork, spoon) = detector.images, detector.tags
    boxes = [box(first, fork), box(first, fork, left=0.5), box(first, spoon), box(second, fork)]
    made = {
        (e.image_id, e.tag_id, e.left): e.region_id for e in training.create_image_regions(detector.id, boxes).created
    }
    training.delete_image_regions(detector.id, [made[first, fork.id, 0.1]])
    assert {tag.tag_name for tag in shown(training, detector).tags} == {"fork", "spoon"}
    rest = [made[first, fork.id, 0.5], made[second, fork.id, 0.1]]
    for _ in range(2):
        training.delete_image_regions(detector.id, [*rest, str(uuid4())])
    assert [tag.tag_name for tag in shown(training, detector).tags] == ["spoon"]
    assert shown(training, detector, 1).tags is None
    assert training.get_tag(detector.id, fork.id).image_count == 0


def test_delete_image_regions_refuses(training, detector):
    with refused("BadRequestRequiredParamIsNull"):
        training.delete_image_regions(detector.id, [])
    with refused("NotFoundProject"):
        training.delete_image_regions(uuid4(), [uuid4()])
    with refused("BadRequestInvalidIds"):
        training.delete_image_regions(detector.id, ["region"])


def test_an_uploaded_picture_brings_its_regions(training, detector):
    fork, spoon = detector.tags
    regions = [Region(tag_id=tag.id, left=0, top=0, width=0.5, height=0.5) for tag in (fork, fork, spoon)]
    entry = ImageFileCreateEntry(name="new", contents=picture("apple", 1), regions=regions[:2])
    created = training.create_images_from_files(detector.id, ImageFileCreateBatch(images=[entry])).images[0]
    assert (created.status, len(created.image.regions), created.image.tags[0].tag_name) == ("OK", 1, "fork")
    entry.regions = regions
    again = training.create_images_from_files(detector.id, ImageFileCreateBatch(images=[entry])).images[0]
    assert (again.status, again.image.id) == ("OKDuplicate", created.image.id)
    assert [region.tag_name for region in again.image.regions] == ["fork", "spoon"]


def test_deleting_a_tag_deletes_its_regions(training, detector):
    (first, _), (fork, spoon) = detector.images, detector.tags
    training.create_image_regions(detector.id, [box(first, fork), box(first, spoon)])
    training.delete_tag(detector.id, fork.id)
    assert [region.tag_name for region in shown(training, detector).regions] == ["spoon"]
    with pytest.raises(CustomVisionErrorException):
        training.create_image_regions(detector.id, [box(first, fork)])


def entry_of(image_id, tag) -> dict[str, object]:
    return {"imageId": image_id, "tagId": tag.id, "left": 0.1, "top": 0.2, "width": 0.3, "height": 0.4}
