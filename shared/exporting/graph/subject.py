"""What is exported: a served graph with the ending that consumers of its domain expect."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import NamedTuple

import onnx

# Of every served graph. Microsoft's sample consumers read both, the C# one without asking whether they are there.
METADATA = {"Image.BitmapPixelFormat": "Rgb8", "Image.NominalPixelRange": "NominalRange_0_255"}


class Unexportable(Exception):
    """A graph that can't be exported, at all or to one format; the message says what of it."""


@contextmanager
def readable() -> Iterator[None]:
    """Raises Unexportable where a graph turns out not to be: of an imported project it may be anybody's."""
    try:
        yield
    except (
        *(ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError),
        onnx.shape_inference.InferenceError,
    ) as error:
        raise Unexportable(f"The graph can't be read: {error}") from error


class Ending(StrEnum):
    """What the graph answers.

    PROBABILITIES: `model_output` (1, tags).
    BOXES: `detected_boxes` (1, n, 4) as x1, y1, x2, y2 in 0..1, `detected_classes` int64 (1, n), and
    `detected_scores` (1, n), the best first.
    GRID: `model_outputs0` (1, 5 (5 + tags), 13, 13), raw, for YOLO's decoding with a logistic.
    """

    PROBABILITIES = "probabilities"
    BOXES = "boxes"
    GRID = "grid"


class Subject(NamedTuple):
    """`model` has one input, float32 (1, 3, height, width), RGB 0..255, whatever colours its consumers feed.

    `labels` stand in the order of its outputs. Consumers with `bgr` feed blue first, so that a format whose consumers
    read no metadata has to turn the colours within its graph.
    """

    model: onnx.ModelProto
    labels: list[str]
    ending: Ending
    bgr: bool
