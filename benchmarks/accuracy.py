"""How right models are about photographs that training never saw: the suite's sets, few photographs and all.

python -m benchmarks.accuracy
python -m benchmarks.accuracy --sets trash,food --shots 5,all --draws 1
python -m benchmarks.accuracy --sets pcb,bccd --advanced 15

What was measured is kept in .local/accuracy and not measured again; --anew forgets it.
"""

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import onnx
import onnxruntime

from benchmarks import detection
from benchmarks.subjects import add_photos
from benchmarks.training_recipes import calibration_error
from shared.arrays import Doubles, Floats
from shared.learning import evaluate
from shared.learning.classifier_recipe import RECIPES, Crop
from shared.learning.embeddings import Cache, Picture, embed
from shared.models.workspace.projects import ClassificationType
from shared.settings import ROOT, Settings
from training_job.classification.quick import TrainedClassifier, train
from training_job.graphs import backbones
from training_job.graphs.classifier import OUTPUT, embedder

KIND = ClassificationType.MULTICLASS
RECIPE = RECIPES[KIND]
SETS = ("clothing", "food", "insects", "landmarks", "rice-leaf", "satellite", "solar-cells", "trash", "grocery10")
BOXED = ("pcb", "ppe", "cards", "bccd")
SHOTS, ALL = ("5", "10", "20"), "all"
KEPT = ROOT / ".local" / "accuracy"
Measured = TypeVar("Measured", bound=NamedTuple)


class Photos(NamedTuple):
    """Of one set: those of each tag to train with, and those to test."""

    name: str
    train: dict[str, list[Path]]
    test: dict[str, list[Path]]


class Figures(NamedTuple):
    """On test photographs; `claimed` is the accuracy that the iteration's own evaluation says. CPU is without looking
    at photographs, which is done once and kept.
    """

    images: int
    accuracy: float
    log_loss: float
    calibration_error: float
    claimed: float
    cpu_seconds: float


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    add_photos(parser)
    parser.add_argument("--sets", type=words(*SETS, *BOXED), default=[*SETS, *BOXED], metavar="NAME,...")
    parser.add_argument("--shots", type=words(*SHOTS, ALL), default=[*SHOTS, ALL], help="photographs a tag")
    parser.add_argument("--draws", type=int, default=3, help="of few photographs")
    parser.add_argument("--advanced", type=float, metavar="MINUTES", help="fine-tune detectors within so many minutes")
    parser.add_argument("--anew", action="store_true", help="forget what was measured before")
    options = parser.parse_args(argv)
    if missing := [name for name in options.sets if not folder_of(options.photos, name).is_dir()]:
        where = f"in {options.photos}; name their folder by --photos"
        parser.error(f"there are no photographs of {', '.join(missing)} {where}")
    classified = [name for name in options.sets if name in SETS]
    if classified:
        classify(options, classified, Results(KEPT / "quick.json", Figures, options.anew))
    advanced = options.advanced and f"advanced {options.advanced:g}"
    boxed = Results(KEPT / f"{advanced or 'quick'} boxes.json", detection.Figures, options.anew)
    for name in options.sets:
        if name in BOXED:
            train, test = detection.cells(folder_of(options.photos, name))
            detection.tell(name, boxed.of(name, partial(detection.measure, train, test, options.advanced)))


def classify(options: argparse.Namespace, names: Sequence[str], results: "Results[Figures]") -> None:
    backbone = onnx.load(backbones.prepare(Path(Settings.read().backbones_folder), RECIPE.backbone, RECIPE.pixels))
    means: dict[str, list[Figures]] = {shot: [] for shot in options.shots}
    for name in names:
        photos = photos_of(folder_of(options.photos, name))
        for shot, of_sets in means.items():
            draws = range(1 if shot == ALL else options.draws)
            figures = [
                results.of(f"{name} {shot} {draw}", partial(measure, backbone, photos, shot, draw)) for draw in draws
            ]
            tell(name, shot, figures)
            of_sets.append(mean(figures))
    for shot, of_sets in means.items():
        tell("mean", shot, [mean(of_sets)])


def words(*known: str) -> Callable[[str], list[str]]:
    def listed(text: str) -> list[str]:
        if unknown := set(text.split(",")) - set(known):
            raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: choose from {', '.join(known)}")
        return text.split(",")

    return listed


class Results(Generic[Measured]):
    """Kept in a file, so that a benchmark that is ended goes on."""

    def __init__(self, path: Path, kind: type[Measured], anew: bool) -> None:
        self.path = path
        self.kept: dict[str, Measured] = {}
        if path.exists() and not anew:
            self.kept = {key: kind(*row) for key, row in json.loads(path.read_text()).items()}

    def of(self, key: str, measure: Callable[[], Measured]) -> Measured:
        if key not in self.kept:
            self.kept[key] = measure()
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(json.dumps(self.kept, indent=1))
        return self.kept[key]


