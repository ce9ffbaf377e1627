"""How TensorFlow runs the SavedModel."""

from pathlib import Path

import numpy as np
import tensorflow as tf

# As the domain's consumers feed it.
BLUE_FIRST = False


class Runtime:
    file = "saved_model.pb"

    def __init__(self, path: Path) -> None:
        # What is loaded holds what its functions need.
        self.model = tf.saved_model.load(str(path.parent))
        self.function = self.model.signatures["serving_default"]
        self.outputs = sorted(self.function.structured_outputs)
        ((self.input, given),) = self.function.structured_input_signature[1].items()
        _, self.height, self.width, _ = given.shape

    def run(self, pixels: np.ndarray) -> dict[str, np.ndarray]:
        """From float32 (height, width, 3), RGB, 0..255."""
        given = pixels[..., ::-1] if BLUE_FIRST else pixels
        values = self.function(**{self.input: tf.constant(given[None])})
        return {name: value.numpy() for name, value in values.items()}
