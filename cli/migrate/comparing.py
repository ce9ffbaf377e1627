"""The old model and the new one on the same images: what each says, who is right, and where they differ."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

import numpy as np
from msgspec import Struct

from cli.migrate.service import PREDICTION, Refused, Service
from cli.migrate.settings import Ends, MovedProject
from cli.migrate.shapes import Image, Project
from shared.imaging.boxes import iou, ltwh_to_xyxy
from shared.models.wire import Wire

THRESHOLD = OVERLAP = 0.5
AT_ONCE = 4
SHOWN = 60


class _Box(Wire, frozen=True):
    left: float
    top: float
    width: float
    height: float


class _Prediction(Wire, frozen=True):
    probability: float
    tag_name: str = ""
    bounding_box: _Box | None = None


class _Predicted(Wire, frozen=True):
    predictions: list[_Prediction]


class Found(Struct, frozen=True):
    """A tag of a picture, or an object on it: its box has left, top, width and height, 0..1."""

    tag: str
    box: tuple[float, float, float, float] | None = None


class Differing(Struct, frozen=True):
    """An image, by its id here, of which the two say different things."""

    image: UUID
    truth: list[Found]
    old: list[Found]
    new: list[Found]


class Compared(Struct, frozen=True):
    """Of so many `images` the two say the same on `alike`, and are right on `old_right` and `new_right` of them.

    An answer is right where it has the tags of the image, each box at an overlap of a half, and no more. `differing`
    has the first of the others. `refused` images were not compared, as one of the two refused them.
    """

    old: str
    new: str
    images: int
    alike: int
    old_right: int
    new_right: int
    refused: int
    differing: list[Differing]


# What a model says of a picture's bytes.
Ask = Callable[[bytes], list[_Prediction]]


class Model(NamedTuple):
    """What it is called in the report, and how it is asked."""

    name: str
    ask: Ask


def published(service: Service, project: UUID, name: str, *, detects: bool) -> Model:
    """One that is published under that name, asked by the prediction API without anything being stored."""
    path = (project, "detect" if detects else "classify", "iterations", name, "image", "nostore")

    def ask(data: bytes) -> list[_Prediction]:
        return service.send(_Predicted, "POST", *path, body=data, base=PREDICTION).predictions

    return Model(f"'{name}' there", ask)


def trained(service: Service, project: UUID, iteration: UUID, name: str) -> Model:
    """An iteration of the installation, asked by quick tests."""
    path = ("projects", project, "quicktest", "image")
    query = {"iterationId": iteration, "store": "false"}

    def ask(data: bytes) -> list[_Prediction]:
        return service.send(_Predicted, "POST", *path, body=data, query=query).predictions

    return Model(name, ask)


class _Asked(NamedTuple):
    image: Image
    truth: list[Found]
    old: list[Found]
    new: list[Found]


def compare(
    ends: Ends, moved: MovedProject, old: Model, new: Model, *, sample: int, advance: Callable[[int], None]
) -> Compared:
    """On `sample` of the labelled images at most, which are drawn by a hash: the same ones each time."""
    names = {tag.id: tag.name for tag in ends.target.tags(moved.target)}
    labelled = [image for image in ends.target.images(moved.target) if image.tags]
    chosen = sorted(labelled, key=lambda image: sha256(image.id.bytes).digest())[:sample]

    def ask(image: Image) -> _Asked | None:
        try:
            data = ends.target.download(moved.target, image.original_image_uri)
            said = [_found(moved.project, model.ask(data)) for model in (old, new)]
        except Refused:
            return None
        finally:
            advance(1)
        return _Asked(image, _truth(image, names), *said)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = [each for each in pool.map(ask, chosen) if each]
    differing = [each for each in asked if not _same(each.old, each.new)]
    return Compared(
        old=old.name,
        new=new.name,
        images=len(asked),
        alike=len(asked) - len(differing),
        old_right=sum(_same(each.truth, each.old) for each in asked),
        new_right=sum(_same(each.truth, each.new) for each in asked),
        refused=len(chosen) - len(asked),
        differing=[Differing(each.image.id, each.truth, each.old, each.new) for each in differing[:SHOWN]],
    )


def _truth(image: Image, names: dict[UUID, str]) -> list[Found]:
    if image.regions:
        return [Found(names[each.tag_id], each.box[1:]) for each in image.regions]
    return [Found(names[tag.tag_id]) for tag in image.tags or []]


def _found(project: Project, predictions: Iterable[_Prediction]) -> list[Found]:
    """What a model says: the most probable tag of a multiclass picture, all else from `THRESHOLD` on."""
    if project.settings.classification_type == "Multiclass":
        best = max(predictions, key=lambda each: each.probability, default=None)
        return [Found(best.tag_name)] if best else []
    sure = [each for each in predictions if each.probability >= THRESHOLD]
    boxes = ((each, each.bounding_box) for each in sure)
    return [Found(each.tag_name, (box.left, box.top, box.width, box.height) if box else None) for each, box in boxes]


def _same(one: list[Found], other: list[Found]) -> bool:
    """Whether each has its partner, at an overlap of a half."""
    left = list(other)
    for found in one:
        named = [each for each in left if each.tag == found.tag]
        partner = max(named, key=partial(_overlap, found), default=None)
        if partner is None or _overlap(found, partner) < OVERLAP:
            return False
        left.remove(partner)
    return not left


def _overlap(one: Found, other: Found) -> float:
    """The intersection over the union, 0..1; tags without boxes lie where the picture lies."""
    if one.box is None or other.box is None:
        return 1.0 if one.box == other.box else 0.0
    both = ltwh_to_xyxy(np.array([one.box, other.box]))
    return float(iou(both[:1], both[1:])[0, 0])
