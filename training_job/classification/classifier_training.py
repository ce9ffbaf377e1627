"""Classification training on a stored dataset: images and their tags in, the model and what it found out."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx

from shared.arrays import Floats
from shared.learning.classifier_recipe import RECIPES
from shared.learning.embeddings import Picture, Report
from shared.models.training.datasets import Dataset
from shared.models.training.evaluations import EvaluatedImage
from shared.models.training.iterations import CustomBaseModelInfo
from shared.models.training.model_spec import ARCHITECTURE
from shared.storage.account.store import Store
from training_job.classification import cache
from training_job.classification.base import continuing
from training_job.classification.quick import TrainedClassifier, train
from training_job.graphs import backbones
from training_job.result import Result


def train_classifier(
    store: Store,
    dataset: Dataset,
    pictures: Sequence[Picture],
    backbones_folder: Path,
    info: CustomBaseModelInfo | None,
    report: Report,
) -> Result:
    """Raises BaseUnusable, which is about what `info` names."""
    kind = dataset.header.classification_type
    assert kind
    recipe = RECIPES[kind]
    report(0.0, "Loading the backbone")
    backbone = onnx.load(backbones.prepare(backbones_folder, recipe.backbone, recipe.pixels))
    base = continuing(store, info, dataset.header.tags, recipe) if info else None
    kept = cache.of_project(store, dataset.header.project_id, {image.sha256 for image in dataset.images})
    trained = train(backbone, pictures, _truths(dataset), kind, recipe, kept, report, base)
    return Result(trained.graph, trained.preprocessing, ARCHITECTURE, _evaluated(dataset, trained))


def _truths(dataset: Dataset) -> Floats:
    """1 where an image carries a tag, (images, tags)."""
    tags = [tag.id for tag in dataset.header.tags]
    return np.array([[tag in image.tag_ids for tag in tags] for image in dataset.images], np.float32)


def _evaluated(dataset: Dataset, trained: TrainedClassifier) -> list[EvaluatedImage]:
    known = {tag.id for tag in dataset.header.tags}
    images = [dataset.images[position] for position in trained.judged]
    return [
        EvaluatedImage(
            image.id, image.created, image.width, image.height, sorted(image.tag_ids & known), answers.tolist()
        )
        for image, answers in zip(images, trained.probabilities, strict=True)
    ]
