"""What a detector learns from, and how a graph is run on it."""

from collections.abc import Callable
from typing import NamedTuple

import onnx
import onnxruntime

from shared.arrays import Floats, Ints


class Example(NamedTuple):
    """An image to learn from: how to read a file of it; boxes (M, 4), x1, y1, x2, y2 in 0..1; tags (M,)."""

    read: Callable[[], bytes]
    boxes: Floats
    tags: Ints


def session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    """One that runs on the core of the thread that calls it, and in many threads."""
    options = onnxruntime.SessionOptions()
    # A picture a core is faster than all cores on one picture.
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
