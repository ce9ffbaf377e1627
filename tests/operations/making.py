"""What tests of the operations make: iterations, tags, images, trainings; and tasks done as upkeep does them."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from msgspec.structs import replace

from shared.events import Publisher
from shared.models.limits import Limits
from shared.models.training.iterations import (
    Iteration,
    IterationRecord,
    IterationStatus,
    TrainingParameters,
    TrainingRun,
    TrainingType,
)
from shared.models.wire import now
from shared.models.workspace.domains import GENERAL
from shared.models.workspace.images import (
    GivenFile,
    ImageFileCreateBatch,
    ImageFileCreateEntry,
    ImageRecord,
    RegionMark,
    TagMark,
    new_image_id,
    new_region_id,
)
from shared.models.workspace.tags import Tag
from shared.operations import upkeep
from shared.operations.training import train
from shared.operations.workspace import tags, uploads
from shared.storage.training import datasets
from shared.storage.training import iterations as stored_iterations
from shared.storage.workspace import images as stored_images
from tests.pictures import picture

DETECTION = UUID("da2e3a8a-40a5-4171-82f4-58522f70fbc1")


def record_of(project_id, status=IterationStatus.COMPLETED) -> IterationRecord:
    iteration = Iteration(uuid4(), "Iteration 1", status, now(), now(), project_id, GENERAL, None, TrainingType.REGULAR)
    return IterationRecord(iteration, TrainingRun(0, started=now()))


def stored_record(store, iteration) -> IterationRecord:
    return stored_iterations.get(store, iteration.project_id, iteration.id)


def tag_of(store, project_id, name="apple") -> Tag:
    return tags.create_tag(store, Limits(), project_id, name=name, description=None, kind=None)


def image_with(store, project_id, *tag_ids) -> ImageRecord:
    marks = [TagMark(tag_id, now()) for tag_id in tag_ids]
    record = ImageRecord(new_image_id(), now(), 10, 10, uuid4().hex, marks)
    assert stored_images.insert(store, project_id, record) is None
    return record


def create_images(store, settings, project_id, seeds):
    batch = ImageFileCreateBatch(images=[GivenFile(ImageFileCreateEntry(picture("apple", seed))) for seed in seeds])
    summary = uploads.create_images_from_files(store, settings, project_id, batch)
    return [result.image.id for result in summary.images if result.image]


def do(store, settings, task) -> None:
    upkeep.do(store, settings, Publisher.open(settings), task)


def train_project(
    store, settings, project_id, selected=None, base=None, address=None, kind=TrainingType.REGULAR, hours=0, force=False
) -> Iteration:
    return train.train_project(
        store,
        settings,
        project_id,
        training_type=kind,
        reserved_budget_in_hours=hours,
        force_train=force,
        notification_email_address=address,
        parameters=TrainingParameters(selected, base),
    )


def frozen_images(store, iteration) -> list[ImageRecord]:
    dataset = datasets.read(store, iteration.project_id, iteration.id)
    assert dataset
    return dataset.images


def with_box(tag_ids: Sequence[UUID], record: ImageRecord) -> ImageRecord:
    """The image with a box of each tag."""
    marks = [TagMark(tag_id, now()) for tag_id in tag_ids]
    regions = [RegionMark(new_region_id(record.id), tag_id, now(), 0.1, 0.2, 0.3, 0.4) for tag_id in tag_ids]
    return replace(record, tags=marks, regions=regions)
