"""Training jobs of detectors, and recipes that make them brief."""

from datetime import timedelta
from uuid import UUID, uuid4

from msgspec.structs import replace

from shared.imaging.resize import copies
from shared.models.messages.jobs import TrainJob
from shared.models.training.datasets import DatasetHeader
from shared.models.training.iterations import Iteration, IterationRecord, IterationStatus, TrainingRun, TrainingType
from shared.models.wire import now
from shared.models.workspace.images import ImageRecord, RegionMark, TagMark, new_image_id, new_region_id
from shared.models.workspace.projects import Project, ProjectSettings
from shared.models.workspace.tags import Tag
from shared.storage.account import blobs
from shared.storage.account.store import Store
from shared.storage.training import datasets, iterations
from shared.storage.workspace import projects
from tests.training_job.detection.scenes import SHAPES, rendered
from training_job.detection.detector_recipe import RECIPE, TUNING

DOMAIN = UUID("7ec2ac80-887b-48a6-8df9-8b1357765430")
TAGS = [Tag(UUID(int=number), shape, None) for number, shape in enumerate(SHAPES, 1)]
# 16 epochs, each of a moment.
BRIEF = replace(RECIPE.quick(), pixels=160, width=16, views_each=1, seen=16 * 12)
BRIEF_TUNING = replace(TUNING, epochs=3, least_views=12)


def prepared(
    store: Store,
    images: int = 12,
    kind: TrainingType = TrainingType.REGULAR,
    age: int = 0,
    domain: UUID = DOMAIN,
) -> TrainJob:
    """A project with an iteration in training, asked for `age` minutes ago, whose dataset is frozen; its job."""
    time, project_id, iteration_id = now() - timedelta(minutes=age), uuid4(), uuid4()
    projects.insert(store, Project(project_id, str(project_id), None, ProjectSettings(domain, None), time, time))
    header = DatasetHeader(project_id, iteration_id, domain, None, TAGS)
    datasets.write(store, header, [stored(store, project_id, seed) for seed in range(images)])
    status = IterationStatus.TRAINING
    iteration = Iteration(iteration_id, "Iteration 1", status, time, time, project_id, domain, None, kind)
    iterations.lock_training(store, project_id, iteration_id)
    iterations.insert(store, IterationRecord(iteration, TrainingRun(1, started=time)))
    return TrainJob(project_id, iteration_id)


def stored(store: Store, project_id: UUID, seed: int) -> ImageRecord:
    """Every sixth image is background: its shapes go unnamed."""
    (data, boxes, tags), image_id, time = rendered(seed), new_image_id(), now()
    blobs.put_picture(store, project_id, image_id, "resized", copies(data).resized, "image/jpeg")
    corners = [] if seed % 6 == 5 else zip(boxes.tolist(), tags.tolist(), strict=True)
    regions = [
        RegionMark(new_region_id(image_id), TAGS[tag].id, time, left, top, right - left, bottom - top)
        for (left, top, right, bottom), tag in corners
    ]
    marks = [TagMark(tag, time) for tag in {region.tag_id for region in regions}]
    return ImageRecord(image_id, time, 200, 150, str(seed), marks, regions)


def files_of(store: Store, of: TrainJob) -> set[str]:
    prefix = f"{of.project_id}/{of.iteration_id}/"
    return {name.removeprefix(prefix) for name in blobs.names(store, "models", prefix)}
