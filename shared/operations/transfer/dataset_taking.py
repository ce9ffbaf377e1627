"""A data set that was read is taken in share by share, as uploads are; a share may be done twice."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple
from uuid import UUID

from msgspec.structs import replace

from shared import errors
from shared.formats import archive, carrying
from shared.formats.archive import ArchiveError, PackedFile
from shared.formats.dataset import DatasetError, Labelled
from shared.models.messages.tasks import ImportDataset
from shared.models.workspace.bulk import TaskStatus
from shared.models.workspace.exchange import DatasetImport, DatasetTask, DatasetWork
from shared.models.workspace.images import ImageCreateResult, ImageUploadStatus, Region
from shared.operations.transfer import dataset_reading, dataset_tasks
from shared.operations.transfer.dataset_reading import SHARE, ToTakeIn
from shared.operations.workspace import uploads
from shared.operations.workspace.uploads import Incoming
from shared.settings import Settings
from shared.storage.account.store import Store
from shared.storage.workspace import exchanges

Ended = tuple[Labelled, ImageCreateResult]


class Intake(NamedTuple):
    """A data set under way into a project."""

    store: Store
    settings: Settings
    project_id: UUID
    state: DatasetWork
    work: DatasetImport


def step(store: Store, settings: Settings, task: ImportDataset) -> ImportDataset | None:
    """Read it, or take in a share of it; returns the next. What the zip is to blame for ends the task as `Failed`."""
    project_id, dataset_id = task.project_id, task.dataset_id
    found = dataset_tasks.running(store, project_id, dataset_id, DatasetImport)
    if found is None:
        return None
    state, work = found
    try:
        if task.share == 0:
            if not state.shares:
                dataset_reading.read(store, settings, project_id, state, work)
            return replace(task, share=1)
        if state.task.done < min(task.share * SHARE, state.task.total):
            _take_in(Intake(store, settings, project_id, state, work), task.share)
        if task.share < state.shares:
            return replace(task, share=task.share + 1)
        _end(store, project_id, dataset_id)
    except (DatasetError, ArchiveError) as fault:
        dataset_tasks.fail(store, project_id, dataset_id, dataset_tasks.sentence(fault))
    except (errors.ServiceUnavailable, errors.Conflict):
        raise
    except errors.ServiceError as fault:
        dataset_tasks.fail(store, project_id, dataset_id, fault.message)
    return None


def _take_in(intake: Intake, number: int) -> None:
    lines = dataset_reading.lines(intake.store, intake.project_id, intake.state, number)
    at_once = intake.settings.limits.images_per_batch
    parts = [lines[start : start + at_once] for start in range(0, len(lines), at_once)]
    ended = [each for part in parts for each in _create(intake, part)]
    counts = Counter(result.status for _, result in ended)
    refused, misplaced = _refusals(ended), _misplaced(ended)
    end = (number - 1) * SHARE + len(lines)

    def counted(task: DatasetTask) -> DatasetTask:
        if task.done >= end:
            return task
        return replace(
            task,
            done=end,
            new=task.new + counts[ImageUploadStatus.OK],
            present=task.present + counts[ImageUploadStatus.OK_DUPLICATE],
            left_out=task.left_out + len(refused),
            misplaced=task.misplaced + len(misplaced),
            reasons=dataset_tasks.named(task, [*refused, *misplaced]),
        )

    dataset_tasks.change(intake.store, intake.project_id, intake.state.task.id, counted)


def _create(intake: Intake, lines: Sequence[ToTakeIn]) -> Iterator[Ended]:
    """Raises ServiceUnavailable where storage does not take them; the share is done again then."""
    pictures = [_incoming(intake, line) for line in lines]
    made = uploads.create(intake.store, intake.settings, intake.project_id, pictures, [], {}, "No pictures").images
    if any(result.status == ImageUploadStatus.ERROR_STORAGE for result in made):
        raise errors.ServiceUnavailable("Storage does not take pictures now.")
    yield from zip((line.picture for line in lines), made, strict=True)


def _incoming(intake: Intake, line: ToTakeIn) -> Incoming:
    picture, tags, limits = line.picture, intake.work.tags, intake.settings.limits
    boxes = [Region(tags[mark.tag], mark.left, mark.top, mark.width, mark.height) for mark in picture.marks]
    metadata = carrying.metadata(picture, limits.metadata_value_length, background=intake.work.background)
    return Incoming(picture.file, _reader(intake, line.place), [tags[tag] for tag in picture.tags], boxes, metadata)


def _reader(intake: Intake, place: PackedFile) -> Callable[[], bytes]:
    read = exchanges.zip_reader(intake.store, intake.project_id, intake.state.task.id)
    return partial(_picture, read, place, intake.settings.limits.training_image_bytes)


def _picture(read: Callable[[int, int], bytes], place: PackedFile, limit: int) -> bytes:
    """Raises BadImageSize, BadImageFormat."""
    if place.size > limit:
        raise errors.BadImageSize(f"The picture has {place.size:,} bytes; at most {limit:,} are allowed.")
    try:
        return archive.unpacked(read, place, limit)
    except ArchiveError as fault:
        raise errors.BadImageFormat(f"The picture can't be read: {fault}.") from None


def _refusals(ended: Sequence[Ended]) -> list[str]:
    return [carrying.refusal(picture, result.status) for picture, result in ended if result.image is None]


def _misplaced(ended: Sequence[Ended]) -> list[str]:
    shown = [(picture, result.image) for picture, result in ended if result.image]
    return [each for picture, image in shown for each in carrying.misplaced(picture, image.width, image.height)]


def _end(store: Store, project_id: UUID, dataset_id: UUID) -> None:
    dataset_tasks.change(store, project_id, dataset_id, lambda task: replace(task, status=TaskStatus.COMPLETED))
    exchanges.clear(store, project_id, dataset_id)
