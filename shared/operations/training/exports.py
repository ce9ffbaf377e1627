"""Exports: the served model in a package that runs elsewhere, built in the background."""

import hashlib
import logging
from io import BytesIO
from uuid import UUID, uuid4
from zipfile import ZIP_DEFLATED, ZipFile

import msgspec
from msgspec.structs import replace

from shared import errors
from shared.models.domains import DOMAINS, FLAVORS, Domain, DomainType
from shared.models.exports import Export, ExportManifest, ExportRecord, ExportStatus, exported_date
from shared.models.iterations import IterationStatus
from shared.models.tasks import SETTLED, BuildExport, NotifyExport
from shared.models.training import ModelSpec
from shared.models.wire import now
from shared.operations.training import iterations
from shared.settings import ROOT
from shared.storage.account import blobs, queues
from shared.storage.account.store import Store
from shared.storage.training import exports as stored
from shared.storage.training import iterations as stored_iterations

MODEL, LABELS, MANIFEST = "model.onnx", "labels.txt", "cvexport.manifest"
EXPORTER_VERSION = "2.0"
SAMPLES = ROOT / "shared" / "samples" / "onnx"
# The C# sample reads classifiers only.
LANGUAGES = {DomainType.CLASSIFICATION: ("CSharp", "python"), DomainType.OBJECT_DETECTION: ("python",)}
# A build that died so often would die again.
ATTEMPTS = 3


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
    queues.send(store, "upkeep", BuildExport(record), delay=SETTLED)
    stored.start(store, record)
    queues.send(store, "upkeep", BuildExport(record))
    return _shown(store, record)


def get_exports(store: Store, project_id: UUID, iteration_id: UUID) -> list[Export]:
    stored_iterations.get(store, project_id, iteration_id)
    return [_shown(store, record) for record in stored.list_all(store, project_id, iteration_id)]


def build(store: Store, task: BuildExport) -> None:
    """Run by upkeep, and again where it died; what can't be built ends as `Failed`."""
    record = stored.update(store, task.export, lambda held: replace(held, attempts=held.attempts + 1))
    if record is None or record.status != ExportStatus.EXPORTING:
        return
    package = None
    if record.attempts <= ATTEMPTS:
        try:
            package = _package(store, record)
            stored.write_package(store, record, package)
        except (errors.NotFound, msgspec.DecodeError):
            logging.exception("Iteration %s can't be exported to %s", record.iteration_id, record.platform)
    status = ExportStatus.DONE if package else ExportStatus.FAILED
    queues.send(store, "upkeep", NotifyExport(record.project_id, now(), record, status))
    if stored.update(store, record, lambda held: replace(held, status=status)) is None:
        iterations.drop(store, record.project_id, record.iteration_id)


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
    uri = stored.download_uri(store, record) if record.status == ExportStatus.DONE else None
    return Export(record.platform, record.status, uri, record.flavor, record.outdated)


def _package(store: Store, record: ExportRecord) -> bytes:
    """The zip. Raises NotFound, DecodeError."""
    ids = record.project_id, record.iteration_id
    graph = blobs.model_read(store, *ids, "model.onnx")
    spec = msgspec.json.decode(blobs.model_read(store, *ids, "model.json"), type=ModelSpec)
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as package:
        package.writestr(MODEL, graph)
        package.writestr(LABELS, "\n".join(tag.name for tag in spec.tags))
        package.writestr(MANIFEST, _manifest(record, spec, graph))
        package.write(ROOT / "LICENSE", "LICENSE")
        for language in LANGUAGES[spec.domain_type]:
            for path in sorted((SAMPLES / language).glob("*.*")):
                package.write(path, f"{language}/{path.name}")
    return buffer.getvalue()


def _manifest(record: ExportRecord, spec: ModelSpec, graph: bytes) -> bytes:
    manifest = ExportManifest(
        domain_type=spec.domain_type,
        platform=record.platform,
        flavor=record.flavor,
        exporter_version=EXPORTER_VERSION,
        exported_date=exported_date(),
        iteration_id=record.iteration_id,
        model_file_name=MODEL,
        label_file_name=LABELS,
        model_file_sha1=hashlib.sha1(graph, usedforsecurity=False).hexdigest(),
    )
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2).replace(b"\n", b"\r\n")
