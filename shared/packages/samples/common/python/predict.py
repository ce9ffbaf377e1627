"""Runs the exported model on pictures, prepared as the service prepares them: python predict.py photo.jpg ..."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image
from runtime import Runtime

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
# The service leaves out boxes below this, and those that a better one of their tag overlaps by more than that.
LEAST, OVERLAP = 0.01, 0.5
# Width and height in cells of the five boxes that a cell of a grid has.
ANCHORS = np.array([[0.573, 0.677], [1.87, 2.06], [3.34, 5.47], [7.88, 3.53], [9.77, 9.17]])

Values = npt.NDArray[np.floating]


class Prediction(NamedTuple):
    """A tag; of a detector with its box: left, top, width and height as fractions of the upright picture."""

    label: str
    probability: float
    box: list[float] | None = None


class Model:
    """The exported model; threads may share it where its runtime lets them. `labels.txt` lies beside it."""

    def __init__(self, path: str | Path = FOLDER / Runtime.file) -> None:
        self.runtime = Runtime(Path(path))
        self.labels = (Path(path).parent / "labels.txt").read_text(encoding="utf-8").split("\n")

    @property
    def detects(self) -> bool:
        return "detected_boxes" in self.runtime.outputs or self.runtime.outputs[0].startswith("model_outputs")

    def predict(self, image: Image.Image) -> list[Prediction]:
        """The most probable first: every tag, or every box that a detector found."""
        return self.run(self.prepare(image))

    def prepare(self, image: Image.Image) -> Values:
        return model_input(image, self.runtime.width, self.runtime.height)

    def run(self, pixels: Values) -> list[Prediction]:
        values = self.runtime.run(pixels)
        first = values[self.runtime.outputs[0]]
        if not self.detects:
            found = tags(first, self.labels)
        elif "detected_boxes" in values:
            found = boxes(values, self.labels)
        else:
            found = list(cells(first, self.labels))
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


def cells(grid: Values, labels: list[str]) -> Iterator[Prediction]:
    """From a raw grid, float (1, rows, columns, 5 (5 + tags)): the middle of a box within its cell, its size beside the
    anchor's, whether there is an object, and its tag.
    """
    _, rows, columns, _ = grid.shape
    values = grid[0].reshape(rows, columns, len(ANCHORS), -1).astype(np.float64)
    row, column = np.mgrid[:rows, :columns]
    middles = np.stack([column, row], axis=-1)[:, :, None] + logistic(values[..., :2])
    halves = np.exp(values[..., 2:4]) * ANCHORS / 2
    corners = np.concatenate([middles - halves, middles + halves], axis=-1).reshape(-1, 4)
    corners = np.clip(corners / ([columns, rows] * 2), 0, 1)
    likely = np.exp(values[..., 5:] - values[..., 5:].max(axis=-1, keepdims=True))
    scores = logistic(values[..., 4:5]) * likely / likely.sum(axis=-1, keepdims=True)
    for label, each in zip(labels, scores.reshape(len(corners), -1).T, strict=True):
        for index in best(corners, each):
            left, top, right, bottom = map(float, corners[index])
            yield Prediction(label, float(each[index]), [left, top, right - left, bottom - top])


def best(corners: Values, scores: Values) -> Iterator[int]:
    """The boxes that no better one overlaps, the best first."""
    sizes = (corners[:, 2:] - corners[:, :2]).prod(axis=1)
    left = np.array([index for index in np.argsort(-scores) if scores[index] >= LEAST], int)
    while len(left):
        index, left = left[0], left[1:]
        yield int(index)
        low, high = np.maximum(corners[index, :2], corners[left, :2]), np.minimum(corners[index, 2:], corners[left, 2:])
        common = (high - low).clip(0).prod(axis=1)
        left = left[common <= OVERLAP * (sizes[index] + sizes[left] - common)]


def logistic(values: Values) -> Values:
    return 1 / (1 + np.exp(-values))


def model_input(image: Image.Image, width: int, height: int) -> Values:
    """Float32 (height, width, 3), RGB, 0..255: the whole upright picture, squashed to the size of the input."""
    picture = upright(image, width, height)
    small = picture.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0)
    return np.asarray(small).astype(np.float32)


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
