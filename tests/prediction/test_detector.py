"""A loaded detector: boxes in fractions of the picture, and how it refuses a graph that is no detector."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import msgspec
import numpy as np
import pytest
from msgspec.structs import astuple, replace

from shared.errors import PredictionModelUnreadable
from shared.imaging.resize import Placement
from shared.models.serving.predictions import BoundingBox, Prediction
from shared.models.training.preprocessing import Fit
from shared.models.workspace.domains import DomainType
from shared.prediction.model import Model
from shared.prediction.outputs import detected, found_in
from tests.pictures import rectangles
from tests.prediction.graphs import COLOURS, DETECTOR, make_detector, make_detector_spec, make_graph

RED, BLUE = (0.125, 0.25, 0.25, 0.5), (0.75, 0.0, 0.25, 0.125)
SPEC = make_detector_spec(uuid4(), uuid4())
WHOLE = Placement(0, 0, 64, 64)
# What shows all of a picture.
WHOLLY = [Fit.SQUASH, Fit.LETTERBOX]


def detector(names: list[str] = COLOURS, fit: Fit = Fit.SQUASH, text: str = DETECTOR, **options: int) -> Model:
    spec = make_detector_spec(uuid4(), uuid4(), names, fit)
    return Model.load(make_detector(text), msgspec.json.encode(spec), **options)


def ltwh(prediction: Prediction) -> tuple[float, ...]:
    assert isinstance(prediction.bounding_box, BoundingBox)
    return astuple(prediction.bounding_box)


def boxes_of(predictions: list[Prediction]) -> dict[str, tuple[float, ...]]:
    return {prediction.tag_name: ltwh(prediction) for prediction in predictions}


def read(boxes: object, tags: object, scores: object, place: Placement = WHOLE) -> list[Prediction]:
    values = [np.array(boxes, np.float32), np.array(tags), np.array(scores, np.float32)]
    return detected(SPEC, found_in(SPEC, values, place), None)


@pytest.mark.parametrize("fit", WHOLLY)
@pytest.mark.parametrize("size", [(640, 320), (320, 640), (512, 512), (64, 64)])
def test_predict_answers_boxes_in_fractions_of_the_picture(fit: Fit, size: tuple[int, int]) -> None:
    found = boxes_of(detector(fit=fit).predict(rectangles({"red": RED, "blue": BLUE}, size)))
    # The edges of a box lie on pixels of the model's input, which is 64 wide, and of which a letterbox leaves half.
    assert found == {"red": pytest.approx(RED, abs=1 / 32), "blue": pytest.approx(BLUE, abs=1 / 32)}


def test_predict_answers_boxes_of_what_a_crop_shows() -> None:
    # Of 640 x 320 the middle, from a quarter to three: blue lies in it, and half of red.
    data = rectangles({"red": (0.125, 0.25, 0.25, 0.5), "blue": (0.5, 0.5, 0.125, 0.25)})
    assert boxes_of(detector(fit=Fit.CROP).predict(data)) == {
        "red": pytest.approx((0.25, 0.25, 0.125, 0.5), abs=1 / 64),
        "blue": pytest.approx((0.5, 0.5, 0.125, 0.25), abs=1 / 64),
    }


def test_predict_answers_boxes_of_the_upright_picture() -> None:
    # Stored lying on its side, with the orientation that turns its right edge to the bottom.
    data = rectangles({"red": (0.0, 0.75, 0.125, 0.25)}, (640, 320), orientation=6)
    assert boxes_of(detector(fit=Fit.LETTERBOX).predict(data)) == {
        "red": pytest.approx((0.0, 0.0, 0.25, 0.125), abs=1 / 32)
    }


def test_predict_answers_nothing_where_nothing_is_seen() -> None:
    assert detector().predict(rectangles({})) == []


def test_predict_answers_no_more_boxes_than_allowed() -> None:
    data = rectangles({"red": RED, "blue": BLUE})
    assert len(detector().predict(data)) == 2
    assert len(detector(most_boxes=1).predict(data)) == 1


@pytest.mark.parametrize("fit", WHOLLY)
def test_predict_by_tiles_finds_what_is_too_small_for_the_whole(fit: Fit) -> None:
    model, small = detector(fit=fit), (0.7, 0.3, 0.00625, 0.0125)
    data = rectangles({"red": small, "blue": BLUE})
    assert boxes_of(model.predict(data)).keys() == {"blue"}
    found = model.predict(data, tiles=4)
    assert {each.tag_name for each in found} == {"red", "blue"}
    (red,) = (each for each in found if each.tag_name == "red")
    assert ltwh(red) == pytest.approx(small, abs=1 / 64)


def test_predict_in_many_threads_keeps_pictures_apart() -> None:
    model = detector()
    pictures = [rectangles({colour: (index / 16, 0.25, 0.25, 0.5)}) for index in range(8) for colour in COLOURS[:2]]
    alone = [model.predict(data) for data in pictures]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(model.predict, pictures * 8)) == alone * 8


def test_detected_maps_a_squashed_box() -> None:
    [prediction] = read([[[0.25, 0.5, 0.75, 0.625]]], [[1]], [[0.5]])
    assert ltwh(prediction) == (0.25, 0.5, 0.5, 0.125)
    assert (prediction.tag_id, prediction.tag_name, prediction.probability) == (SPEC.tags[1].id, "green", 0.5)


def test_detected_maps_a_letterboxed_box() -> None:
    """A picture of 2:1 lies in rows 16 to 48 of 64: row 24 is a quarter of it down."""
    [prediction] = read([[0.25, 24 / 64, 0.5, 40 / 64]], [0], [0.5], Placement(0, 16, 64, 32))
    assert ltwh(prediction) == (0.25, 0.25, 0.25, 0.5)


def test_detected_cuts_boxes_off_at_the_edges_of_the_picture() -> None:
    boxes = [[-0.5, 0.25, 1.5, 0.5], [0.5, 0.1, 0.75, 0.5]]
    cut, within = read(boxes, [0, 1], [0.75, 0.5], Placement(0, 16, 64, 32))
    assert ltwh(cut) == (0, 0, 1, 0.5)
    assert ltwh(within) == (0.5, 0, 0.25, 0.5)


def test_detected_drops_what_is_no_box_of_the_picture() -> None:
    nan, inf = float("nan"), float("inf")
    boxes = [
        *([0.5, 0.5, 0.5, 0.75], [0.75, 0.5, 0.5, 0.75], [1.25, 0, 1.5, 1], [0, 0, 1, 0.2]),
        *([nan, 0, 1, 1], [0, 0, 1, 1], [0, 0, 1, 1], [-inf, 0.25, inf, 0.75]),
    ]
    scores = [0.5, 0.5, 0.5, 0.5, 0.5, nan, 0.009, 0.5]
    [prediction] = read(boxes, [0] * 8, scores, Placement(0, 16, 64, 32))
    assert ltwh(prediction) == (0, 0, 1, 1)


def test_detected_passes_over_padding() -> None:
    assert read(np.zeros((1, 3, 4)), [[-1, -1, -1]], [[0, 0, 0]]) == []


@pytest.mark.parametrize("shape", [(0, 4), (1, 0, 4)])
def test_detected_takes_no_boxes_at_all(shape: tuple[int, ...]) -> None:
    assert read(np.zeros(shape), np.zeros(shape[:-1], np.int64), np.zeros(shape[:-1])) == []


def test_detected_sorts_by_probability_and_keeps_one_box_of_several_tags() -> None:
    predictions = read([[0, 0, 1, 1]] * 3, [2, 0, 1], [0.25, 0.75, 0.5])
    assert [prediction.tag_name for prediction in predictions] == ["red", "green", "blue"]


@pytest.mark.parametrize(
    ("boxes", "tags", "scores"),
    [
        (np.zeros((2, 4)), np.zeros(3, np.int64), np.zeros(3)),
        (np.zeros((3, 4)), np.zeros(2, np.int64), np.zeros(3)),
        (np.zeros((4, 3)), np.zeros(3, np.int64), np.zeros(3)),
        (np.zeros((3, 4)), np.zeros(3), np.zeros(3)),
        (np.zeros(()), np.zeros((), np.int64), np.zeros(())),
        ([[0, 0, 1, 1]], [3], [1]),
        ([[0, 0, 1, 1]], [-1], [1]),
    ],
    ids=["few boxes", "few tags", "no corners", "tags that are no indices", "scalars", "unknown", "below zero"],
)
def test_detected_refuses(boxes: object, tags: object, scores: object) -> None:
    with pytest.raises(PredictionModelUnreadable, match="The model answers"):
        read(boxes, tags, scores)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("detected_scores", "scores_of_boxes"),
        ("int64[1, n] detected_classes", "float[1, n] detected_classes"),
        ("image_tensor) =>", "image_tensor, float[1] other) =>"),
        ("[1, 3, SIDE, SIDE] image_tensor", "[1, 3, 65, 65] image_tensor"),
    ],
    ids=["output's name", "output's type", "a second input", "input's size"],
)
def test_load_refuses_a_graph_that_is_no_detector(old: str, new: str) -> None:
    with pytest.raises(PredictionModelUnreadable, match="train again"):
        detector(text=DETECTOR.replace(old, new))


def test_load_refuses_a_classifier_described_as_a_detector() -> None:
    with pytest.raises(PredictionModelUnreadable):
        Model.load(make_graph(3), msgspec.json.encode(SPEC))


def test_load_refuses_a_detector_described_as_a_classifier() -> None:
    description = msgspec.json.encode(replace(SPEC, domain_type=DomainType.CLASSIFICATION))
    with pytest.raises(PredictionModelUnreadable, match="outputs for 3 tags"):
        Model.load(make_detector(), description)


def test_predict_refuses_a_tag_that_the_description_lacks() -> None:
    model = detector(names=["red", "green"])
    assert boxes_of(model.predict(rectangles({"red": RED}))).keys() == {"red"}
    with pytest.raises(PredictionModelUnreadable, match="for 2 tags"):
        model.predict(rectangles({"blue": BLUE}))


def test_a_description_written_before_there_were_letterboxes_squashes() -> None:
    description = msgspec.json.decode(msgspec.json.encode(SPEC))
    del description["preprocessing"]["fit"]
    model = Model.load(make_detector(), msgspec.json.encode(description))
    assert model.spec.preprocessing.fit == Fit.SQUASH
