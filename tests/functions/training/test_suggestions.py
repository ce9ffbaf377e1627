"""Suggested tags through the SDK: made, found by uncertainty, counted, and gone once an image is tagged."""

from types import SimpleNamespace
from urllib.request import urlopen
from uuid import uuid4

import pytest
from azure.cognitiveservices.vision.customvision.training.models import (
    ImageFileCreateBatch,
    ImageFileCreateEntry,
    ImageTagCreateEntry,
    SuggestedTagAndRegionQueryToken,
    Tag,
)

from tests.functions.flows import refused, train, upload
from tests.pictures import picture


def add_untagged(training, project_id, kinds) -> list[str]:
    """Their ids, in the order of the kinds."""
    entries = [
        ImageFileCreateEntry(name=str(n), contents=picture(kind, 500 + n, (1600, 1200))) for n, kind in enumerate(kinds)
    ]
    summary = training.create_images_from_files(project_id, ImageFileCreateBatch(images=entries))
    ids = {each.source_url: each.image.id for each in summary.images}
    return [ids[entry.name] for entry in entries]


@pytest.fixture(scope="module")
def suggested(training):
    """A trained project with six untagged images, three of each kind, and what is suggested for them."""
    project = training.create_project(f"suggested {uuid4()}", classification_type="Multilabel")
    tags = {kind: upload(training, project.id, kind, range(5)).id for kind in ("apple", "leaf")}
    iteration = train(training, project.id)
    ids = add_untagged(training, project.id, ["apple", "leaf"] * 3)
    made = training.suggest_tags_and_regions(project.id, iteration.id, ids)
    return SimpleNamespace(project=project, tags=tags, iteration=iteration, ids=ids, made=made)


def query(training, project_id, iteration_id, **conditions):
    """What all pages show; every page but the last is full."""
    token, found = SuggestedTagAndRegionQueryToken(**conditions), []
    while True:
        answer = training.query_suggested_images(project_id, iteration_id, token)
        found += answer.results
        token = answer.token
        if token.continuation is None:
            return found
        assert len(answer.results) == conditions["max_count"]


def test_suggest_tags_and_regions(training, suggested):
    assert [each.id for each in suggested.made] == suggested.ids
    for kind, each in zip(["apple", "leaf"] * 3, suggested.made, strict=True):
        assert (each.project, each.iteration) == (suggested.project.id, suggested.iteration.id)
        assert each.predictions[0].tag_name == kind
        assert {item.tag_id for item in each.predictions} == set(suggested.tags.values())
        assert 0 < each.prediction_uncertainty < 1
    again = training.suggest_tags_and_regions(suggested.project.id, suggested.iteration.id, suggested.ids[:2])
    assert [each.created for each in again] == [each.created for each in suggested.made[:2]]


def test_suggest_tags_and_regions_passes_over_tagged_images(training, suggested):
    tagged = training.get_tagged_images(suggested.project.id, take=1)[0].id
    assert training.suggest_tags_and_regions(suggested.project.id, suggested.iteration.id, [tagged]) == []


def test_suggest_tags_and_regions_refuses(training, suggested, project):
    project_id, iteration_id = suggested.project.id, suggested.iteration.id
    for ids, code in [
        ([], "BadRequestRequiredParamIsNull"),
        ([",".join(str(uuid4()) for _ in range(65))], "BadRequestExceededBatchSize"),
        ([str(uuid4())], "NotFoundImage"),
        (["nonsense"], "BadRequestInvalidIds"),
    ]:
        with refused(code):
            training.suggest_tags_and_regions(project_id, iteration_id, ids)
    with refused("NotFoundIteration"):
        training.suggest_tags_and_regions(project_id, uuid4(), suggested.ids)
    with refused("NotFoundProject"):
        training.suggest_tags_and_regions(uuid4(), iteration_id, suggested.ids)
    with refused("BadRequestRequiredParamIsNull"):
        training.suggest_tags_and_regions(project_id, "", suggested.ids)


def test_an_iteration_that_has_no_model_suggests_nothing(training, project):
    for kind in ("apple", "leaf"):
        upload(training, project.id, kind, range(5))
    iteration = training.train_project(project.id)
    with refused("BadRequestIterationIsNotTrained"):
        training.suggest_tags_and_regions(project.id, iteration.id, [str(uuid4())])


