"""Runs what was written as its consumers do: what each format answers for photographs, output by output."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import openvino
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

from shared.exporting.graph.subject import Subject
from shared.settings import ROOT
from tests.exporting.agreement import Answers
from tests.exporting.making import size_of

# Where a processor has bfloat16, OpenVINO computes in that unless it is told otherwise.
EXACT = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
PREDICT = ROOT / "tests" / "exporting" / "predict.cjs"


def resized(data: bytes, subject: Subject) -> np.ndarray:
    """As Microsoft's samples in Python do it: Pillow's own resize of the whole file, uint8 (height, width, 3)."""
    size = size_of(subject.model)
    return np.asarray(Image.open(BytesIO(data)).resize((size.width, size.height)))


def fed(subject: Subject, photographs: Sequence[bytes]) -> np.ndarray:
    """As consumers feed them: float32 (n, height, width, 3), blue first where they do so."""
    pictures = np.stack([resized(data, subject) for data in photographs]).astype(np.float32)
    return np.ascontiguousarray(pictures[..., ::-1] if subject.bgr else pictures)


def by_tflite(model: bytes, pictures: np.ndarray) -> Answers:
    interpreter = Interpreter(model_content=model, num_threads=1)
    interpreter.allocate_tensors()
    (given,), outputs = interpreter.get_input_details(), interpreter.get_output_details()
    answers = []
    for picture in pictures:
        interpreter.set_tensor(given["index"], picture[None])
        interpreter.invoke()
        answers.append({output["name"]: interpreter.get_tensor(output["index"]) for output in outputs})
    return answers


def by_openvino(files: Mapping[str, bytes], subject: Subject, photographs: Sequence[bytes]) -> Answers:
    """As consumers feed it: RGB in 0..1."""
    core = openvino.Core()
    model = core.compile_model(core.read_model(files["model.xml"], files["model.bin"]), "CPU", EXACT)
    pictures = (resized(data, subject).transpose(2, 0, 1)[None] / 255 for data in photographs)
    answers = []
    for picture in pictures:
        found = model({0: picture.astype(np.float32)})
        answers.append({output.any_name: np.array(found[output]) for output in model.outputs})
    return answers


def by_tfjs(files: Mapping[str, bytes], pictures: np.ndarray, folder: Path) -> Answers:
    """By plain TensorFlow.js on WebAssembly."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    pictures.tofile(folder / "pictures.bin")
    command = ["node", str(PREDICT), str(folder), *map(str, pictures.shape[1:3])]
    said = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    return answers_of(said.stdout)


def answers_of(text: str) -> Answers:
    """As programs in other languages tell them."""
    return [{name: array(**output) for name, output in answer.items()} for answer in json.loads(text)]


def array(shape: list[int], dtype: str, values: list[float]) -> np.ndarray:
    return np.array(values, dtype).reshape(shape)
