"""The end of every served detector: of each tag the boxes that no better one overlaps, the best first."""

import numpy as np

from shared.exporting.graph.nodes import Nodes

# The outputs of every detector's graph.
BOXES, TAGS, SCORES = "detected_boxes", "detected_classes", "detected_scores"
# What a service answers; lower scores are noise.
LOWEST_SCORE = 0.01


def select(graph: Nodes, boxes: str, scores: str, overlap: float, most: int) -> None:
    """Boxes (1, N, 4) and scores (1, tags, N) -> the outputs: so many at most, of which none overlaps a better one of
    its tag by more than `overlap`.
    """

    def whole(*values: int) -> str:
        return graph.constant(values, np.int64)

    limits = graph.constant(overlap), graph.constant(LOWEST_SCORE)
    # Of each a row: 0, its tag, its cell.
    kept = graph.add("NonMaxSuppression", boxes, scores, whole(most), *limits)
    found = graph.add("GatherND", scores, kept)
    count = graph.add("Min", graph.add("Shape", found), whole(most))
    scores_of_best, rank = graph.add_all("TopK", found, count, outputs=[f"{graph.prefix}best", f"{graph.prefix}rank"])
    best = graph.add("Gather", kept, rank, axis=0)
    tags, cells = (graph.add("Gather", best, graph.constant(column, np.int64), axis=1) for column in (1, 2))
    graph.add("Gather", boxes, cells, axis=1, output=BOXES)
    graph.add("Unsqueeze", tags, whole(0), output=TAGS)
    graph.add("Unsqueeze", scores_of_best, whole(0), output=SCORES)
