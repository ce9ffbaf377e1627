"""The end of every detector as a graph has it: of each tag the boxes that no better one overlaps."""

from collections.abc import Sequence

from shared.exporting.graph.node import Node
from shared.exporting.graph.subject import Unexportable

BEGINNING = "NonMaxSuppression"
# What follows: scores are looked up, and of the best of all tags their boxes, tags and scores are answered.
FOLLOWING = ["GatherND", "Shape", "Min", "TopK", "Gather", "Gather", "Gather", "Gather", "Unsqueeze", "Unsqueeze"]
MOST = 10_000


def beginning(nodes: Sequence[Node]) -> Node:
    """The first of these, which are all of the end. Raises Unexportable."""
    if [node.operator for node in nodes] != [BEGINNING, *FOLLOWING] or not _is_wired(*nodes):
        raise Unexportable("Boxes are chosen in a way that is not known.")
    nodes[0].demand(center_point_box=0)
    return nodes[0]


def _is_wired(chosen: Node, found: Node, shape: Node, count: Node, best: Node, *others: Node) -> bool:
    """Whether each begins with what it should read."""
    rows, tags, cells, *answers = others
    (boxes, scores, *_), (kept,) = chosen.inputs, chosen.outputs
    wanted = [
        (found, [scores, kept]),
        (shape, found.outputs),
        (count, shape.outputs),
        (best, [*found.outputs, *count.outputs]),
        (rows, [kept, best.outputs[1]]),
        *((column, rows.outputs) for column in (tags, cells)),
        *zip(answers, ([boxes, *cells.outputs], tags.outputs, best.outputs[:1]), strict=True),
    ]
    return all(list(node.inputs[: len(read)]) == list(read) for node, read in wanted)


def number(most: int) -> int:
    """How many boxes of a tag are chosen at most: formats have room for so many. Raises Unexportable."""
    if not 0 < most <= MOST:
        raise Unexportable(f"{most} boxes of a tag are chosen.")
    return int(most)
