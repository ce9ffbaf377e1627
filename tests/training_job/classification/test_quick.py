"""Quick training end to end on small rendered pictures, without storage."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from shared.arrays import Floats
from shared.exporting.graph.subject import METADATA
from shared.imaging.resize import model_input
from shared.learning.classifier_recipe import Crop
from shared.learning.embeddings import Picture
from shared.learning.head import Head, logits, probabilities
from shared.learning.layers import Layer, full_name, joined
from shared.models.workspace.projects import ClassificationType
from shared.settings import ROOT, Settings
from tests.learning.scenes import RECIPES, drawn, memory, one_hot, unit
from training_job.classification import quick
from training_job.classification.quick import Examples, TrainedClassifier, train
from training_job.classification.seeing import Backbones, see
from training_job.graphs import backbones
from training_job.graphs.classifier import classifier

MULTICLASS, MULTILABEL = ClassificationType.MULTICLASS, ClassificationType.MULTILABEL
RECIPE = RECIPES[MULTICLASS]
SHAPES = ["disc", "stripes"]


@pytest.fixture(scope="module")
def seeing() -> Backbones:
    return backbones.load(Path(Settings().backbones_folder), RECIPE.backbones, RECIPE.pixels)


def pictures(count: int, read: Counter[str] | None = None) -> list[Picture]:
    """Discs and stripes by turns; `read` counts who was read."""

    def picture(position: int) -> Picture:
        key = f"{SHAPES[position % 2]}-{position}"

        def data() -> bytes:
            if read is not None:
                read[key] += 1
            return drawn(SHAPES[position % 2], position)

        return Picture(key, data)

    return [picture(position) for position in range(count)]


def trained(seeing: Backbones, truths: Floats, kind: ClassificationType) -> TrainedClassifier:
    return train(seeing, Examples(pictures(len(truths)), truths, kind, memory()), RECIPES[kind], lambda *_: None)


def answer(trained: TrainedClassifier, data: bytes) -> np.ndarray:
    session = onnxruntime.InferenceSession(trained.graph)
    return np.asarray(session.run(None, {"data": model_input(data, trained.preprocessing)})[0][0])


def test_multiclass_learns_and_judges_every_image(seeing: Backbones) -> None:
    truths = one_hot([0, 1] * 6)
    result = trained(seeing, truths, MULTICLASS)
    assert result.judged.tolist() == list(range(12))
    assert result.probabilities.shape == (12, 2)
    assert result.probabilities.sum(1) == pytest.approx(1)
    assert (result.probabilities.argmax(1) == truths.argmax(1)).mean() > 0.8
    assert [int(answer(result, drawn(shape, 99)).argmax()) for shape in SHAPES] == [0, 1]


def test_multiclass_learns_a_half_of_each_tag_of_an_image_with_two(seeing: Backbones) -> None:
    truths = np.array([[1, 0, 0], [0, 1, 1]] * 6, np.float32)
    result = trained(seeing, truths, MULTICLASS)
    disc, stripes = answer(result, drawn("disc", 99)), answer(result, drawn("stripes", 99))
    assert disc[0] > 0.8
    assert stripes[1:] == pytest.approx(stripes[[2, 1]], abs=0.01)
    assert stripes[1:].sum() > 0.8
    assert result.probabilities.sum(1) == pytest.approx(1)


def test_multilabel_learns_tags_that_go_together(seeing: Backbones) -> None:
    truths = np.array([[1, 0, 1], [0, 1, 1]] * 6, np.float32)
    result = trained(seeing, truths, MULTILABEL)
    assert (answer(result, drawn("disc", 99)) > 0.5).tolist() == [True, False, True]


def test_a_retrain_reads_new_pictures_only(seeing: Backbones) -> None:
    read: Counter[str] = Counter()
    kept = memory()
    for count in (8, 10):
        examples = Examples(pictures(count, read), one_hot([0, 1] * (count // 2)), MULTICLASS, kept)
        train(seeing, examples, RECIPE, lambda *_: None)
    assert len(read) == 10
    assert set(read.values()) == {len(RECIPE.crops)}


def test_of_many_images_some_choose_the_crop(seeing: Backbones, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick, "TRIED", 8)
    monkeypatch.setattr(quick, "TRIED_EACH", 4)
    read: Counter[str] = Counter()
    examples = Examples(pictures(12, read), one_hot([0, 1] * 6), MULTICLASS, memory())
    trained = train(seeing, examples, RECIPE, lambda *_: None)
    assert sorted(read.values()) == [1] * 4 + [2] * 8
    assert trained.preprocessing == RECIPE.preprocessing(RECIPE.crops[0])
    assert trained.judged.tolist() == list(range(12))


@pytest.mark.parametrize("tried", [200, 6])
def test_progress_grows_to_the_end(seeing: Backbones, tried: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick, "TRIED", tried)
    monkeypatch.setattr(quick, "TRIED_EACH", 3)
    reports: list[float] = []
    examples = Examples(pictures(8), one_hot([0, 1] * 4), MULTICLASS, memory())
    train(seeing, examples, RECIPE, lambda done, _: reports.append(done))
    assert reports == sorted(reports)
    assert 0 <= reports[0] < 0.2
    assert 0.9 < reports[-1] < 1


@pytest.mark.parametrize("kind", [MULTICLASS, MULTILABEL])
@pytest.mark.parametrize("crop", list(Crop))
def test_the_graph_says_what_the_trainer_says(seeing: Backbones, crop: Crop, kind: ClassificationType) -> None:
    spec, chosen = RECIPE.preprocessing(crop), pictures(4)
    seen = see(seeing, RECIPE, crop, chosen, memory(), lambda *_: None)
    random = np.random.default_rng(0)
    for layers in (list(seen), list(seen)[-1:]):
        weights = random.normal(size=(3, joined(seen, layers).shape[1])).astype(np.float32)
        head = Head(9 * weights, np.array([0.3, -0.2, 0.1], np.float32))
        expected = probabilities(logits(head, joined(seen, layers)), kind)
        graph = onnxruntime.InferenceSession(classifier(seeing, spec, head, layers, kind).SerializeToString())
        for picture, row in zip(chosen, expected, strict=True):
            said = graph.run(None, {"data": model_input(picture.read(), spec)})[0]
            # Embeddings are kept as half floats.
            assert said == pytest.approx(row[None], abs=5e-3)


def test_the_graph_is_what_consumers_of_exports_expect(seeing: Backbones) -> None:
    head = Head(unit(np.ones((2, 1280))), np.zeros(2, np.float32))
    (name,) = seeing
    graph = classifier(seeing, RECIPE.preprocessing(Crop.CENTRE), head, [full_name(name, Layer.MEAN)], MULTICLASS)
    session = onnxruntime.InferenceSession(graph.SerializeToString())
    (given,), (made,) = session.get_inputs(), session.get_outputs()
    assert (given.name, given.type, given.shape) == ("data", "tensor(float)", [1, 3, 325, 325])
    assert (made.name, made.type, made.shape) == ("model_output", "tensor(float)", [1, 2])
    assert session.get_modelmeta().custom_metadata_map == METADATA


PROGRAM = """
import sys
from tests.training_job.classification import test_quick
from pathlib import Path
from shared.settings import Settings
from training_job.classification.seeing import Backbones, see
from training_job.graphs import backbones
seeing = backbones.load(Path(Settings().backbones_folder), test_quick.RECIPE.backbones, test_quick.RECIPE.pixels)
test_quick.test_multiclass_learns_and_judges_every_image(seeing)
import training_job.__main__
print("torch" in sys.modules)
"""


def test_quick_training_imports_no_torch(seeing: Backbones) -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.stdout, ended.stderr) == ("False\n", "")
