"""Images at their limits, and changes that take more than one transaction."""

import pytest
from msgspec.structs import replace

from shared import errors
from shared.models.limits import Limits
from shared.models.workspace.images import (
    GivenFile,
    ImageFileCreateBatch,
    ImageFileCreateEntry,
    ImageTagCreateEntry,
    Region,
)
from shared.models.workspace.regions import ImageRegionCreateEntry
from shared.operations.workspace import images, metadata, regions, uploads
from shared.storage.workspace import catalog
from shared.storage.workspace import images as stored_images
from tests.operations.making import DETECTION, image_with, tag_of
from tests.pictures import picture
from tests.storage.making import assert_consistent

SMALL = Limits(regions_per_image=3, tags_per_image=2, metadata_pairs=2)


@pytest.fixture
def detector_id(create_project):
    return create_project(DETECTION).id


def box(image, tag, at=0) -> ImageRegionCreateEntry:
    return ImageRegionCreateEntry(tag.id, at / 100, 0.0, 0.1, 0.1, image.id)


def batch_of(*entries) -> ImageFileCreateBatch:
    return ImageFileCreateBatch(images=[GivenFile(entry) for entry in entries])


def create_images(store, settings, project_id, *entries):
    summary = uploads.create_images_from_files(store, settings, project_id, batch_of(*entries))
    return [result.status for result in summary.images]


def test_boxes_beyond_the_limit_are_exceeded(store, detector_id):
    image, tag = image_with(store, detector_id), tag_of(store, detector_id)
    boxes = [box(image, tag, at) for at in range(5)]
    first = regions.create_image_regions(store, SMALL, detector_id, boxes[:2])
    summary = regions.create_image_regions(store, SMALL, detector_id, boxes)
    assert (len(first.created), len(summary.created)) == (2, 1)
    assert (summary.duplicated, [each.left for each in summary.exceeded]) == (boxes[:2], [0.03, 0.04])
    assert len(stored_images.get(store, detector_id, image.id).regions) == 3


def test_boxes_whose_tag_would_be_one_too_many_are_exceeded(store, detector_id):
    image, tags = image_with(store, detector_id), [tag_of(store, detector_id, str(at)) for at in range(3)]
    boxes = [box(image, tag) for tag in tags]
    summary = regions.create_image_regions(store, SMALL, detector_id, boxes)
    assert [entry.tag_id for entry in summary.created] == [tag.id for tag in tags[:2]]
    assert [each.tag_id for each in summary.exceeded] == [tags[2].id]
    assert stored_images.get(store, detector_id, image.id).tag_ids == {tag.id for tag in tags[:2]}


def test_boxes_of_many_tags_come_and_go_at_once(store, detector_id):
    image, other = image_with(store, detector_id), image_with(store, detector_id)
    tags = [tag_of(store, detector_id, str(at)) for at in range(45)]
    boxes = [box(image, tag) for tag in tags]
    for made in (boxes, [box(other, tags[0])]):
        created = regions.create_image_regions(store, Limits(), detector_id, made).created
        assert [entry.tag_id for entry in created] == [entry.tag_id for entry in made]
    again = regions.create_image_regions(store, Limits(), detector_id, boxes)
    assert (again.created, again.duplicated) == ([], boxes)
    ids = [region.region_id for region in stored_images.get(store, detector_id, image.id).regions]
    regions.delete_image_regions(store, detector_id, ids[:44])
    left = stored_images.get(store, detector_id, image.id)
    assert ([region.region_id for region in left.regions], len(left.tags)) == (ids[44:], 1)
    assert_consistent(store, detector_id)


def test_many_tags_are_put_on_an_image_at_once(store, project_id):
    image, tags = image_with(store, project_id), [tag_of(store, project_id, str(at)) for at in range(50)]
    entries = [ImageTagCreateEntry(image.id, tag.id) for tag in tags]
    summary = images.create_image_tags(store, Limits(tags_per_image=45), project_id, [entries[0], *entries])
    assert (summary.created, summary.duplicated, summary.exceeded) == (entries[:45], entries[:1], entries[45:])
    assert_consistent(store, project_id)


def test_an_uploaded_picture_keeps_to_the_limits_of_an_image(store, settings, detector_id):
    tags = [tag_of(store, detector_id, str(at)) for at in range(3)]
    boxes = [Region(tags[0].id, at / 10, 0.0, 0.1, 0.1) for at in range(4)]
    small = replace(settings, limits=SMALL)
    assert create_images(
        store, small, detector_id,
        ImageFileCreateEntry(picture("sky", 1), regions=boxes),
        ImageFileCreateEntry(picture("sky", 2), tag_ids=[tag.id for tag in tags]),
        ImageFileCreateEntry(picture("sky", 3), tag_ids=[tags[0].id, tags[1].id], regions=boxes[:3]),
    ) == ["ErrorRegionLimitExceed", "ErrorTagLimitExceed", "OK"]  # fmt: skip
    more = ImageFileCreateEntry(picture("sky", 3), regions=boxes)
    assert create_images(store, small, detector_id, more) == ["ErrorRegionLimitExceed"]
    assert catalog.read(store, detector_id).images == 1


def test_a_full_project_takes_only_pictures_that_it_has(store, settings, project_id):
    full = replace(settings, limits=Limits(images_per_project=2))
    bad, entries = ImageFileCreateEntry(b"none"), [ImageFileCreateEntry(picture("sky", at)) for at in range(4)]
    assert create_images(store, full, project_id, bad, entries[0]) == ["ErrorImageFormat", "OK"]
    statuses = create_images(store, full, project_id, bad, entries[0], *entries[1:3])
    assert statuses[:2] == ["ErrorImageFormat", "OKDuplicate"]
    assert sorted(statuses[2:]) == ["ErrorLimitExceed", "OK"]
    assert create_images(store, full, project_id, entries[3]) == ["ErrorLimitExceed"]
    assert catalog.read(store, project_id).images == 2


def test_an_image_with_more_metadata_than_allowed_may_lose_some(store, project_id):
    image = image_with(store, project_id)
    stored_images.update(
        store, project_id, image.id, lambda record: replace(record, metadata=dict.fromkeys("abcd", "x"))
    )
    for update, status in (({"e": "y"}, "ErrorLimitExceed"), ({"a": None}, "OK"), ({"b": "z"}, "OK")):
        (entry,) = metadata.update_image_metadata(store, SMALL, project_id, [image.id], update).images
        assert entry.status == status
    assert stored_images.get(store, project_id, image.id).metadata == {"b": "z", "c": "x", "d": "x"}


def test_an_image_with_a_deleted_tag_is_tagged_as_one_without(store, project_id):
    gone, tag = tag_of(store, project_id, "gone"), tag_of(store, project_id)
    image = image_with(store, project_id, gone.id)
    changed = images.with_tags(image, [tag.id], {tag.id: tag}, limit=1)
    assert changed.tag_ids == {gone.id, tag.id}
    with pytest.raises(errors.TagNotFound):
        images.with_tags(image, [gone.id], {tag.id: tag}, limit=1)
