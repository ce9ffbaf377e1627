"""The door of every transaction on what a project holds: the project must be there."""

from collections.abc import Iterable
from uuid import UUID

from shared.errors import ProjectNotFound
from shared.storage.account import rows
from shared.storage.account.store import Store
from shared.storage.account.transactions import Change, transact

WORKSPACE = "workspace"


def commit(store: Store, project_id: UUID, changes: Iterable[Change]) -> None:
    """All changes or none. Raises RowMissing (also when the project is gone), RowExists or RowChanged."""
    transact(store.catalog, str(project_id), [Change("touch", WORKSPACE), *changes])


def require_project(store: Store, project_id: UUID) -> None:
    """Raises ProjectNotFound."""
    if rows.read(store.catalog, str(project_id), WORKSPACE) is None:
        raise project_absent(project_id)


def project_absent(project_id: UUID) -> ProjectNotFound:
    return ProjectNotFound(f"There is no project {project_id}.")
