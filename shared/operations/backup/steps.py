"""What goes on in the background of nightly backups: a project each, and what nobody needs any more."""

from shared.models.messages.tasks import BackUpProject, SweepBackups
from shared.operations.backup import nightly
from shared.operations.step import Context, Rest, Steps


def back_up_project(context: Context, task: BackUpProject) -> Rest | None:
    return None if nightly.back_up(context.store, context.settings, task) else Rest(task)


def sweep_backups(context: Context, task: SweepBackups) -> None:
    nightly.sweep(context.settings, task)


STEPS: Steps = {BackUpProject: back_up_project, SweepBackups: sweep_backups}
