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
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import onnx
import onnxruntime

from benchmarks import detection
from benchmarks.subjects import add_photos
from shared.arrays import Doubles, Floats, Halves
from shared.imaging.resize import model_input
from shared.learning import classifier_recipe, evaluate
from shared.learning.classifier_recipe import TUNED, Recipe
from shared.learning.embeddings import Cache, Picture
from shared.models.workspace.domains import DOMAINS, DomainType
from shared.models.workspace.projects import ClassificationType
from shared.settings import ROOT, Settings
from training_job.checkpoint import Checkpoint
from training_job.classification import advanced
from training_job.classification.advanced import Effort
from training_job.classification.networks import Networks
from training_job.classification.quick import Examples, TrainedClassifier, show, train
from training_job.classification.seeing import Backbones, see
from training_job.classification.tuning_recipe import TUNING
from training_job.graphs.classifier import INPUT, OUTPUT, head_of

KIND = ClassificationType.MULTICLASS
CLASSIFICATION = DomainType.CLASSIFICATION
CLASSIFIERS = [domain.name for domain in DOMAINS.values() if domain.type == CLASSIFICATION]
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
    parser.add_argument("--advanced", type=float, metavar="MINUTES", help="advanced training, within so many minutes")
    parser.add_argument("--domain", choices=CLASSIFIERS, default="General", help="of classifiers")
    parser.add_argument("--anew", action="store_true", help="forget what was measured before")
    options = parser.parse_args(argv)
    if missing := [name for name in options.sets if not folder_of(options.photos, name).is_dir()]:
        parser.error(
            f"there are no photographs of {', '.join(missing)} in {options.photos}; name their folder by --photos"
        )
    classified = [name for name in options.sets if name in SETS]
    if classified:
        classify(options, classified)
    boxed = Results(KEPT / f"{kind_of(options)} boxes.json", detection.Figures, options.anew)
    for name in options.sets:
        if name in BOXED:
            train, test = detection.cells(folder_of(options.photos, name))
            detection.tell(name, boxed.of(name, partial(detection.measure, train, test, options.advanced)))


def classify(options: argparse.Namespace, names: Sequence[str]) -> None:
    means: dict[str, list[Figures]] = {shot: [] for shot in options.shots}
    of_hub = Settings.read().large_classifier.replace("/", " ") if options.advanced else ""
    results = Results(KEPT / f"{f'{options.domain} {kind_of(options)} {of_hub}'.strip()}.json", Figures, options.anew)
    for name in names:
        photos = photos_of(folder_of(options.photos, name))
        for shot, of_sets in means.items():
            draws = range(1 if shot == ALL else options.draws)
            figures = [
                results.of(f"{name} {shot} {draw}", partial(measure, photos, shot, draw, options)) for draw in draws
            ]
            tell(name, shot, figures)
            of_sets.append(mean(figures))
    for shot, of_sets in means.items():
        tell("mean", shot, [mean(of_sets)])


def kind_of(options: argparse.Namespace) -> str:
    return f"advanced {options.advanced:g}" if options.advanced else "quick"


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


def measure(photos: Photos, shot: str, draw: int, options: argparse.Namespace) -> Figures:
    pictures, truths = subjects(drawn(photos, shot, draw))
    examples = Examples(pictures, truths, KIND, on_disk(photos.name))
    domain = next(each for each in DOMAINS.values() if (each.name, each.type) == (options.domain, CLASSIFICATION))
    of_hub = networks().of_hub() if options.advanced and not domain.compact else []
    recipes = classifier_recipe.advanced(domain, KIND, of_hub)
    if not options.advanced:
        del recipes[1:]
    for recipe in recipes:
        show(load(recipe), examples, recipe, silent)
    started = time.process_time()
    if options.advanced:
        end = time.monotonic() + 60 * options.advanced
        effort = Effort(lambda: end - time.monotonic(), TUNING, Checkpoint(lambda: None, lambda _: None))
        trained = advanced.train(load, examples, recipes, effort, silent)
    else:
        trained = train(load(recipes[0]), examples, recipes[0], silent)
    cpu_seconds = time.process_time() - started
    tests, answers = subjects(photos.test)
    said, right = served(recipes, trained, tests, examples.cache), answers.argmax(1)
    held = trained.probabilities.argmax(1) == truths[trained.judged].argmax(1)
    return Figures(
        len(pictures),
        float((said.argmax(1) == right).mean()),
        float(evaluate.losses(said, answers, KIND).mean()),
        calibration_error(said, said.argmax(1) == right),
        float(held.mean()),
        cpu_seconds,
    )


