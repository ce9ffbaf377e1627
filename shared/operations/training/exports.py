"""Exports: the served model in a package that runs elsewhere, built in the background."""

from uuid import UUID, uuid4

from shared import errors
from shared.models.messages.tasks import SETTLED, BuildExport
from shared.models.training.exports import Export, ExportRecord, ExportStatus
from shared.models.training.iterations import Iteration, IterationStatus
from shared.models.workspace.domains import DOMAINS, Domain
from shared.packages import building
from shared.packages.exportability import exportable
from shared.packages.platforms import INSTEAD, Line, line_of, offered
from shared.settings import Settings
from shared.storage.account import queues
from shared.storage.account.store import Store
from shared.storage.training import exports as stored_exports
from shared.storage.training import iterations as stored_iterations

# Of a name that a caller sent, in what it is told.
NAME_LENGTH = 80


def export_iteration(
    store: Store, settings: Settings, project_id: UUID, iteration_id: UUID, *, platform: str, flavor: str | None
) -> Export:
    """Answers at once with an export in `Exporting`; get_exports tells when it is `Done`."""
    iteration = stored_iterations.get(store, project_id, iteration_id).iteration
    if iteration.status == IterationStatus.TRAINING:
        raise errors.ExportWhileTraining(f"'{iteration.name}' is still training; export it when it is Completed.")
    if iteration.status != IterationStatus.COMPLETED:
        raise errors.IterationNotTrained(f"'{iteration.name}' is {iteration.status}; export one that is Completed.")
    line = _line(settings, DOMAINS[iteration.domain_id], platform, flavor)
    _require_taken(iteration, line)
    record = ExportRecord(uuid4(), project_id, iteration_id, line.platform, line.flavor)
    # Once more when this call must be over: if we die right here, that builds what was written.
    queues.send(store, BuildExport(record), delay=SETTLED)
    stored_exports.start(store, record)
    queues.send(store, BuildExport(record))
    return _shown(store, record)


def get_exports(store: Store, project_id: UUID, iteration_id: UUID) -> list[Export]:
    stored_iterations.get(store, project_id, iteration_id)
    return [_shown(store, record) for record in stored_exports.list_all(store, project_id, iteration_id)]


def build(store: Store, task: BuildExport) -> None:
    """In this process: no platform takes so long that it needs the container."""
    building.build(store, task.export)


def _line(settings: Settings, domain: Domain, platform: str, flavor: str | None) -> Line:
    """What is asked for, in any case. Raises ExportValidationFailed with what there is."""
    if not exportable(settings, domain):
        raise errors.ExportValidationFailed(
            f"'{domain.name}' can't be exported; switch the project to a compact domain, such as 'General (compact)', "
            "then train and export that iteration."
        )
    line = line_of(platform, flavor)
    if line is None:
        raise errors.ExportValidationFailed(_refusal(platform[:NAME_LENGTH], (flavor or "")[:NAME_LENGTH]))
    if line.missing:
        raise errors.ExportValidationFailed(
            f"{line.platform} needs the package '{line.needs}', which is not installed here; there is {_platforms()}."
        )
    return line


def _require_taken(iteration: Iteration, line: Line) -> None:
    refused = iteration.not_exportable_to or []
    if line.platform not in refused:
        return
    others = [platform for platform in offered() if platform not in refused]
    reason = "it has operators that this does not know" if others else "it is too large, or unlike those that are"
    raise errors.ExportValidationFailed(
        f"The model of '{iteration.name}' can't be exported to {line.platform}: {reason}; "
        f"there is {', '.join(others) or 'no other platform'}."
    )


def _refusal(platform: str, flavor: str) -> str:
    known = {name.lower(): name for name in offered()}
    instead = {name.lower(): text for name, text in INSTEAD.items()}
    if platform.lower() in instead:
        return f"There is no export to {platform}. {instead[platform.lower()]}; there is {_platforms()}."
    if platform.lower() not in known:
        return f"There is no export to '{platform}'; there is {_platforms()}."
    flavors = offered()[known[platform.lower()]]
    there = ", ".join(each for each in flavors if each)
    if not flavor:
        return f"{known[platform.lower()]} needs a flavor; there is {there}."
    without = "leave it out, or " if None in flavors else ""
    return f"{known[platform.lower()]} has no flavor '{flavor}'; {without}choose from {there}."


def _platforms() -> str:
    return ", ".join(offered())


def _shown(store: Store, record: ExportRecord) -> Export:
    uri = stored_exports.download_uri(store, record) if record.status == ExportStatus.DONE else None
    return Export(record.platform, record.status, uri, record.flavor, record.outdated)
