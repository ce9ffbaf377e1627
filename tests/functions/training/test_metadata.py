"""Metadata and filters of it, through the SDK."""

from uuid import uuid4

import pytest
from azure.cognitiveservices.vision.customvision.training.models import ImageFileCreateBatch, ImageFileCreateEntry

from cli.client import DescribedFile
from tests.functions.flows import refused
from tests.pictures import picture


@pytest.fixture
def images(training, project) -> list[str]:
    """Four pictures; the first two have metadata."""
    described = [{"line": "7", "Shift": "night"}, {"line": "8"}, None, None]
    batches = [
        ImageFileCreateBatch(images=[ImageFileCreateEntry(name="n", contents=picture("sky", seed))], metadata=metadata)
        for seed, metadata in enumerate(described)
    ]
    return [training.create_images_from_files(project.id, batch).images[0].image.id for batch in batches]


def metadata_of(training, project, image_id) -> dict[str, str] | None:
    return training.get_images_by_ids(project.id, [image_id])[0].metadata


def test_an_image_of_a_batch_has_metadata_of_its_own_beside_the_batchs(training, project):
    entries = [
        DescribedFile(name=name, contents=picture("sky", seed), metadata=metadata)
        for seed, (name, metadata) in enumerate(
            [("a", {"filename": "a.jpg", "line": "8"}), ("b", {"filename": "b.jpg"}), ("c", {"filename": "c" * 257})]
        )
    ]
    batch = ImageFileCreateBatch(images=entries, metadata={"line": "7"})
    results = training.create_images_from_files(project.id, batch).images
    assert [result.status for result in results] == ["OK", "OK", "ErrorLimitExceed"]
    assert results[0].image.metadata == {"filename": "a.jpg", "line": "8"}
    assert results[1].image.metadata == {"filename": "b.jpg", "line": "7"}


def test_update_image_metadata_merges(training, project, images):
    summary = training.update_image_metadata(project.id, images[:3], {"line": "9", "Note": "it's ä"})
    assert summary.is_batch_successful
    assert [(entry.image_id, entry.status) for entry in summary.images] == [(image_id, "OK") for image_id in images[:3]]
    assert summary.images[0].metadata == {"line": "9", "Shift": "night", "Note": "it's ä"}
    assert metadata_of(training, project, images[1]) == {"line": "9", "Note": "it's ä"}
    assert metadata_of(training, project, images[3]) is None


def test_update_image_metadata_takes_away_what_is_null_or_empty(training, project, images):
    training.update_image_metadata(project.id, images[:1], {"line": "", "Shift": None, "absent": None})
    assert metadata_of(training, project, images[0]) is None


def test_update_image_metadata_reports_each_image(training, project, images):
    training.update_image_metadata(project.id, images[:1], {str(key): "v" for key in range(8)})
    unknown = str(uuid4())
    summary = training.update_image_metadata(project.id, [images[0], unknown, images[1]], {"new": "x"})
    assert not summary.is_batch_successful
    assert {entry.image_id: entry.status for entry in summary.images} == {
        images[0]: "ErrorLimitExceed",
        unknown: "ErrorImageNotFound",
        images[1]: "OK",
    }
    assert "new" not in (metadata_of(training, project, images[0]) or {})
    assert training.update_image_metadata(project.id, images[:1], {"new": "x", "line": None}).is_batch_successful


def test_update_image_metadata_refuses(training, project, images):
    for metadata, code in [
        ({str(key): "v" for key in range(11)}, "BadRequestImageMetadataKey"),
        ({"k" * 129: "v"}, "BadRequestImageMetadataKey"),
        ({"": "v"}, "BadRequestImageMetadataKey"),
        ({"k": "v" * 257}, "BadRequestImageMetadataValue"),
        ({}, "BadRequestRequiredParamIsNull"),
    ]:
        with refused(code):
            training.update_image_metadata(project.id, images, metadata)
    with refused("BadRequestRequiredParamIsNull"):
        training.update_image_metadata(project.id, [], {"k": "v"})
    with refused("NotFoundProject"):
        training.update_image_metadata(uuid4(), images, {"k": "v"})
    assert metadata_of(training, project, images[1]) == {"line": "8"}


@pytest.mark.parametrize(
    ("filter", "matches"),
    [
        ("line eq '7'", [0]),
        ("line eq '7' or line eq '8'", [0, 1]),
        ("line ne '7'", [1, 2, 3]),
        ("(line eq '7' OR line eq '8') and Shift ne 'night'", [1]),
        ("shift eq 'night'", []),
        ("startswith(Shift,'ni')", [0]),
        ("startswith(line,'')", [0, 1]),
        ("startswith(line,'') and line ne '7'", [1]),
        ("startswith(line,'77')", []),
    ],
)
def test_get_images_and_their_count_keep_to_a_filter(training, project, images, filter, matches):
    found = training.get_images(project.id, filter=filter, order_by="Oldest")
    assert [image.id for image in found] == [images[at] for at in matches]
    pages = [training.get_images(project.id, filter=filter, take=1, skip=skip) for skip in range(5)]
    assert [image.id for page in pages for image in page] == [images[at] for at in matches[::-1]]
    assert training.get_image_count(project.id, filter=filter) == len(matches)
    assert training.get_image_count(project.id, filter=filter, tagging_status="Tagged") == 0


def test_get_images_refuses_a_filter_that_it_can_not_read(training, project):
    with refused("BadRequest", "$filter can't be read at character 6"):
        training.get_images(project.id, filter="line is '7'")
    with refused("BadRequest", "expected a comma and a value in single quotes"):
        training.get_images(project.id, filter="startswith(line)")
    with refused("BadRequest", "$filter"):
        training.get_image_count(project.id, filter="line eq '7' and")


def test_a_picture_that_comes_again_merges_its_metadata(training, project, images):
    entry = ImageFileCreateEntry(name="again", contents=picture("sky", 0))
    batch = ImageFileCreateBatch(images=[entry], metadata={"line": "10", "Shift": None, "new": ""})
    result = training.create_images_from_files(project.id, batch).images[0]
    assert (result.status, result.image.metadata) == ("OKDuplicate", {"line": "10"})
