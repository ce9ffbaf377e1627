"""One export job: the package of an export, as a function would build it. Can be killed and run again at any moment."""

from shared.models.messages.jobs import ExportJob
from shared.models.training.exports import ExportRecord, ExportStatus
from shared.packages import building
from shared.storage.account.store import Store
from shared.storage.training import exports


def run(store: Store, job: ExportJob) -> None:
    """Nothing happens where that has been done, or nobody wants it any more."""
    if record := _record(store, job):
        building.build(store, record)


def fail(store: Store, job: ExportJob) -> None:
    record = _record(store, job)
    if record and record.status == ExportStatus.EXPORTING:
        building.end(store, record, None)


def _record(store: Store, job: ExportJob) -> ExportRecord | None:
    return exports.get(store, job.project_id, job.iteration_id, job.platform, job.flavor)
