"""How training runs a graph."""

import onnx
import onnxruntime


def session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    """One that runs on the core of the thread that calls it, and in many threads."""
    options = onnxruntime.SessionOptions()
    # A picture a core is faster than all cores on one picture.
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
