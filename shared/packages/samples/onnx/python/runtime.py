"""How onnxruntime runs the model."""

from pathlib import Path

import numpy as np
import onnxruntime


class Runtime:
    file = "model.onnx"

    def __init__(self, path: Path) -> None:
        self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        (self.input,) = self.session.get_inputs()
        self.height, self.width = self.input.shape[2:]
        # Windows ML's further outputs say the same in words.
        self.outputs = [each.name for each in self.session.get_outputs() if each.name not in ("classLabel", "loss")]

    def run(self, pixels: np.ndarray) -> dict[str, np.ndarray]:
        """From float32 (height, width, 3), RGB, 0..255. Onnxruntime has planes, one behind the other."""
        given = pixels.transpose(2, 0, 1)[None].astype(np.float16 if "16" in self.input.type else np.float32)
        values = self.session.run(self.outputs, {self.input.name: given})
        found = zip(self.outputs, values, strict=True)
        return {name: value.transpose(0, 2, 3, 1) if value.ndim == 4 else value for name, value in found}
