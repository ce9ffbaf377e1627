"""Files of predictions: CSV, JSON lines, COCO's results, or the pictures with what is found drawn on them."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from cli.predict.asking import Asked
from shared.imaging import decode
from shared.imaging.drawing import draw_predictions
from shared.models.limits import BODY_BYTES, Limits
from shared.models.serving.predictions import BoundingBox, Prediction

HEAD = ("file", "seconds", "tag", "probability", "left", "top", "width", "height", "error")


def table(asked: Sequence[Asked]) -> bytes:
    """A row for each prediction, and one for each picture without; boxes in fractions of the picture.

    Frames of videos have the seconds from the first one.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEAD)
    for each in asked:
        writer.writerows(_rows(each))
    return out.getvalue().encode()


def _rows(asked: Asked) -> Iterator[tuple[object, ...]]:
    seconds = "" if asked.seconds is None else asked.seconds
    if not asked.predictions:
        yield asked.file, seconds, *[""] * (len(HEAD) - 3), asked.error
    for found in asked.predictions:
        box = found.bounding_box
        sides = (box.left, box.top, box.width, box.height) if isinstance(box, BoundingBox) else ("",) * 4
        yield asked.file, seconds, found.tag_name, round(found.probability, 6), *sides, ""


def lines(asked: Sequence[Asked]) -> bytes:
    return b"".join(msgspec.json.encode(each) + b"\n" for each in asked)


def coco(asked: Sequence[Asked]) -> bytes:
    """COCO's file of images and categories, with a score for each annotation; boxes in pixels."""
    names = sorted({found.tag_name for each in asked for found in each.predictions})
    categories = {name: number for number, name in enumerate(names, 1)}
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for number, each in enumerate((each for each in asked if not each.error), 1):
        width, height = each.size or _size(each.file)
        moment = {} if each.seconds is None else {"video": each.file, "seconds": each.seconds}
        images.append({"id": number, "file_name": each.name, "width": width, "height": height} | moment)
        for found in each.predictions:
            about = {"id": len(annotations) + 1, "image_id": number, "category_id": categories[found.tag_name]}
            annotations.append(about | _box(found, width, height) | {"score": round(found.probability, 6)})
    listed = [{"id": number, "name": name} for name, number in categories.items()]
    return msgspec.json.encode({"images": images, "annotations": annotations, "categories": listed})


def _size(file: str) -> tuple[int, int]:
    header = decode.check(Path(file).read_bytes(), Limits(), BODY_BYTES)
    return header.width, header.height


def _box(found: Prediction, width: int, height: int) -> dict[str, object]:
    """None of a classifier's."""
    box = found.bounding_box
    if not isinstance(box, BoundingBox):
        return {}
    sides = (box.left * width, box.top * height, box.width * width, box.height * height)
    return {"bbox": [round(side, 2) for side in sides], "area": round(sides[2] * sides[3], 2), "iscrowd": 0}


def draw(asked: Asked, data: bytes, path: Path) -> None:
    """A copy of the picture, upright, with its boxes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = decode.decode(data)
    draw_predictions(picture, asked.predictions).save(path, quality=92)
