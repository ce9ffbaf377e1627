"""What goes on in the background of exports and imports of projects: part by part."""

from shared.models.messages.tasks import ReadImport, WriteExport
from shared.operations.step import Context, Rest, Steps
from shared.operations.transfer import project_export, project_import


def write_export(context: Context, task: WriteExport) -> Rest | None:
    following = project_export.write_part(context.store, task)
    return Rest(following) if following else None


def read_import(context: Context, task: ReadImport) -> Rest | None:
    following = project_import.read_import(context.store, context.settings, task)
    return Rest(following) if following else None


STEPS: Steps = {WriteExport: write_export, ReadImport: read_import}
