"""Where images lie on the map of their project: one blob a space, models/{project}/maps/{space}."""

from contextlib import suppress
from typing import NamedTuple
from uuid import UUID

import numpy as np
from msgspec import MsgspecError
from numpy.typing import NDArray

from shared.storage.account import blobs
from shared.storage.account.store import Store
from shared.storage.columns import arrays
from shared.storage.columns.ids import ID, Ids

# A place in both directions, of so many.
SIDE = np.iinfo(np.uint16).max
Places = NDArray[np.uint16]


class Drawn(NamedTuple):
    """The ids stand in order, `places` (N, 2) beside them."""

    ids: Ids = np.empty(0, ID)
    places: Places = np.empty((0, 2), np.uint16)


def get(store: Store, project_id: UUID, space: str) -> Drawn:
    blob = blobs.read(store, "models", _name(project_id, space))
    # One that another version wrote is drawn anew.
    with suppress(MsgspecError, TypeError, ValueError):
        if blob:
            return arrays.decode(blob.data, Drawn)
    return Drawn()


def put(store: Store, project_id: UUID, space: str, drawn: Drawn) -> None:
    blobs.write(store, "models", _name(project_id, space), arrays.encode(drawn))


def _name(project_id: UUID, space: str) -> str:
    return f"{project_id}/maps/{space}"
