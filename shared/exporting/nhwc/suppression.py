"""The end of every detector: of each tag the boxes that no better one overlaps."""

import math

import numpy as np

from shared.exporting.graph.subject import Unexportable
from shared.exporting.graph.suppressing import beginning, number
from shared.exporting.nhwc.draft import Draft, Value
from shared.exporting.nhwc.graph import Graph
from shared.exporting.nhwc.network import DType, Kind, Settings, Tensor

# Boxes lie in 0..1; those of different tags are moved so far apart that they never overlap.
APART = 2


def suppression(graph: Graph, place: int, tags: int) -> tuple[Value, Value, Value]:
    """Boxes (m, 4), tags (m,), scores (m,) of the graph that ends with the node at that place."""
    node = beginning(graph.nodes[place:])
    boxes, scores, *limits = (graph.draft.plain(graph.value(name)) for name in node.inputs)
    if scores.shape != (1, tags, boxes.shape[1]):
        raise Unexportable(f"{boxes.shape[1]} boxes have scores {scores.shape} for {tags} tags.")
    most, overlap, lowest = (limit.known.item() for limit in limits)
    return _chosen(graph.draft, boxes, scores, Settings(most=number(most), overlap=overlap, lowest=lowest))


def _chosen(draft: Draft, boxes: Value, scores: Value, settings: Settings) -> tuple[Value, Value, Value]:
    """Of boxes (1, N, 4) and scores (1, tags, N); all tags at once, as formats know no tags here."""
    _, tags, cells = scores.shape
    moved = draft.add(Kind.ADD, boxes, draft.constant(_shifts(tags)), shape=[tags, cells, 4])
    flat = draft.reshaped(moved, [tags * cells, 4]), draft.reshaped(scores, [tags * cells])
    outputs = [Tensor((-1,), DType.INT), Tensor((-1,), DType.FLOAT)]
    places, best = draft.add_all(Kind.NON_MAX_SUPPRESSION_V5, *flat, outputs=outputs, settings=settings)
    # What is answered is told twice, as consumers take what nothing else reads.
    tag, answered = (draft.add(Kind.FLOOR_DIV, places, draft.constant(cells), shape=[-1]) for _ in range(2))
    # TensorFlow.js has no remainder of a division where it runs on WebAssembly.
    before = draft.add(Kind.MUL, tag, draft.constant(cells), shape=[-1])
    cell = draft.add(Kind.SUB, places, before, shape=[-1])
    return draft.add(Kind.GATHER, draft.reshaped(boxes, [cells, 4]), cell, shape=[-1, 4]), answered, best


def _shifts(tags: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """(tags, 1, 4), in rows and columns, as numbers are the coarser the larger they are."""
    row, column = np.divmod(np.arange(tags), math.isqrt(tags - 1) + 1 if tags > 1 else 1)
    return APART * np.stack([column, row, column, row], axis=1)[:, None].astype(np.float32)
