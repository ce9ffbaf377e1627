"""Deleted images that come back, over HTTP."""

from urllib.request import urlopen
from uuid import UUID, uuid4

import pytest

from shared.models.limits import Limits
from tests.functions.flows import upload
from tests.pictures import picture
from tests.storage.making import add_images

MANY = [str(uuid4()) for _ in range(Limits().ids_per_request + 1)]


@pytest.fixture
def restore(post, project):
    return lambda *image_ids: post(f"projects/{project.id}/images/restore", {"imageIds": list(image_ids)})


@pytest.fixture
def apples(training, project):
    """Three pictures with a tag and metadata, the newest first."""
    upload(training, project.id, "apple", range(3))
    ids = [image.id for image in training.get_images(project.id)]
    training.update_image_metadata(project.id, ids, {"line": "7"})
    return ids


def shown(training, project):
    return {
        image.id: (image.metadata, [(tag.tag_name, tag.created) for tag in image.tags or []], image.created)
        for image in training.get_images(project.id)
    }


def test_restore_images_brings_back_what_was_deleted_as_it_was(training, project, apples, restore):
    before = shown(training, project)
    training.delete_images(project.id, image_ids=apples[:2])
    assert training.get_image_count(project.id) == 1
    reply = restore(*apples[:2], apples[0])
    assert (reply.status, reply.body) == (200, {"restored": apples[:2], "duplicated": [], "gone": []})
    assert shown(training, project) == before
    assert training.get_tagged_image_count(project.id) == 3
    (image,) = training.get_images_by_ids(project.id, apples[:1])
    with urlopen(image.thumbnail_uri) as answer:
        assert answer.status == 200
    # Again, and of one that was never away.
    assert restore(*apples).body["restored"] == apples
    assert shown(training, project) == before


def test_restore_images_leaves_out_tags_that_were_deleted_since(training, project, apples, restore):
    training.delete_images(project.id, image_ids=apples)
    training.delete_tag(project.id, training.get_tags(project.id)[0].id)
    assert restore(*apples).body["restored"] == apples
    assert training.get_untagged_image_count(project.id) == 3


def test_restore_images_tells_of_a_picture_that_was_uploaded_again(training, project, apples, restore):
    # The last of them is the first that was uploaded, or not: its picture says.
    kept = training.get_images_by_ids(project.id, apples[:1])[0]
    with urlopen(kept.original_image_uri) as answer:
        data = answer.read()
    training.delete_images(project.id, image_ids=apples[:1])
    (again,) = training.create_images_from_data(project.id, data).images
    reply = restore(*apples[:1])
    assert reply.body == {
        "restored": [], "duplicated": [{"imageId": apples[0], "presentId": again.image.id}], "gone": []
    }  # fmt: skip
    assert training.get_image_count(project.id) == 3
    training.delete_images(project.id, image_ids=[again.image.id])
    assert restore(*apples[:1]).body["restored"] == apples[:1]


def test_restore_images_tells_what_is_gone_for_good(training, project, storage, restore, eventually):
    made = [str(image.id) for image in add_images(storage, UUID(project.id), 2)]
    training.delete_images(project.id, all_images=True)
    eventually(lambda: training.get_image_count(project.id) == 0)
    unknown = str(uuid4())
    assert restore(*made, unknown).body == {"restored": [], "duplicated": [], "gone": [*made, unknown]}


def test_a_deleted_image_that_was_restored_can_be_deleted_again(training, project, apples, restore):
    for _ in range(3):
        training.delete_images(project.id, image_ids=apples[:1])
        assert restore(apples[0]).body["restored"] == apples[:1]
    training.create_images_from_data(project.id, picture("leaf", 1))
    assert training.get_image_count(project.id) == 4


@pytest.mark.parametrize(
    ("body", "status", "code", "message"),
    [
        ({}, 400, "BadRequest", "imageIds"),
        ({"imageIds": []}, 400, "BadRequestRequiredParamIsNull", "'imageIds'"),
        ({"imageIds": ["one"]}, 400, "BadRequest", "imageIds"),
        ({"imageIds": MANY}, 400, "BadRequestExceededBatchSize", "'imageIds' has 257 ids; send at most 256"),
    ],
)
def test_restore_images_refuses_what_can_not_be(post, project, body, status, code, message):
    reply = post(f"projects/{project.id}/images/restore", body)
    assert (reply.status, reply.body["code"]) == (status, code)
    assert message in reply.body["message"]


def test_restore_images_refuses_a_project_that_is_not_there(post, project):
    reply = post(f"projects/{uuid4()}/images/restore", {"imageIds": [str(uuid4())]})
    assert (reply.status, reply.body["code"]) == (404, "NotFoundProject")
