"""Graphs as small as they get of the operators that a training writes: every platform takes them."""

from uuid import UUID, uuid4

import numpy as np
import onnx
from msgspec.structs import replace

from shared.exporting.graph.selection import BOXES, SCORES, TAGS, select
from shared.models.training.iterations import Iteration
from shared.models.training.preprocessing import Preprocessing
from shared.models.workspace.domains import DOMAINS, DomainType
from shared.storage.account.store import Store
from tests.prediction.graphs import COLOURS, make_spec
from tests.prediction.trained import put_trained
from training_job.graphs.graph import Graph

SIDE, CELL = 16, 4
CELLS = (SIDE // CELL) ** 2


def put_small(store: Store, project_id: UUID, domain_id: UUID) -> Iteration:
    """A completed iteration of any domain, which tells red, green and blue."""
    kind = DOMAINS[domain_id].type
    spec = replace(
        make_spec(project_id, uuid4(), COLOURS),
        domain_id=domain_id,
        domain_type=kind,
        preprocessing=Preprocessing(SIDE, SIDE),
    )
    make = small_detector if kind == DomainType.OBJECT_DETECTION else small_classifier
    return put_trained(store, spec, make(len(COLOURS)))


def small_classifier(tags: int) -> bytes:
    """The first tag for what is red, the second for what is green, and so on."""
    graph = _looking(tags)
    means = graph.add("Flatten", graph.add("GlobalAveragePool", "seen"))
    scores = graph.add("Gemm", means, graph.constant(np.eye(tags)), graph.constant(np.zeros(tags)), transB=1)
    graph.add("Softmax", scores, axis=1, output="model_output")
    return _written(graph, {"model_output": [1, tags]})


def small_detector(tags: int) -> bytes:
    """A box for each cell that is red, green and so on."""
    graph = _looking(tags)
    scores = graph.add("Sigmoid", graph.add("Reshape", "seen", graph.constant([1, tags, CELLS], np.int64)))
    top, left = np.mgrid[:SIDE:CELL, :SIDE:CELL].reshape(2, CELLS)
    corners = graph.constant(np.stack([left, top, left + CELL, top + CELL], axis=1)[None] / SIDE)
    # Boxes that would not depend on the picture would be weights, which no consumer suppresses.
    nothing = graph.add("Mul", graph.add("ReduceMax", scores, axes=[1], keepdims=0), graph.constant(0))
    boxes = graph.add("Add", corners, graph.add("Unsqueeze", nothing, graph.constant([2], np.int64)))
    select(graph, boxes, scores, overlap=0.5, most=CELLS)
    return _written(graph, {BOXES: [1, "n", 4], TAGS: [1, "n"], SCORES: [1, "n"]})


def _looking(tags: int) -> Graph:
    """`seen` (1, tags, 4, 4): in each cell how far a channel lies above the mean of the others, in twenties."""
    graph, channels = Graph(), np.arange(tags) % 3
    kernel = np.where(channels[:, None] == np.arange(3), 1, -0.5)[..., None, None] * np.ones((CELL, CELL))
    weights = graph.constant(kernel / CELL**2 / 20), graph.constant(np.zeros(tags))
    graph.add("Conv", "data", *weights, kernel_shape=[CELL] * 2, strides=[CELL] * 2, pads=[0] * 4, output="seen")
    return graph


def _written(graph: Graph, outputs: dict[str, list[int | str]]) -> bytes:
    model = graph.model({"data": [1, 3, SIDE, SIDE]}, outputs, {TAGS})
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())
