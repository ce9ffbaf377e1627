"""Advanced training tries backbones of a hub in the domains that are not compact: what a job makes of them."""

import logging
from pathlib import Path

import msgspec
import onnx
import pytest
from msgspec import UNSET
from msgspec.structs import replace

from shared.errors import ExportValidationFailed
from shared.exporting.graph.subject import Unexportable
from shared.learning import classifier_recipe
from shared.learning.classifier_recipe import LITE0, LITE2, Recipe, advanced, continued, quick
from shared.models.messages.jobs import TrainJob
from shared.models.training.iterations import Iteration, IterationStatus
from shared.models.training.model_spec import ModelSpec
from shared.models.workspace.domains import DOMAINS, GENERAL, Domain, DomainType
from shared.models.workspace.projects import ClassificationType
from shared.operations.training import exports
from shared.packages import platforms
from shared.packages.exportability import iteration_with_exports
from shared.prediction.model import Model
from shared.settings import JobSettings, Settings
from shared.storage.account import blobs
from shared.storage.account.store import Store
from tests.learning.scenes import drawn
from tests.training_job.graphs.hub.tiny import PIXELS, saved
from tests.training_job.jobs import SHAPES, asked_for, in_environment, iteration_of, prepared
from training_job import training
from training_job.__main__ import main
from training_job.classification import advanced as advanced_training
from training_job.graphs import backbones
from training_job.graphs.hub.backbones import prepare
from training_job.graphs.hub.source import HubUnavailable

NAME = "dinov2-small-ed25f3a3"
CLASSIFYING = [domain for domain in DOMAINS.values() if domain.type == DomainType.CLASSIFICATION]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of backbones: our own, and none of a hub yet."""
    found, kept = tmp_path_factory.mktemp("backbones"), Path(Settings.read().backbones_folder)
    onnx.save(backbones.load_sized(kept, LITE0, PIXELS), found / classifier_recipe.graph_file(LITE0, PIXELS))
    beside = classifier_recipe.graph_file(LITE2, backbones.SIZED)
    (found / beside).symlink_to(kept / beside)
    return found


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(tmp_path_factory.mktemp("hub") / "tiny", "dinov2")


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is tried last is taken, and that is of the hub. Quick training looks at few pixels."""
    monkeypatch.setattr(advanced_training, "ERRORS", -1e9)
    monkeypatch.setattr(classifier_recipe, "LARGER", {False: [], True: []})
    few = Recipe((LITE0,), PIXELS)
    monkeypatch.setattr(classifier_recipe, "QUICK", {"General": few, "General (compact)": few})


def train(store: Store, of: TrainJob, folder: Path, named: str) -> None:
    training.run(
        store, JobSettings(job=of, backbones_folder=str(folder), large_classifier=named, job_shrunken=True), of
    )


def described(store: Store, of: TrainJob) -> tuple[bytes, bytes, ModelSpec]:
    graph, data = (blobs.model_read(store, of.project_id, of.iteration_id, f"model.{end}") for end in ("onnx", "json"))
    return graph, data, msgspec.json.decode(data, type=ModelSpec)


@pytest.mark.usefixtures("eager")
def test_an_advanced_job_leaves_a_model_with_a_backbone_of_the_hub(
    store: Store, settings: Settings, folder: Path, tiny: Path
) -> None:
    of = asked_for(store)
    train(store, of, folder, str(tiny))
    iteration = iteration_of(store, of)
    assert (iteration.status, iteration.training_error_details) == (IterationStatus.COMPLETED, None)
    graph, data, spec = described(store, of)
    name = prepare(folder, str(tiny)).name
    assert spec.architecture == f"{name}+{LITE2}-{PIXELS}"
    model = Model.load(graph, data)
    assert [model.predict(drawn(shape, 77))[0].tag_name for shape in SHAPES] == ["disc", "none"]
    exports_are_told_and_kept_to(store, settings, iteration, graph, spec)

    # Quick training goes on from it, and has its graph by its name alone.
    more = asked_for(store, base=of)
    train(store, more, folder, "")
    assert described(store, more)[2].architecture == spec.architecture
    lost = asked_for(store, base=of)
    with pytest.raises(HubUnavailable, match=f"{name} is none of those that LARGE_CLASSIFIER names"):
        train(store, lost, folder / "elsewhere", "")


