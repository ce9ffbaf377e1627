"""What a detector gives back to those who train it: its performance, suggested boxes, and stored predictions."""

import math
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from azure.cognitiveservices.vision.customvision.training.models import (
    ImageFileCreateBatch,
    ImageFileCreateEntry,
    ImageIdCreateBatch,
    ImageIdCreateEntry,
    ImageRegionCreateEntry,
    PredictionQueryTag,
    PredictionQueryToken,
    Region,
    SuggestedTagAndRegionQueryToken,
    Tag,
)

from shared.models.training.evaluations import EvaluatedBox, EvaluatedImage
from shared.models.training.model_spec import ModelTag
from shared.models.wire import now
from shared.models.workspace.images import RegionMark, new_image_id, new_region_id
from tests.functions.flows import refused
from tests.pictures import rectangles
from tests.prediction.detectors import Box, boxes_of, put_detector
from tests.prediction.graphs import COLOURS, DETECTION_DOMAIN

SIDES = ("left", "top", "width", "height")
RED, BLUE = (0.125, 0.25, 0.25, 0.5), (0.75, 0.0, 0.25, 0.125)
# The detector's score is the excess over the mean of the channels, 255 - 355 / 3, by 170.
PALE, PALE_SCORE = "#ff3232", (255 - 355 / 3) / 170


def judged(tags: list[ModelTag], truths: list[tuple[int, Box]], found: list[tuple[int, float, Box]]) -> EvaluatedImage:
    image_id = new_image_id()
    regions = [RegionMark(new_region_id(image_id), tags[tag].id, now(), *box) for tag, box in truths]
    boxes = [EvaluatedBox(tag, probability, *box) for tag, probability, box in found]
    carried = sorted({tags[tag].id for tag, _ in truths})
    return EvaluatedImage(image_id, now(), 640, 320, carried, regions=regions, boxes=boxes)


@pytest.fixture(scope="module")
def colours(training, storage):
    """A detection project with a finished iteration that found red on one picture, and on another half of blue."""
    project = training.create_project(f"colours {uuid4()}", domain_id=str(DETECTION_DOMAIN))
    tags = [ModelTag(UUID(training.create_tag(project.id, name).id), name) for name in COLOURS]
    half = (*BLUE[:2], BLUE[2] / 2, BLUE[3])
    images = [
        judged(tags, [(0, RED)], [(1, 0.2, RED), (0, 0.9, RED)]),
        judged(tags, [(2, BLUE)], [(2, 0.8, half)]),
        judged(tags, [], [(1, 0.7, RED)]),
    ]
    iteration = put_detector(storage, UUID(project.id), tags, images)
    return SimpleNamespace(
        project=project, iteration=iteration, images=images, tags={tag.name: str(tag.id) for tag in tags}
    )


def upload(training, project_id, *pictures: bytes) -> list[str]:
    """Their ids, in order."""
    entries = [ImageFileCreateEntry(name=str(number), contents=data) for number, data in enumerate(pictures)]
    summary = training.create_images_from_files(project_id, ImageFileCreateBatch(images=entries))
    ids = {each.source_url: each.image.id for each in summary.images}
    return [ids[entry.name] for entry in entries]


def entropy(p: float) -> float:
    return -p * math.log2(p) - (1 - p) * math.log2(1 - p) if 0 < p < 1 else 0.0


@pytest.mark.parametrize(
    ("threshold", "overlap", "precision", "recall", "average_precision"),
    [
        (0.5, 0.3, 2 / 3, 2 / 2, (1.0, 0.0, 1.0)),
        (0.5, 0.6, 1 / 3, 1 / 2, (1.0, 0.0, 0.0)),
        (0.85, 0.3, 1 / 1, 1 / 2, (1.0, 0.0, 1.0)),
        (0.1, 0.3, 2 / 4, 2 / 2, (1.0, 0.0, 1.0)),
    ],
)
def test_get_iteration_performance_takes_an_overlap(
    training, colours, threshold, overlap, precision, recall, average_precision
):
    result = training.get_iteration_performance(
        colours.project.id, colours.iteration.id, threshold=threshold, overlap_threshold=overlap
    )
    assert (result.precision, result.recall) == pytest.approx((precision, recall))
    assert tuple(tag.average_precision for tag in result.per_tag_performance) == pytest.approx(average_precision)
    # No picture shows green.
    assert result.average_precision == pytest.approx((average_precision[0] + average_precision[2]) / 2)


def test_get_iteration_performance_defaults_to_half_sure_and_a_third_of_overlap(training, colours):
    project_id, iteration_id = colours.project.id, colours.iteration.id
    default = training.get_iteration_performance(project_id, iteration_id)
    assert default == training.get_iteration_performance(project_id, iteration_id, threshold=0.5, overlap_threshold=0.3)
    with refused("BadRequest", "overlapThreshold"):
        training.get_iteration_performance(project_id, iteration_id, overlap_threshold=1.5)


def test_get_image_performances_shows_boxes_and_regions(training, colours):
    shown = training.get_image_performances(colours.project.id, colours.iteration.id, order_by="Oldest")
    assert {image.id for image in shown} == {str(image.id) for image in colours.images}
    (first,) = (image for image in shown if image.id == str(colours.images[0].id))
    assert [(each.tag_name, each.probability) for each in first.predictions] == [("red", 0.9), ("green", 0.2)]
    assert boxes_of(first) == {"red": pytest.approx(RED), "green": pytest.approx(RED)}
    (region,) = first.regions
    assert (region.tag_name, region.tag_id) == ("red", colours.tags["red"])
    assert (region.left, region.top, region.width, region.height) == pytest.approx(RED)
    assert [tag.tag_name for tag in first.tags] == ["red"]


