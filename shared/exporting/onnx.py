"""ONNX: the graph as it is, in half precision, or with the outputs that Windows ML's classifiers had."""

import onnx
from onnx import TensorProto, helper

from shared.exporting.graph.half import halved
from shared.exporting.graph.renaming import apart, rename
from shared.exporting.graph.subject import Ending, Subject, Unexportable

MODEL = "model.onnx"
LABEL, LOSS = "classLabel", "loss"


def files(subject: Subject, *, half: bool = False, named: bool = False) -> dict[str, bytes]:
    """`named` lets a classifier of the first generation answer the best tag, and the probabilities by tags, too.

    Raises Unexportable.
    """
    model = halved(subject.model) if half else subject.model
    if named and subject.ending == Ending.PROBABILITIES and subject.bgr:
        model = _named(model, subject.labels)
    _check(model)
    return {MODEL: model.SerializeToString()}


def _check(model: onnx.ModelProto) -> None:
    """Names of anybody's graph may be those that it ends with here. Raises Unexportable."""
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as error:
        raise Unexportable(f"It is no valid graph any more: {error}") from error


def _named(model: onnx.ModelProto, labels: list[str]) -> onnx.ModelProto:
    """Consumers that take the first output find the probabilities there, as before."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    (probabilities,) = (output.name for output in made.graph.output)
    add, domain, own = made.graph.node.append, "ai.onnx.ml", apart(made.graph, "named ")
    best, numbers = f"{own}best", list(range(len(labels)))
    for taken in (LABEL, LOSS):
        rename(made.graph, taken, own + taken)
    add(helper.make_node("ArgMax", [probabilities], [best], axis=1, keepdims=0))
    add(helper.make_node("LabelEncoder", [best], [LABEL], domain=domain, keys_int64s=numbers, values_strings=labels))
    add(helper.make_node("ZipMap", [probabilities], [LOSS], domain=domain, classlabels_strings=labels))
    made.opset_import.append(helper.make_opsetid(domain, 2))
    by_label = helper.make_map_type_proto(TensorProto.STRING, helper.make_tensor_type_proto(TensorProto.FLOAT, None))
    made.graph.output.append(helper.make_tensor_value_info(LABEL, TensorProto.STRING, [1]))
    made.graph.output.append(helper.make_value_info(LOSS, helper.make_sequence_type_proto(by_label)))
    return made