@cache
def load(recipe: Recipe) -> Backbones:
    return networks().load(recipe)


def networks() -> Networks:
    settings = Settings.read()
    return Networks(Path(settings.backbones_folder), settings.large_classifier)


def subjects(photos: Mapping[str, Sequence[Path]]) -> tuple[list[Picture], Floats]:
    """With 1 where a photograph is of the tag, (N, tags)."""
    paths = [path for tag in sorted(photos) for path in photos[tag]]
    tags = [place for place, tag in enumerate(sorted(photos)) for _ in photos[tag]]
    pictures = [Picture("/".join(path.parts[-3:]), partial(path.read_bytes)) for path in paths]
    return pictures, np.eye(len(photos), dtype=np.float32)[tags]


def silent(progress: float, message: str) -> None:
    pass


def served(recipes: Sequence[Recipe], trained: TrainedClassifier, tests: Sequence[Picture], kept: Cache) -> Doubles:
    """The probabilities that the served graph gives, (N, tags); its backbones look at a photograph once for all."""
    if trained.architecture.endswith(TUNED):
        whole, spec = onnxruntime.InferenceSession(trained.graph), trained.preprocessing
        return np.concatenate([whole.run([OUTPUT], {INPUT: model_input(test.read(), spec)})[0] for test in tests])
    recipe = next(recipe for recipe in recipes if recipe.architecture == trained.architecture)
    (crop,) = (crop for crop in recipe.crops if recipe.preprocessing(crop) == trained.preprocessing)
    views = see(load(recipe), recipe, crop, tests, kept, silent)
    graph = onnx.shape_inference.infer_shapes(onnx.load_from_string(trained.graph))
    _, layers = head_of(graph)
    head = onnx.utils.Extractor(graph).extract_model(layers, [OUTPUT])
    session = onnxruntime.InferenceSession(head.SerializeToString())
    rows = zip(*(views[layer].astype(np.float32) for layer in layers), strict=True)
    feeds = ({layer: row[None] for layer, row in zip(layers, each, strict=True)} for each in rows)
    return np.concatenate([session.run(None, feed)[0] for feed in feeds]).astype(np.float64)


def on_disk(name: str) -> Cache:
    def path(space: str) -> Path:
        return KEPT / "embeddings" / f"{name} {space}.npz"

    def get(space: str) -> dict[str, Halves]:
        if not path(space).exists():
            return {}
        with np.load(path(space)) as arrays:
            return dict(zip(arrays["keys"].tolist(), arrays["vectors"], strict=True))

    def put(space: str, made: Mapping[str, Halves]) -> None:
        vectors = {**get(space), **made}
        path(space).parent.mkdir(parents=True, exist_ok=True)
        np.savez(path(space), keys=np.array(list(vectors)), vectors=np.stack(list(vectors.values())))

    return Cache(get, put)


def calibration_error(answers: Doubles, right: Iterable[bool]) -> float:
    """How far confidence is from accuracy, on average over ten bins of confidence; answers (N, tags), right (N,)."""
    confidence, hits = answers.max(1), np.array(right)
    bins = np.minimum((confidence * 10).astype(int), 9)
    gaps = [abs(np.sum(hits[bins == bin] - confidence[bins == bin])) for bin in range(10)]
    return float(sum(gaps) / len(hits))


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