def test_get_image_performances_keeps_the_names_of_then(training, colours):
    project_id, blue = colours.project.id, colours.tags["blue"]
    training.update_tag(project_id, blue, Tag(name="navy", description="", type="Regular"))
    try:
        (image,) = training.get_image_performances(project_id, colours.iteration.id, tag_ids=[blue])
        assert (image.regions[0].tag_name, image.predictions[0].tag_name) == ("blue", "blue")
        assert training.get_image_performance_count(project_id, colours.iteration.id, tag_ids=[blue]) == 1
    finally:
        training.update_tag(project_id, blue, Tag(name="blue", description="", type="Regular"))


@pytest.fixture
def suggested(training, colours):
    """What is suggested for a picture of pale red and blue, one of blue and a white one; gone afterwards."""
    pictures = [rectangles({PALE: RED, "blue": BLUE}), rectangles({"blue": RED}), rectangles({})]
    ids = upload(training, colours.project.id, *pictures)
    yield training.suggest_tags_and_regions(colours.project.id, colours.iteration.id, ids)
    training.delete_images(colours.project.id, image_ids=ids)


def test_suggest_tags_and_regions_finds_boxes(colours, suggested):
    both, blue, nothing = suggested
    assert boxes_of(both) == {"red": pytest.approx(RED, abs=1 / 60), "blue": pytest.approx(BLUE, abs=1 / 60)}
    assert boxes_of(blue) == {"blue": pytest.approx(RED, abs=1 / 60)}
    assert (nothing.predictions, nothing.prediction_uncertainty) == ([], 0)
    assert {each.tag_id for each in both.predictions} == {colours.tags["red"], colours.tags["blue"]}


def test_uncertainty_is_the_mean_over_boxes(suggested):
    for each in suggested[:2]:
        entropies = [entropy(box.probability) for box in each.predictions]
        assert each.prediction_uncertainty == pytest.approx(sum(entropies) / len(entropies), abs=1e-6)
    # The blue box is all but certain, so that the pale one makes half of the uncertainty.
    assert suggested[0].prediction_uncertainty == pytest.approx(entropy(PALE_SCORE) / 2, abs=0.05)


def test_query_suggested_images_shows_boxes_until_one_is_confirmed(training, colours, suggested):
    project_id, red = colours.project.id, colours.tags["red"]

    def query(**conditions):
        token = SuggestedTagAndRegionQueryToken(max_count=10, **conditions)
        return training.query_suggested_images(project_id, colours.iteration.id, token).results

    def count() -> dict[str, int]:
        return training.query_suggested_image_count(
            project_id, colours.iteration.id, tag_ids=list(colours.tags.values()), threshold=0.5
        )

    assert [each.id for each in query(sort_by="UncertaintyDescending")] == [each.id for each in suggested[:2]]
    assert count() == {colours.tags["red"]: 1, colours.tags["green"]: 0, colours.tags["blue"]: 2}
    (shown,) = query(tag_ids=[red], threshold=0.5)
    box = next(each.bounding_box for each in shown.predictions if each.tag_name == "red")
    confirmed = ImageRegionCreateEntry(
        image_id=shown.id, tag_id=red, left=box.left, top=box.top, width=box.width, height=box.height
    )
    training.create_image_regions(project_id, regions=[confirmed])
    assert [each.id for each in query()] == [suggested[1].id]
    assert count() == {colours.tags["red"]: 0, colours.tags["green"]: 0, colours.tags["blue"]: 1}


def test_query_predictions_shows_boxes(training, colours):
    project_id = colours.project.id
    stored = training.quick_test_image(project_id, rectangles({"green": RED}), iteration_id=colours.iteration.id)
    wanted = PredictionQueryTag(id=colours.tags["green"], min_threshold=0.5)
    answer = training.query_predictions(project_id, PredictionQueryToken(tags=[wanted]))
    (shown,) = answer.results
    assert shown.id == stored.id
    assert boxes_of(shown) == boxes_of(stored) == {"green": pytest.approx(RED, abs=1 / 60)}
    training.delete_prediction(project_id, [stored.id])


def test_create_images_from_predictions_with_regions(training, colours):
    project_id = colours.project.id
    picture = rectangles({"red": RED, "green": BLUE})
    stored = training.quick_test_image(project_id, picture, iteration_id=colours.iteration.id)
    regions = [
        Region(tag_id=each.tag_id, **{side: getattr(each.bounding_box, side) for side in SIDES})
        for each in stored.predictions
    ]
    entry = ImageIdCreateEntry(id=stored.id, regions=regions)
    summary = training.create_images_from_predictions(project_id, ImageIdCreateBatch(images=[entry]))
    assert (summary.is_batch_successful, summary.images[0].source_url) == (True, stored.id)
    (image,) = training.get_images_by_ids(project_id, [summary.images[0].image.id])
    assert {region.tag_name: tuple(getattr(region, side) for side in SIDES) for region in image.regions} == {
        tag: pytest.approx(box) for tag, box in boxes_of(stored).items()
    }
    assert {tag.tag_name for tag in image.tags} == {"red", "green"}
    assert training.query_predictions(project_id, PredictionQueryToken()).results == []
    training.delete_images(project_id, image_ids=[image.id])


def test_create_images_from_predictions_refuses_a_region_beyond_the_picture(training, colours):
    entry = ImageIdCreateEntry(
        id=str(uuid4()), regions=[Region(tag_id=colours.tags["red"], left=0.8, top=0, width=0.5, height=1)]
    )
    summary = training.create_images_from_predictions(colours.project.id, ImageIdCreateBatch(images=[entry]))
    assert [image.status for image in summary.images] == ["ErrorInvalidRegion"]
