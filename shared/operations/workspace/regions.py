"""Boxes on the training images of a detector: a box brings its tag along, and the last box of a tag takes it away."""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from shared import errors
from shared.models.entries import Unfit
from shared.models.limits import Limits
from shared.models.wire import now
from shared.models.workspace.domains import DomainType
from shared.models.workspace.images import ImageRecord, Region, RegionMark, new_region_id
from shared.models.workspace.projects import Project
from shared.models.workspace.regions import (
    ImageRegionCreateEntry,
    ImageRegionCreateResult,
    ImageRegionCreateSummary,
    ImageRegionRefused,
)
from shared.models.workspace.tags import Tag
from shared.operations.workspace import images, projects
from shared.operations.workspace.tags import require_tags
from shared.storage.account.store import Store
from shared.storage.workspace import images as stored_images


def create_image_regions(
    store: Store, limits: Limits, project_id: UUID, given: Sequence[ImageRegionCreateEntry | Unfit]
) -> ImageRegionCreateSummary:
    """Add boxes and their tags, all that can be; where none can, the call is refused as the first of them."""
    images.check_batch(limits.regions_per_batch, len(given), "regions")
    require_detection(projects.get_workspace(store, project_id))
    tags = images.tags_of(store, project_id, [])
    entries, refused = _split(store, project_id, given, tags)
    if len(set(entries)) < len(entries):
        raise errors.BadImageRegions("Duplicate image regions: send every box of a tag once in a call.")
    marks = {entry: mark(entry.image_id, entry) for entry in entries}
    wanted: dict[UUID, list[RegionMark]] = defaultdict(list)
    for entry in entries:
        wanted[entry.image_id].append(marks[entry])
    after: dict[UUID, ImageRecord] = {}

    def change(record: ImageRecord) -> ImageRecord:
        after[record.id] = with_regions(record, wanted[record.id], tags, limits)
        return after[record.id]

    stored_images.change_many(store, project_id, list(wanted), change)
    images.require_known(wanted, after)
    return _summary(marks, after, refused)


def delete_image_regions(store: Store, project_id: UUID, region_ids: list[UUID]) -> None:
    """A box that is already gone is no error, so a retry succeeds."""
    projects.get_workspace(store, project_id)
    if not region_ids:
        raise errors.MissingParameter("Name the regions to delete in 'regionIds'.")
    gone = set(region_ids)
    found = {record.id: record for record in stored_images.of_regions(store, project_id, region_ids).values()}

    def change(record: ImageRecord) -> ImageRecord:
        left = [mark for mark in record.regions if mark.region_id not in gone]
        bare = {mark.tag_id for mark in record.regions} - {mark.tag_id for mark in left}
        return replace(record, tags=[mark for mark in record.tags if mark.tag_id not in bare], regions=left)

    stored_images.change_many(store, project_id, list(found), change)


def with_regions(
    record: ImageRecord,
    marks: Iterable[RegionMark],
    tags: Mapping[UUID, Tag],
    limits: Limits,
    time: datetime | None = None,
) -> ImageRecord:
    """The record with those boxes that it lacks, and their tags as of now or that time, as far as its limits allow."""
    known = {_box(region) for region in record.regions}
    # Two that differ as they were sent may be one when they are cut off at the picture's side.
    new = list({_box(region): region for region in marks if _box(region) not in known}.values())
    new = new[: max(0, limits.regions_per_image - len(record.regions))]
    tagged = images.with_tags(record, [region.tag_id for region in new], tags, limits.tags_per_image, time)
    kept = [region for region in new if region.tag_id in tagged.tag_ids]
    return replace(tagged, regions=[*tagged.regions, *kept]) if kept else record


def mark(image_id: UUID, region: Region, time: datetime | None = None) -> RegionMark:
    return RegionMark(new_region_id(image_id), region.tag_id, time or now(), *region.box)


def has_all(record: ImageRecord, regions: Iterable[Region]) -> bool:
    known = {_box(region) for region in record.regions}
    return all(_box(region) in known for region in regions)


def require_detection(project: Project) -> None:
    if projects.domain_of(project).type != DomainType.OBJECT_DETECTION:
        raise errors.OperationNotSupported("Regions belong to object detection; this project classifies whole images.")


def _split(
    store: Store, project_id: UUID, given: Sequence[ImageRegionCreateEntry | Unfit], tags: Mapping[UUID, Tag]
) -> tuple[list[ImageRegionCreateEntry], list[ImageRegionRefused]]:
    """The boxes that can be added, and those that can't. Raises the fault of the first where none can."""
    asked = {entry.image_id for entry in given if isinstance(entry, ImageRegionCreateEntry)}
    known = {record.id for record in stored_images.get_many(store, project_id, list(asked))}
    entries, faults = [], []
    for entry in given:
        try:
            entries.append(_checked(entry, tags, known))
        except errors.ServiceError as fault:
            faults.append((entry, fault))
    if not entries:
        raise faults[0][1]
    return entries, [_refused(entry, fault.message) for entry, fault in faults]


def _checked(
    entry: ImageRegionCreateEntry | Unfit, tags: Mapping[UUID, Tag], known: Container[UUID]
) -> ImageRegionCreateEntry:
    if isinstance(entry, Unfit):
        raise errors.BadRequest(f"The region does not fit: {entry.problem}.")
    require_tags(tags, [entry.tag_id])
    images.require_known([entry.image_id], known)
    return entry


def _refused(entry: ImageRegionCreateEntry | Unfit, message: str) -> ImageRegionRefused:
    if isinstance(entry, Unfit):
        left, top, width, height = (entry.get(side, float) for side in ("left", "top", "width", "height"))
        image_id, tag_id = (entry.get(name, UUID) for name in ("imageId", "tagId"))
        return ImageRegionRefused(image_id, tag_id, left, top, width, height, message)
    return ImageRegionRefused(entry.image_id, entry.tag_id, entry.left, entry.top, entry.width, entry.height, message)


def _summary(
    marks: Mapping[ImageRegionCreateEntry, RegionMark],
    after: Mapping[UUID, ImageRecord],
    refused: list[ImageRegionRefused],
) -> ImageRegionCreateSummary:
    """Each entry by what became of it."""
    summary = ImageRegionCreateSummary([], [], refused)
    for entry, made in marks.items():
        record = after[entry.image_id]
        if any(region.region_id == made.region_id for region in record.regions):
            box = (made.left, made.top, made.width, made.height)
            result = ImageRegionCreateResult(made.region_id, None, made.created, made.tag_id, *box, record.id)
            summary.created.append(result)
        elif has_all(record, [entry]):
            summary.duplicated.append(entry)
        else:
            summary.exceeded.append(_refused(entry, "The image has as many boxes or tags as it may carry."))
    return summary


def _box(region: Region | RegionMark) -> tuple[object, ...]:
    if isinstance(region, Region):
        return region.tag_id, *region.box
    return region.tag_id, region.left, region.top, region.width, region.height
