"""The end of a detector: corners, tags and scores of boxes of which none overlaps a better one of its tag."""

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto

from shared.errors import InvalidModel
from shared.exporting.graph.nodes import Nodes
from shared.exporting.graph.renaming import apart
from shared.exporting.graph.selection import BOXES, SCORES, TAGS, select
from shared.importing.answers import Output, answer_by, as_floats, inner
from shared.importing.opening import ImageInput
from shared.models.training.importing import Layout

OUTPUTS: dict[str, tuple[int, list[int | str]]] = {
    BOXES: (TensorProto.FLOAT, [1, "n", 4]),
    TAGS: (TensorProto.INT64, [1, "n"]),
    SCORES: (TensorProto.FLOAT, [1, "n"]),
}
# So many boxes a detector answers, as many as a prediction has.
MOST = 300
# Consumers of Custom Vision's grids suppress from here on, and those of Ultralytics' models.
OVERLAPS = {Layout.GRID: 0.45, Layout.YOLO: 0.7}
# What a row of a YOLO has beside the scores of its tags.
BESIDE_TAGS = 4
CLOSING = "ocellus closing "


def layout_of(model: onnx.ModelProto, found: Sequence[Output]) -> Layout:
    """Raises InvalidModel."""
    if {value.name for value in model.graph.output} >= OUTPUTS.keys():
        return Layout.BOXES
    ranks = [len(answer.sides) for answer in found]
    if ranks == [4] and found[0].sides[2:] != [1, 1]:
        return Layout.GRID
    if ranks == [3]:
        return Layout.YOLO
    told = ", ".join(map(str, found)) or "no floats"
    raise InvalidModel(
        f"The model answers {told}; a detector answers {BOXES}, {TAGS} and {SCORES}, one raw grid, or YOLO's rows "
        "of boxes without their suppression. Probabilities belong into a project that classifies."
    )


def close_boxes(model: onnx.ModelProto) -> None:
    """Of a detector that answers boxes already, in other types or without the dimension of pictures."""
    kinds = {value.name: value.type.tensor_type for value in model.graph.output}
    if all(_is(kinds[name], *wanted) for name, wanted in OUTPUTS.items()):
        kept = [value for value in model.graph.output if value.name in OUTPUTS]
        del model.graph.output[:]
        model.graph.output.extend(kept)
        return
    nodes = Nodes(apart(model.graph, CLOSING))
    for name, (kind, sides) in OUTPUTS.items():
        value = inner(model, nodes, name)
        if kinds[name].elem_type != kind:
            value = nodes.add("Cast", value, to=kind)
        shape = [-1 if isinstance(side, str) else side for side in sides]
        nodes.add("Reshape", value, nodes.constant(shape, np.int64), output=name)
    answer_by(model, nodes, OUTPUTS)


def _is(tensor: onnx.TypeProto.Tensor, kind: int, sides: Sequence[int | str]) -> bool:
    told = [side.dim_value for side in tensor.shape.dim]
    return tensor.elem_type == kind and len(told) == len(sides) and told[0] == 1


def close_grid(
    model: onnx.ModelProto, answer: Output, count: int, anchors: Sequence[tuple[float, float]], overlap: float
) -> None:
    """Of a grid of cells with a box for each anchor: where its middle is in the cell, behind a logistic; the logarithm
    of its size beside the anchor's; whether there is an object, behind a logistic; and its tag, behind a softmax.
    """
    values, (_, channels, rows, columns) = 5 + count, answer.sides
    if not rows or not columns or channels not in (0, len(anchors) * values):
        raise InvalidModel(
            f"The model answers {answer}; a grid of {count} labels and {len(anchors)} anchors has "
            f"(1, {len(anchors)} x (5 + {count}), rows, columns). See to labels.txt, and say its `anchors`."
        )
    cells, nodes = rows * columns, Nodes(apart(model.graph, CLOSING))
    value = as_floats(nodes, inner(model, nodes, answer.name), answer.kind)
    value = nodes.add("Reshape", value, nodes.constant([len(anchors), values, cells], np.int64))
    value = nodes.add("Transpose", value, perm=[2, 0, 1])
    value = nodes.add("Reshape", value, nodes.constant([1, cells * len(anchors), values], np.int64))
    place, size, object, tags = _split(nodes, value, [2, 2, 1, count], axis=2)
    row, column = np.mgrid[:rows, :columns]
    corner = np.repeat(np.stack([column.ravel(), row.ravel()], axis=-1), len(anchors), axis=0)
    middle = nodes.add("Add", nodes.add("Sigmoid", place), nodes.constant(corner[None]))
    size = nodes.add("Mul", nodes.add("Exp", size), nodes.constant(np.tile(anchors, (cells, 1))[None]))
    boxes = _corners(nodes, middle, size, [columns, rows])
    scores = nodes.add("Mul", nodes.add("Softmax", tags, axis=2), nodes.add("Sigmoid", object))
    _select(model, nodes, boxes, nodes.add("Transpose", scores, perm=[0, 2, 1]), overlap)


def close_yolo(model: onnx.ModelProto, answer: Output, given: ImageInput, count: int, overlap: float) -> None:
    """Of (1, 4 + count, N), as versions 8 and later answer: the middle and the size of boxes in pixels, and scores."""
    if answer.sides[1] != BESIDE_TAGS + count or not answer.sides[2]:
        raise InvalidModel(
            f"The model answers {answer}; YOLO's boxes of {count} labels are (1, {BESIDE_TAGS + count}, boxes). "
            "Export versions 8 and later without their suppression (nms=False), and see to labels.txt."
        )
    nodes = Nodes(apart(model.graph, CLOSING))
    value = as_floats(nodes, inner(model, nodes, answer.name), answer.kind)
    places, scores = _split(nodes, value, [BESIDE_TAGS, count], axis=1)
    middle, size = _split(nodes, nodes.add("Transpose", places, perm=[0, 2, 1]), [2, 2], axis=2)
    _select(model, nodes, _corners(nodes, middle, size, [given.width, given.height]), scores, overlap)


def _split(nodes: Nodes, value: str, sizes: Sequence[int], axis: int) -> list[str]:
    outputs = [f"{nodes.prefix}{len(nodes.nodes)} part {number}" for number in range(len(sizes))]
    return nodes.add_all("Split", value, nodes.constant(sizes, np.int64), outputs=outputs, axis=axis)


def _corners(nodes: Nodes, middle: str, size: str, whole: Sequence[int]) -> str:
    """By middles and sizes (1, N, 2), in parts of a whole, x before y -> x1, y1, x2, y2 in 0..1, (1, N, 4)."""
    half = nodes.add("Mul", size, nodes.constant(0.5 / np.array(whole)))
    middle = nodes.add("Mul", middle, nodes.constant(1 / np.array(whole)))
    return nodes.add("Concat", nodes.add("Sub", middle, half), nodes.add("Add", middle, half), axis=2)


def _select(model: onnx.ModelProto, nodes: Nodes, boxes: str, scores: str, overlap: float) -> None:
    for name in OUTPUTS:
        inner(model, nodes, name)
    select(nodes, boxes, scores, overlap, MOST)
    answer_by(model, nodes, OUTPUTS)
