"""OpenVINO: an IR of version 10 with its first operators, which versions 2020 and later read.

The input is (1, 3, height, width), RGB in 0..1. Detectors answer `detected_boxes`, `detected_classes` and
`detected_scores` of 300 boxes, of which those that nothing was found for have a score of 0; and without
post-processing what those are chosen from.
"""

import numpy as np

from shared.exporting.graph.grid import ANCHORS
from shared.exporting.graph.subject import Ending, Subject, readable
from shared.exporting.nchw import trunk
from shared.exporting.nchw.ir import INT32, Network, Port
from shared.exporting.nchw.opset1 import Layers
from shared.exporting.nchw.trunk import Suppression, Trunk

MODEL, WEIGHTS = "model.xml", "model.bin"
WHITE = 255.0
# What DetectionOutput answers of each box: which picture, its tag, its score, x1, y1, x2, y2.
COLUMNS = [1, 1, 1, 4]


def files(subject: Subject, *, post_processing: bool = True) -> dict[str, bytes]:
    """A raw grid is never processed. Raises Unexportable."""
    with readable():
        read, network = trunk.read(subject), Network()
        for value in _answers(subject, read, network, post_processing):
            network.result(value)
    return {MODEL: network.xml, WEIGHTS: bytes(network.weights)}


def _answers(subject: Subject, read: Trunk, network: Network, post_processing: bool) -> list[Port]:
    source = network.parameter(read.source, read.shape(read.source))
    pixels = network.add("Multiply", source, network.constant([WHITE]), shape=source.shape, auto_broadcast="numpy")
    made = Layers(read, pixels, network)
    for node in read.nodes:
        made.add(node)
    if isinstance(read.answer, Suppression):
        return _chosen(made, read.answer) if post_processing else _candidates(made, read.answer)
    value = made.value(read.answer)
    if subject.ending is Ending.GRID:
        return [_region(network, value, len(subject.labels))]
    return [made.reshaped(value, value.shape, read.answer)]


def _region(network: Network, grid: Port, tags: int) -> Port:
    """The grid with its logistics and its softmax, in a row: consumers read the anchors from this layer."""
    return network.add(
        "RegionYolo",
        grid,
        shape=(1, int(np.prod(grid.shape))),
        name="model_outputs",
        axis=1,
        end_axis=3,
        coords=4,
        classes=tags,
        num=len(ANCHORS),
        do_softmax=True,
        mask=list(range(len(ANCHORS))),
        anchors=[float(side) for side in ANCHORS.ravel()],
    )


def _candidates(made: Layers, choice: Suppression) -> list[Port]:
    """`raw_probs` (1, N, 1 + tags), the first of nothing at all, and `raw_boxes` (1, N, 4) by middles and sizes."""
    scores, corners = made.transposed(made.value(choice.scores), [0, 2, 1]), made.value(choice.boxes)
    nothing = made.network.constant(np.zeros((1, scores.shape[1], 1)))
    low, high = made.parted(corners, 2, [2, 2])
    middle = made.combined("Multiply", made.combined("Add", low, high), made.network.constant([0.5]))
    size = made.combined("Subtract", high, low)
    return [
        made.joined(nothing, scores, axis=2, name="raw_probs"),
        made.joined(middle, size, axis=2, name="raw_boxes"),
    ]


def _chosen(made: Layers, choice: Suppression) -> list[Port]:
    boxes, scores = made.value(choice.boxes), made.transposed(made.value(choice.scores), [0, 2, 1])
    _, count, tags = scores.shape
    rows = made.network.add(
        "DetectionOutput",
        made.reshaped(boxes, (1, 4 * count)),
        made.reshaped(scores, (1, tags * count)),
        # Boxes are told by how far they are from these.
        made.network.constant(np.zeros((1, 1, 4 * count))),
        shape=(1, 1, choice.most, sum(COLUMNS)),
        num_classes=tags,
        background_label_id=-1,
        top_k=-1,
        keep_top_k=[choice.most],
        variance_encoded_in_target=True,
        code_type="caffe.PriorBoxParameter.CORNER",
        share_location=True,
        nms_threshold=choice.overlap,
        confidence_threshold=choice.lowest,
        clip_before_nms=False,
        clip_after_nms=False,
        decrease_label_id=False,
        normalized=True,
        input_height=1,
        input_width=1,
        objectness_score=0.0,
    )
    _, classes, confidence, corners = made.parted(rows, 3, COLUMNS)
    whole = made.network.add("Convert", classes, shape=classes.shape, type=INT32, destination_type="i32")
    return [
        made.reshaped(corners, (1, choice.most, 4), "detected_boxes"),
        made.reshaped(whole, (1, choice.most), "detected_classes"),
        made.reshaped(confidence, (1, choice.most), "detected_scores"),
    ]
