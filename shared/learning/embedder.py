"""A backbone that looks at pictures."""

import numpy as np
import onnxruntime
from PIL import Image

from shared.arrays import Halves
from shared.imaging.resize import model_picture, preprocess
from shared.models.training.preprocessing import Preprocessing


class Embedder:
    """An ONNX graph of `pixels` (1, 3, side, side), RGB 0..255, whose outputs are the layers. Safe to share between
    threads; each looks on one core, as a picture a core is faster than all cores on one picture.
    """

    def __init__(self, graph: bytes, spec: Preprocessing) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self._spec = spec

    def embedding(self, picture: bytes) -> Halves:
        """All layers one after the other, (width,), of the middle that the backbone sees. Raises BadImageFormat."""
        return self.of_picture(model_picture(picture, self._spec))

    def of_picture(self, picture: Image.Image) -> Halves:
        planes = preprocess(picture, self._spec)
        (pixels,) = self._session.get_inputs()
        *_, height, width = pixels.shape
        top, left = (planes.shape[2] - height) // 2, (planes.shape[3] - width) // 2
        middle = np.ascontiguousarray(planes[:, :, top : top + height, left : left + width])
        found: Halves = np.hstack(self._session.run(None, {pixels.name: middle}))[0].astype(np.float16)
        return found
