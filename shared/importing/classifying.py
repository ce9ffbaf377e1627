"""The end of a classifier: probabilities, one a tag, whatever its graph makes of them."""

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto

from shared.errors import InvalidModel
from shared.exporting.graph.nodes import Nodes
from shared.exporting.graph.renaming import apart
from shared.importing.answers import Output, answer_by, as_floats, inner
from shared.models.training.importing import Scoring

OUTPUT = "model_output"
# What makes probabilities, and what takes them to an output as they are.
MAKING = {"Softmax", "Sigmoid"}
PASSING = {"Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Cast", "Transpose"}


def named_by(model: onnx.ModelProto) -> tuple[str, list[str]] | None:
    """Of what a graph makes `classLabel` and `loss`, and its labels in that order; None where it answers none."""
    node = next((node for node in model.graph.node if node.op_type == "ZipMap"), None)
    if node is None or not node.input:
        return None
    labels = [text for told in node.attribute if told.name == "classlabels_strings" for text in told.strings]
    return node.input[0], [label.decode(errors="replace") for label in labels]


def chosen(found: Sequence[Output], count: int) -> Output:
    """Which of the outputs has a number for each label. Raises InvalidModel."""
    fitting = [answer for answer in found if answer.size == count]
    fitting = fitting or [answer for answer in found if answer.size is None and len(answer.sides) <= 2]
    if len(fitting) != 1:
        told = ", ".join(map(str, found)) or "no floats"
        raise InvalidModel(
            f"The model answers {told}, and there are {count} labels; a classifier answers float (1, {count}), and "
            "boxes belong into a project that detects."
        )
    return fitting[0]


def scores_of(model: onnx.ModelProto, output: str) -> Scoring:
    """As the last operator tells. Raises InvalidModel."""
    makers = {name: node for node in model.graph.node for name in node.output}
    node = makers.get(output)
    while node is not None and node.op_type in PASSING:
        node = makers.get(node.input[0])
    if node is None or node.op_type not in MAKING:
        raise InvalidModel(
            "The model does not tell whether it answers probabilities; say `scores`: Probabilities, or what makes "
            "them of its answers, Softmax or Sigmoid."
        )
    return Scoring.PROBABILITIES


def close_by(model: onnx.ModelProto, answer: Output, count: int, scores: Scoring) -> None:
    """The graph answers `model_output`, float (1, count)."""
    nodes = Nodes(apart(model.graph, "ocellus closing "))
    value = as_floats(nodes, inner(model, nodes, answer.name), answer.kind)
    if answer.sides != [1, count]:
        value = nodes.add("Reshape", value, nodes.constant([1, count], np.int64))
    if scores is Scoring.SOFTMAX:
        value = nodes.add("Softmax", value, axis=1)
    if scores is Scoring.SIGMOID:
        value = nodes.add("Sigmoid", value)
    inner(model, nodes, OUTPUT)
    nodes.add("Identity", value, output=OUTPUT)
    answer_by(model, nodes, {OUTPUT: (TensorProto.FLOAT, [1, count])})
