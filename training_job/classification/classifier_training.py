"""Classification training on a stored dataset: images and their tags in, the model and what it found out."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from shared.arrays import Floats
from shared.learning import classifier_recipe
from shared.learning.embeddings import Cache, Picture, Report
from shared.models.training.datasets import Dataset
from shared.models.training.evaluations import EvaluatedImage
from shared.models.training.iterations import CustomBaseModelInfo
from shared.models.workspace.domains import DOMAINS
from shared.storage.account.store import Store
from shared.storage.training import embeddings
from training_job.classification import advanced, quick
from training_job.classification.advanced import Effort
from training_job.classification.base import continuing
from training_job.classification.networks import Networks
from training_job.classification.quick import Examples, TrainedClassifier
from training_job.classification.seeing import part_of
from training_job.result import Result


def train_classifier(
    store: Store,
    dataset: Dataset,
    pictures: Sequence[Picture],
    backbones_folder: Path,
    info: CustomBaseModelInfo | None,
    report: Report,
    effort: Effort | None = None,
    large_classifier: str = "",
) -> Result:
    """By advanced training where there is an effort to make, and nothing to continue from.

    Raises BaseUnusable, which is about what `info` names, and HubUnavailable, about `large_classifier`.
    """
    header = dataset.header
    kind, domain = header.classification_type, DOMAINS[header.domain_id]
    assert kind

    networks = Networks(backbones_folder, large_classifier)
    report(0.0, "Loading the backbone")
    wanted, project_id = {image.sha256 for image in dataset.images}, header.project_id
    kept = Cache(
        lambda space: embeddings.get(store, project_id, space, wanted), partial(embeddings.put, store, project_id)
    )
    examples, part = Examples(pictures, _truths(dataset), kind, kept), part_of(report, 0, 0.9)
    if info:
        base = continuing(store, info, header.tags, domain, kind)
        trained = quick.train(base.backbones or networks.load(base.recipe), examples, base.recipe, part, base)
    elif effort:
        recipes = classifier_recipe.advanced(domain, kind, [] if domain.compact else networks.of_hub())
        trained = advanced.train(networks.load, examples, recipes, effort, part)
    else:
        recipe = classifier_recipe.quick(domain, kind)
        trained = quick.train(networks.load(recipe), examples, recipe, part)
    evaluated = _evaluated(dataset, trained)
    return Result(trained.graph, trained.preprocessing, trained.architecture, evaluated, trained.claim)


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
