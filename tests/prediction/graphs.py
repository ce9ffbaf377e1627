"""Tiny models: their first tag always wins, so a prediction tells which model it came from."""

from uuid import UUID, uuid4

import msgspec
import onnx
from onnx import TensorProto, helper

from shared.models.domains import GENERAL, DomainType
from shared.models.predictions import Pointer
from shared.models.preprocessing import Preprocessing
from shared.models.projects import ClassificationType
from shared.models.tags import TagType
from shared.models.training import ModelSpec, ModelTag
from shared.models.wire import now
from shared.storage import blobs, published
from shared.storage.store import Store

SIDE = 16


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


def put_model(store: Store, project_id: UUID, winner: str, graph: bytes | None = None) -> UUID:
    """A new iteration whose predictions name `winner` first."""
    iteration_id = uuid4()
    spec = make_spec(project_id, iteration_id, [winner, "other"])
    blobs.model_write(store, project_id, iteration_id, "model.json", msgspec.json.encode(spec))
    blobs.model_write(store, project_id, iteration_id, "model.onnx", make_graph(2) if graph is None else graph)
    return iteration_id


def publish(store: Store, project_id: UUID, iteration_id: UUID, name: str = "live") -> None:
    published.put(store, Pointer(project_id, iteration_id, name, now()), replace=True)
