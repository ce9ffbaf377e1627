"""What an iteration was trained on, through the SDK, after the workspace went its own way."""

from types import SimpleNamespace
from uuid import uuid4

import pytest
from azure.cognitiveservices.vision.customvision.training.models import Tag

from tests.commands import ocellus
from tests.functions.flows import refused, train, upload
from tests.pictures import picture


@pytest.fixture(scope="module")
def changed(training) -> SimpleNamespace:
    """A project trained on five apples and six leaves; since then one tag was renamed, the other deleted, one apple was
    deleted, another lost its tag, and there are new pictures and metadata."""
    project = training.create_project(f"changed {uuid4()}", classification_type="Multiclass")
    apple, leaf = upload(training, project.id, "apple", range(5)), upload(training, project.id, "leaf", range(6))
    apples = [image.id for image in training.get_tagged_images(project.id, tag_ids=[apple.id])]
    everything = [image.id for image in training.get_images(project.id)]
    training.update_image_metadata(project.id, apples[:2], {"line": "7"})
    training.create_images_from_data(project.id, picture("sky", 1))
    iteration = train(training, project.id)
    training.update_tag(project.id, apple.id, Tag(name="fruit", description="", type="Regular"))
    training.delete_tag(project.id, leaf.id)
    training.delete_images(project.id, apples[:1])
    training.delete_image_tags(project.id, apples[1:2], [apple.id])
    training.update_image_metadata(project.id, apples[2:3], {"line": "7"})
    training.create_images_from_data(project.id, picture("apple", 99), tag_ids=[apple.id])
    return SimpleNamespace(
        id=project.id, apple=apple, leaf=leaf, apples=apples, everything=everything, iteration=iteration.id
    )


def ids(images) -> list[str]:
    return [image.id for image in images]


def test_get_images_of_an_iteration_are_those_of_then(training, changed):
    of = {"iteration_id": changed.iteration}
    assert ids(training.get_images(changed.id, **of)) == changed.everything
    assert (
        ids(training.get_images(changed.id, order_by="Oldest", take=4, skip=2, **of)) == changed.everything[::-1][2:6]
    )
    assert ids(training.get_images(changed.id, tag_ids=[changed.apple.id], **of)) == changed.apples
    assert (
        ids(training.get_tagged_images(changed.id, tag_ids=[changed.leaf.id], take=2, skip=5, **of))
        == (changed.everything[5:6])
    )
    assert ids(training.get_images(changed.id, filter="line eq '7'", **of)) == changed.apples[:2]
    assert len(training.get_images(changed.id, take=256)) == 12


def test_images_of_an_iteration_carry_the_tags_and_metadata_of_then(training, changed):
    of = {"iteration_id": changed.iteration}
    wanted = [changed.apples[2], changed.apples[0]]
    third, first = training.get_images_by_ids(changed.id, wanted, **of)
    assert (third.id, third.metadata, first.id, first.metadata) == (wanted[0], None, wanted[1], {"line": "7"})
    assert [[tag.tag_name for tag in image.tags] for image in (third, first)] == [["apple"], ["apple"]]
    assert training.get_images_by_ids(changed.id, wanted[:1])[0].tags[0].tag_name == "fruit"


def test_counts_of_an_iteration_are_those_of_then(training, changed):
    of = {"iteration_id": changed.iteration}
    assert training.get_image_count(changed.id, **of) == 11
    assert training.get_image_count(changed.id, filter="line ne '7'", **of) == 9
    assert training.get_image_count(changed.id, tagging_status="Untagged", **of) == 0
    assert training.get_tagged_image_count(changed.id, tag_ids=[changed.apple.id, changed.leaf.id], **of) == 11
    assert training.get_tagged_image_count(changed.id, tag_ids=[changed.apple.id], **of) == 5
    assert training.get_untagged_image_count(changed.id, **of) == 0
    assert training.get_untagged_images(changed.id, **of) == []


def test_tags_of_an_iteration_are_those_of_then(training, changed):
    of = {"iteration_id": changed.iteration}
    found = {tag.name: (tag.id, tag.image_count) for tag in training.get_tags(changed.id, **of)}
    assert found == {"apple": (changed.apple.id, 5), "leaf": (changed.leaf.id, 6)}
    assert training.get_tag(changed.id, changed.leaf.id, **of).name == "leaf"
    assert {tag.name: tag.image_count for tag in training.get_tags(changed.id)} == {"fruit": 4}


def test_an_iteration_without_such_an_image_or_tag_refuses(training, changed):
    of = {"iteration_id": changed.iteration}
    with refused("NotFoundTag"):
        training.get_images(changed.id, tag_ids=[str(uuid4())], **of)
    with refused("NotFoundTag"):
        training.get_tag(changed.id, uuid4(), **of)
    with refused("NotFoundImage"):
        training.get_images_by_ids(changed.id, ids(training.get_images(changed.id, take=1)), **of)
    for read in (
        training.get_images,
        training.get_image_count,
        training.get_images_by_ids,
        training.get_tagged_images,
        training.get_tagged_image_count,
        training.get_untagged_images,
        training.get_untagged_image_count,
        training.get_tags,
    ):
        with refused("NotFoundIteration"):
            read(changed.id, iteration_id=uuid4())


def test_a_data_set_of_an_iteration_is_what_it_was_trained_on(service, changed, tmp_path, monkeypatch):
    monkeypatch.setenv("VISION_TRAINING_ENDPOINT", service.endpoint)
    monkeypatch.setenv("VISION_TRAINING_KEY", service.training_key)
    folder = tmp_path / "then"
    given = ["dataset", "export", str(folder), "--project", changed.id, "--format", "folders"]
    assert ocellus(*given, "--iteration", changed.iteration) == 0
    assert {kind: len(list((folder / kind).iterdir())) for kind in ("apple", "leaf")} == {"apple": 5, "leaf": 6}
