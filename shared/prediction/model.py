"""A model that is ready to predict: its graph in an onnxruntime session, and the description of both ends."""

import os
from collections.abc import Sequence
from functools import partial
from typing import Self

import msgspec
import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors
from PIL import Image

from shared.errors import PredictionModelUnreadable
from shared.imaging.resize import model_picture, placement, preprocess
from shared.models.serving.predictions import Prediction
from shared.models.training.model_spec import ModelSpec
from shared.models.workspace.domains import DomainType
from shared.prediction import tiles as tiling
from shared.prediction.deadline import Deadline
from shared.prediction.outputs import NAMES, Found, Values, classified, detected, found_in
from shared.prediction.tiles import Tile
from shared.telemetry.predictions import Stopwatch

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
# One arena for the process: what pictures in work take is bounded by its threads, not by the models that it holds. Nine
# of 20 MB, each run by several threads: 375 MB resident, and 882 with an arena each; no slower.
ARENA = ort.OrtMemoryInfo("Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT)
ort.create_and_register_allocator(ARENA, None)
# A model may come from anybody, with an imported project, and its graph may go round for ever. Ours take less than one.
DEADLINE = Deadline(30.0)


class Model:
    """Safe to share between threads. Predicting releases the interpreter's lock."""

    def __init__(self, spec: ModelSpec, session: ort.InferenceSession, memory: int, most_boxes: int | None) -> None:
        self.spec = spec
        self.memory = memory
        self._session = session
        self._most_boxes = most_boxes

    @classmethod
    def load(cls, graph: bytes, description: bytes, threads: int = 0, most_boxes: int | None = None) -> Self:
        """From the bytes of model.onnx and model.json, warmed. Raises PredictionModelUnreadable.

        `threads` work on one picture; 0 means one a core. `most_boxes` bounds the answer of a detector.
        """
        try:
            spec = msgspec.json.decode(description, type=ModelSpec)
            # No deadline ends the folding of constants, which a hostile graph may have many of; ours gain nothing.
            session = ort.InferenceSession(
                graph,
                _options(threads),
                providers=["CPUExecutionProvider"],
                disabled_optimizers=["ConstantFolding"],
            )
        except (msgspec.DecodeError, *UNREADABLE) as error:
            raise _unreadable(error) from error
        model = cls(spec, session, len(graph) * MEMORY_FACTOR, most_boxes)
        # A first run warms the session, and shows whether the graph is the one that model.json describes.
        size = spec.preprocessing.width, spec.preprocessing.height
        model._predict(Image.new("RGB", size), Stopwatch())
        return model

    def predict(self, data: bytes, watch: Stopwatch | None = None, tiles: int = 1) -> list[Prediction]:
        """The most probable first: every tag, or the boxes of a detector, which with 2 `tiles` or more looks at as many
        by as many of them, too. Raises BadImageFormat, PredictionModelUnreadable.
        """
        watch = watch or Stopwatch()
        with watch.part("decode"):
            picture = model_picture(data, self.spec.preprocessing, tiles)
        return self._predict(picture, watch, tiles)

    def _predict(self, picture: Image.Image, watch: Stopwatch, tiles: int = 1) -> list[Prediction]:
        if self.spec.domain_type == DomainType.CLASSIFICATION:
            return classified(self.spec, self._seen(picture, watch)[0])
        found = [(tile, self._found(picture, tile, watch)) for tile in tiling.tiles(tiles)]
        return detected(self.spec, tiling.together(found), self._most_boxes)

    def _found(self, picture: Image.Image, tile: Tile, watch: Stopwatch) -> Found:
        part = picture if tile == tiling.WHOLE else picture.crop(tile.of(picture.size))
        return found_in(self.spec, self._seen(part, watch), placement(part.size, self.spec.preprocessing))

    def _seen(self, picture: Image.Image, watch: Stopwatch) -> Sequence[Values]:
        with watch.part("decode"):
            planes = preprocess(picture, self.spec.preprocessing)
        with watch.part("inference"):
            return self._run(planes)

    def _run(self, planes: npt.NDArray[np.float32]) -> Sequence[Values]:
        """Float32 (1, 3, height, width), RGB 0..255 -> the outputs that `NAMES` asks for."""
        options = ort.RunOptions()
        try:
            inputs = {self._session.get_inputs()[0].name: planes}
            with DEADLINE.of(partial(setattr, options, "terminate", True)):
                values: Sequence[Values] = self._session.run(NAMES[self.spec.domain_type], inputs, options)
        except (ValueError, *UNREADABLE) as error:
            if options.terminate:
                raise PredictionModelUnreadable(
                    f"The model took over {DEADLINE.seconds:g} seconds for one picture; train again."
                ) from None
            raise _unreadable(error) from error
        return values


def _unreadable(error: Exception) -> PredictionModelUnreadable:
    return PredictionModelUnreadable(f"The model can't be read; train again. ({error})")


# A session's memory over its graph's bytes: 1.8 to 2.3 measured on EfficientNet-Lite0, and some for pictures in work.
MEMORY_FACTOR = 3
# Where nothing is.
NO_FOLDER = "/nonexistent"


def _options(threads: int) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads or os.cpu_count() or 1
    options.inter_op_num_threads = 1
    # A thread that spins for work takes the core from the request beside it: 21 to 37 ms of processor time a picture
    # (EfficientNet-Lite0, two cores) against 18 to 19 without, and 17.5 with one thread, which answers a lone request
    # later.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # A graph of an imported project may be anybody's: the files that it names are looked for in a folder that is none.
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", NO_FOLDER)
    options.add_session_config_entry("session.use_env_allocators", "1")
    # Errors come as exceptions; warnings of the optimiser say nothing to an operator.
    options.log_severity_level = 3
    return options
