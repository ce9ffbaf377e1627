"""How TensorFlow runs the frozen graph."""

from pathlib import Path

import numpy as np
import tensorflow as tf

# As the domain's consumers feed it.
BLUE_FIRST = False


class Runtime:
    file = "model.pb"

    def __init__(self, path: Path) -> None:
        graph = tf.compat.v1.GraphDef.FromString(path.read_bytes())
        read = {name.partition(":")[0] for node in graph.node for name in node.input}
        self.outputs = [node.name for node in graph.node if node.name not in read]
        function = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(graph, name=""), [])
        (given,) = (node.name for node in graph.node if node.op == "Placeholder")
        source = function.graph.get_tensor_by_name(f"{given}:0")
        self.function = function.prune(source, [f"{name}:0" for name in self.outputs])
        _, self.height, self.width, _ = source.shape

    def run(self, pixels: np.ndarray) -> dict[str, np.ndarray]:
        """From float32 (height, width, 3), RGB, 0..255."""
        given = pixels[..., ::-1] if BLUE_FIRST else pixels
        values = self.function(tf.constant(given[None]))
        return {name: value.numpy() for name, value in zip(self.outputs, values, strict=True)}
