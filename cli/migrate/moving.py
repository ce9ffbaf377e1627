"""Images: their bytes, tags, boxes and metadata, in the order in which they were made."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from http import HTTPStatus
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from cli.client import BATCH_PICTURES, batches
from cli.migrate import relabelling
from cli.migrate.journal import MovedImage
from cli.migrate.service import AT_ONCE, Refused
from cli.migrate.settings import Ends, MovedProject
from cli.migrate.shapes import Image, Labels, Uploaded, UploadSummary

# An image takes as many tags at once.
TAGS_AT_ONCE = 20
# So many pictures are fetched ahead of what is uploaded.
AHEAD = 2 * AT_ONCE
# How storage says that an address has expired, or that nothing is there.
EXPIRED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
MOVED = {"OK", "OKDuplicate"}


class Unmoved(Struct, frozen=True):
    """An image there that did not come, and why."""

    image: UUID
    reason: str


class Moved(Struct, frozen=True):
    """How many images came now, of how many the labels were changed, which did not come, and which are gone there.

    `already` were here under another image: the same bytes, or uploaded when the move was killed.
    """

    images: int = 0
    already: int = 0
    relabelled: int = 0
    unmoved: list[Unmoved] = []
    gone: list[UUID] = []


class _Fetched(NamedTuple):
    image: Image
    data: bytes


def move_images(ends: Ends, moved: MovedProject, *, delete: bool, advance: Callable[[int], None]) -> Moved:
    """New images come, changed labels are changed, and what is gone there is told, or deleted. Raises CommandError."""
    known = ends.journal.images(moved.project.id)
    there = {image.id: image for image in ends.source.images(moved.project.id)}
    unmoved: list[Unmoved] = []
    new = [image for image in there.values() if image.id not in known]
    advance(len(there) - len(new))
    already = 0
    for batch in batches(_fetched(ends, moved, new, unmoved), lambda each: len(each.data)):
        already += _upload(ends, moved, batch, unmoved)
        advance(len(batch))
    relabelled = relabelling.relabel(ends, moved, known, [image for image in there.values() if image.id in known])
    gone = [source for source in known if source not in there]
    if delete and gone:
        _delete(ends, moved, gone)
    return Moved(len(new) - len(unmoved), already, relabelled, unmoved, gone)


def _fetched(ends: Ends, moved: MovedProject, images: list[Image], unmoved: list[Unmoved]) -> Iterator[_Fetched]:
    """The images with their bytes, in their order; several are on their way at a time."""
    pool = ThreadPoolExecutor(AT_ONCE)
    ahead: deque[tuple[Image, Future[bytes | Unmoved]]] = deque()

    def first() -> Iterator[_Fetched]:
        image, fetched = ahead.popleft()
        data = fetched.result()
        if isinstance(data, Unmoved):
            unmoved.append(data)
        else:
            yield _Fetched(image, data)

    try:
        for image in images:
            ahead.append((image, pool.submit(_fetch, ends, moved.project.id, image)))
            if len(ahead) > AHEAD:
                yield from first()
        while ahead:
            yield from first()
    finally:
        pool.shutdown(cancel_futures=True)


def _fetch(ends: Ends, project: UUID, image: Image) -> bytes | Unmoved:
    """Its bytes. Its address lasts for a day; where it has expired the image is asked for again."""
    try:
        return ends.source.download(project, image.original_image_uri)
    except Refused as refused:
        if refused.status not in EXPIRED:
            return Unmoved(image.id, str(refused))
    try:
        again = ends.source.images_by_ids(project, [image.id])
        return ends.source.download(project, again[0].original_image_uri) if again else Unmoved(image.id, "it is gone")
    except Refused as refused:
        return Unmoved(image.id, f"its picture is not there: {refused}")


def _upload(ends: Ends, moved: MovedProject, batch: list[_Fetched], unmoved: list[Unmoved]) -> int:
    """How many of them were here already."""
    body = {"images": [_entry(each, moved.tag_ids) for each in batch]}
    answer = ends.target.send(UploadSummary, "POST", "projects", moved.target, "images", "files", body=body)
    results = {result.source_url: result for result in answer.images}
    arrived: dict[UUID, MovedImage] = {}
    for each in batch:
        result = results.get(str(each.image.id), Uploaded("no answer"))
        if result.status not in MOVED or result.image is None:
            unmoved.append(Unmoved(each.image.id, f"{ends.target.who} refused it: {result.status}"))
            continue
        labels = each.image.labels
        relabelling.add_tags(ends.target, moved.target, result.image.id, _tags(labels, moved.tag_ids)[TAGS_AT_ONCE:])
        # A tag that was made there since we asked for the tags comes the next time.
        labels = labels.within(moved.tag_ids.keys())
        arrived[each.image.id] = MovedImage(result.image.id, sha256(each.data).hexdigest(), labels)
    ends.journal.put_images(moved.project.id, arrived)
    return sum(result.status == "OKDuplicate" for result in answer.images)


def _entry(each: _Fetched, tag_ids: dict[UUID, UUID]) -> dict[str, object]:
    labels = each.image.labels
    return {
        "name": str(each.image.id),
        "contents": each.data,
        "tagIds": _tags(labels, tag_ids)[:TAGS_AT_ONCE],
        "regions": [relabelling.region(box) for box in labels.named(tag_ids).boxes],
        "metadata": labels.metadata,
    }


def _tags(labels: Labels, tag_ids: dict[UUID, UUID]) -> list[UUID]:
    """Those that don't come with a box."""
    here = labels.named(tag_ids)
    return sorted(here.tags - {box.tag_id for box in here.boxes})


def _delete(ends: Ends, moved: MovedProject, gone: list[UUID]) -> None:
    """Those that no image there stands for any more."""
    known = ends.journal.images(moved.project.id)
    kept = {image.target for source, image in known.items() if source not in set(gone)}
    targets = list({known[source].target for source in gone} - kept)
    for start in range(0, len(targets), BATCH_PICTURES):
        query = {"imageIds": ",".join(map(str, targets[start : start + BATCH_PICTURES]))}
        ends.target.call("DELETE", "projects", moved.target, "images", query=query)
    ends.journal.drop_images(moved.project.id, gone)
