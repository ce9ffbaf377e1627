"""The grid says what the served detector says, as its consumers decode it."""

from collections.abc import Sequence

import numpy as np
import onnx
import pytest
from onnx import helper

from shared.exporting.graph.grid import CELLS, gridded
from shared.exporting.graph.subject import Subject, Unexportable
from tests.exporting.making import answers, decoded
from tests.prediction.graphs import make_detector

SEEN = 0.3


def with_candidates(detector: onnx.ModelProto) -> onnx.ModelProto:
    """Answers too what it suppresses: boxes and scores."""
    made = onnx.ModelProto.FromString(detector.SerializeToString())
    (node,) = (node for node in made.graph.node if node.op_type == "NonMaxSuppression")
    made.graph.output.extend(
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in node.input[:2]
    )
    return made


def expected(boxes: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Of candidates (N, 4) and (tags, N) those that a grid has room for: under their best tag the five best of a cell;
    x1, y1, x2, y2, score and tag, (M, 6).
    """
    best = scores.max(axis=0)
    column, row = ((boxes[:, :2] + boxes[:, 2:]) * (CELLS / 2)).astype(int).clip(0, CELLS - 1).T
    cell = row * CELLS + column
    kept = [index for each in set(cell) for index in sorted(np.flatnonzero(cell == each), key=lambda at: -best[at])[:5]]
    return np.column_stack([boxes, best, scores.argmax(axis=0)])[kept]


def nearest(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """How far each row is from one of the others, (M, 6), (K, 6) -> (M,)."""
    return np.abs(rows[:, None] - others[None]).max(axis=2).min(axis=1, initial=1)


def test_the_decoded_grid_has_the_boxes_that_it_has_room_for(
    subjects: dict[str, Subject], detector: onnx.ModelProto, photographs: Sequence[bytes]
) -> None:
    served = answers(with_candidates(detector), photographs)
    count = found = 0
    for values, grid in zip(served, answers(subjects["grid"].model, photographs), strict=True):
        (boxes,), (tags,), (scores,), (all_boxes,), (all_scores,) = values.values()
        mine = decoded(grid["model_outputs0"][0])
        wanted = expected(all_boxes, all_scores)
        assert nearest(wanted[wanted[:, 4] > SEEN], mine).max(initial=0) < 1e-5
        assert nearest(mine[mine[:, 4] > SEEN], wanted).max(initial=0) < 1e-5
        rows = np.column_stack([boxes, scores, tags])[scores > SEEN]
        count += len(rows)
        found += (nearest(rows, mine) < 1e-5).sum()
    # This detector says both tags of many boxes; one that was trained says one.
    assert count > 20
    assert found > 0.6 * count


def test_the_grid_has_static_shapes_and_no_suppression(subjects: dict[str, Subject]) -> None:
    model = subjects["grid"].model
    onnx.checker.check_model(model, full_check=True)
    assert {"NonMaxSuppression", "GatherND"}.isdisjoint(node.op_type for node in model.graph.node)
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    sides = [side for value in inferred.graph.value_info for side in value.type.tensor_type.shape.dim]
    assert sides
    assert all(side.dim_value for side in sides)
    (output,) = model.graph.output
    assert (output.name, [side.dim_value for side in output.type.tensor_type.shape.dim]) == (
        "model_outputs0",
        [1, 35, 13, 13],
    )


def test_a_detector_that_suppresses_otherwise_has_no_grid() -> None:
    with pytest.raises(Unexportable, match="does not suppress"):
        gridded(onnx.ModelProto.FromString(make_detector()), 3)
