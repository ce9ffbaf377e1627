"""Fine-tuning of classifiers: that it learns what frozen backbones can't see, judges itself fairly, and goes on."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from msgspec.structs import replace
from onnx import numpy_helper

from shared.arrays import Floats
from shared.imaging.resize import model_input
from shared.learning import classifier_recipe
from shared.learning.classifier_recipe import LITE0, LITE2, Crop, Recipe
from shared.learning.embeddings import Picture
from shared.learning.evaluate import losses
from shared.learning.head import logits, probabilities
from shared.learning.layers import joined
from shared.models.training.iterations import IterationStatus
from shared.models.workspace.projects import ClassificationType
from shared.prediction.model import Model
from shared.settings import JobSettings
from shared.storage.account import blobs
from shared.storage.account.store import Store
from tests.learning.scenes import SHAPES, drawn, memory, one_hot, pictures
from tests.training_job import jobs
from tests.training_job.jobs import asked_for
from tests.training_job.kept import NOWHERE, Interrupted, Kept
from training_job import training
from training_job.classification import advanced, tuning_recipe
from training_job.classification.fine_tuning import FineTuning, HeldOut, fine_tuning
from training_job.classification.quick import Candidate, Examples, TrainedClassifier, divided, fitted, judge, show
from training_job.classification.seeing import see
from training_job.classification.tuning_recipe import ClassifierTuning, Optimization, Way
from training_job.graphs import backbones
from training_job.graphs.classifier import backbones_of, classifier, head_of

MULTICLASS, MULTILABEL = ClassificationType.MULTICLASS, ClassificationType.MULTILABEL
RECIPE = Recipe((LITE0,), 48, (Crop.WHOLE,), folds=2)
TUNING = ClassifierTuning(Optimization(rate=1e-3, warm=3), views=120, windows=4)
GROUPS = np.arange(30)


def silent(progress: float, message: str) -> None:
    pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("backbones")


def examples_of(seeds: Sequence[int], kind: ClassificationType = MULTICLASS) -> Examples:
    return Examples(pictures(seeds), one_hot(list(range(len(SHAPES))) * len(seeds)), kind, memory())


def candidate_of(folder: Path, examples: Examples, recipe: Recipe = RECIPE) -> Candidate:
    loaded = backbones.load(folder, recipe.backbones, recipe.pixels)
    return judge(loaded, show(loaded, examples, recipe, silent), GROUPS[: len(examples.pictures)], examples, recipe)


@pytest.fixture(scope="module")
def examples() -> Examples:
    return divided(examples_of(range(6)))


@pytest.fixture(scope="module")
def learning(folder: Path, examples: Examples) -> FineTuning:
    found = fine_tuning(candidate_of(folder, examples), examples, TUNING, silent)
    assert found
    return found


def served(graph: bytes, chosen: Sequence[Picture], recipe: Recipe = RECIPE) -> Floats:
    session, spec = onnxruntime.InferenceSession(graph), recipe.preprocessing(Crop.WHOLE)
    return np.concatenate([session.run(None, {"data": model_input(picture.read(), spec)})[0] for picture in chosen])


@pytest.fixture(scope="module")
def found(learning: FineTuning) -> HeldOut:
    found = learning.judge(GROUPS, NOWHERE, silent)
    assert found
    return found


@pytest.fixture(scope="module")
def tuned(learning: FineTuning, found: HeldOut) -> TrainedClassifier:
    return learning.learned(found._replace(way=Way(4, 0.5), sure=2.0), silent)


def test_it_finds_in_images_held_out_what_the_frozen_backbone_did_not(learning: FineTuning, found: HeldOut) -> None:
    assert found.losses.mean() < 0.95 * learning.candidate.losses.mean()
    assert found.losses == pytest.approx(losses(found.probabilities, learning.examples.truths, MULTICLASS))
    assert "Fine-tuned for" in str(found)


def test_served_are_weights_between_the_first_and_the_last(
    learning: FineTuning, found: HeldOut, tuned: TrainedClassifier
) -> None:
    assert tuned.architecture == "efficientnet-lite0-48-tuned"
    assert tuned.probabilities is found.probabilities
    graphs = [learning.learned(found._replace(way=Way(1, part), sure=1.0), silent).graph for part in (0.0, 0.5, 1.0)]
    first, half, last = map(weights_of, graphs)
    changed = {name for name in first if not np.array_equal(first[name], last[name])}
    assert 20 < len(changed) < len(first)
    for name in changed:
        assert np.abs(half[name] - (first[name] + last[name]) / 2).max() < 1e-6
    as_it_was = fitted(learning.candidate, learning.examples, np.arange(30), silent)
    pictures, graph = learning.examples.pictures[:5], graphs[0]
    assert served(graph, pictures) == pytest.approx(served(as_it_was.graph, pictures), abs=1e-6)


def weights_of(graph: bytes) -> dict[str, Floats]:
    return {each.name: numpy_helper.to_array(each) for each in onnx.load_from_string(graph).graph.initializer}


@pytest.mark.parametrize("kind", [MULTICLASS, MULTILABEL])
@pytest.mark.parametrize("names", [(LITE0,), (LITE2, LITE0)], ids=len)
def test_while_it_learns_it_says_what_is_served(folder: Path, kind: ClassificationType, names: tuple[str, ...]) -> None:
    examples, recipe = divided(examples_of(range(3), kind)), replace(RECIPE, backbones=names, pixels=96)
    learning = fine_tuning(candidate_of(folder, examples, recipe), examples, TUNING, silent)
    assert learning
    learned = learning.learning(np.arange(15) > 2)
    learned.epoch(np.arange(3, 15), 0)
    said = probabilities(3 * learned.said(np.arange(15), 0.5), kind)
    graph = learned.graph(0.5, 3.0).SerializeToString()
    assert served(graph, examples.pictures, recipe) == pytest.approx(said, abs=2e-3)


def test_what_is_done_is_not_done_again(learning: FineTuning, found: HeldOut) -> None:
    kept, told = Kept(interrupted_after=1), list[str]()
    with pytest.raises(Interrupted):
        learning.judge(GROUPS, kept.checkpoint, silent)
    again = learning.judge(GROUPS, kept.checkpoint, lambda progress, message: told.append(message))
    assert again
    assert again.way == found.way
    assert again.probabilities == pytest.approx(found.probabilities, abs=1e-4)
    assert len(told) == learning.tuning.epochs(30)
    other = learning._replace(tuning=replace(TUNING, parts=(1.0,)))
    other.judge(GROUPS, kept.checkpoint, lambda progress, message: told.append(message))
    assert len(told) == 3 * learning.tuning.epochs(30)


def test_it_is_given_up_where_it_is_no_better(learning: FineTuning) -> None:
    perfect = learning.candidate._replace(losses=np.zeros(30))
    kept = Kept()
    assert (
        learning._replace(candidate=perfect, tuning=replace(TUNING, tried=1)).judge(GROUPS, kept.checkpoint, silent)
        is None
    )
    assert kept.epochs == 1


def test_a_network_that_torch_can_not_go_on_with_is_left_as_it_is(folder: Path, examples: Examples) -> None:
    candidate = candidate_of(folder, examples)
    (backbone,) = candidate.backbones.values()
    strange = onnx.ModelProto()
    strange.CopyFrom(backbone)
    strange.graph.node[-1].op_type = "Erf"
    assert fine_tuning(candidate._replace(backbones={LITE0: strange}), examples, TUNING, silent) is None


def test_the_tuned_backbone_is_read_out_of_the_served_graph(learning: FineTuning, tuned: TrainedClassifier) -> None:
    model = onnx.load_from_string(tuned.graph)
    own, (head, layers) = backbones_of(model), head_of(model)
    again = classifier(own, tuned.preprocessing, head, layers, MULTICLASS).SerializeToString()
    some = learning.examples.pictures[:5]
    assert served(again, some) == pytest.approx(served(tuned.graph, some), abs=1e-6)
    seen = see(own, RECIPE, Crop.WHOLE, some, memory(), silent)
    assert probabilities(logits(head, joined(seen, layers)), MULTICLASS) == pytest.approx(
        served(tuned.graph, some), abs=0.02
    )


@pytest.mark.parametrize(
    ("images", "epochs", "windows"), [(20, 24, 8), (120, 13, 8), (394, 4, 4), (2000, 2, 2), (4000, 2, 1)]
)
def test_many_images_are_looked_at_less_often(images: int, epochs: int, windows: int) -> None:
    tuning = ClassifierTuning()
    assert (tuning.epochs(images), tuning.windows_each(images)) == (epochs, windows)
    assert {way.epochs for way in tuning.ways(images)} == {round(epochs / 2), epochs}


def test_a_job_may_leave_a_fine_tuned_model_which_another_continues_from(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advanced, "ERRORS", -1e9)
    monkeypatch.setattr(classifier_recipe, "LARGER", {False: [], True: []})
    monkeypatch.setattr(tuning_recipe, "TUNING", ClassifierTuning(views=12, windows=1, tried=9))
    of = asked_for(store)
    training.run(store, JobSettings(job=of), of)
    graph, data = (blobs.model_read(store, of.project_id, of.iteration_id, f"model.{end}") for end in ("onnx", "json"))
    assert b"efficientnet-lite2-260-tuned" in data
    assert [Model.load(graph, data).predict(drawn(shape, 77))[0].tag_name for shape in jobs.SHAPES] == ["disc", "none"]
    more = jobs.prepared(store, 6, of)
    training.run(store, JobSettings(job=more), more)
    again = blobs.model_read(store, more.project_id, more.iteration_id, "model.onnx")
    assert jobs.iteration_of(store, more).status == IterationStatus.COMPLETED
    own, same = (weights_of(each) for each in (graph, again))
    assert sum(any(np.array_equal(each, other) for other in same.values()) for each in own.values()) > len(own) - 4
