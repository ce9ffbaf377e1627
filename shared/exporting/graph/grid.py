"""The raw grid that consumers of General (compact) detectors decode, written behind a detector's own boxes.

Each of 13 x 13 cells holds the five surest boxes whose middle lies in it. None was suppressed: consumers do that.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper

from shared.exporting.graph.nodes import Nodes, drop_unused
from shared.exporting.graph.renaming import apart
from shared.exporting.graph.subject import Unexportable

OUTPUT = "model_outputs0"
CELLS = 13
# Width and height in cells, as consumers have them.
ANCHORS = np.array([[0.573, 0.677], [1.87, 2.06], [3.34, 5.47], [7.88, 3.53], [9.77, 9.17]])
# What a logistic can still tell from 0 and 1: of a middle within its cell, and of a score.
WITHIN, SURE = 1e-4, 1e-6
SMALLEST = 1e-4
# Behind a softmax and a logistic that is 1 for the tag, and 0 for a place without a box.
TAGGED, NOTHING = 40.0, 60.0
# Opset 18 says the axes of ReduceMax otherwise.
OPSETS = range(13, 18)
BOXES_SEEN = 20_000


def gridded(model: onnx.ModelProto, tags: int) -> onnx.ModelProto:
    """Answers `model_outputs0` (1, 5 (5 + tags), 13, 13) in place of what it answered. Raises Unexportable."""
    boxes, scores = _candidates(model, tags)
    nodes = Nodes(apart(model.graph, "grid "))
    _write(nodes, boxes, scores, tags)
    made = onnx.ModelProto()
    made.CopyFrom(model)
    made.graph.node.extend(nodes.nodes)
    made.graph.initializer.extend(nodes.weights)
    del made.graph.output[:], made.graph.value_info[:]
    shape = [1, len(ANCHORS) * (5 + tags), CELLS, CELLS]
    made.graph.output.append(helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, shape))
    drop_unused(made.graph)
    return made


def _candidates(model: onnx.ModelProto, tags: int) -> tuple[str, str]:
    """The names of all boxes (1, N, 4), corners in 0..1, and of their scores (1, tags, N)."""
    suppressing = [node for node in model.graph.node if node.op_type == "NonMaxSuppression"]
    opsets = [opset.version for opset in model.opset_import if opset.domain in ("", "ai.onnx")]
    if len(suppressing) != 1 or not opsets or opsets[0] not in OPSETS:
        raise Unexportable("It does not suppress boxes as detectors of compact domains do; train again.")
    boxes, scores = suppressing[0].input[:2]
    shapes = {
        value.name: [side.dim_value for side in value.type.tensor_type.shape.dim]
        for value in onnx.shape_inference.infer_shapes(model).graph.value_info
    }
    count = (shapes.get(boxes) or [0, 0])[1]
    if not 5 <= count <= BOXES_SEEN or (shapes[boxes], shapes.get(scores)) != ([1, count, 4], [1, tags, count]):
        raise Unexportable(f"It suppresses boxes {shapes.get(boxes)} with scores {shapes.get(scores)} for {tags} tags.")
    return boxes, scores


def _write(nodes: Nodes, boxes: str, scores: str, tags: int) -> None:
    add, constant = nodes.add, nodes.constant
    sides = [add("Gather", boxes, constant(side, np.int64), axis=2) for side in range(4)]
    (column, x, width), (row, y, height) = (_placed(nodes, *sides[axis::2]) for axis in range(2))
    best = add("ReduceMax", scores, axes=[1], keepdims=0)
    cell = add("Add", add("Mul", row, constant(CELLS)), column)
    values, which = _surest(nodes, cell, best)
    # In the order of consumers: place, size, whether there is an object, tags; each (.., 169, 5).
    place = add("Gather", add("Concat", x, y, width, height, axis=0), which, axis=1)
    sizes = np.concatenate([np.zeros((2, len(ANCHORS))), np.log(ANCHORS.T)])
    object = add("Add", _logit(nodes, values, SURE), add("Mul", add("Min", values, constant(0)), constant(NOTHING)))
    flat = add("Reshape", scores, constant([tags, -1], np.int64))
    tagged = add("Mul", _where(nodes, "Equal", flat, best), constant(TAGGED))
    grid = add(
        "Concat",
        add("Sub", place, constant(sizes[:, None])),
        add("Reshape", object, constant([1, CELLS**2, len(ANCHORS)], np.int64)),
        add("Gather", tagged, which, axis=1),
        axis=0,
    )
    by_anchor = add("Transpose", grid, perm=[2, 0, 1])
    add("Reshape", by_anchor, constant([1, len(ANCHORS) * (5 + tags), CELLS, CELLS], np.int64), output=OUTPUT)


def _placed(nodes: Nodes, low: str, high: str) -> tuple[str, str, str]:
    """From one edge of each box to the other, (1, N) each: the row or column of its middle, the logit of where in the
    cell that lies, and the logarithm of the size in cells.
    """
    add, constant = nodes.add, nodes.constant
    middle = add("Mul", add("Add", low, high), constant(CELLS / 2))
    cell = add("Clip", add("Floor", middle), constant(0), constant(CELLS - 1))
    size = add("Mul", add("Max", add("Sub", high, low), constant(SMALLEST)), constant(CELLS))
    return cell, _logit(nodes, add("Sub", middle, cell), WITHIN), add("Log", size)


def _logit(nodes: Nodes, value: str, margin: float) -> str:
    inside = nodes.add("Clip", value, nodes.constant(margin), nodes.constant(1 - margin))
    return nodes.add("Log", nodes.add("Div", inside, nodes.add("Sub", nodes.constant(1), inside)))


def _surest(nodes: Nodes, cell: str, score: str) -> tuple[str, str]:
    """Of each cell the five best scores, -1 where there are fewer, and whose they are: (169, 5) each."""
    here = _where(nodes, "Equal", cell, nodes.constant(np.arange(CELLS**2)[:, None]))
    table = nodes.add("Add", nodes.add("Mul", here, score), nodes.add("Sub", here, nodes.constant(1)))
    count = nodes.constant([len(ANCHORS)], np.int64)
    values, which = nodes.add_all(
        "TopK", table, count, outputs=[f"{nodes.prefix}values", f"{nodes.prefix}which"], axis=1
    )
    return values, which


def _where(nodes: Nodes, comparison: str, *inputs: str) -> str:
    """1 where that holds, else 0."""
    return nodes.add("Cast", nodes.add(comparison, *inputs), to=TensorProto.FLOAT)
