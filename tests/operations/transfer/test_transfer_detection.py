"""A detector that moves to another project: its boxes and background, and how well it did."""

from functools import partial
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from shared.models.training.datasets import DatasetHeader
from shared.models.training.evaluations import EvaluatedBox, EvaluatedImage, Evaluation
from shared.models.training.model_spec import ModelTag
from shared.models.workspace.images import OrderBy, TaggingStatus
from shared.models.workspace.projects import ProjectStatus
from shared.operations.training import performance
from shared.operations.transfer import project_export
from shared.storage.account import blobs
from shared.storage.training import datasets
from shared.storage.training import iterations as stored_iterations
from shared.storage.workspace import images as stored_images
from shared.storage.workspace import tags as stored_tags
from tests.operations.making import create_images, tag_of, with_box
from tests.operations.transfers import imported, records
from tests.prediction.detectors import put_detector
from tests.prediction.graphs import COLOURS, DETECTION_DOMAIN

BOX = EvaluatedBox(2, 0.75, 0.1, 0.2, 0.3, 0.4)


@pytest.fixture
def trained(store, settings, create_project):
    """A detection project with an image that has a box, one that is background, and a detector trained on both."""
    project_id = create_project(DETECTION_DOMAIN).id
    tags = [tag_of(store, project_id, name) for name in COLOURS]
    boxed, background = create_images(store, settings, project_id, range(2))
    image = stored_images.update(store, project_id, boxed, partial(with_box, [tags[2].id]))
    stored_images.update(store, project_id, background, partial(replace, metadata={"background": "true"}))
    judged = EvaluatedImage(boxed, image.created, 320, 240, [tags[2].id], regions=image.regions, boxes=[BOX])
    iteration = put_detector(store, project_id, [ModelTag(tag.id, tag.name) for tag in tags], [judged])
    header = DatasetHeader(project_id, iteration.id, DETECTION_DOMAIN, None, tags)
    datasets.write(store, header, records(store, project_id))
    return iteration


def test_a_detector_is_imported_with_its_boxes(store, settings, trained):
    token = project_export.export_project(store, trained.project_id).token
    project = imported(store, settings, token)
    assert project.status == ProjectStatus.SUCCEEDED
    names = {tag.id: tag.name for tag in stored_tags.names(store, project.id).values()}
    (iteration,) = (record.iteration for record in stored_iterations.list_all(store, project.id))
    (shown,) = performance.get_image_performances(
        store, project.id, iteration.id, tag_ids=[], order=OrderBy.NEWEST, take=50, skip=0
    )
    assert [(each.probability, names[each.tag_id]) for each in shown.predictions] == [(0.75, "blue")]
    assert shown.regions
    assert [names[region.tag_id] for region in shown.regions] == ["blue"]
    found = performance.get_iteration_performance(store, project.id, iteration.id, threshold=0.5, overlap_threshold=0.9)
    assert (found.precision, found.recall) == (1, 1)
    index = datasets.index(store, project.id, iteration.id)
    assert index
    (background,) = datasets.page(
        store, index, status=TaggingStatus.UNTAGGED, tag_ids=[], order=OrderBy.NEWEST, take=50, skip=0
    )
    assert background.metadata == {"background": "true"}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda image: replace(image, boxes=[replace(BOX, tag=3)]),
        lambda image: replace(image, boxes=[replace(BOX, tag=-1)]),
        lambda image: replace(image, boxes=[BOX] * 1_001),
        lambda image: replace(image, probabilities=[0.1, 0.2, 0.3]),
        lambda image: replace(image, tags=[UUID(int=1)]),
        lambda image: replace(image, regions=[replace(image.regions[0], tag_id=UUID(int=1))]),
    ],
)
def test_a_performance_that_does_not_fit_ends_the_import_as_failed(store, settings, trained, spoil):
    project_id, iteration_id = trained.project_id, trained.id
    known = msgspec.json.decode(blobs.model_read(store, project_id, iteration_id, "performance.json"), type=Evaluation)
    spoilt = msgspec.json.encode(replace(known, images=[spoil(known.images[0])]))
    blobs.model_write(store, project_id, iteration_id, "performance.json", spoilt)
    project = imported(store, settings, project_export.export_project(store, project_id).token)
    assert project.status == ProjectStatus.FAILED
    assert "performance does not fit" in project.description


def test_the_performance_of_an_imported_iteration_is_told_by_its_own_tags(store, settings, trained):
    project = imported(store, settings, project_export.export_project(store, trained.project_id).token)
    # Both have the iteration's id, and one process tells of both.
    for project_id in (trained.project_id, project.id):
        blue = next(tag.id for tag in stored_tags.names(store, project_id).values() if tag.name == "blue")
        assert performance.get_image_performance_count(store, project_id, trained.id, tag_ids=[blue]) == 1
        found = performance.get_iteration_performance(
            store, project_id, trained.id, threshold=0.5, overlap_threshold=0.9
        )
        assert [tag.recall for tag in found.per_tag_performance if tag.id == blue] == [1]
