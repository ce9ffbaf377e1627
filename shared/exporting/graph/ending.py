"""Gives a served graph the ending that consumers of its domain expect."""

import onnx
from onnx import TensorProto

from shared.exporting.graph.grid import gridded
from shared.exporting.graph.reading import read
from shared.exporting.graph.renaming import apart, rename
from shared.exporting.graph.subject import Ending, Subject, Unexportable, readable
from shared.models.training.model_spec import ModelSpec
from shared.models.training.preprocessing import Fit
from shared.models.workspace.domains import DOMAINS, DomainType

# What consumers of [S1] detectors call the input.
IMAGE = "image_tensor"
BOXES = {
    "detected_boxes": TensorProto.FLOAT,
    "detected_classes": TensorProto.INT64,
    "detected_scores": TensorProto.FLOAT,
}


@readable()
def subject(graph: bytes, spec: ModelSpec, *, grids: bool = True) -> Subject:
    """Of model.onnx and model.json, which may be anybody's; without `grids` detectors of all domains answer boxes.

    Raises Unexportable.
    """
    domain = DOMAINS.get(spec.domain_id)
    if domain is None or domain.type != spec.domain_type:
        raise Unexportable(f"There is no domain {spec.domain_id} for {spec.domain_type}.")
    model, labels, bgr = read(graph), [tag.name for tag in spec.tags], domain.first_generation
    _check_input(model, spec)
    if spec.preprocessing.fit != Fit.SQUASH:
        raise Unexportable("It looks at pictures that are not squashed, as consumers of exports squash them.")
    if domain.type == DomainType.CLASSIFICATION:
        return Subject(_probabilities(model, len(labels)), labels, Ending.PROBABILITIES, bgr)
    if bgr and grids:
        return Subject(gridded(model, len(labels)), labels, Ending.GRID, bgr)
    return Subject(_boxes(model), labels, Ending.BOXES, bgr)


def _check_input(model: onnx.ModelProto, spec: ModelSpec) -> None:
    wanted = TensorProto.FLOAT, [1, 3, spec.preprocessing.height, spec.preprocessing.width]
    weights = {weight.name for weight in model.graph.initializer}
    found = [_kind(value) for value in model.graph.input if value.name not in weights]
    if found != [wanted]:
        raise Unexportable(f"Its inputs are {found}, not {wanted}.")


def _probabilities(model: onnx.ModelProto, tags: int) -> onnx.ModelProto:
    found = [_kind(value) for value in model.graph.output]
    if found != [(TensorProto.FLOAT, [1, tags])]:
        raise Unexportable(f"Its outputs are {found} for {tags} tags.")
    return model


def _boxes(model: onnx.ModelProto) -> onnx.ModelProto:
    """With the input under the name that consumers ask for."""
    if {value.name: value.type.tensor_type.elem_type for value in model.graph.output} != BOXES:
        raise Unexportable(f"Its outputs are {[value.name for value in model.graph.output]}, not {list(BOXES)}.")
    made = onnx.ModelProto()
    made.CopyFrom(model)
    weights = {weight.name for weight in made.graph.initializer}
    (given,) = (value for value in made.graph.input if value.name not in weights)
    if given.name != IMAGE:
        rename(made.graph, IMAGE, apart(made.graph, f"{IMAGE} "))
        rename(made.graph, given.name, IMAGE)
        given.name = IMAGE
    return made


def _kind(value: onnx.ValueInfoProto) -> tuple[int, list[int]]:
    tensor = value.type.tensor_type
    return tensor.elem_type, [side.dim_value for side in tensor.shape.dim]
