"""How TensorFlow Lite, by its name of today LiteRT, runs the model."""

from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

# As the domain's consumers feed it.
BLUE_FIRST = False


class Runtime:
    file = "model.tflite"

    def __init__(self, path: Path) -> None:
        self.interpreter = Interpreter(model_path=str(path))
        self.interpreter.allocate_tensors()
        (self.input,) = self.interpreter.get_input_details()
        _, self.height, self.width, _ = self.input["shape"].tolist()
        self.places = {each["name"]: each["index"] for each in self.interpreter.get_output_details()}
        self.outputs = list(self.places)

    def run(self, pixels: np.ndarray) -> dict[str, np.ndarray]:
        """From float32 (height, width, 3), RGB, 0..255."""
        given = pixels[..., ::-1] if BLUE_FIRST else pixels
        self.interpreter.set_tensor(self.input["index"], given[None])
        self.interpreter.invoke()
        return {name: self.interpreter.get_tensor(index) for name, index in self.places.items()}
