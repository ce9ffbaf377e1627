"""Builds the package of an export. Can be killed and run again."""

import logging

import msgspec
from msgspec.structs import replace

from shared.errors import NotFound
from shared.models.messages.tasks import DropIteration, NotifyExport
from shared.models.training.exports import ExportRecord, ExportStatus
from shared.models.training.model_spec import ModelSpec
from shared.models.wire import now
from shared.packages import packing
from shared.storage.account import blobs, queues
from shared.storage.account.store import Store
from shared.storage.training import exports

# A build that died so often would die again.
ATTEMPTS = 3


def build(store: Store, wanted: ExportRecord) -> None:
    """Nothing happens where it has ended, or is no longer there; what can't be built ends as `Failed`."""
    record = exports.update(store, wanted, lambda held: replace(held, attempts=held.attempts + 1))
    if record is None or record.status != ExportStatus.EXPORTING:
        return
    _end(store, record, _package(store, record))


def _end(store: Store, record: ExportRecord, package: bytes | None) -> None:
    """The export ends as `Done` with its package, as `Failed` without one."""
    if package:
        exports.write_package(store, record, package)
    status = ExportStatus.DONE if package else ExportStatus.FAILED
    queues.send(store, NotifyExport(record.project_id, now(), record, status))
    if exports.update(store, record, lambda held: replace(held, status=status)) is None:
        # Its iteration was deleted meanwhile, perhaps before the package was written.
        queues.send(store, DropIteration(record.project_id, record.iteration_id))


def _package(store: Store, record: ExportRecord) -> bytes | None:
    """None where the model is gone, can't be read, or is none for this platform, and where every build died."""
    if record.attempts > ATTEMPTS:
        logging.error("Iteration %s can't be exported to %s: every build died", record.iteration_id, record.platform)
        return None
    # Half a second, which no start shall take.
    from shared.exporting.graph.subject import Unexportable

    ids = record.project_id, record.iteration_id
    try:
        graph = blobs.model_read(store, *ids, "model.onnx")
        spec = msgspec.json.decode(blobs.model_read(store, *ids, "model.json"), type=ModelSpec)
        return packing.package(record, spec, graph)
    except (NotFound, Unexportable, msgspec.DecodeError):
        logging.exception("Iteration %s can't be exported to %s", record.iteration_id, record.platform)
        return None
