"""Runs by TensorFlow what lies in some folders, and leaves there what each format answers. TensorFlow's Python runs it,
which has nothing of ours.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import tensorflow as tf

Answer = Mapping[str, np.ndarray]


def frozen(folder: Path) -> Callable[[np.ndarray], Answer]:
    """As consumers do: one placeholder, and the nodes that no other reads."""
    definition = tf.compat.v1.GraphDef.FromString((folder / "model.pb").read_bytes())
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(definition, name="")
    (given,) = (node.name for node in definition.node if node.op == "Placeholder")
    read = {name.split(":")[0] for node in definition.node for name in node.input}
    outputs = [node.name for node in definition.node if node.name not in read]
    session = tf.compat.v1.Session(graph=graph)

    def run(picture: np.ndarray) -> Answer:
        values = session.run([f"{name}:0" for name in outputs], {f"{given}:0": picture})
        return dict(zip(outputs, values, strict=True))

    return run


def saved(folder: Path) -> Callable[[np.ndarray], Answer]:
    function = tf.saved_model.load(str(folder)).signatures["serving_default"]
    return lambda picture: {name: value.numpy() for name, value in function(tf.constant(picture)).items()}


def lite(folder: Path) -> Callable[[np.ndarray], Answer]:
    function = tf.lite.Interpreter(str(folder / "model.tflite")).get_signature_runner()
    return lambda picture: function(Placeholder=picture)


def told(value: np.ndarray) -> dict[str, object]:
    return {"shape": value.shape, "dtype": str(value.dtype), "values": value.reshape(-1).tolist()}


for folder in map(Path, sys.argv[1:]):
    pictures = np.load(folder / "pictures.npy")
    for name, format in {"model.pb": frozen, "saved_model.pb": saved, "model.tflite": lite}.items():
        run = format(folder)
        answers = [{key: told(value) for key, value in run(picture[None]).items()} for picture in pictures]
        (folder / f"{name}.json").write_text(json.dumps(answers))
