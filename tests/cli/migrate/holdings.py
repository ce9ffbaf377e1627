"""Projects that a stand-in holds: a classifier, a multilabel one and a detector, of small pictures."""

from io import BytesIO
from random import Random

from PIL import Image, ImageDraw

from tests.cli.migrate.standin import Held, Picture, hold, identify

CLASSIFIER = "0732100f-1a38-4e49-a514-c9b44c697ab5"
GENERAL = "ee85a74c-405e-4adc-bb47-ffa8ca0c9f31"
DETECTOR = "a27d5ca5-bb19-49d8-a70a-fec086c47f5b"
COLOURS = ("red", "green", "blue")


def drawn(colour: str, seed: int, side: int = 64) -> bytes:
    """A square of a colour on noise; every seed gives other bytes."""
    random = Random(f"{colour}{seed}")
    image = Image.new("RGB", (side, side), tuple(random.randint(190, 255) for _ in range(3)))
    left, top = random.randint(0, side // 2), random.randint(0, side // 2)
    ImageDraw.Draw(image).rectangle((left, top, left + side // 3, top + side // 3), fill=colour)
    image.putpixel((seed % side, seed // side % side), (seed % 256, 0, 0))
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def three(count: int, side: int = 64) -> list[Held]:
    """Of so many pictures each; the last of the classifier's is gone."""
    held = [classifier(count, side), multilabel(count, side), detector(count, side)]
    held[0].pictures[-1].is_gone = True
    return held


def classifier(count: int, side: int = 64) -> Held:
    """One tag a picture, a Negative one among them; every tenth is untagged, and runs of them share metadata."""
    held = hold("Screws <b>&", CLASSIFIER, "Multiclass", dict.fromkeys(COLOURS, "Regular") | {"none": "Negative"})
    names = [*COLOURS, "none"]
    for n in range(count):
        tags = [] if n % 10 == 9 else [names[n % 4]]
        metadata = {"line": str(n // 16)} if n % 32 < 16 else {}
        held.pictures.append(_picture(held, n, side, tags=tags, metadata=metadata))
    return held


def multilabel(count: int, side: int = 64) -> Held:
    """None to three tags a picture; each has a file name."""
    held = hold("Shelves", GENERAL, "Multilabel", dict.fromkeys(COLOURS, "Regular"), "What lies on shelves")
    for n in range(count):
        tags = [name for bit, name in enumerate(COLOURS) if n >> bit & 1]
        held.pictures.append(_picture(held, n, side, tags=tags, metadata={"filename": f"IMG_{n:04}.png"}))
    return held


def detector(count: int, side: int = 64) -> Held:
    """None to two boxes a picture, some of which leave it by a rounding error."""
    held = hold("Parts", DETECTOR, None, dict.fromkeys(COLOURS, "Regular"))
    for n in range(count):
        colour, other = COLOURS[n % 3], COLOURS[(n + 1) % 3]
        boxes = [(colour, 0.1, n % 40 / 64, 1 / 3, 0.25), (other, 0.5, 0.5, 0.5000001, 0.3)][: n % 3]
        held.pictures.append(_picture(held, n, side, tags=sorted({box[0] for box in boxes}), boxes=boxes))
    return held


def _picture(held: Held, number: int, side: int, **labels: object) -> Picture:
    data = drawn(COLOURS[number % 3], number, side)
    return Picture(identify(held.project["id"], number), data, **labels)  # type: ignore[arg-type]


PERFORMANCE = {
    "perTagPerformance": [],
    "precision": 0.75,
    "precisionStdDeviation": 0.0,
    "recall": 0.5,
    "recallStdDeviation": 0.0,
    "averagePrecision": 0.875,
}


def iteration(name: str, published: str | None, exportable: bool) -> dict[str, object]:
    return {
        "id": str(identify("iteration", name)),
        "name": name,
        "status": "Completed",
        "created": "2020-11-06T16:37:26.266Z",
        "lastModified": "2020-11-06T16:37:26.266Z",
        "trainedAt": "2020-11-06T16:37:26.266Z",
        "projectId": str(identify("any")),
        "exportable": exportable,
        "exportableTo": ["ONNX"] if exportable else [],
        "publishName": published,
        "trainingErrorDetails": None,
    }
