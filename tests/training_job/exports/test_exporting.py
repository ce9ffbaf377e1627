"""Export jobs: launched, they leave the package that a function builds."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from uuid import UUID, uuid4
from zipfile import ZipFile

import msgspec
import pytest
from msgspec.structs import replace

from shared import launcher
from shared.launcher import process
from shared.models.messages.jobs import ExportJob
from shared.models.messages.tasks import BuildExport
from shared.models.training.exports import ExportRecord, ExportStatus
from shared.models.training.iterations import ExecutionStatus, IterationStatus
from shared.operations.training import exports as operations
from shared.settings import Settings
from shared.storage.account import blobs
from shared.storage.account.store import Store
from shared.storage.training import exports, iterations
from tests.prediction.graphs import put_model
from tests.training_job.jobs import in_environment, prepared, record_of
from training_job.__main__ import main


@pytest.fixture
def ids(store: Store) -> tuple[UUID, UUID]:
    """Project and iteration, with a tiny model."""
    of = prepared(store, images=0)
    record = record_of(store, of)
    iteration = replace(record.iteration, id=put_model(store, of.project_id, "apple"), status=IterationStatus.COMPLETED)
    iterations.insert(store, replace(record, iteration=iteration))
    return of.project_id, iteration.id


def begun(store: Store, ids: tuple[UUID, UUID], flavor: str | None = None) -> ExportRecord:
    record = ExportRecord(uuid4(), *ids, "ONNX", flavor)
    exports.start(store, record)
    return record


def contents(store: Store, record: ExportRecord) -> dict[str, bytes]:
    """Of the package, but for the moment at which it was built."""
    data = exports.read_package(store, record)
    assert data
    with ZipFile(BytesIO(data)) as package:
        found = {name: package.read(name) for name in package.namelist()}
    manifest = msgspec.json.decode(found["cvexport.manifest"], type=dict[str, object])
    assert manifest.pop("ExportedDate")
    return found | {"cvexport.manifest": msgspec.json.encode(manifest)}


@pytest.mark.parametrize("flavor", [None, "ONNX12"])
def test_a_job_that_is_launched_builds_what_a_function_builds(
    store: Store,
    settings: Settings,
    ids: tuple[UUID, UUID],
    tmp_path: Path,
    eventually: Callable[..., None],
    flavor: str,
) -> None:
    record = begun(store, ids, flavor)
    operations.build(store, BuildExport(record))
    built = contents(store, record)
    exports.update(store, record, lambda held: replace(held, status=ExportStatus.FAILED))

    record = begun(store, ids, flavor)
    blobs.delete(store, "exports", record.name)
    launched = launcher.launch(replace(settings, job_logs_folder=str(tmp_path)), ExportJob(*ids, "ONNX", flavor))
    eventually(lambda: process.status(launched.execution) == ExecutionStatus.STOPPED)
    assert exports.list_all(store, *ids) == [replace(record, status=ExportStatus.DONE, attempts=1)]
    assert contents(store, record) == built
    assert Path(launched.logs).name == f"{ids[1]}.export.log"


def test_a_job_whose_export_is_gone_ends_in_peace(
    store: Store, settings: Settings, ids: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_environment(monkeypatch, ExportJob(*ids, "ONNX"), settings)
    assert main() == 0
    assert exports.list_all(store, *ids) == []


def test_an_export_that_can_not_be_built_fails(
    store: Store, settings: Settings, ids: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is told of a job that dies: what it could not foresee ends its export, too."""
    in_environment(monkeypatch, ExportJob(*ids, "ONNX"), settings)
    record = begun(store, ids)
    blobs.model_write(store, *ids, "model.json", b"no JSON")
    assert main() == 0
    exports.update(store, record, lambda held: replace(held, status=ExportStatus.EXPORTING))
    monkeypatch.setattr(exports, "write_package", lambda *_: None)
    monkeypatch.setattr("shared.packages.building._package", lambda *_: 1 / 0)
    assert main() == 1
    assert [found.status for found in exports.list_all(store, *ids)] == [ExportStatus.FAILED]
