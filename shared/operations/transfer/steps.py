"""What goes on in the background of exports and imports, of projects and of data sets: part by part."""

from shared.models.messages.tasks import ExportDataset, ImportDataset, ReadImport, WriteExport
from shared.operations.step import Context, Rest, Steps
from shared.operations.transfer import dataset_packing, dataset_taking, project_export, project_import


def write_export(context: Context, task: WriteExport) -> Rest | None:
    following = project_export.write_part(context.store, task)
    return Rest(following) if following else None


def read_import(context: Context, task: ReadImport) -> Rest | None:
    following = project_import.read_import(context.store, context.settings, task)
    return Rest(following) if following else None


def import_dataset(context: Context, task: ImportDataset) -> Rest | None:
    following = dataset_taking.step(context.store, context.settings, task)
    return Rest(following) if following else None


def export_dataset(context: Context, task: ExportDataset) -> Rest | None:
    following = dataset_packing.step(context.store, context.settings, task)
    return Rest(following) if following else None


STEPS: Steps = {
    WriteExport: write_export,
    ReadImport: read_import,
    ImportDataset: import_dataset,
    ExportDataset: export_dataset,
}
