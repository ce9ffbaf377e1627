"""Whether a model of each domain, as it was trained and is served, answers the same wherever it is exported to.

python -m benchmarks.agreement

Models are fitted to a few photographs, which tell as much of this as any. General (compact) detectors, whose export is
a raw grid, are compared in tests/exporting/graph/test_grid.py.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import onnx
from msgspec.structs import replace

from benchmarks import detection, subjects
from benchmarks.exports import CELLS, GROCERIES, SHOWN, Trained, by_onnx, running, worst, write
from shared.imaging.boxes import ltwh_to_xyxy
from shared.learning import classifier_recipe
from shared.learning.embeddings import Cache, Picture
from shared.models.workspace.domains import DOMAINS, Domain, DomainType
from shared.models.workspace.projects import ClassificationType
from shared.packages.platforms import LINES
from shared.settings import Settings
from tests.exporting.making import spec_of
from training_job.checkpoint import Checkpoint
from training_job.classification.quick import Examples, train
from training_job.detection.data import Example
from training_job.detection.detector_recipe import RECIPE
from training_job.detection.light.quick_run import advance, begin
from training_job.graphs import backbones

LEARNED = 4
GOAL = 1e-4
KIND = ClassificationType.MULTICLASS
NOTHING_KEPT = Cache(lambda _: {}, lambda *_: None)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.agreement", description=__doc__)
    subjects.add_photos(parser)
    options, made = parser.parse_args(argv), dict[str, dict[str, float]]()
    for domain in DOMAINS.values():
        classifies = domain.type == DomainType.CLASSIFICATION
        if not classifies and domain.name == "General (compact)":
            continue
        way = str(classifier_recipe.quick(domain, KIND) if classifies else RECIPE.of_domain(domain.id))
        if way not in made:
            made[way] = classifier(domain, options.photos) if classifies else detector(domain, options.photos)
        tell(domain, made[way])
    return int(max(far for each in made.values() for far in each.values()) > GOAL)


def tell(domain: Domain, found: Mapping[str, float]) -> None:
    print(f"{domain.type} {domain.name}: " + ", ".join(f"{name} {far:.0e}" for name, far in found.items()), flush=True)


def classifier(domain: Domain, photos: Path) -> dict[str, float]:
    recipe = classifier_recipe.quick(domain, KIND)
    folder = Path(Settings.read().backbones_folder)
    loaded = backbones.load(folder, recipe.backbones, recipe.pixels)
    learned, tags = _some(photos / GROCERIES / "train", LEARNED)
    truths = np.eye(max(tags) + 1, dtype=np.float32)[tags]
    trained = train(loaded, Examples(learned, truths, KIND, NOTHING_KEPT), recipe, _silent)
    model = onnx.load_model_from_string(trained.graph)
    spec = spec_of(model, domain.name, [str(tag) for tag in range(max(tags) + 1)])
    shown = [picture.read() for picture in _some(photos / GROCERIES / "test", SHOWN)[0]][:: len(truths[0])]
    return compared(Trained(trained.graph, replace(spec, preprocessing=trained.preprocessing), shown))


def detector(domain: Domain, photos: Path) -> dict[str, float]:
    recipe = replace(RECIPE.of_domain(domain.id), width=32, views_each=1, seen=600, batch=6)
    learned, test = detection.cells(photos / CELLS)
    names = sorted({tag for photo in learned for tag, *_ in photo.boxes})
    examples = [
        Example(
            photo.path.read_bytes,
            ltwh_to_xyxy(np.array([sides for _, *sides in photo.boxes], np.float32)),
            np.array([names.index(tag) for tag, *_ in photo.boxes]),
        )
        for photo in learned[:40]
    ]
    folder = Path(Settings.read().backbones_folder)
    backbone = onnx.load(backbones.prepare_features(folder, recipe.backbone, recipe.pixels))
    run = begin(backbone, examples, len(names), recipe, Checkpoint(lambda: None, lambda _: None), _silent)
    advance(run, len(run.epochs), _silent)
    model = run.composed()
    shown = [photo.path.read_bytes() for photo in test[:SHOWN]]
    return compared(Trained(model.SerializeToString(), spec_of(model, domain.name, names), shown))


def compared(trained: Trained) -> dict[str, float]:
    """How far what each platform answers is from what is served."""
    served, found = by_onnx(trained.graph)(trained.photographs), {}
    for line in LINES:
        # Half precision has a bound of its own, and boxes that nobody chose from yet are no answer.
        if line.flavor and line.flavor.endswith(("Float16", "NoPostProcess")):
            continue
        package = write(line.platform, line.flavor, trained.spec, trained.graph)
        with tempfile.TemporaryDirectory() as folder:
            ZipFile(BytesIO(package.data)).extractall(folder)
            run = running(Path(folder), trained)
            if run:
                found[" ".join(filter(None, (line.platform, line.flavor)))] = worst(served, run(trained.photographs))
    return found


def _some(folder: Path, each: int) -> tuple[list[Picture], list[int]]:
    tags = sorted(path for path in folder.iterdir() if path.is_dir())
    paths = [(path, tag) for tag, of_tag in enumerate(tags) for path in sorted(of_tag.glob("*.jpg"))[:each]]
    return [Picture(str(path), path.read_bytes) for path, _ in paths], [tag for _, tag in paths]


def _silent(progress: float, message: str) -> None:
    pass


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