def test_query_suggested_images_by_uncertainty(training, suggested):
    project_id, iteration_id = suggested.project.id, suggested.iteration.id
    sure = [each.id for each in sorted(suggested.made, key=lambda each: each.prediction_uncertainty)]
    for conditions in ({}, {"sort_by": "UncertaintyAscending"}, {"sort_by": "uncertaintyascending"}):
        found = query(training, project_id, iteration_id, max_count=4, **conditions)
        assert [each.id for each in found] == sure
    found = query(training, project_id, iteration_id, max_count=1, sort_by="UncertaintyDescending")
    assert [each.id for each in found] == sure[::-1]
    answer = training.query_suggested_images(project_id, iteration_id, SuggestedTagAndRegionQueryToken())
    (shown,) = [each for each in answer.results if each.id == suggested.ids[0]]
    assert (shown.width, shown.height, shown.domain) == (1024, 768, suggested.project.settings.domain_id)
    assert shown.prediction_uncertainty == suggested.made[0].prediction_uncertainty
    assert [each.as_dict() for each in shown.predictions] == [each.as_dict() for each in suggested.made[0].predictions]
    for uri in (shown.resized_image_uri, shown.thumbnail_uri, shown.original_image_uri):
        with urlopen(uri) as response:
            assert response.headers["Content-Type"] == "image/jpeg"


def test_query_suggested_images_by_tags(training, suggested):
    project_id, iteration_id = suggested.project.id, suggested.iteration.id
    apple = query(training, project_id, iteration_id, max_count=9, tag_ids=[suggested.tags["apple"]], threshold=0.5)
    assert {each.id for each in apple} == set(suggested.ids[::2])
    either = query(training, project_id, iteration_id, max_count=2, tag_ids=list(suggested.tags.values()))
    assert {each.id for each in either} == set(suggested.ids)
    assert query(training, project_id, iteration_id, max_count=2, threshold=1) == []


def test_query_suggested_image_count(training, suggested):
    project_id, iteration_id, tags = suggested.project.id, suggested.iteration.id, suggested.tags
    one = training.query_suggested_image_count(project_id, iteration_id, [tags["leaf"]], 0.5)
    assert one == {tags["leaf"]: 3}
    assert training.query_suggested_image_count(project_id, iteration_id) == dict.fromkeys(tags.values(), 6)
    assert training.query_suggested_image_count(project_id, iteration_id, None, 1) == dict.fromkeys(tags.values(), 0)


@pytest.mark.parametrize(
    ("conditions", "code"),
    [
        ({"tag_ids": [str(uuid4())]}, "NotFoundTag"),
        ({"threshold": 1.5}, "BadRequest"),
        ({"max_count": 257}, "BadRequestPredictionResultsExceededCount"),
        ({"sort_by": "Sideways"}, "BadRequest"),
        ({"session": "2:1", "continuation": "bm9uc2Vuc2U="}, "BadRequestPredictionInvalidQueryParameters"),
    ],
)
def test_query_suggested_images_refuses(training, suggested, conditions, code):
    token = SuggestedTagAndRegionQueryToken(**conditions)
    with refused(code):
        training.query_suggested_images(suggested.project.id, suggested.iteration.id, token)


def test_query_suggested_image_count_refuses(training, suggested):
    with refused("NotFoundTag"):
        training.query_suggested_image_count(suggested.project.id, suggested.iteration.id, [str(uuid4())], 0.5)
    with refused("NotFoundIteration"):
        training.query_suggested_image_count(suggested.project.id, uuid4(), [], 0.5)
    with refused("NotFoundIteration"):
        training.query_suggested_images(suggested.project.id, uuid4(), SuggestedTagAndRegionQueryToken())


def test_suggestions_vanish_with_what_they_stand_on(training, project):
    """An image that is tagged, one that is deleted, a tag, and at last the iteration."""
    tags = [upload(training, project.id, kind, range(5)).id for kind in ("apple", "leaf")]
    iteration = train(training, project.id)
    ids = add_untagged(training, project.id, ["apple", "leaf", "apple"])
    training.suggest_tags_and_regions(project.id, iteration.id, ids)
    assert len(query(training, project.id, iteration.id, max_count=9)) == 3
    entries = [ImageTagCreateEntry(image_id=ids[0], tag_id=tags[0])]
    training.create_image_tags(project.id, entries)
    assert training.query_suggested_image_count(project.id, iteration.id, tags) == dict.fromkeys(tags, 2)
    training.delete_images(project.id, [ids[1]])
    assert [each.id for each in query(training, project.id, iteration.id, max_count=9)] == [ids[2]]
    training.delete_image_tags(project.id, [ids[0]], [tags[0]])
    assert {each.id for each in query(training, project.id, iteration.id, max_count=9)} == {ids[0], ids[2]}
    training.update_tag(project.id, tags[1], Tag(name="green leaf", description="", type="Regular"))
    training.delete_tag(project.id, tags[0])
    for shown in (
        query(training, project.id, iteration.id, max_count=9),
        training.suggest_tags_and_regions(project.id, iteration.id, ids[2:]),
    ):
        assert [each.tag_name for each in shown[0].predictions] == ["green leaf"]
    assert training.query_suggested_image_count(project.id, iteration.id) == {tags[1]: 2}
    training.delete_iteration(project.id, iteration.id)
    with refused("NotFoundIteration"):
        query(training, project.id, iteration.id, max_count=9)
