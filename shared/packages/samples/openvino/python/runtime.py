"""How OpenVINO runs the model."""

from pathlib import Path

import numpy as np
import openvino

# Where the processor has bfloat16, OpenVINO computes in that: faster, but probabilities differ by up to 0.05.
EXACT = {"INFERENCE_PRECISION_HINT": "f32"}


class Runtime:
    file = "model.xml"

    def __init__(self, path: Path) -> None:
        self.model = openvino.Core().compile_model(str(path), "CPU", EXACT)
        _, _, self.height, self.width = self.model.input(0).shape
        self.outputs = [output.any_name for output in self.model.outputs]

    def run(self, pixels: np.ndarray) -> dict[str, np.ndarray]:
        """From float32 (height, width, 3), RGB, 0..255."""
        answers = self.model({0: pixels.transpose(2, 0, 1)[None] / np.float32(255)})
        return {name: np.array(answers[place]) for place, name in enumerate(self.outputs)}
