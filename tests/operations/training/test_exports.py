"""Exports on storage: what a package holds, that it predicts what the service does, and how a build ends."""

import hashlib
import json
import re
from io import BytesIO
from uuid import UUID, uuid4
from zipfile import ZipFile

import msgspec
import pytest
from msgspec.structs import replace
from onnx import ModelProto, TensorProto

from shared import errors
from shared.events import Publisher
from shared.exporting.graph import reading
from shared.models.messages.tasks import BuildExport, NotifyExport
from shared.models.training import exports as models
from shared.models.training.exports import Export, ExportStatus
from shared.models.training.iterations import Iteration, IterationStatus
from shared.models.training.model_spec import ModelSpec
from shared.operations import upkeep
from shared.operations.training import exports, iterations
from shared.operations.workspace import domains
from shared.packages import building, packing, platforms
from shared.packages.exportability import iteration_with_exports
from shared.settings import ROOT
from shared.storage.account import blobs, queues
from shared.storage.training import exports as stored_exports
from shared.storage.training import iterations as stored_iterations
from tests.operations.making import record_of
from tests.prediction.graphs import make_graph, put_model

COMPACT, GENERAL, DETECTOR = (
    UUID("0732100f-1a38-4e49-a514-c9b44c697ab5"),
    UUID("ee85a74c-405e-4adc-bb47-ffa8ca0c9f31"),
    UUID("7ec2ac80-887b-48a6-8df9-8b1357765430"),
)


@pytest.fixture
def sent(monkeypatch):
    """The tasks that were sent, to be done by the test."""
    tasks = []
    monkeypatch.setattr(queues, "send", lambda store, task, delay=0.0: tasks.append(task))
    return tasks


@pytest.fixture
def iteration(store, project_id, sent) -> Iteration:
    """Completed, in a compact domain, with a tiny model."""
    return added(store, project_id)


def added(store, project_id, domain=COMPACT, status=IterationStatus.COMPLETED) -> Iteration:
    record = record_of(project_id, status)
    iteration = replace(record.iteration, id=put_model(store, project_id, "apple"), domain_id=domain)
    stored_iterations.insert(store, replace(record, iteration=iteration))
    return iteration


def export(store, settings, iteration, platform="ONNX", flavor=None) -> Export:
    ids = iteration.project_id, iteration.id
    return exports.export_iteration(store, settings, *ids, platform=platform, flavor=flavor)


def exported(store, iteration) -> list[Export]:
    return exports.get_exports(store, iteration.project_id, iteration.id)


def build(store, settings, tasks) -> None:
    """All that is to be built, each task twice."""
    for task in [task for task in tasks if isinstance(task, BuildExport)] * 2:
        upkeep.do(store, settings, Publisher.open(settings), task)


def package_of(store, iteration) -> ZipFile:
    (name,) = blobs.names(store, "exports", f"{iteration.project_id}/{iteration.id}")
    blob = blobs.read(store, "exports", name)
    assert blob
    return ZipFile(BytesIO(blob.data))


def test_an_export_ends_as_a_package_with_the_served_bytes(store, settings, iteration, sent):
    assert export(store, settings, iteration) == Export("ONNX", ExportStatus.EXPORTING, None, None, False)
    build(store, settings, sent)
    (done,) = exported(store, iteration)
    assert (done.status, done.newer_version_available) == (ExportStatus.DONE, False)
    assert f"{iteration.id}.ONNX.zip?" in (done.download_uri or "")
    package = package_of(store, iteration)
    graph = blobs.model_read(store, iteration.project_id, iteration.id, "model.onnx")
    assert package.read("model.onnx") == graph
    assert package.read("labels.txt") == b"apple\nother"
    assert package.read("LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert {name for name in package.namelist() if "/" in name} == {
        "CSharp/Predict.csproj",
        "CSharp/Program.cs",
        "python/predict.py",
        "python/requirements.txt",
        "python/runtime.py",
    }


def test_the_manifest_is_what_the_runtimes_for_phones_read(store, settings, iteration, sent):
    export(store, settings, iteration, flavor="onnx12")
    build(store, settings, sent)
    package = package_of(store, iteration)
    text = package.read("cvexport.manifest")
    assert text.startswith(b"{\r\n")
    assert text.endswith(b"\r\n}")
    manifest = json.loads(text)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z", manifest.pop("ExportedDate"))
    assert manifest == {
        "DomainType": "Classification",
        "Platform": "ONNX",
        "Flavor": "ONNX12",
        "ExporterVersion": "2.0",
        "IterationId": str(iteration.id),
        "ModelFileName": "model.onnx",
        "LabelFileName": "labels.txt",
        "ModelFileSHA1": hashlib.sha1(package.read("model.onnx")).hexdigest(),
        "SchemaVersion": "1.0",
    }


