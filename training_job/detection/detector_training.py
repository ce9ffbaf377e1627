"""Detection training on a stored dataset: images and their regions in, the model and what it found out."""

from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import onnx

from shared.arrays import Floats
from shared.imaging.boxes import ltwh_to_xyxy, xyxy_to_ltwh
from shared.learning import holdout
from shared.learning.embeddings import Picture, Report
from shared.models.training.datasets import Dataset
from shared.models.training.evaluations import EvaluatedBox, EvaluatedImage
from shared.models.workspace.domains import DOMAINS
from shared.models.workspace.images import ImageRecord
from shared.settings import Settings
from training_job.checkpoint import Checkpoint
from training_job.detection.data import Example
from training_job.detection.detector import Detector
from training_job.detection.detector_recipe import Recipe
from training_job.detection.judge import Found
from training_job.detection.light.train import Advanced, train
from training_job.detection.transformer.detector import Transformer
from training_job.graphs import backbones
from training_job.result import Result
from training_job.tuning import device

# Of an image so many boxes are judged, the best: as many as are answered unless an installation says otherwise.
MOST_JUDGED = 300


def train_detector(
    dataset: Dataset,
    pictures: Sequence[Picture],
    recipe: Recipe,
    backbones_folder: Path,
    checkpoint: Checkpoint,
    report: Report,
    advanced: Advanced | None = None,
) -> Result:
    """Images without regions are background."""
    report(0.0, "Loading the backbone")
    backbone = onnx.load(backbones.prepare_features(backbones_folder, recipe.backbone, recipe.pixels))
    tags = [tag.id for tag in dataset.header.tags]
    truths = np.array([[tag in _boxed(image) for tag in tags] for image in dataset.images], np.float32)
    chosen = holdout.sample(truths, recipe.images)
    examples = [_example(dataset.images[place], pictures[place].read, dataset) for place in chosen]
    recipe = recipe.of_domain(dataset.header.domain_id).fitted(_sides(examples))
    trained = train(backbone, examples, len(tags), recipe, checkpoint, report, advanced)
    judged = [dataset.images[place] for place in chosen[trained.judged]]
    evaluated = [_evaluated(image, found) for image, found in zip(judged, trained.found, strict=True)]
    return Result(trained.graph, trained.preprocessing, trained.architecture, evaluated)


def pretrained(settings: Settings, dataset: Dataset, recipe: Recipe) -> Detector | None:
    """What advanced training fine-tunes instead of the light detector: what LARGE_DETECTOR names, in the larger
    domains, which are those that are not compact. Raises HubUnavailable.
    """
    if not settings.large_detector or DOMAINS[dataset.header.domain_id].compact:
        return None
    cache, own = Path(settings.backbones_folder) / "detectors", recipe.of_domain(dataset.header.domain_id)
    return Transformer(settings.large_detector, cache, len(dataset.header.tags), own, device.ready())


def _sides(examples: Sequence[Example]) -> Floats:
    """Of squares as large as the boxes, (M,)."""
    boxes = np.concatenate([np.zeros((0, 4), np.float32), *(example.boxes for example in examples)])
    sides: Floats = np.sqrt(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1))
    return sides


def _boxed(image: ImageRecord) -> set[object]:
    return {region.tag_id for region in image.regions}


def _example(image: ImageRecord, read: Callable[[], bytes], dataset: Dataset) -> Example:
    positions = {tag.id: position for position, tag in enumerate(dataset.header.tags)}
    regions = [region for region in image.regions if region.tag_id in positions]
    boxes = np.array([(region.left, region.top, region.width, region.height) for region in regions], np.float32)
    # Clients round their boxes, so that one may reach out of its picture a little.
    corners = ltwh_to_xyxy(boxes.reshape(-1, 4)).clip(0, 1).astype(np.float32)
    return Example(read, corners, np.array([positions[region.tag_id] for region in regions], np.int64))


def _evaluated(image: ImageRecord, found: Found) -> EvaluatedImage:
    rows = zip(found.tags.tolist(), found.scores.tolist(), xyxy_to_ltwh(found.boxes).tolist(), strict=True)
    boxes = [EvaluatedBox(tag, score, *box) for tag, score, box in islice(rows, MOST_JUDGED)]
    tags = sorted({region.tag_id for region in image.regions})
    return EvaluatedImage(image.id, image.created, image.width, image.height, tags, regions=image.regions, boxes=boxes)
