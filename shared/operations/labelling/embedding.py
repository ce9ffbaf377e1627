"""New images are looked at by the backbone that a training would look by: once, for both."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from msgspec.structs import replace

from shared import errors, launcher
from shared.arrays import Halves
from shared.courtesy import courtesy
from shared.learning.classifier_recipe import Crop, Recipe, quick
from shared.learning.embedder import Embedder
from shared.models.messages.jobs import BackbonesJob
from shared.models.messages.tasks import EmbedImages
from shared.models.wire import now
from shared.models.workspace.domains import DOMAINS
from shared.models.workspace.projects import ProjectSettings
from shared.operations.step import Rest
from shared.operations.workspace import projects
from shared.settings import Settings
from shared.storage.account import blobs
from shared.storage.account.memory import Memory
from shared.storage.account.store import Store
from shared.storage.training import backbones, embeddings
from shared.storage.training import iterations as stored_iterations
from shared.storage.workspace import images as stored_images

# So many images are looked at in one step: some seconds of work.
STEP = 64
# How soon images are looked at again that no backbone is there for, and how often somebody may have one brought.
LATER, BROUGHT = 120.0, timedelta(hours=1)
# A training begins by looking at the same images: for so long they are left to it, and so often we ask whether it has.
BEGUN, AGAIN = timedelta(minutes=1), 5.0
# One picture at a time in a process: whoever uploads or labels meanwhile needs the other cores more.
ONE = ThreadPoolExecutor(1, "embed")
# A picture waits so many seconds at most for those who look at others. Where somebody always does, four a second
# still get through.
COURTESY = 0.25
# A process keeps so many backbones, some 100 MB each, while it needs them.
embedders = Memory(2, 600)


class View(NamedTuple):
    """How a quick training of a project prefers to look at pictures."""

    recipe: Recipe
    backbone: str
    crop: Crop

    @classmethod
    def of(cls, settings: ProjectSettings) -> "View | None":
        """None for a detector, which looks at all of a picture in another way."""
        if settings.classification_type is None:
            return None
        recipe = quick(DOMAINS[settings.domain_id], settings.classification_type)
        return cls(recipe, recipe.backbones[0], recipe.crops[0])

    @property
    def space(self) -> str:
        return self.recipe.space(self.backbone, self.crop)


class NoBackbone(Exception):
    """There is none yet; it is on its way."""


def embed(store: Store, settings: Settings, task: EmbedImages) -> Rest | None:
    """One step, which can be repeated. Images that are gone, and pictures that can't be read, are passed over."""
    try:
        view = View.of(projects.get_project(store, task.project_id).settings)
    except errors.ProjectNotFound:
        return None
    if view is None:
        return None
    training = stored_iterations.lock_of(store, task.project_id)
    if training and now() - training.since < BEGUN:
        return Rest(task, AGAIN)
    try:
        _embed(store, settings, task.project_id, task.image_ids[:STEP], view)
    except NoBackbone:
        bring(store, settings, task.project_id)
        return Rest(task, LATER)
    rest = task.image_ids[STEP:]
    return Rest(replace(task, image_ids=rest)) if rest else None


def _embed(store: Store, settings: Settings, project_id: UUID, image_ids: Sequence[UUID], view: View) -> None:
    found = stored_images.get_many(store, project_id, image_ids)
    wanted = {record.sha256: record.id for record in found}
    if wanted and not embeddings.has(store, project_id, view.space, wanted):
        embedder = embedder_of(store, settings, view)
        vectors = {key: _embedding(store, project_id, image_id, embedder) for key, image_id in wanted.items()}
        made = {key: vector for key, vector in vectors.items() if vector is not None}
        embeddings.put(store, project_id, view.space, made)


def embedder_of(store: Store, settings: Settings, view: View) -> Embedder:
    """Raises NoBackbone."""

    def load() -> Embedder:
        graph = backbones.read(store, Path(settings.backbones_folder), view.recipe.graph(view.backbone))
        if graph is None:
            raise NoBackbone
        return Embedder(graph, view.recipe.preprocessing(view.crop))

    return embedders.once((store, view), load)


def can_look(store: Store, settings: Settings, project_id: UUID) -> bool:
    """Whether the backbone of a project is there; where it is not, it is brought."""
    view = View.of(projects.get_project(store, project_id).settings)
    there = view is None or backbones.there(store, Path(settings.backbones_folder), view.recipe.graph(view.backbone))
    if not there:
        bring(store, settings, project_id)
    return there


def bring(store: Store, settings: Settings, project_id: UUID) -> None:
    """Have the container bring the backbones, unless somebody has asked for them within the hour."""
    if backbones.ask(store, now() - BROUGHT):
        try:
            launcher.launch(settings, BackbonesJob(project_id))
        except errors.ServiceError:
            logging.exception("The job that brings the backbones could not be launched")


def _embedding(store: Store, project_id: UUID, image_id: UUID, embedder: Embedder) -> Halves | None:
    courtesy.wait(COURTESY)
    with suppress(errors.ImageNotFound):
        # What a training reads, so that it sees the same.
        picture = blobs.picture(store, project_id, image_id, "resized")
        try:
            return ONE.submit(partial(embedder.embedding, picture)).result()
        except errors.BadImageFormat:
            logging.warning("Image %s can't be read, so nothing can be suggested for it", image_id)
    return None
