"""Small real graphs, as a training would leave them, and the photographs that they have answers for."""

import fcntl
import json
import os
from collections.abc import Callable, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from msgspec.structs import replace
from PIL import Image

from shared.exporting.graph.ending import subject
from shared.exporting.graph.subject import Subject
from shared.imaging.boxes import ltwh_to_xyxy
from shared.imaging.resize import copies
from shared.learning.classifier_recipe import quick
from shared.learning.embeddings import Picture
from shared.learning.mixing import fit_mix
from shared.models.workspace.domains import DOMAINS
from shared.models.workspace.projects import ClassificationType
from shared.settings import Settings
from tests.exporting.agreement import Answers
from tests.exporting.making import answers, spec_of
from tests.learning.scenes import memory, one_hot
from tests.pictures import PHOTOS
from tests.training_job.kept import NOWHERE
from training_job.classification.seeing import see
from training_job.detection.data import Example
from training_job.detection.detector_recipe import RECIPE
from training_job.detection.light.quick_run import advance, begin
from training_job.graphs import backbones, classifier

SAMPLE = PHOTOS / "customvision-sample"
CUTLERY = ["fork", "scissors"]
KINDS = [*CUTLERY, "hemlock", "japanese_cherry"]
# Of each kind: the first show what is tested, the others are learned from.
SHOWN, LEARNED = 5, 5
LARGE = 1440
# A detector that saw so few views says little; its logits are lifted and stretched.
SEEN, LIFT, STRETCH = 120, 3.75, 6.0


def files(kind: str) -> list[Path]:
    return sorted((SAMPLE / kind).iterdir())


@pytest.fixture(scope="session")
def photographs() -> list[bytes]:
    """Five of each of the four kinds, no larger than the service keeps them. The detector finds something in those of
    cutlery, which come first.
    """
    torch.set_num_threads(1)
    return [copies(path.read_bytes()).resized for path in shown()]


@pytest.fixture(scope="session")
def large() -> list[bytes]:
    """The files of photographs that have a side of four times any model's input and more."""
    found = [data for path in shown() if max(Image.open(BytesIO(data := path.read_bytes())).size) >= LARGE]
    assert len(found) > 5
    return found


def shown() -> list[Path]:
    if not PHOTOS.is_dir():
        pytest.skip("the photographs are not there")
    return [path for kind in KINDS for path in files(kind)[:SHOWN]]


Maker = Callable[[], onnx.ModelProto]
Once = Callable[[str, Maker], onnx.ModelProto]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """A graph by its name: made by the first worker of this run that asks for it, and read by the others."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def kept(name: str, make: Maker) -> onnx.ModelProto:
        path = shared / f"{name}.onnx"
        with path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                path.write_bytes(make().SerializeToString())
        return onnx.load(path)

    return kept


def composed(kind: ClassificationType, truths: np.ndarray) -> onnx.ModelProto:
    recipe = quick(next(domain for domain in DOMAINS.values() if domain.name == "General (compact)"), kind)
    crop = recipe.crops[0]
    spec = recipe.preprocessing(crop)
    seeing = backbones.load(folder(), recipe.backbones, recipe.pixels)
    pictures = [Picture(path.name, path.read_bytes) for kind in KINDS for path in files(kind)[SHOWN:][:LEARNED]]
    seen = see(seeing, recipe, crop, pictures, memory(), lambda *_: None)
    head = fit_mix(seen, dict.fromkeys(seen, 1 / len(seen)), truths, kind, recipe)
    return classifier.classifier(seeing, spec, head, seen, kind)


def folder() -> Path:
    return Path(Settings.read().backbones_folder)


@pytest.fixture(scope="session")
def multiclass(once: Once, photographs: Sequence[bytes]) -> onnx.ModelProto:
    """Tells the four kinds from each other; it sees the middle of the picture."""
    return once("multiclass", partial(composed, ClassificationType.MULTICLASS, truths()))


@pytest.fixture(scope="session")
def multilabel(once: Once, photographs: Sequence[bytes]) -> onnx.ModelProto:
    """Tells the four kinds, and a fifth tag: cutlery."""
    kinds = np.column_stack([truths(), truths()[:, :2].sum(axis=1)])
    return once("multilabel", partial(composed, ClassificationType.MULTILABEL, kinds))


def truths() -> np.ndarray:
    return one_hot([kind for kind in range(len(KINDS)) for _ in range(LEARNED)])


@pytest.fixture(scope="session")
def detector(once: Once, photographs: Sequence[bytes]) -> onnx.ModelProto:
    """Finds forks and scissors after a glance at some, as surely as if it had learned for long."""
    return once("detector", trained)


def trained() -> onnx.ModelProto:
    backbone = onnx.load(backbones.prepare_features(folder(), RECIPE.backbone, RECIPE.pixels))
    regions = json.loads((SAMPLE / "regions.json").read_text())["regions"]
    examples = [
        Example(path.read_bytes, ltwh_to_xyxy(np.array([regions[kind][path.stem]], np.float32)), np.array([tag]))
        for tag, kind in enumerate(CUTLERY)
        for path in files(kind)[SHOWN:][: 2 * LEARNED]
    ]
    run = begin(
        backbone, examples, 2, replace(RECIPE, width=32, views_each=1, seen=SEEN, batch=6), NOWHERE, lambda *_: None
    )
    advance(run, len(run.epochs), lambda *_: None)
    with torch.no_grad():
        tags = run.trainer.head.tags
        tags.weight.mul_(STRETCH)
        assert tags.bias is not None
        tags.bias.add_(LIFT).mul_(STRETCH)
    return run.composed()


@pytest.fixture(scope="session")
def subjects(multiclass: onnx.ModelProto, multilabel: onnx.ModelProto, detector: onnx.ModelProto) -> dict[str, Subject]:
    """Of each kind of domain one, by its name: classifiers and detectors, [S1] and of the first generation."""
    graphs = {
        "multiclass": (multiclass, "General (compact)", KINDS),
        "multilabel": (multilabel, "General (compact) [S1]", [*KINDS, "cutlery"]),
        "boxes": (detector, "General (compact) [S1]", CUTLERY),
        "grid": (detector, "General (compact)", CUTLERY),
    }
    return {
        name: subject(model.SerializeToString(), spec_of(model, domain, labels))
        for name, (model, domain, labels) in graphs.items()
    }


@pytest.fixture(scope="session")
def served(subjects: dict[str, Subject], photographs: Sequence[bytes]) -> dict[str, Answers]:
    """What onnxruntime answers for the photographs."""
    return {name: answers(subject.model, photographs) for name, subject in subjects.items()}
