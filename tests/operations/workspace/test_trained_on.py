"""Reads of what an iteration was trained on, before and while there is something to read."""

from uuid import uuid4

import pytest
from msgspec.structs import replace

from shared import errors
from shared.models.training.datasets import DatasetHeader
from shared.models.training.iterations import IterationStatus
from shared.models.wire import now
from shared.models.workspace.images import OrderBy, RegionMark, TaggingStatus, new_region_id
from shared.operations.workspace import images, tags
from shared.storage.training import datasets, iterations
from tests.operations.making import image_with, record_of, tag_of

ALL = TaggingStatus.ALL


def read_all(store, project_id, iteration_id):
    return images.get_images(
        store, project_id, status=ALL, tag_ids=[], order=OrderBy.NEWEST, take=9, skip=0,
        iteration_id=iteration_id,
    )  # fmt: skip


def count_all(store, project_id, iteration_id):
    return images.get_image_count(store, project_id, status=ALL, tag_ids=[], iteration_id=iteration_id)


@pytest.mark.parametrize(
    ("status", "reason"), [(IterationStatus.TRAINING, "ask again"), (IterationStatus.FAILED, "no images")]
)
def test_an_iteration_without_a_dataset_says_why(store, project_id, status, reason):
    record = record_of(project_id, status)
    iterations.insert(store, record)
    for read in (
        lambda: read_all(store, project_id, record.iteration.id),
        lambda: count_all(store, project_id, record.iteration.id),
        lambda: images.get_images_by_ids(store, project_id, [uuid4()], record.iteration.id),
        lambda: tags.get_tags(store, project_id, record.iteration.id),
    ):
        with pytest.raises(errors.IterationNotTrained, match=reason):
            read()


def test_regions_of_an_iteration_are_those_of_then(store, project_id):
    tag, record = tag_of(store, project_id), record_of(project_id)
    image = image_with(store, project_id, tag.id)
    region = RegionMark(new_region_id(image.id), tag.id, now(), 0.1, 0.2, 0.3, 0.4)
    iterations.insert(store, record)
    header = DatasetHeader(project_id, record.iteration.id, record.iteration.domain_id, None, [tag])
    datasets.write(store, header, [replace(image, regions=[region])])
    tags.delete_tag(store, project_id, tag.id)
    (shown,) = read_all(store, project_id, record.iteration.id)
    assert [(mark.region_id, mark.tag_name, mark.left) for mark in shown.regions] == [(region.region_id, "apple", 0.1)]
    assert not read_all(store, project_id, None)[0].tags
    assert count_all(store, project_id, record.iteration.id) == 1
