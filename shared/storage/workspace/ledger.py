"""The door of every transaction on what a project holds: the project must be there, and changes revise it."""

import secrets
from collections.abc import Iterable
from uuid import UUID

from shared.errors import ProjectNotFound
from shared.storage.account import rows
from shared.storage.account.store import Store
from shared.storage.account.transactions import Change, transact

WORKSPACE = "workspace"
# A revision is a random number of so many bits: it tells whether anything changed, not how much.
REVISION_BITS = 62


def commit(store: Store, project_id: UUID, changes: Iterable[Change]) -> None:
    """All changes or none, without a new revision: for iterations, exports and numbers.

    Raises RowMissing (also when the project is gone), RowExists or RowChanged.
    """
    transact(store.catalog, str(project_id), [Change("touch", WORKSPACE), *changes])


def revise(store: Store, project_id: UUID, changes: Iterable[Change]) -> None:
    """All changes or none, with a new revision of the project: for tags and images. Raises as `commit` does."""
    revised = Change("replace", WORKSPACE, str(secrets.randbits(REVISION_BITS)))
    transact(store.catalog, str(project_id), [revised, *changes])


def revision(store: Store, project_id: UUID) -> int:
    """Another number after every change of tags or images. Raises ProjectNotFound."""
    row = rows.read(store.catalog, str(project_id), WORKSPACE)
    if row is None:
        raise project_absent(project_id)
    return int(row.doc or 0)


def require_project(store: Store, project_id: UUID) -> None:
    """Raises ProjectNotFound."""
    revision(store, project_id)


def project_absent(project_id: UUID) -> ProjectNotFound:
    return ProjectNotFound(f"There is no project {project_id}.")