def exports_are_told_and_kept_to(
    store: Store, settings: Settings, iteration: Iteration, graph: bytes, spec: ModelSpec
) -> None:
    shown = iteration_with_exports(settings, iteration)
    assert (shown.exportable, sorted(shown.exportable_to or [])) == (True, ["DockerFile", "ONNX"])
    for line in platforms.LINES:
        if line.platform in ("DockerFile", "ONNX"):
            assert line.write(graph, spec)
        else:
            with pytest.raises(Unexportable):
                line.write(graph, spec)
    with pytest.raises(ExportValidationFailed, match=r"can't be exported to OpenVino: .*; there is DockerFile, ONNX\."):
        exports.export_iteration(
            store, settings, iteration.project_id, iteration.id, platform="openvino", flavor="NoPostProcess"
        )


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("kind", ["regular", "compact"])
def test_quick_training_and_compact_domains_don_t_look_for_it(
    kind: str, store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "compact":
        monkeypatch.setitem(DOMAINS, GENERAL, replace(DOMAINS[GENERAL], name="General (compact)"))
        assert DOMAINS[GENERAL].compact
    of = prepared(store, 6) if kind == "regular" else asked_for(store)
    train(store, of, folder, "/nowhere")
    iteration = iteration_of(store, of)
    assert iteration.status == IterationStatus.COMPLETED
    assert iteration.not_exportable_to is UNSET


def test_a_backbone_that_can_t_be_had_fails_the_iteration_at_once_with_the_reason(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    of = asked_for(store)
    in_environment(monkeypatch, of, settings)
    monkeypatch.setenv("LARGE_CLASSIFIER", "dinov2-smal")
    with caplog.at_level(logging.CRITICAL):
        assert main() == 1
    iteration = iteration_of(store, of)
    assert iteration.status == IterationStatus.FAILED
    assert (iteration.training_error_details or "").startswith(
        "There is no backbone 'dinov2-smal'. LARGE_CLASSIFIER is"
    )


@pytest.mark.parametrize("domain", CLASSIFYING, ids=lambda domain: domain.name)
@pytest.mark.parametrize("kind", list(ClassificationType))
def test_it_is_tried_alone_and_beside_ours_where_a_domain_is_not_compact(
    domain: Domain, kind: ClassificationType
) -> None:
    before, now, first = advanced(domain, kind), advanced(domain, kind, [(NAME, 224)]), quick(domain, kind)
    expected = [] if domain.compact else [(NAME,), (NAME, LITE2)]
    assert now == [*before, *(replace(first, backbones=names, pixels=224) for names in expected)]


@pytest.mark.parametrize(
    ("architecture", "recipe"),
    [
        (f"{NAME}-224", Recipe((NAME,), 224)),
        (f"{NAME}+{LITE2}-224", Recipe((NAME, LITE2), 224)),
        (f"{NAME}+{LITE2}+{LITE2}-224", None),
        (f"{NAME}+{LITE2}", None),
        (f"{NAME}-{'2' * 5000}", None),
        ("dinov2-small-224", None),
        ("", None),
    ],
)
def test_what_an_architecture_was_trained_by_is_read_out_of_it(architecture: str, recipe: Recipe | None) -> None:
    compact = next(domain for domain in CLASSIFYING if domain.compact)
    assert continued(architecture, DOMAINS[GENERAL], ClassificationType.MULTICLASS) == recipe
    assert continued(architecture, compact, ClassificationType.MULTICLASS) is None
