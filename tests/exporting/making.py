"""Descriptions of graphs, what they answer for a photograph, and how a consumer decodes a grid."""

from collections.abc import Sequence
from uuid import UUID

import numpy as np
import onnx
from msgspec.structs import replace

from shared.exporting.graph.grid import ANCHORS
from shared.imaging.resize import model_input
from shared.models.training.model_spec import ModelSpec
from shared.models.training.preprocessing import Preprocessing
from shared.models.workspace.domains import DOMAINS, DomainType
from tests.prediction.graphs import make_spec
from training_job.graphs.running import session

NOBODY = UUID(int=0)


def spec_of(model: onnx.ModelProto, domain: str, labels: Sequence[str]) -> ModelSpec:
    """The model.json of a graph that was trained in the domain of that name."""
    detects = len(model.graph.output) > 1
    kind = DomainType.OBJECT_DETECTION if detects else DomainType.CLASSIFICATION
    (domain_id,) = (each.id for each in DOMAINS.values() if (each.name, each.type) == (domain, kind))
    return replace(
        make_spec(NOBODY, NOBODY, list(labels)), domain_id=domain_id, domain_type=kind, preprocessing=size_of(model)
    )


def size_of(model: onnx.ModelProto) -> Preprocessing:
    (_, _, height, width) = (side.dim_value for side in model.graph.input[0].type.tensor_type.shape.dim)
    return Preprocessing(width, height)


def answers(model: onnx.ModelProto, photographs: Sequence[bytes]) -> list[dict[str, np.ndarray]]:
    """By onnxruntime, the outputs of each photograph by name."""
    running, size = session(model), size_of(model)
    names = [output.name for output in running.get_outputs()]
    (given,) = running.get_inputs()
    dtype = np.float16 if given.type == "tensor(float16)" else np.float32
    fed = ({given.name: model_input(data, size).astype(dtype)} for data in photographs)
    return [dict(zip(names, running.run(names, pixels), strict=True)) for pixels in fed]


def decoded(grid: np.ndarray) -> np.ndarray:
    """As consumers decode a raw grid (5 (5 + tags), 13, 13), before they suppress: x1, y1, x2, y2, score and tag of
    every place, (845, 6).
    """
    cells = grid.shape[1]
    values = grid.reshape(len(ANCHORS), -1, cells, cells).transpose(2, 3, 0, 1).astype(np.float64)
    row, column = np.mgrid[:cells, :cells]
    x, y = (column[..., None] + logistic(values[..., 0])) / cells, (row[..., None] + logistic(values[..., 1])) / cells
    width, height = np.moveaxis(np.exp(values[..., 2:4]) * ANCHORS / cells, -1, 0)
    tags = np.exp(values[..., 5:] - values[..., 5:].max(axis=-1, keepdims=True))
    scores = logistic(values[..., 4:5]) * tags / tags.sum(axis=-1, keepdims=True)
    corners = [x - width / 2, y - height / 2, x + width / 2, y + height / 2]
    return np.stack([*corners, scores.max(axis=-1), scores.argmax(axis=-1)], axis=-1).reshape(-1, 6)


def logistic(values: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-values)))
