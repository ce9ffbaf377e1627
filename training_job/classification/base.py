"""The iteration that a training continues from (customBaseModelInfo), read out of its served model."""

from collections.abc import Sequence
from hashlib import sha256

import msgspec
import numpy as np
import onnx
from msgspec import structs

from shared.errors import NotFound
from shared.learning import classifier_recipe
from shared.learning.classifier_recipe import TUNED, Crop
from shared.learning.head import Head
from shared.models.texts import folded
from shared.models.training.iterations import CustomBaseModelInfo
from shared.models.training.model_spec import ModelSpec, ModelTag
from shared.models.workspace.domains import Domain
from shared.models.workspace.projects import ClassificationType
from shared.models.workspace.tags import Tag
from shared.storage.account import blobs
from shared.storage.account.store import Store
from shared.storage.training import datasets
from training_job.classification.quick import Base
from training_job.graphs.classifier import backbones_of, head_of


class BaseUnusable(Exception):
    """There is nothing to continue from; the message says what to do."""


def continuing(
    store: Store, info: CustomBaseModelInfo, tags: Sequence[Tag], domain: Domain, kind: ClassificationType
) -> Base:
    """Raises BaseUnusable."""
    try:
        data, graph = (
            blobs.model_read(store, info.project_id, info.iteration_id, name) for name in ("model.json", "model.onnx")
        )
    except NotFound:
        raise BaseUnusable("The iteration to continue from was deleted; train again without it.") from None
    spec = msgspec.json.decode(data, type=ModelSpec)
    recipe = classifier_recipe.continued(spec.architecture, domain, kind)
    crops = [crop for crop in Crop if recipe and recipe.preprocessing(crop) == spec.preprocessing]
    if recipe is None or not crops:
        raise BaseUnusable("The iteration to continue from sees pictures in a way that is no longer trained.")
    dataset = datasets.read(store, info.project_id, info.iteration_id)
    seen = {image.sha256 for image in dataset.images} if dataset else None
    model, recipe = onnx.load_from_string(graph), structs.replace(recipe, crops=tuple(crops[:1]))
    head, layers = head_of(model)
    own = backbones_of(model) if spec.architecture.endswith(TUNED) else None
    if own:
        weights = sha256(b"".join(backbone.SerializeToString() for backbone in own.values()))
        recipe = structs.replace(recipe, tuned=weights.hexdigest()[:8])
    return Base(aligned(head, spec.tags, tags), layers, recipe, seen, own)


def aligned(head: Head, had: Sequence[ModelTag], wanted: Sequence[Tag]) -> Head:
    """A head of the `had` tags as one of the wanted, which are found by id, else by name; the others begin at zero."""
    none = len(had)
    by_id = {tag.id: row for row, tag in enumerate(had)}
    # By name in another project, where ids differ; never one that was renamed since, which its id has found.
    found = {tag.id for tag in wanted}
    by_name = {folded(tag.name): row for row, tag in enumerate(had) if tag.id not in found}
    rows = [by_id.get(tag.id, by_name.get(folded(tag.name), none)) for tag in wanted]
    weights = np.vstack([head.weights, np.zeros((1, head.weights.shape[1]), np.float32)])
    return Head(weights[rows], np.append(head.bias, np.float32(0))[rows])
