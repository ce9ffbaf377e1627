"""The map of a project's images: drawn in the background, and shown with the tags of the moment."""

from contextlib import suppress
from math import inf
from uuid import UUID

import numpy as np

from shared import errors
from shared.arrays import Ints
from shared.learning.live.layout import AXES, layout
from shared.models.labelling.live import ImageMap, LiveState
from shared.models.messages.tasks import DrawMap
from shared.operations.labelling import embedding
from shared.operations.labelling.embedding import View
from shared.operations.labelling.live import seen
from shared.operations.labelling.live.seen import KnownPoints
from shared.operations.workspace import projects
from shared.settings import Settings
from shared.storage.account import queues
from shared.storage.account.memory import Memory
from shared.storage.account.store import Store
from shared.storage.columns.columns import Columns
from shared.storage.columns.ids import find
from shared.storage.training import maps
from shared.storage.training.maps import SIDE, Drawn
from shared.storage.workspace import catalog
from shared.storage.workspace import tags as stored_tags

# Fewer images make no map.
LEAST = 3
# A map is drawn anew for each new image up to so many, as that takes a second; then for each twentieth part.
FEW, PART = 2_000, 20
# It is asked for again after so many seconds, in case that it was lost.
AGAIN = 120.0

asked = Memory(10_000, AGAIN)


def get_image_map(store: Store, settings: Settings, project_id: UUID) -> ImageMap:
    """As it was drawn last, of images that are still there; another is asked for where many are not on it.

    Raises ProjectNotFound, OperationNotSupported.
    """
    view = _view(store, project_id)
    columns = catalog.read(store, project_id).columns
    known = seen.look(store, project_id, view, columns.ids)
    seen.ask_for(store, project_id, known)
    drawn = maps.get(store, project_id, view.space)
    if drawing := _outdated(drawn, known):
        _ask(store, project_id)
    places = find(columns.ids, drawn.ids)
    there = places >= 0
    if not there.any():
        return ImageMap(_state(store, settings, project_id, known), columns.size, drawing)
    tag_ids = sorted(stored_tags.names(store, project_id))
    first = _first_tags(columns, tag_ids)[places[there]]
    return ImageMap(
        LiveState.READY,
        columns.size,
        drawing,
        tag_ids,
        drawn.ids[there].tobytes(),
        drawn.places[there].astype("<u2").tobytes(),
        first.astype("<u2").tobytes(),
    )


def draw(store: Store, project_id: UUID) -> None:
    """In the background. What can be repeated, and is not where the map has nearly all images."""
    with suppress(errors.ProjectNotFound, errors.OperationNotSupported):
        view = _view(store, project_id)
        known = seen.look(store, project_id, view, catalog.read(store, project_id).columns.ids, most=inf)
        if _outdated(maps.get(store, project_id, view.space), known):
            on_it = known.rows >= 0
            found = layout(known.points.places[:, :AXES][known.rows[on_it]])
            places = np.rint(found * SIDE).astype(np.uint16)
            maps.put(store, project_id, view.space, Drawn(known.points.ids[on_it], places))


def _view(store: Store, project_id: UUID) -> View:
    view = View.of(projects.get_project(store, project_id).settings)
    if view is None:
        raise errors.OperationNotSupported("There is a map of images that are classified, not of a detector's.")
    return view


def _outdated(drawn: Drawn, known: KnownPoints) -> bool:
    seen_ids = known.points.ids[known.rows >= 0]
    new = int((find(drawn.ids, seen_ids) < 0).sum())
    enough = len(seen_ids) >= LEAST
    return enough and (new > 0 if len(drawn.ids) <= FEW else new * PART > len(drawn.ids))


def _ask(store: Store, project_id: UUID) -> None:
    key = store, project_id
    if asked.get(key) is None:
        asked.put(key, True)
        queues.send(store, DrawMap(project_id))


def _state(store: Store, settings: Settings, project_id: UUID, known: KnownPoints) -> LiveState:
    if len(known.rows) < LEAST:
        return LiveState.LACKING
    there = (known.rows >= 0).any() or embedding.can_look(store, settings, project_id)
    return LiveState.EMBEDDING if there else LiveState.UNAVAILABLE


def _first_tags(columns: Columns, tag_ids: list[UUID]) -> Ints:
    """Of each image the place of a tag in the list; SIDE without one."""
    place_of = np.full(len(columns.tags.code_of) + 1, SIDE, np.int64)
    for place, tag_id in enumerate(tag_ids):
        if tag_id in columns.tags.code_of:
            place_of[columns.tags.code_of[tag_id]] = place
    first = np.full(columns.size, SIDE, np.int64)
    np.minimum.at(first, columns.tags.images, place_of[columns.tags.codes])
    return first
