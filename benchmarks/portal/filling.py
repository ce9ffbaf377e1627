"""The projects that are looked at, written through the storage room.

Only the places that somebody will look at have pictures: those scrolled over, those jumped to. All share the bytes of a
few rendered ones, which lie in storage under each image's own name, so that the browser fetches and decodes each.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from random import Random
from typing import NamedTuple

from benchmarks.catalog import judged, records
from benchmarks.rig import Rig
from local.demo import scenes
from shared.imaging.resize import Copies, copies, jpeg
from shared.models.wire import now
from shared.models.workspace.domains import GENERAL, PRODUCTS_ON_SHELVES
from shared.models.workspace.images import ImageRecord, RegionMark, TagMark, new_image_id, new_region_id
from shared.storage.account import blobs
from shared.storage.workspace import images

# So many rows from the first are scrolled over; so many around a place are seen from it.
SCROLLED, AROUND = 3_000, 120
JUMPS = 12
# So many pictures are looked at one by one.
LOOKED = 100
PICTURES = 24
WRITERS = 8
BOXES = 300


def places(size: int) -> list[int]:
    """Where somebody jumps to: spread over the project, none near the first rows."""
    return [size * (each + 1) // (JUMPS + 1) for each in range(JUMPS)]


def rendered() -> list[Copies]:
    return [copies(jpeg(scenes.render(scenes.TAGS[seed % len(scenes.TAGS)], seed))) for seed in range(PICTURES)]


class Projects(NamedTuple):
    """The paths of what is looked at."""

    size: int
    images: str
    performance: str
    crowded: str
    empty: str


def fill(rig: Rig) -> Projects:
    """All rows, with pictures at the places that are looked at; an iteration with 2,000 judged images; many boxes."""
    made = list(records(rig.size, rig.tags, rig.chance))
    rig.images = [record.id for record in made]
    rig.once("build the project", lambda: images.insert_many(rig.store, rig.project, made))
    pictures = rendered()
    rig.once("write pictures", lambda: put_pictures(rig, pictures))
    path = f"projects/{rig.project}"
    performance = f"{path}/performance/{judged(rig, GENERAL, 0)}"
    # The large one may be as large as a project can be.
    empty = rig.client.make("projects", name="uploads")
    return Projects(rig.size, f"{path}/images", performance, crowded(rig, pictures[0]), f"projects/{empty}/images")


def put_pictures(rig: Rig, pictures: Sequence[Copies]) -> None:
    newest = rig.images[::-1]
    seen = set(range(min(SCROLLED, rig.size)))
    for place in places(rig.size):
        seen.update(range(max(place - AROUND, 0), min(place + AROUND, rig.size)))

    def put(place: int) -> None:
        picture, image = pictures[place % len(pictures)], newest[place]
        blobs.put_picture(rig.store, rig.project, image, "thumbnail", picture.thumbnail, "image/jpeg")
        if place < LOOKED:
            blobs.put_picture(rig.store, rig.project, image, "resized", picture.resized, "image/jpeg")

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(put, sorted(seen)))


def small_box(chance: Random) -> list[float]:
    return [chance.random() * 0.9, chance.random() * 0.9, 0.08, 0.06]


def crowded(rig: Rig, picture: Copies) -> str:
    """One image with very many boxes, in a detector's project; its path."""
    project = rig.client.make("projects", name="boxes", domainId=PRODUCTS_ON_SHELVES)
    tags = [rig.client.make(f"projects/{project}/tags", name=f"part {number}") for number in range(3)]
    image, time = new_image_id(), now()
    regions = [RegionMark(new_region_id(image), tags[each % 3], time, *small_box(rig.chance)) for each in range(BOXES)]
    marks = [TagMark(tag, time) for tag in tags]
    record = ImageRecord(image, time, 640, 480, sha256(b"crowded").hexdigest(), marks, regions)
    images.insert_many(rig.store, project, [record])
    blobs.put_picture(rig.store, project, image, "thumbnail", picture.thumbnail, "image/jpeg")
    blobs.put_picture(rig.store, project, image, "resized", picture.resized, "image/jpeg")
    return f"projects/{project}/image/{image}"
