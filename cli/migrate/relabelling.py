"""Labels that changed there since they were moved; what people changed here meanwhile stays."""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from cli.migrate.journal import MovedImage
from cli.migrate.service import Service
from cli.migrate.settings import Ends, MovedProject
from cli.migrate.shapes import Box, Image, Labels

# As many tags, boxes or images as a call takes.
AT_A_TIME = 64


class Change(NamedTuple):
    """From what was said of an image there to what is said now, by the ids of the tags here."""

    then: Labels
    now: Labels

    @property
    def metadata(self) -> dict[str, str]:
        """What a key has now; an empty value takes it away."""
        gone = dict.fromkeys(self.then.metadata.keys() - self.now.metadata.keys(), "")
        return gone | {key: value for key, value in self.now.metadata.items() if self.then.metadata.get(key) != value}


def relabel(ends: Ends, moved: MovedProject, known: dict[UUID, MovedImage], images: Iterable[Image]) -> int:
    """Change what changed since; how many images that were."""
    changed = [image for image in images if image.labels != known[image.id].labels]
    for start in range(0, len(changed), AT_A_TIME):
        batch = changed[start : start + AT_A_TIME]
        ids = {known[image.id].target for image in batch}
        here = {image.id: image for image in ends.target.images_by_ids(moved.target, ids)}
        for image in batch:
            was = known[image.id]
            if was.target in here:
                change = Change(was.labels.named(moved.tag_ids), image.labels.named(moved.tag_ids))
                _apply(ends.target, moved.target, here[was.target], change)
            now = was._replace(labels=image.labels.within(moved.tag_ids.keys()))
            ends.journal.put_images(moved.project.id, {image.id: now})
    return len(changed)


def add_tags(service: Service, project: UUID, image: UUID, tags: list[UUID]) -> None:
    for start in range(0, len(tags), AT_A_TIME):
        entries = [{"imageId": image, "tagId": tag} for tag in tags[start : start + AT_A_TIME]]
        service.call("POST", "projects", project, "images", "tags", body={"tags": entries})


def region(box: Box) -> dict[str, object]:
    return {"tagId": box.tag_id, "left": box.left, "top": box.top, "width": box.width, "height": box.height}


def _apply(service: Service, project: UUID, image: Image, change: Change) -> None:
    """What goes goes first: an image with a Negative tag takes no other."""
    images = ("projects", project, "images")
    gone = change.then.boxes - change.now.boxes
    ids = [each.region_id for each in image.regions or [] if any(each.box.is_at(box) for box in gone)]
    for start in range(0, len(ids), AT_A_TIME):
        query = {"regionIds": ",".join(map(str, ids[start : start + AT_A_TIME]))}
        service.call("DELETE", *images, "regions", query=query)
    for tag in change.then.tags - change.now.tags:
        service.call("DELETE", *images, "tags", query={"imageIds": image.id, "tagIds": tag})
    boxes = [{"imageId": image.id, **region(box)} for box in change.now.boxes - change.then.boxes]
    for start in range(0, len(boxes), AT_A_TIME):
        service.call("POST", *images, "regions", body={"regions": boxes[start : start + AT_A_TIME]})
    add_tags(service, project, image.id, sorted(change.now.tags - change.then.tags))
    if change.metadata:
        service.call("POST", *images, "metadata", query={"imageIds": image.id}, body=change.metadata)
