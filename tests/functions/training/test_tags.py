"""Tags through the SDK."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from azure.cognitiveservices.vision.customvision.training.models import CustomVisionErrorException, Tag

from tests.functions.flows import refused, upload

PRODUCTS_ON_SHELVES = "3780a898-81c3-4516-81ae-3a139614e1f3"


def test_create_tag(training, project):
    tag = training.create_tag(project.id, "apple", description="red", type="negative")
    assert (tag.name, tag.description, tag.type, tag.image_count) == ("apple", "red", "Negative", 0)
    assert training.create_tag(project.id, "pear", description="").description is None


def test_create_tag_refuses_a_second_of_the_same_name(training, project):
    training.create_tag(project.id, "apple")
    with refused("BadRequestTagNameNotUnique"):
        training.create_tag(project.id, "APPLE")


def test_create_tag_in_a_race_makes_one(training, project):
    def create(_: int) -> bool:
        try:
            training.create_tag(project.id, "one")
        except CustomVisionErrorException:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(create, range(8))) == 1
    assert len(training.get_tags(project.id)) == 1


def test_create_tag_refuses_a_second_negative(training, project):
    training.create_tag(project.id, "none", type="Negative")
    with refused("BadRequestMultipleNegativeTag"):
        training.create_tag(project.id, "nothing", type="Negative")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"name": "x" * 129}, "BadRequestTagName"),
        ({"name": "  "}, "BadRequestTagName"),
        ({"name": "a\x1b[31m"}, "BadRequestTagName"),
        ({"name": "a", "type": "Special"}, "BadRequestTagType"),
        ({"name": "a", "type": "GeneralProduct"}, "BadRequestTagType"),
        ({"name": "a", "description": "x" * 4097}, "BadRequestTagDescription"),
    ],
)
def test_create_tag_refuses(training, project, arguments, code):
    with refused(code):
        training.create_tag(project.id, **arguments)


def test_a_general_product_stands_in_products_on_shelves_alone(training):
    shelves = training.create_project(f"shelves {uuid4()}", domain_id=PRODUCTS_ON_SHELVES)
    assert training.create_tag(shelves.id, "product", type="generalproduct").type == "GeneralProduct"
    with refused("BadRequestMultipleGeneralProductTag"):
        training.create_tag(shelves.id, "goods", type="GeneralProduct")
    other = training.create_tag(shelves.id, "brand")
    with refused("BadRequestMultipleGeneralProductTag"):
        training.update_tag(shelves.id, other.id, Tag(name="brand", description="", type="GeneralProduct"))
    with refused("BadRequestTagType"):
        training.create_tag(shelves.id, "none", type="Negative")
    training.delete_tag(shelves.id, training.get_tags(shelves.id)[0].id)
    changed = training.update_tag(shelves.id, other.id, Tag(name="brand", description="", type="GeneralProduct"))
    assert changed.type == "GeneralProduct"


def test_get_tags_counts_images(training, project):
    tag = upload(training, project.id, "apple", range(3))
    training.create_tag(project.id, "empty")
    assert {tag.name: tag.image_count for tag in training.get_tags(project.id)} == {"apple": 3, "empty": 0}
    assert training.get_tag(project.id, tag.id).image_count == 3


def test_get_tag_refuses_an_unknown_id(training, project):
    with refused("NotFoundTag"):
        training.get_tag(project.id, uuid4())


def test_update_tag_merges_and_shows_on_images(training, project):
    tag = upload(training, project.id, "apple", [1])
    changed = training.update_tag(project.id, tag.id, Tag(name="fruit", description="", type="Regular"))
    assert (changed.name, changed.type, changed.image_count) == ("fruit", "Regular", 1)
    assert training.get_tagged_images(project.id)[0].tags[0].tag_name == "fruit"
    training.create_tag(project.id, "apple")
    with refused("BadRequestTagNameNotUnique"):
        training.update_tag(project.id, tag.id, Tag(name="apple", description="", type="Regular"))
    for update, code in [
        (Tag(name="  ", description="", type="Regular"), "BadRequestTagName"),
        (Tag(name="fruit", description="x" * 4097, type="Regular"), "BadRequestTagDescription"),
        (Tag(name="fruit", description="", type="GeneralProduct"), "BadRequestTagType"),
    ]:
        with refused(code):
            training.update_tag(project.id, tag.id, update)


def test_delete_tag_untags_its_images(training, project):
    tag = upload(training, project.id, "apple", range(3))
    training.delete_tag(project.id, tag.id)
    assert training.get_tags(project.id) == []
    assert training.get_untagged_image_count(project.id) == 3
    assert training.get_tagged_images(project.id) == []
    with refused("NotFoundTag"):
        training.delete_tag(project.id, tag.id)
