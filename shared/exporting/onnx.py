"""ONNX: the graph as it is, in half precision, or with the outputs that Windows ML's classifiers had."""

import onnx
from onnx import TensorProto, helper

from shared.exporting.graph.half import halved
from shared.exporting.graph.subject import Ending, Subject

MODEL = "model.onnx"
LABEL, LOSS = "classLabel", "loss"


def files(subject: Subject, *, half: bool = False, named: bool = False) -> dict[str, bytes]:
    """`named` lets a classifier of the first generation answer the best tag, and the probabilities by tags, too."""
    model = halved(subject.model) if half else subject.model
    if named and subject.ending == Ending.PROBABILITIES and subject.bgr:
        model = _named(model, subject.labels)
    return {MODEL: model.SerializeToString()}


def _named(model: onnx.ModelProto, labels: list[str]) -> onnx.ModelProto:
    """Consumers that take the first output find the probabilities there, as before."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    (probabilities,) = (output.name for output in made.graph.output)
    add, domain = made.graph.node.append, "ai.onnx.ml"
    add(helper.make_node("ArgMax", [probabilities], ["best tag"], axis=1, keepdims=0))
    numbers = list(range(len(labels)))
    add(
        helper.make_node(
            "LabelEncoder", ["best tag"], [LABEL], domain=domain, keys_int64s=numbers, values_strings=labels
        )
    )
    add(helper.make_node("ZipMap", [probabilities], [LOSS], domain=domain, classlabels_strings=labels))
    made.opset_import.append(helper.make_opsetid(domain, 2))
    by_label = helper.make_map_type_proto(TensorProto.STRING, helper.make_tensor_type_proto(TensorProto.FLOAT, None))
    made.graph.output.append(helper.make_tensor_value_info(LABEL, TensorProto.STRING, [1]))
    made.graph.output.append(helper.make_value_info(LOSS, helper.make_sequence_type_proto(by_label)))
    return made
