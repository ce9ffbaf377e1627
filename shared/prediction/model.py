"""A model that is ready to predict: its graph in an onnxruntime session, and what its outputs mean."""

import os
from typing import Self

import msgspec
import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from shared.errors import PredictionModelUnreadable
from shared.imaging.resize import model_input
from shared.models.predictions import Prediction
from shared.models.training import ModelSpec

# What onnxruntime raises on a graph that is no graph, or one that it can't run.
UNREADABLE = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NoSuchFile,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)


class Model:
    """Safe to share between threads. Predicting releases the interpreter's lock."""

    def __init__(self, spec: ModelSpec, session: ort.InferenceSession, memory: int) -> None:
        self.spec = spec
        self.memory = memory
        self._session = session
        self._input = session.get_inputs()[0].name

    @classmethod
    def load(cls, graph: bytes, description: bytes, threads: int = 0) -> Self:
        """From the bytes of model.onnx and model.json, warmed. Raises PredictionModelUnreadable.

        `threads` work on one picture; 0 means one a core.
        """
        try:
            spec = msgspec.json.decode(description, type=ModelSpec)
            session = ort.InferenceSession(graph, _options(threads), providers=["CPUExecutionProvider"])
            model = cls(spec, session, len(graph) * MEMORY_FACTOR)
            model._require_fit()
        except (msgspec.DecodeError, *UNREADABLE) as error:
            raise PredictionModelUnreadable(f"The model can't be read; train again. ({error})") from error
        return model

    def predict(self, data: bytes) -> list[Prediction]:
        """Every tag with its probability, the most probable first. Raises BadImageFormat."""
        return self._predictions(self._run(model_input(data, self.spec.preprocessing)))

    def _require_fit(self) -> None:
        """Run once: it warms the session, and shows whether the graph is the one that model.json describes."""
        size = self.spec.preprocessing
        outputs = self._run(np.zeros((1, 3, size.height, size.width), np.float32))
        if outputs.shape != (len(self.spec.tags),):
            raise PredictionModelUnreadable(
                f"The model has {outputs.shape} outputs for {len(self.spec.tags)} tags; train again."
            )

    def _run(self, picture: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Float32 (1, 3, height, width), RGB 0..255 -> probabilities (tags,)."""
        outputs: npt.NDArray[np.float32] = self._session.run(None, {self._input: picture})[0][0]
        return outputs

    def _predictions(self, probabilities: npt.NDArray[np.float32]) -> list[Prediction]:
        found = zip(self.spec.tags, probabilities.tolist(), strict=True)
        predictions = [Prediction(probability, tag.id, tag.name, tag.type) for tag, probability in found]
        return sorted(predictions, key=lambda prediction: -prediction.probability)


# A session's memory over its graph's bytes: 1.8 to 2.3 measured on EfficientNet-Lite0, and some for pictures in work.
MEMORY_FACTOR = 3


def _options(threads: int) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads or os.cpu_count() or 1
    options.inter_op_num_threads = 1
    # A thread that spins for work takes the core from the request beside it: 21 to 37 ms of processor time a picture
    # (EfficientNet-Lite0, two cores) against 18 to 19 without, and 17.5 with one thread, which answers a lone request
    # later.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Errors come as exceptions; warnings of the optimiser say nothing to an operator.
    options.log_severity_level = 3
    return options