def test_an_export_is_refused_while_there_is_one(store, settings, iteration, sent):
    export(store, settings, iteration)
    for _ in range(2):
        with pytest.raises(errors.ExportInProgress, match=f"{iteration.id} is already queued for export"):
            export(store, settings, iteration, platform="onnx")
        build(store, settings, sent)
    export(store, settings, iteration, flavor="ONNX10")
    assert [item.flavor for item in exported(store, iteration)] == [None, "ONNX10"]


def test_an_older_package_may_be_exported_again(store, settings, iteration, sent, monkeypatch):
    export(store, settings, iteration)
    build(store, settings, sent)
    monkeypatch.setattr(models, "PACKAGE", models.PACKAGE + 1)
    assert exported(store, iteration)[0].newer_version_available
    assert export(store, settings, iteration).status == ExportStatus.EXPORTING


def test_what_can_not_be_built_fails_and_may_be_repeated(store, settings, iteration, sent):
    blobs.delete_model(store, iteration.project_id, iteration.id)
    export(store, settings, iteration)
    build(store, settings, sent)
    assert [(item.status, item.download_uri) for item in exported(store, iteration)] == [(ExportStatus.FAILED, None)]
    assert [task.status for task in sent if isinstance(task, NotifyExport)] == [ExportStatus.FAILED]
    assert export(store, settings, iteration).status == ExportStatus.EXPORTING


def test_a_build_that_always_dies_ends_as_failed(store, settings, iteration, sent, monkeypatch):
    def dies(*_):
        raise MemoryError

    monkeypatch.setattr(packing, "package", dies)
    export(store, settings, iteration)
    for _ in range(building.ATTEMPTS):
        with pytest.raises(MemoryError):
            exports.build(store, sent[0])
    assert exported(store, iteration)[0].status == ExportStatus.EXPORTING
    exports.build(store, sent[0])
    assert exported(store, iteration)[0].status == ExportStatus.FAILED


def test_deleting_an_iteration_deletes_its_exports(store, settings, iteration, sent):
    export(store, settings, iteration)
    build(store, settings, sent)
    export(store, settings, iteration, flavor="ONNX12")
    late = sent[-1]
    iterations.delete_iteration(store, iteration.project_id, iteration.id)
    upkeep.do(store, settings, Publisher.open(settings), late)
    assert not list(blobs.names(store, "exports", f"{iteration.project_id}/"))
    assert stored_exports.list_all(store, iteration.project_id, iteration.id) == []
    with pytest.raises(errors.IterationNotFound):
        export(store, settings, iteration)


def test_a_package_whose_iteration_is_deleted_during_its_build_does_not_stay(
    store, settings, iteration, sent, monkeypatch
):
    package = packing.package

    def slow(*of):
        iterations.delete_iteration(store, iteration.project_id, iteration.id)
        return package(*of)

    monkeypatch.setattr(packing, "package", slow)
    export(store, settings, iteration)
    upkeep.do(store, settings, Publisher.open(settings), sent[-1])
    assert list(blobs.names(store, "exports", f"{iteration.project_id}/"))
    upkeep.do(store, settings, Publisher.open(settings), sent[-1])
    assert not list(blobs.names(store, "exports", f"{iteration.project_id}/"))


def test_a_deletion_that_was_cut_off_is_finished_by_upkeep(store, settings, iteration, sent, monkeypatch):
    export(store, settings, iteration)
    build(store, settings, sent)
    monkeypatch.setattr(iterations, "drop", lambda *_: None)
    iterations.delete_iteration(store, iteration.project_id, iteration.id)
    monkeypatch.undo()
    assert list(blobs.names(store, "exports", f"{iteration.project_id}/"))
    upkeep.do(store, settings, Publisher.open(settings), next(task for task in sent if hasattr(task, "iteration_id")))
    for container in ("exports", "models"):
        assert not list(blobs.names(store, container, f"{iteration.project_id}/{iteration.id}"))


