"""A model of others made one that the service runs: it sees RGB in 0..255, and answers probabilities or boxes."""

from typing import NamedTuple

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from shared.errors import InvalidModel
from shared.exporting.graph.grid import ANCHORS
from shared.exporting.graph.nodes import drop_unused
from shared.exporting.graph.reading import check, parsed
from shared.exporting.graph.selection import LOWEST_SCORE
from shared.exporting.graph.subject import METADATA, Unexportable, readable
from shared.importing import classifying, detecting
from shared.importing.answers import answers
from shared.importing.opening import ImageInput, open_by, seeing
from shared.importing.package import Package
from shared.models.training.importing import ImportOptions, Layout, ModelOrigin, Order, Range, Scoring
from shared.models.training.preprocessing import Fit, Interpolation, Preprocessing
from shared.models.workspace.domains import DomainType

# Of ONNX's operators: the first that is read, and the one that our own nodes are written in.
OLDEST, OPSET, IR_VERSION = 7, 13, 8
MOST_ANCHORS, MOST_CELLS = 20, 100.0
# What consumers feed where a graph has no metadata.
USUAL = {
    Layout.BOXES: (Order.RGB, Range.BYTES),
    Layout.GRID: (Order.BGR, Range.BYTES),
    Layout.YOLO: (Order.RGB, Range.UNIT),
}
# Of classifiers that answer `classLabel` and `loss`.
NAMED = Order.BGR, Range.BYTES


class Imported(NamedTuple):
    """`labels` stand in the order of what the graph answers."""

    graph: bytes
    labels: list[str]
    preprocessing: Preprocessing
    origin: ModelOrigin


def bring(package: Package, options: ImportOptions, kind: DomainType) -> Imported:
    """Raises InvalidModel, which says what of the model does not fit, and what is expected."""
    told = package.manifest and package.manifest.domain_type
    if told and told != kind:
        raise InvalidModel(f"The package is of {told}, and the project of {kind}; import it into one of its kind.")
    try:
        with readable():
            return _brought(package, options, kind)
    except Unexportable as error:
        raise InvalidModel(f"The model can't be taken. {error}") from None


class _Ending(NamedTuple):
    """What a graph answered, and by what that was made probabilities or boxes."""

    layout: Layout
    scores: Scoring | None = None
    anchors: list[tuple[float, float]] = []
    overlap: float | None = None


def _brought(package: Package, options: ImportOptions, kind: DomainType) -> Imported:
    model = _plain(parsed(package.graph))
    given = ImageInput.of(model, options.size)
    given.fix(model)
    named = classifying.named_by(model)
    if named:
        _answer_alone(model, named[0])
    drop_unused(model.graph)
    check(model, nested=True)
    labels, model = _labels(package.labels, named[1] if named else []), _modern(model)
    if kind is DomainType.CLASSIFICATION:
        ending = _classifier(model, options, len(labels), is_told=bool(named or package.manifest))
    else:
        ending = _detector(model, options, given, len(labels))
    seen = seeing(model, options, NAMED if named else USUAL.get(ending.layout))
    open_by(model, given, seen)
    helper.set_model_props(model, METADATA)
    check(model, nested=True)
    least = LOWEST_SCORE if kind is DomainType.OBJECT_DETECTION else None
    origin = ModelOrigin(ending.layout, *seen, ending.scores, ending.anchors, ending.overlap, least)
    return Imported(model.SerializeToString(), labels, _preprocessing(given, options, ending.layout), origin)


