"""Exports: the served model in a package that runs elsewhere, built in the background."""

from uuid import UUID, uuid4

from shared import errors
from shared.models.messages.tasks import SETTLED, BuildExport
from shared.models.training.exports import Export, ExportRecord, ExportStatus
from shared.models.training.iterations import IterationStatus
from shared.models.workspace.domains import DOMAINS, FLAVORS, Domain
from shared.packages import building
from shared.storage.account import queues
from shared.storage.account.store import Store
from shared.storage.training import exports as stored_exports
from shared.storage.training import iterations as stored_iterations


def export_iteration(
    store: Store, project_id: UUID, iteration_id: UUID, *, platform: str, flavor: str | None
) -> Export:
    """Answers at once with an export in `Exporting`; get_exports tells when it is `Done`."""
    iteration = stored_iterations.get(store, project_id, iteration_id).iteration
    if iteration.status == IterationStatus.TRAINING:
        raise errors.ExportWhileTraining(f"'{iteration.name}' is still training; export it when it is Completed.")
    if iteration.status != IterationStatus.COMPLETED:
        raise errors.IterationNotTrained(f"'{iteration.name}' is {iteration.status}; export one that is Completed.")
    platform = _platform(DOMAINS[iteration.domain_id], platform)
    record = ExportRecord(uuid4(), project_id, iteration_id, platform, _flavor(platform, flavor))
    # Once more when this call must be over: if we die right here, that builds what was written.
    queues.send(store, BuildExport(record), delay=SETTLED)
    stored_exports.start(store, record)
    queues.send(store, BuildExport(record))
    return _shown(store, record)


def get_exports(store: Store, project_id: UUID, iteration_id: UUID) -> list[Export]:
    stored_iterations.get(store, project_id, iteration_id)
    return [_shown(store, record) for record in stored_exports.list_all(store, project_id, iteration_id)]


def build(store: Store, task: BuildExport) -> None:
    """In this process: no platform needs the container yet, in which an `ExportJob` would build the same package."""
    building.build(store, task.export)


def _platform(domain: Domain, platform: str) -> str:
    """As we write it. Raises ExportValidationFailed."""
    if not domain.exportable:
        raise errors.ExportValidationFailed(
            f"'{domain.name}' can't be exported; switch the project to a compact domain, such as 'General (compact)', "
            "then train and export that iteration."
        )
    known = {name.lower(): name for name in domain.exportable_platforms}
    if platform.lower() not in known:
        there = ", ".join(known.values())
        raise errors.ExportValidationFailed(
            f"'{domain.name}' can't be exported to '{platform[:80]}' in this version; there is {there}."
        )
    return known[platform.lower()]


def _flavor(platform: str, flavor: str | None) -> str | None:
    known = {name.lower(): name for name in FLAVORS[platform]}
    if flavor and flavor.lower() not in known:
        there = ", ".join(known.values())
        raise errors.ExportValidationFailed(
            f"{platform} has no flavor '{flavor[:80]}' in this version; leave it out, or choose from {there}."
        )
    return known[flavor.lower()] if flavor else None


def _shown(store: Store, record: ExportRecord) -> Export:
    uri = stored_exports.download_uri(store, record) if record.status == ExportStatus.DONE else None
    return Export(record.platform, record.status, uri, record.flavor, record.outdated)
