"""What an iteration says of a data set's pictures, in a file beside them: COCO's results of a detector, a table of a
classifier.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from shared.formats import pixels
from shared.formats.catalogue import Format
from shared.formats.dataset import PREDICTED_BOXES, PREDICTED_TAGS, LabelledSet, Mark
from shared.formats.exchange import coco
from shared.models.wire import Wire


class Said(Wire, frozen=True):
    """A tag of the whole picture, or a box with its tag, and how probable it is, 0..1."""

    tag: str
    probability: float
    mark: Mark | None = None


def said(predictions: Iterable[Any]) -> list[Said]:
    """Of predictions, be they the service's own or the SDK's."""
    return [Said(each.tag_name, each.probability, _mark(each.tag_name, each.bounding_box)) for each in predictions]


def _mark(tag: str, box: Any) -> Mark | None:
    return Mark(tag, box.left, box.top, box.width, box.height) if box else None


def described(
    written: LabelledSet, format: Format, answers: Iterable[Sequence[Said]], *, detects: bool
) -> dict[str, bytes]:
    """The file by its name; an answer for each of the pictures, in their order."""
    if detects:
        return {PREDICTED_BOXES: _results(written, answers)}
    return {PREDICTED_TAGS: _table(written, format, answers)}


def _results(written: LabelledSet, answers: Iterable[Sequence[Said]]) -> bytes:
    """Boxes of tags that the set does not have are left out: they would have no number."""
    images, categories = coco.image_ids(written), coco.category_ids(written)
    results = [
        msgspec.json.encode(
            {
                "image_id": images[picture.file],
                "file_name": picture.file,
                "category_id": categories[each.tag],
                "bbox": pixels.ltwh(each.mark, picture.size or (0, 0)),
                "score": round(each.probability, 6),
            }
        )
        for picture, answer in zip(written.pictures, answers, strict=True)
        for each in answer
        if each.mark and each.tag in categories
    ]
    return b"[" + b",".join(results) + b"]"


def _table(written: LabelledSet, format: Format, answers: Iterable[Sequence[Said]]) -> bytes:
    """Pictures are named as the format's own table does."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("image", "tags", "predicted", "probability"))
    for picture, answer in zip(written.pictures, answers, strict=True):
        place, *_ = format.places(picture)
        for each in answer:
            writer.writerow((f"{written.prefix}{place}", "|".join(picture.tags), each.tag, round(each.probability, 6)))
    return out.getvalue().encode()