def _plain(model: onnx.ModelProto) -> onnx.ModelProto:
    """Without what versions of long ago had otherwise. Raises InvalidModel."""
    versions = {opset.domain: opset.version for opset in model.opset_import}
    version = versions.get("", versions.get("ai.onnx", 0))
    if version < OLDEST:
        raise InvalidModel(
            f"The model is of opset {version}; export it with {OLDEST} or later, best with {OPSET} to 17."
        )
    # Those of others are cut off with the nodes that had them.
    del model.opset_import[:]
    model.opset_import.append(helper.make_opsetid("", version))
    model.ir_version = max(model.ir_version, IR_VERSION)
    weights = {weight.name for weight in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    nodes = [made for node in model.graph.node for made in _without_scaler(node, model.graph)]
    del model.graph.input[:], model.graph.node[:], model.graph.value_info[:]
    model.graph.input.extend(inputs)
    model.graph.node.extend(nodes)
    return model


def _without_scaler(node: onnx.NodeProto, graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """Custom Vision's first exports take the mean of pixels off by an operator that ONNX dropped."""
    if node.op_type != "ImageScaler" or node.domain:
        return [node]
    told = {attribute.name: attribute for attribute in node.attribute}
    scale, scaled = told["scale"].f if "scale" in told else 1.0, f"{node.output[0]} scaled"
    bias = np.array(told["bias"].floats, np.float32).reshape(1, -1, 1, 1)
    names = f"{scaled} by", f"{scaled} bias"
    for name, values in zip(names, (np.full(1, scale, np.float32), bias), strict=True):
        graph.initializer.append(numpy_helper.from_array(values, name))
    return [
        helper.make_node("Mul", [node.input[0], names[0]], [scaled]),
        helper.make_node("Add", [scaled, names[1]], [node.output[0]]),
    ]


def _answer_alone(model: onnx.ModelProto, name: str) -> None:
    """Of a shape that is still to be found."""
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["pictures", "labels"]))


def _labels(listed: list[str], named: list[str]) -> list[str]:
    """In the order of the graph. Raises InvalidModel."""
    labels = named or listed
    if not labels:
        raise InvalidModel("The package has no labels.txt; it has a tag a line, in the order of the model's outputs.")
    if listed and set(listed) != set(labels):
        raise InvalidModel("labels.txt and the model itself name other tags; send the labels.txt of this export.")
    return labels


def _modern(model: onnx.ModelProto) -> onnx.ModelProto:
    """In the operators that exports read, if that can be."""
    if model.opset_import[0].version >= OPSET:
        return model
    try:
        made = onnx.version_converter.convert_version(model, OPSET)
        check(made)
    except (RuntimeError, onnx.version_converter.ConvertError, Unexportable):
        return model
    made.ir_version = model.ir_version
    made.metadata_props.extend(model.metadata_props[len(made.metadata_props) :])
    return made


def _classifier(model: onnx.ModelProto, options: ImportOptions, count: int, *, is_told: bool) -> _Ending:
    """Custom Vision's own answer probabilities."""
    answer = classifying.chosen(answers(model), count)
    told = options.scores or (Scoring.PROBABILITIES if is_told else None)
    scores = told or classifying.scores_of(model, answer.name)
    classifying.close_by(model, answer, count, scores)
    return _Ending(Layout.PROBABILITIES, scores)


def _detector(model: onnx.ModelProto, options: ImportOptions, given: ImageInput, count: int) -> _Ending:
    found = answers(model)
    layout = detecting.layout_of(model, found)
    if layout is Layout.BOXES:
        detecting.close_boxes(model)
        return _Ending(layout)
    version = model.opset_import[0].version
    if version < OPSET:
        raise InvalidModel(f"The model is of opset {version}, and can't be brought to {OPSET}; export it with that.")
    overlap = detecting.OVERLAPS[layout] if options.overlap is None else options.overlap
    if layout is Layout.YOLO:
        detecting.close_yolo(model, found[0], given, count, overlap)
        return _Ending(layout, overlap=overlap)
    anchors = _anchors(options.anchors)
    detecting.close_grid(model, found[0], count, anchors, overlap)
    return _Ending(layout, anchors=anchors, overlap=overlap)


def _anchors(values: list[float]) -> list[tuple[float, float]]:
    """Raises InvalidModel."""
    if not values:
        return [(float(width), float(height)) for width, height in ANCHORS]
    if len(values) % 2 or len(values) > 2 * MOST_ANCHORS or not all(0 < value <= MOST_CELLS for value in values):
        raise InvalidModel(
            f"`anchors` are up to {MOST_ANCHORS} pairs of a width and a height in cells, above 0 and up to "
            f"{MOST_CELLS:g}: 0.573,0.677,1.87,2.06."
        )
    return list(zip(values[::2], values[1::2], strict=True))


def _preprocessing(given: ImageInput, options: ImportOptions, layout: Layout) -> Preprocessing:
    """A YOLO is trained on pictures that keep their proportions."""
    is_yolo = layout is Layout.YOLO
    fit = options.fit or (Fit.LETTERBOX if is_yolo else Fit.SQUASH)
    return Preprocessing(given.width, given.height, Interpolation.BILINEAR if is_yolo else Interpolation.BICUBIC, fit)
