"""Tiny models: classifiers whose first tag always wins, so that a prediction tells which model it came from, and
detectors that find what is red, green or blue.
"""

from uuid import UUID, uuid4

import msgspec
import onnx
from msgspec.structs import replace
from onnx import TensorProto, helper, parser

from shared.models.serving.predictions import Pointer
from shared.models.training.model_spec import ModelSpec, ModelTag
from shared.models.training.preprocessing import Fit, Preprocessing
from shared.models.wire import now
from shared.models.workspace.domains import GENERAL, DomainType
from shared.models.workspace.projects import ClassificationType
from shared.models.workspace.tags import TagType
from shared.storage.account import blobs
from shared.storage.account.store import Store
from shared.storage.serving import published

SIDE = 16
DETECTION_DOMAIN = UUID("da2e3a8a-40a5-4171-82f4-58522f70fbc1")
DETECTOR_SIDE = 64
COLOURS = ["red", "green", "blue"]
# A colour's box lies around the pixels in which that channel is far above the mean of the three. There
# are as many boxes as such colours, or none.
DETECTOR = """
<ir_version: 8, opset_import: ["": 13]>
colours (float[1, 3, SIDE, SIDE] image_tensor) => (float[1, n, 4] detected_boxes, int64[1, n] detected_classes,
    float[1, n] detected_scores)
<float one = {1}, float zero = {0}, float level = {60}, float full = {170}, float least = {0.4}, int64 row = {1},
    int64[1] batch = {0}, int64[3] shape = {1, 3, 4}, float[1, 1, 1, SIDE] lefts = {LEFTS},
    float[1, 1, 1, SIDE] rights = {RIGHTS}, float[1, 1, SIDE, 1] tops = {LEFTS},
    float[1, 1, SIDE, 1] bottoms = {RIGHTS}>
{
    mean = ReduceMean <axes = [1]> (image_tensor)
    excess = Sub (image_tensor, mean)
    inside = Greater (excess, level)
    inside_lefts = Where (inside, lefts, one)
    inside_tops = Where (inside, tops, one)
    inside_rights = Where (inside, rights, zero)
    inside_bottoms = Where (inside, bottoms, zero)
    x1 = ReduceMin <axes = [2, 3]> (inside_lefts)
    y1 = ReduceMin <axes = [2, 3]> (inside_tops)
    x2 = ReduceMax <axes = [2, 3]> (inside_rights)
    y2 = ReduceMax <axes = [2, 3]> (inside_bottoms)
    corners = Concat <axis = 3> (x1, y1, x2, y2)
    boxes = Reshape (corners, shape)
    most = ReduceMax <axes = [2, 3], keepdims = 0> (excess)
    scores = Div (most, full)
    seen = Greater (scores, least)
    places = NonZero (seen)
    found = Gather <axis = 0> (places, row)
    detected_boxes = Gather <axis = 1> (boxes, found)
    detected_scores = Gather <axis = 1> (scores, found)
    detected_classes = Unsqueeze (found, batch)
}
"""


def make_graph(outputs: int, padding: int = 0) -> bytes:
    """Brightness of the picture (1, 3, 16, 16) -> probabilities (1, outputs). `padding` bytes make it larger."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["data"], ["means"]),
        helper.make_node("Flatten", ["means"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["scaled"]),
        helper.make_node("Add", ["scaled", "bias"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["model_output"], axis=1),
    ]
    weights = [
        helper.make_tensor("weights", TensorProto.FLOAT, [3, outputs], [0.001] * 3 * outputs),
        helper.make_tensor("bias", TensorProto.FLOAT, [outputs], [3.0] + [0.0] * (outputs - 1)),
    ]
    shapes = {"data": [1, 3, SIDE, SIDE], "model_output": [1, outputs]}
    data, output = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items())
    graph = helper.make_graph(nodes, "tiny", [data], [output], weights, doc_string="x" * padding)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def make_detector(text: str = DETECTOR) -> bytes:
    """Finds the red, the green and the blue thing of a picture."""
    edges = [index / DETECTOR_SIDE for index in range(DETECTOR_SIDE + 1)]
    for name, values in (("LEFTS", edges[:-1]), ("RIGHTS", edges[1:]), ("SIDE", [DETECTOR_SIDE])):
        text = text.replace(name, ", ".join(map(str, values)))
    model = parser.parse_model(text)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def make_spec(project_id: UUID, iteration_id: UUID, names: list[str]) -> ModelSpec:
    tags = [ModelTag(uuid4(), name, TagType.NEGATIVE if name == "none" else TagType.REGULAR) for name in names]
    return ModelSpec(
        project_id,
        iteration_id,
        GENERAL,
        DomainType.CLASSIFICATION,
        ClassificationType.MULTICLASS,
        tags,
        Preprocessing(SIDE, SIDE),
        now(),
    )


def make_detector_spec(
    project_id: UUID, iteration_id: UUID, names: list[str] = COLOURS, fit: Fit = Fit.SQUASH
) -> ModelSpec:
    return replace(
        make_spec(project_id, iteration_id, names),
        domain_id=DETECTION_DOMAIN,
        domain_type=DomainType.OBJECT_DETECTION,
        classification_type=None,
        preprocessing=Preprocessing(DETECTOR_SIDE, DETECTOR_SIDE, fit=fit),
    )


def put_model(store: Store, project_id: UUID, winner: str, graph: bytes | None = None) -> UUID:
    """A new iteration whose predictions name `winner` first."""
    iteration_id = uuid4()
    spec = make_spec(project_id, iteration_id, [winner, "other"])
    blobs.model_write(store, project_id, iteration_id, "model.json", msgspec.json.encode(spec))
    blobs.model_write(store, project_id, iteration_id, "model.onnx", make_graph(2) if graph is None else graph)
    return iteration_id


def publish(store: Store, project_id: UUID, iteration_id: UUID, name: str = "live") -> None:
    published.put(store, Pointer.to_one(project_id, iteration_id, name, now()), replace=True)
