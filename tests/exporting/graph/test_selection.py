"""How many boxes a served graph has room for."""

from io import BytesIO
from uuid import uuid4

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image

from shared.exporting.graph.selection import BOXES, SCORES, TAGS, select
from shared.models.limits import Limits
from shared.models.training.preprocessing import Preprocessing
from shared.prediction.model import Model
from tests.prediction.graphs import make_detector_spec
from training_job.detection.detector_recipe import RECIPE
from training_job.graphs.graph import Graph

SIDE = 32
SPEC = replace(make_detector_spec(uuid4(), uuid4(), ["tin"]), preprocessing=Preprocessing(SIDE, SIDE))


def crowd(rows: int, columns: int) -> bytes:
    """A graph that sees rows of things that touch, the surest first, and each of them twice."""
    top, left = (each.ravel() for each in np.mgrid[:rows, :columns])
    boxes = np.stack([left / columns, top / rows, (left + 1) / columns, (top + 1) / rows], axis=1)
    scores = np.linspace(0.9, 0.1, len(boxes))
    graph = Graph()
    all_boxes = graph.constant(np.tile(boxes, (2, 1))[None])
    all_scores = graph.constant(np.concatenate([scores, scores - 0.05])[None, None])
    select(graph, all_boxes, all_scores, RECIPE.overlap, RECIPE.boxes)
    outputs: dict[str, list[int | str]] = {BOXES: [1, "n", 4], TAGS: [1, "n"], SCORES: [1, "n"]}
    return graph.model({"data": [1, 3, SIDE, SIDE]}, outputs, {TAGS}).SerializeToString()


@pytest.mark.parametrize(("rows", "columns", "answered"), [(10, 20, 200), (10, 30, 300), (20, 20, 300)])
def test_a_shelf_of_200_products_is_answered_whole(rows: int, columns: int, answered: int) -> None:
    model = Model.load(crowd(rows, columns), msgspec.json.encode(SPEC), 1, Limits().boxes_per_prediction)
    picture = BytesIO()
    Image.new("RGB", (SIDE, SIDE)).save(picture, "PNG")
    found = model.predict(picture.getvalue())
    assert len(found) == answered
    places = {(round(box.left, 3), round(box.top, 3)) for each in found if (box := each.bounding_box)}
    assert len(places) == answered
    assert found[0].probability == pytest.approx(0.9)
