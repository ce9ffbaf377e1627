"""Label Studio's JSON: tasks with annotations, boxes in hundredths of the picture."""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from shared.formats.dataset import DatasetError, Labelled, LabelledSet, Mark
from shared.formats.files import PICTURES
from shared.formats.reading import Reading, sides
from shared.formats.source import Source

BOX, CHOICE = "rectanglelabels", "choices"
LOST = {
    "polygonlabels": "polygons",
    "brushlabels": "masks",
    "ellipselabels": "ellipses",
    "keypointlabels": "keypoints",
    "relation": "relations",
    "videorectangle": "tracks of videos",
}


class Value(Struct, frozen=True):
    """What lies on a picture, in hundredths of it, or what is said of all of it."""

    x: float = 0
    y: float = 0
    width: float = 0
    height: float = 0
    rotation: float = 0
    rectanglelabels: list[str] = []
    choices: list[str] = []


class Result(Struct, frozen=True):
    type: str = ""
    value: Value = Value()
    original_width: float | None = None
    original_height: float | None = None


class Annotation(Struct, frozen=True):
    result: list[Result] = []
    was_cancelled: bool = False


class Task(Struct, frozen=True):
    """`completions` are what the annotations were called before version 1."""

    data: dict[str, msgspec.Raw]
    annotations: list[Annotation] = []
    completions: list[Annotation] = []
    predictions: list[msgspec.Raw] = []


def fits(source: Source) -> bool:
    return bool(list(_files(source)))


def _files(source: Source) -> Iterator[str]:
    return (name for name in source.described(".json") if "data" in source.keys(name) and _has_results(source, name))


def _has_results(source: Source, name: str) -> bool:
    return bool(source.keys(name) & {"annotations", "completions", "predictions"})


def read(source: Source) -> Reading:
    reading = Reading(source)
    for name in _files(source):
        for task in source.json(name, list[Task]):
            _read_task(reading, name, task)
    return reading


def _read_task(reading: Reading, name: str, task: Task) -> None:
    texts = {key: text for key, raw in task.data.items() if (text := _text(raw))}
    address = texts.get("image") or next((text for text in texts.values() if _is_picture(text)), "")
    if not address:
        raise DatasetError(f"{name} has tasks without a picture; its `data` should name one, as `image`.")
    found = reading.find(address, name)
    if not found:
        return
    given = [each for each in (*task.annotations, *task.completions) if not each.was_cancelled]
    reading.lose("second opinions", max(0, len(given) - 1))
    reading.lose("predictions", len(task.predictions))
    results = given[0].result if given else []
    tags = tuple(dict.fromkeys(tag for result in results if result.type == CHOICE for tag in result.value.choices))
    marks = tuple(mark for result in results for mark in _marks(reading, result))
    sizes = (sides(result.original_width, result.original_height) for result in results)
    size = next(filter(None, sizes), None)
    reading.add(Labelled(found, tags, marks, texts.get("split", ""), size))


def _text(raw: msgspec.Raw) -> str:
    try:
        return msgspec.json.decode(raw, type=str)
    except msgspec.DecodeError:
        return ""


def _is_picture(text: str) -> bool:
    return text.partition("?X-")[0].lower().endswith(PICTURES)


def _marks(reading: Reading, result: Result) -> Iterator[Mark]:
    value = result.value
    if result.type == CHOICE:
        return
    if result.type != BOX:
        reading.lose(LOST.get(result.type, f"results of the type {result.type or 'that is not named'}"))
    elif value.rotation:
        reading.lose("rotated boxes")
    else:
        corners = (value.x, value.y, value.x + value.width, value.y + value.height)
        for tag in value.rectanglelabels:
            yield from reading.box(tag, corners, (100, 100))


def places(picture: Labelled) -> list[str]:
    return [f"images/{picture.file}"]


def write(written: LabelledSet) -> dict[str, bytes]:
    tasks = [_task(number, picture, written.prefix) for number, picture in enumerate(written.pictures, 1)]
    return {"tasks.json": msgspec.json.encode(tasks)}


def _task(number: int, picture: Labelled, prefix: str) -> dict[str, object]:
    results = [_box(f"{number}-{at}", mark, picture.size or (0, 0)) for at, mark in enumerate(picture.marks)]
    if picture.tags and not picture.marks:
        value = {"choices": list(picture.tags)}
        results = [
            {"id": f"{number}-0", "type": CHOICE, "from_name": "choice", "to_name": "image", "value": value},
        ]
    data = {"image": f"{prefix}images/{picture.file}"} | ({"split": picture.split} if picture.split else {})
    return {"id": number, "data": data, "annotations": [{"result": results}]}


def _box(key: str, mark: Mark, size: tuple[int, int]) -> dict[str, object]:
    left, top, width, height = (round(100 * value, 6) for value in (mark.left, mark.top, mark.width, mark.height))
    value = {"x": left, "y": top, "width": width, "height": height, "rotation": 0, BOX: [mark.tag]}
    named = {"from_name": "label", "to_name": "image", "original_width": size[0], "original_height": size[1]}
    return {"id": key, "type": BOX, "image_rotation": 0, "value": value} | named
