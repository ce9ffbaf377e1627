"""Runs the exported model on pictures, prepared as the service prepares them: python predict.py photo.jpg ..."""

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import onnxruntime
from PIL import Image

FOLDER = Path(__file__).resolve().parent.parent
# How a picture with each EXIF orientation is turned to stand upright.
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = range(5, 9)
# The service leaves out boxes below this.
LEAST = 0.01

Values = npt.NDArray[np.float32]


class Prediction(NamedTuple):
    """A tag; of a detector with its box: left, top, width and height as fractions of the upright picture."""

    label: str
    probability: float
    box: list[float] | None = None


class Model:
    """The exported model; threads may share it. `labels.txt` lies beside its graph."""

    def __init__(self, path: str | Path = FOLDER / "model.onnx") -> None:
        self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        (self.input,) = self.session.get_inputs()
        self.outputs = [output.name for output in self.session.get_outputs()]
        self.labels = (Path(path).parent / "labels.txt").read_text(encoding="utf-8").split("\n")

    @property
    def detects(self) -> bool:
        return "detected_boxes" in self.outputs

    def predict(self, image: Image.Image) -> list[Prediction]:
        """The most probable first: every tag, or every box that a detector found."""
        height, width = self.input.shape[2:]
        results = self.session.run(self.outputs, {self.input.name: model_input(image, width, height)})
        values = dict(zip(self.outputs, results, strict=True))
        found = boxes(values, self.labels) if self.detects else tags(results[0], self.labels)
        return sorted(found, key=lambda prediction: -prediction.probability)


def tags(probabilities: Values, labels: list[str]) -> list[Prediction]:
    return [Prediction(label, float(each)) for label, each in zip(labels, probabilities[0], strict=True)]


def boxes(values: dict[str, Values], labels: list[str]) -> list[Prediction]:
    """From corners left, top, right, bottom; what reaches out of the picture is cut off."""
    corners = np.clip(values["detected_boxes"].reshape(-1, 4), 0, 1)
    found = zip(corners, values["detected_classes"].ravel(), values["detected_scores"].ravel(), strict=True)
    return [
        Prediction(labels[int(tag)], float(score), [*map(float, (*corner[:2], *(corner[2:] - corner[:2])))])
        for corner, tag, score in found
        if score >= LEAST
    ]


def model_input(image: Image.Image, width: int, height: int) -> Values:
    """Float32 (1, 3, height, width), RGB, 0..255: the whole upright picture, squashed to the size of the input."""
    picture = upright(image, width, height)
    small = picture.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0)
    return np.asarray(small).transpose(2, 0, 1).astype(np.float32)[None]


def upright(image: Image.Image, width: int, height: int) -> Image.Image:
    """In RGB, alpha on white. A large picture is first shrunk by a whole number, to no less than twice the input."""
    orientation = image.getexif().get(0x0112, 1)
    wide, high = (2 * height, 2 * width) if orientation in SIDEWAYS else (2 * width, 2 * height)
    image.draft(None, (wide, high))
    factor = max(1, min(image.width // wide, image.height // high) // 2)
    picture = on_white(image).reduce(factor)
    return picture.transpose(UPRIGHT[orientation]) if orientation in UPRIGHT else picture


def on_white(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        # Pillow clips 16-bit grey to 255 instead of scaling it, and takes no transparent colour.
        samples = np.asarray(image)
        shown = np.where(samples == image.info.get("transparency", -1), 255, samples >> 8)
        return Image.fromarray(shown.astype(np.uint8)).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    white = Image.new("RGB", image.size, "white")
    white.paste(layer, mask=layer.getchannel("A"))
    return white


if __name__ == "__main__":
    model = Model()
    for name in sys.argv[1:]:
        print(name)
        with Image.open(name) as image:
            predictions = model.predict(image)
        for label, probability, box in predictions:
            place = f" at {', '.join(f'{side:.3f}' for side in box)}" if box else ""
            print(f"  {probability:7.2%}  {label}{place}")