@pytest.mark.parametrize(
    ("domain", "platform", "flavor", "message"),
    [
        (COMPACT, "nonsense", None, "there is .*ONNX"),
        (COMPACT, "onnx", "ONNX13", "leave it out, or choose from ONNX10, ONNX12, ONNXFloat16"),
        (COMPACT, "dockerfile", None, "needs a flavor; there is Linux, ARM, Windows"),
        (COMPACT, "vaidk", None, "TensorFlowLite"),
        (COMPACT, "IVS", "any", "ONNX, or to DockerFile"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(
    store, settings, project_id, sent, domain, platform, flavor, message
):
    with pytest.raises(errors.ExportValidationFailed, match=message):
        export(store, settings, added(store, project_id, domain), platform, flavor)
    assert sent == []


def test_only_a_completed_iteration_is_exported(store, settings, project_id, sent):
    with pytest.raises(errors.ExportWhileTraining):
        export(store, settings, added(store, project_id, status=IterationStatus.TRAINING))
    with pytest.raises(errors.IterationNotTrained):
        export(store, settings, added(store, project_id, status=IterationStatus.FAILED))
    with pytest.raises(errors.IterationNotFound):
        exports.get_exports(store, project_id, uuid4())


def test_other_domains_are_exported_too_unless_that_is_switched_off(store, settings, project_id, sent):
    iteration = added(store, project_id, GENERAL)
    strict = replace(settings, export_compact_only=True)
    with pytest.raises(errors.ExportValidationFailed, match=r"General \(compact\)"):
        export(store, strict, iteration)
    assert export(store, strict, added(store, project_id)).status == ExportStatus.EXPORTING
    shown = {domain.name: domain for domain in domains.get_domains(strict)}
    assert (shown["General"].exportable, shown["General"].exportable_platforms) == (False, [])
    assert shown["General (compact)"].exportable
    assert export(store, settings, iteration).status == ExportStatus.EXPORTING
    build(store, settings, sent)
    assert exported(store, iteration)[0].status == ExportStatus.DONE


def test_a_platform_whose_package_is_not_installed_is_refused_at_the_call(
    store, settings, iteration, sent, monkeypatch
):
    line = platforms.Line("ONNX", "Later", platforms.by("onnx"), "model.onnx", needs="not_installed")
    monkeypatch.setattr(platforms, "LINES", [*platforms.LINES, line])
    platforms.offered.cache_clear()
    with pytest.raises(errors.ExportValidationFailed, match="needs the package 'not_installed'"):
        export(store, settings, iteration, flavor="later")
    assert "Later" not in platforms.offered()["ONNX"]
    platforms.offered.cache_clear()
    assert sent == []


@pytest.mark.parametrize("domain", [COMPACT, GENERAL])
def test_an_iteration_tells_where_it_can_be_exported_to_by_now(settings, domain):
    """Whatever its record says, which may be older than the setting and the packages."""
    offered, strict = list(platforms.offered()), replace(settings, export_compact_only=True)
    for status, held, shown in (
        (IterationStatus.TRAINING, None, None),
        (IterationStatus.COMPLETED, ["ONNX"], offered),
        (IterationStatus.COMPLETED, [], offered),
        (IterationStatus.COMPLETED, None, None),
        (IterationStatus.FAILED, [], []),
    ):
        iteration = replace(record_of(uuid4(), status).iteration, domain_id=domain, exportable_to=held)
        told, less = iteration_with_exports(settings, iteration), iteration_with_exports(strict, iteration)
        assert (told.exportable, told.exportable_to) == (True, shown)
        nothing = shown if domain == COMPACT else shown and []
        assert (less.exportable, less.exportable_to) == (domain == COMPACT, nothing)


def test_what_a_model_can_t_be_exported_to_is_left_out_and_refused_with_what_there_is(
    store, project_id, settings, sent
):
    iteration = added(store, project_id)

    def told(*platforms):
        def change(record):
            return replace(
                record, iteration=replace(record.iteration, not_exportable_to=list(platforms), exportable_to=[])
            )

        found = iteration_with_exports(
            settings, stored_iterations.update(store, project_id, iteration.id, change).shown
        )
        return found.exportable, found.exportable_to

    assert told("CoreML", "TensorFlow", "OpenVino") == (True, ["DockerFile", "ONNX"])
    with pytest.raises(
        errors.ExportValidationFailed, match=r"to TensorFlow: it has operators .*; there is DockerFile, ONNX"
    ):
        export(store, settings, iteration, "tensorflow", "tensorflowlite")
    assert export(store, settings, iteration, "ONNX").status == ExportStatus.EXPORTING
    assert told(*platforms.offered()) == (False, [])
    with pytest.raises(errors.ExportValidationFailed, match=r"to ONNX: it is too large, or .*; there is no other"):
        export(store, settings, iteration, "ONNX")


def test_a_graph_that_is_too_large_is_refused_by_all(store, iteration, monkeypatch):
    graph, data = (
        blobs.model_read(store, iteration.project_id, iteration.id, f"model.{end}") for end in ("onnx", "json")
    )
    spec = msgspec.json.decode(data, type=ModelSpec)
    assert platforms.refusing(graph, spec) == []
    monkeypatch.setattr(reading, "GRAPH_BYTES", len(graph) - 1)
    assert platforms.refusing(graph, spec) == list(platforms.offered())


def test_no_platform_takes_a_graph_that_reaches_out_of_itself(store, settings, iteration, sent):
    graph = ModelProto.FromString(make_graph(2))
    graph.graph.initializer[0].data_location = TensorProto.EXTERNAL
    blobs.model_write(store, iteration.project_id, iteration.id, "model.onnx", graph.SerializeToString())
    for line in platforms.LINES:
        export(store, settings, iteration, line.platform, line.flavor)
    build(store, settings, sent)
    assert {each.status for each in exported(store, iteration)} == {ExportStatus.FAILED}
