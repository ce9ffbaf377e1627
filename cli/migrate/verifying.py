"""Whether all that was moved is here as it is there: images by their bytes, tags, boxes to 1e-4, metadata."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from uuid import UUID

from msgspec import Struct

from cli.migrate.journal import MovedImage
from cli.migrate.service import AT_ONCE, Refused
from cli.migrate.settings import Ends, MovedProject
from cli.migrate.shapes import Box, Image, Labels

# As many pictures are looked at before the journal is told.
AT_A_TIME = 64


class Difference(Struct, frozen=True):
    """An image that is not here as it is there: by its id there, its id here, and in what."""

    image: UUID
    here: UUID
    what: str


class Verified(Struct, frozen=True):
    """What was compared, and what differs. `unknown` images here came from elsewhere."""

    images: int = 0
    tags: int = 0
    boxes: int = 0
    metadata: int = 0
    bytes_checked: int = 0
    unknown: int = 0
    differences: list[Difference] = []


def verify(ends: Ends, moved: MovedProject, advance: Callable[[int], None]) -> Verified:
    """Labels are compared each time; bytes once, as an image's never change."""
    known = ends.journal.images(moved.project.id)
    here = {image.id: image for image in ends.target.images(moved.target)}
    expected = _expected(known, moved.tag_ids)
    ours = set(moved.tag_ids.values())
    found = [
        Difference(source, image.target, what)
        for source, image in known.items()
        for what in _differing(here.get(image.target), expected[image.target], ours)
    ]
    changed, checked = _check_bytes(ends, moved, known, here, advance)
    return Verified(
        images=len(expected),
        tags=sum(len(labels.tags) for labels in expected.values()),
        boxes=sum(len(labels.boxes) for labels in expected.values()),
        metadata=sum(len(labels.metadata) for labels in expected.values()),
        bytes_checked=checked,
        unknown=len(here.keys() - expected.keys()),
        differences=[*found, *changed],
    )


def _expected(known: dict[UUID, MovedImage], tag_ids: dict[UUID, UUID]) -> dict[UUID, Labels]:
    """By the image here; it has the labels of all images there that have its bytes."""
    expected: dict[UUID, Labels] = {}
    for image in known.values():
        labels, other = image.labels.named(tag_ids), expected.get(image.target)
        if other:
            metadata = other.metadata | labels.metadata
            labels = Labels(other.tags | labels.tags, other.boxes | labels.boxes, metadata)
        expected[image.target] = labels
    return expected


def _differing(image: Image | None, expected: Labels, ours: set[UUID]) -> list[str]:
    """In what; tags and keys of metadata that are here alone don't count."""
    if image is None:
        return ["it is not here any more"]
    labels = image.labels
    found = {
        "tags": labels.tags & ours != expected.tags | {box.tag_id for box in expected.boxes},
        "boxes": not _same({box for box in labels.boxes if box.tag_id in ours}, expected.boxes),
        "metadata": not expected.metadata.items() <= labels.metadata.items(),
    }
    return [what for what, differs in found.items() if differs]


def _same(boxes: set[Box], expected: frozenset[Box]) -> bool:
    """Whether each has its partner."""
    left = list(boxes)
    for box in expected:
        partner = next((other for other in left if other.is_at(box)), None)
        if partner is None:
            return False
        left.remove(partner)
    return not left


def _check_bytes(
    ends: Ends,
    moved: MovedProject,
    known: dict[UUID, MovedImage],
    here: dict[UUID, Image],
    advance: Callable[[int], None],
) -> tuple[list[Difference], int]:
    """The images whose bytes differ, and how many were looked at."""
    unchecked = {source: image for source, image in known.items() if not image.checked and image.target in here}
    advance(len(known) - len(unchecked))
    differing: list[Difference] = []

    def is_same(image: MovedImage) -> bool:
        try:
            data = ends.target.download(moved.target, here[image.target].original_image_uri)
        except Refused:
            return False
        return sha256(data).hexdigest() == image.sha256

    with ThreadPoolExecutor(AT_ONCE) as pool:
        sources = list(unchecked)
        for start in range(0, len(sources), AT_A_TIME):
            batch = sources[start : start + AT_A_TIME]
            same = dict(zip(batch, pool.map(is_same, [unchecked[source] for source in batch]), strict=True))
            right = {source: unchecked[source]._replace(checked=True) for source in batch if same[source]}
            ends.journal.put_images(moved.project.id, right)
            differing += [Difference(s, unchecked[s].target, "bytes") for s in batch if not same[s]]
            advance(len(batch))
    return differing, len(unchecked)
