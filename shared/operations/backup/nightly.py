"""A copy of every project each night, where the settings say to which place, and of each as many as are to be kept."""

import time
from contextlib import suppress
from datetime import datetime, timedelta

from shared.errors import ProjectNotFound
from shared.models.messages.tasks import BackUpProject, SweepBackups
from shared.models.wire import now
from shared.models.workspace.projects import ProjectStatus
from shared.operations.backup import letting_go, taking
from shared.operations.backup.vault import Vault
from shared.settings import Settings
from shared.storage.account import queues, shelves
from shared.storage.account.store import Store
from shared.storage.workspace import projects as stored_projects

# So long a step copies: what is left of it fits into functionTimeout.
STEP_SECONDS = 150.0
NIGHT = timedelta(hours=23)


def begin(store: Store, settings: Settings) -> None:
    """Contents that the copies of former nights needed go first, so that no step has both to do."""
    if not settings.backup_to:
        return
    since = now()
    queues.send(store, SweepBackups(since))
    for project in stored_projects.list_all(store):
        if project.status != ProjectStatus.IMPORTING:
            queues.send(store, BackUpProject(project.id, since))


def back_up(store: Store, settings: Settings, task: BackUpProject) -> bool:
    """Whether the copy is whole; one that is not goes on when this is called again. Raises BackupError."""
    if _is_over(settings, task.since):
        return True
    with suppress(ProjectNotFound), shelves.opened(settings, settings.backup_to) as shelf:
        vault, project = Vault(shelf), stored_projects.get(store, task.project_id)
        try:
            taking.take(store, vault, project, lambda _: None, time.monotonic() + STEP_SECONDS)
        except taking.Unfinished:
            return False
        letting_go.forget_copies(vault, project.id, settings.backup_days)
    return True


def sweep(settings: Settings, task: SweepBackups) -> None:
    """Raises BackupError."""
    if not _is_over(settings, task.since):
        with shelves.opened(settings, settings.backup_to) as shelf:
            letting_go.sweep(Vault(shelf), settings.backup_days)


def _is_over(settings: Settings, since: datetime) -> bool:
    """Where a night's steps failed until the next one began, that does what they did not."""
    return not settings.backup_to or now() - since > NIGHT
