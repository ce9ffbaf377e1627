"""Measures the quick recipes on folders of real photographs, without storage: accuracy, calibration, seconds.

python benchmarks/training_recipes.py ../shared/data
"""

import argparse
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime

from shared.arrays import Floats
from shared.imaging.resize import model_input
from shared.learning import evaluate
from shared.learning.classifier_recipe import RECIPES
from shared.learning.embeddings import Cache, Picture
from shared.models.workspace.projects import ClassificationType
from shared.settings import Settings
from training_job.classification.quick import TrainedClassifier, train
from training_job.graphs import backbones

KIND = ClassificationType.MULTICLASS
RECIPE = RECIPES[KIND]


def photographs(folder: Path, tags: list[str]) -> list[Path]:
    return [path for tag in tags for path in sorted((folder / tag).iterdir())]


def truths_of(paths: list[Path], tags: list[str]) -> Floats:
    """1 where a photograph's folder is the tag's, (N, tags)."""
    return np.array([[path.parent.name == tag for tag in tags] for path in paths], np.float32)


def memory() -> Cache:
    spaces: dict[str, dict[str, Floats]] = {}
    return Cache(lambda space: spaces.get(space, {}), lambda space, made: spaces.setdefault(space, {}).update(made))


def fitted(backbone: onnx.ModelProto, paths: list[Path], tags: list[str], cache: Cache) -> TrainedClassifier:
    pictures = [Picture(str(path), path.read_bytes) for path in paths]
    return train(backbone, pictures, truths_of(paths, tags), KIND, RECIPE, cache, lambda *_: None)


def predicted(trained: TrainedClassifier, paths: list[Path]) -> npt.NDArray[np.float64]:
    """The probabilities of the graph as it is served, (N, tags)."""
    session = onnxruntime.InferenceSession(trained.graph)
    inputs = (model_input(path.read_bytes(), trained.preprocessing) for path in paths)
    return np.concatenate([session.run(None, {"data": planes})[0] for planes in inputs]).astype(np.float64)


def calibration_error(answers: npt.NDArray[np.float64], right: npt.NDArray[np.bool_]) -> float:
    """How far confidence is from accuracy, on average over ten bins of confidence; answers (N, tags), right (N,)."""
    confidence = answers.max(1)
    bins = np.minimum((confidence * 10).astype(int), 9)
    gaps = [abs(np.sum(right[bins == bin] - confidence[bins == bin])) for bin in range(10)]
    return float(sum(gaps) / len(right))


def groceries(backbone: onnx.ModelProto, data: Path) -> None:
    tags = sorted(path.name for path in (data / "grocery10/train").iterdir())
    paths, tests = (photographs(data / "grocery10" / part, tags) for part in ("train", "test"))
    started = time.perf_counter()
    trained = fitted(backbone, paths, tags, memory())
    seconds = time.perf_counter() - started
    held = trained.probabilities.argmax(1) == truths_of(paths, tags)[trained.judged].argmax(1)
    answers, truths = predicted(trained, tests), truths_of(tests, tags)
    right = answers.argmax(1) == truths.argmax(1)
    print(f"grocery10: {len(paths)} photos trained in {seconds:.1f} s, input {trained.preprocessing.width} px")
    print(f"  held-out accuracy {held.mean():.3f}, test accuracy {right.mean():.3f} of {len(tests)}")
    loss = evaluate.losses(answers, truths, KIND).mean()
    print(f"  calibration error {calibration_error(answers, right):.3f}, log loss {loss:.3f}")


def cherries(backbone: onnx.ModelProto, data: Path) -> None:
    folder, tags = data / "customvision-sample", ["hemlock", "japanese_cherry"]
    paths, cache = photographs(folder, tags), memory()
    started = time.perf_counter()
    trained = fitted(backbone, paths, tags, cache)
    print(f"Hemlock and Japanese Cherry: {len(paths)} photos trained in {time.perf_counter() - started:.1f} s")
    started = time.perf_counter()
    right = 0
    for path in paths:
        left_out = fitted(backbone, [other for other in paths if other != path], tags, cache)
        right += tags[int(predicted(left_out, [path]).argmax())] == path.parent.name
    print(f"  leave-one-out {right} of {len(paths)}; a retrain {(time.perf_counter() - started) / len(paths):.2f} s")
    answer = predicted(trained, [folder / "test/test_image.jpg"])[0]
    print(f"  test_image.jpg: {tags[int(answer.argmax())]} with {answer.max():.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", default=Path("../shared/data"))
    data = parser.parse_args().data
    backbone = onnx.load(backbones.prepare(Path(Settings.read().backbones_folder), RECIPE.backbone, RECIPE.pixels))
    cherries(backbone, data)
    groceries(backbone, data)


if __name__ == "__main__":
    main()