def folder_of(data: Path, name: str) -> Path:
    suite = data / "suite" / name
    return suite if suite.is_dir() else data / name


def photos_of(folder: Path) -> Photos:
    def part(name: str) -> dict[str, list[Path]]:
        tags = sorted(path for path in (folder / name).iterdir() if path.is_dir())
        return {tag.name: sorted(tag.glob("*.jpg")) for tag in tags}

    return Photos(folder.name, part("train"), part("test"))


def drawn(photos: Photos, shot: str, draw: int) -> dict[str, list[Path]]:
    """So many of each tag; the 5 of a draw are among its 10."""
    chosen = {}
    for tag, paths in photos.train.items():
        shuffled = list(paths)
        random.Random(f"{draw}|{photos.name}|{tag}").shuffle(shuffled)
        chosen[tag] = shuffled if shot == ALL else shuffled[: int(shot)]
    return chosen


def measure(backbone: onnx.ModelProto, photos: Photos, shot: str, draw: int) -> Figures:
    pictures, truths = subjects(drawn(photos, shot, draw))
    cache = on_disk(photos.name)
    for crop in RECIPE.crops:
        seen(backbone, crop, pictures, cache)
    started = time.process_time()
    trained = train(backbone, pictures, truths, KIND, RECIPE, cache, lambda *_: None)
    cpu_seconds = time.process_time() - started
    tests, answers = subjects(photos.test)
    said, right = served(backbone, trained, tests, cache), answers.argmax(1)
    held = trained.probabilities.argmax(1) == truths[trained.judged].argmax(1)
    return Figures(
        len(pictures),
        float((said.argmax(1) == right).mean()),
        float(evaluate.losses(said, answers, KIND).mean()),
        calibration_error(said, said.argmax(1) == right),
        float(held.mean()),
        cpu_seconds,
    )


def subjects(photos: Mapping[str, Sequence[Path]]) -> tuple[list[Picture], Floats]:
    """With 1 where a photograph is of the tag, (N, tags)."""
    paths = [path for tag in sorted(photos) for path in photos[tag]]
    tags = [place for place, tag in enumerate(sorted(photos)) for _ in photos[tag]]
    pictures = [Picture("/".join(path.parts[-3:]), partial(path.read_bytes)) for path in paths]
    return pictures, np.eye(len(photos), dtype=np.float32)[tags]


def seen(backbone: onnx.ModelProto, crop: Crop, pictures: Sequence[Picture], cache: Cache) -> Floats:
    spec = RECIPE.preprocessing(crop)
    graph = embedder(backbone, spec).SerializeToString()
    return embed(graph, spec, RECIPE.space(crop), pictures, cache, lambda *_: None)


def served(backbone: onnx.ModelProto, trained: TrainedClassifier, tests: Sequence[Picture], cache: Cache) -> Doubles:
    """The probabilities that the served graph gives, (N, tags); its backbone looks at a photograph once for all."""
    (crop,) = (crop for crop in RECIPE.crops if RECIPE.preprocessing(crop) == trained.preprocessing)
    vectors = seen(backbone, crop, tests, cache)
    graph = onnx.shape_inference.infer_shapes(onnx.load_from_string(trained.graph))
    head = onnx.utils.Extractor(graph).extract_model(["embedding"], [OUTPUT])
    session = onnxruntime.InferenceSession(head.SerializeToString())
    return np.concatenate([session.run(None, {"embedding": row[None]})[0] for row in vectors]).astype(np.float64)


def on_disk(name: str) -> Cache:
    def path(space: str) -> Path:
        return KEPT / "embeddings" / f"{name} {space}.npz"

    def get(space: str) -> dict[str, Floats]:
        if not path(space).exists():
            return {}
        with np.load(path(space)) as arrays:
            return dict(zip(arrays["keys"].tolist(), arrays["vectors"], strict=True))

    def put(space: str, made: Mapping[str, Floats]) -> None:
        vectors = {**get(space), **made}
        path(space).parent.mkdir(parents=True, exist_ok=True)
        np.savez(path(space), keys=np.array(list(vectors)), vectors=np.stack(list(vectors.values())))

    return Cache(get, put)


def mean(figures: Sequence[Figures]) -> Figures:
    images, *others = (statistics.mean(column) for column in zip(*figures, strict=True))
    return Figures(round(images), *others)


def tell(name: str, shot: str, draws: Sequence[Figures]) -> None:
    of = mean(draws)
    spread = statistics.pstdev(figures.accuracy for figures in draws)
    print(
        f"{name:12} {shot:>3}: {of.accuracy:6.1%} ±{spread:4.1%} of {of.images:4} images, claims {of.claimed:6.1%};"
        f" log loss {of.log_loss:.3f}, calibration error {of.calibration_error:.3f}; {of.cpu_seconds:5.1f} s of CPU",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(detection.as_a_job("benchmarks.accuracy"))
