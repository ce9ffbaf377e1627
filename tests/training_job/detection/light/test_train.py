"""A real detector, trained on rendered scenes: it finds their shapes, and can be interrupted."""

from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID, uuid4

import msgspec
import numpy as np
import onnx
import pytest
from msgspec.structs import replace

from shared.imaging.boxes import xyxy_to_ltwh
from shared.metrics.detection import iteration_performance
from shared.models.serving.predictions import BoundingBox
from shared.models.training.evaluations import EvaluatedBox, EvaluatedImage, Evaluation
from shared.models.training.model_spec import ModelSpec, ModelTag
from shared.models.wire import now
from shared.models.workspace.domains import DomainType
from shared.models.workspace.images import RegionMark
from shared.prediction.model import Model
from tests.training_job.detection.conftest import features_of
from tests.training_job.detection.scenes import SHAPES, example, rendered
from tests.training_job.kept import NOWHERE, Interrupted, Kept
from training_job.detection.data import Example
from training_job.detection.detector_recipe import RECIPE, TUNING
from training_job.detection.judge import hold_out
from training_job.detection.light import train as light_train
from training_job.detection.light.train import Advanced, TrainedDetector, train
from training_job.tuning.upper import Upper, last_seam

# The scenes are small.
QUICK = replace(RECIPE.quick(), pixels=160, seen_least=1_500, seen=1_500)
# 12 images, a view of each, in 6 epochs.
BRIEF = replace(QUICK, width=16, views_each=1, seen=72)
BRIEF_TUNING = replace(TUNING.quick(), epochs=3, least_views=12)
TRAINABLE = UUID("7ec2ac80-887b-48a6-8df9-8b1357765430")


@pytest.fixture(scope="module")
def brief_backbone() -> onnx.ModelProto:
    return features_of(BRIEF)


@pytest.fixture(scope="module")
def trained() -> TrainedDetector:
    """One that has learned enough to be judged, which takes its time."""
    examples = [example(seed) for seed in range(30)]
    return train(features_of(QUICK), examples, 2, QUICK, NOWHERE, lambda *_: None)


def test_the_served_model_finds_the_shapes_of_new_scenes(trained: TrainedDetector) -> None:
    tags = [ModelTag(uuid4(), shape) for shape in SHAPES]
    kind, spec = DomainType.OBJECT_DETECTION, trained.preprocessing
    model = Model.load(
        trained.graph, msgspec.json.encode(ModelSpec(uuid4(), uuid4(), TRAINABLE, kind, None, tags, spec, now()))
    )
    images = [judged_scene(model, seed) for seed in range(1000, 1020)]
    performance = iteration_performance(Evaluation(tags, None, images), threshold=0.3, overlap_threshold=0.5)
    assert performance.average_precision is not None
    assert performance.average_precision >= 0.9
    assert performance.recall >= 0.8
    assert performance.precision >= 0.8


def judged_scene(model: Model, seed: int) -> EvaluatedImage:
    data, true_boxes, true_tags = rendered(seed)
    tags, time = [tag.id for tag in model.spec.tags], now()
    regions = [
        RegionMark(uuid4(), tags[tag], time, *box)
        for tag, box in zip(true_tags.tolist(), xyxy_to_ltwh(true_boxes).tolist(), strict=True)
    ]
    boxes = [
        EvaluatedBox(tags.index(found.tag_id), found.probability, *box_of(found.bounding_box))
        for found in model.predict(data)
    ]
    return EvaluatedImage(uuid4(), time, 200, 150, [], regions=regions, boxes=boxes)


def box_of(box: object) -> tuple[float, ...]:
    assert isinstance(box, BoundingBox)
    return box.left, box.top, box.width, box.height


def test_a_fifth_of_the_images_is_judged_while_held_out(trained: TrainedDetector) -> None:
    assert len(trained.judged) == len(trained.found) == 6
    for found in trained.found:
        assert 0 < len(found.scores) <= QUICK.boxes
        assert (np.diff(found.scores) <= 0).all()
        assert found.scores.min() >= 0.01
        assert 0 <= found.boxes.min() <= found.boxes.max() <= 1


def test_every_tag_is_held_out_and_learned_from() -> None:
    tags = [np.array(each, np.int64) for each in ([0], [0], [0, 1], [1], [1], [], [], [0, 2], [2], [2], [2], [0])]
    held = hold_out(unlike(12), tags, 4, most=400)
    assert len(held) == 3
    assert {tag for position in held for tag in tags[position].tolist()} == {0, 1, 2}
    assert len(hold_out(unlike(100), tags[:1] * 100, 5, most=8)) == 8


def test_near_duplicates_are_held_out_together() -> None:
    scenes = np.repeat(unlike(10), 3, axis=0)
    held = hold_out(scenes + unlike(30)[:, :10] * np.float32(0.01), [np.array([0])] * 30, 5, most=400)
    assert len(held) == 6
    assert np.array_equal(np.repeat(np.unique(held // 3), 3), held // 3)


def unlike(images: int) -> np.ndarray:
    """Pooled features of images none of which is like another."""
    return np.eye(images, dtype=np.float32)


Run = Callable[[Kept], TrainedDetector]


class AtOnce(NamedTuple):
    """A brief training from its beginning to its end, and what it told of its progress."""

    trained: TrainedDetector
    epochs: int
    told: list[tuple[float, str]]


@pytest.fixture(scope="module")
def at_once(brief_backbone: onnx.ModelProto) -> AtOnce:
    kept, told = Kept(), list[tuple[float, str]]()
    examples = [example(seed) for seed in range(12)]
    trained = train(brief_backbone, examples, 2, BRIEF, kept.checkpoint, lambda *each: told.append(each))
    return AtOnce(trained, kept.epochs, told)


@pytest.fixture
def run(brief_backbone: onnx.ModelProto) -> Run:
    examples = [example(seed) for seed in range(12)]
    return lambda kept: train(brief_backbone, examples, 2, BRIEF, kept.checkpoint, lambda *_: None)


@pytest.mark.parametrize("after", [3, 4, 5], ids=["half-way", "before it is judged", "after it was judged"])
def test_an_interrupted_training_goes_on_from_its_last_epoch(run: Run, at_once: AtOnce, after: int) -> None:
    halves = Kept(interrupted_after=after)
    with pytest.raises(Interrupted):
        run(halves)
    in_two_runs = run(halves)
    assert at_once.epochs == halves.epochs == 6
    for once, twice in zip(at_once.trained.found, in_two_runs.found, strict=True):
        assert once.scores[:5] == pytest.approx(twice.scores[:5], abs=0.02)
        assert once.boxes[:5] == pytest.approx(twice.boxes[:5], abs=0.02)


def test_the_checkpoint_of_another_training_is_passed_over(run: Run, brief_backbone: onnx.ModelProto) -> None:
    kept = Kept(interrupted_after=2)
    with pytest.raises(Interrupted):
        run(kept)
    others = [example(seed) for seed in range(13)]
    train(brief_backbone, others, 2, BRIEF, kept.checkpoint, lambda *_: None)
    assert kept.epochs == 2 + 6


def test_progress_only_grows_and_says_what_is_left(at_once: AtOnce) -> None:
    told = at_once.told
    progress = [each for each, _ in told]
    assert progress == sorted(progress)
    assert 0 < progress[0] < 0.15 < progress[-1] <= 0.95
    assert told[0][1] == "Looked at 1 of 12 images"
    assert told[-1][1].startswith("Epoch 6 of 6, loss ")
    assert told[-1][1].endswith("s left")


def test_background_alone_teaches_to_find_nothing(brief_backbone: onnx.ModelProto) -> None:
    pictures = [example(seed).read for seed in range(6)]
    none = np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
    examples = [Example(read, *none) for read in pictures]
    trained = train(brief_backbone, examples, 1, BRIEF, NOWHERE, lambda *_: None)
    assert all(found.scores.max(initial=0) < 0.05 for found in trained.found)


def advanced(kept: Kept, left: float = 600.0) -> Advanced:
    return Advanced(BRIEF_TUNING, kept.checkpoint, lambda: left)


def test_advanced_training_serves_the_fine_tuned_model_where_that_finds_more(brief_backbone: onnx.ModelProto) -> None:
    """The head of the brief recipe has hardly begun to learn."""
    kept, tuning_kept = Kept(), Kept()
    told: list[tuple[float, str]] = []
    examples = [example(seed) for seed in range(12)]
    trained = train(
        brief_backbone, examples, 2, BRIEF, kept.checkpoint, lambda *each: told.append(each), advanced(tuning_kept)
    )
    # The last epochs of the quick recipe are left out: those of fine-tuning take their place.
    assert (kept.epochs, tuning_kept.epochs) == (4, BRIEF_TUNING.epochs + 1)
    upper = Upper(brief_backbone, [last_seam(brief_backbone)], [output.name for output in brief_backbone.graph.output])
    assert changed(brief_backbone, trained) == set(upper.kernels)
    assert len(trained.judged) == len(trained.found) == 2
    progress = [each for each, _ in told]
    assert progress == sorted(progress)
    assert progress[-1] == pytest.approx(0.95)


def changed(backbone: onnx.ModelProto, trained: TrainedDetector) -> set[str]:
    """The names of the backbone's weights that are others in the served graph."""
    served = {weight.name: weight for weight in onnx.load_from_string(trained.graph).graph.initializer}
    return {weight.name for weight in backbone.graph.initializer if served[weight.name] != weight}


@pytest.mark.parametrize("left", [600.0, 0.0], ids=["fine-tuning is no better", "there is no time"])
def test_advanced_training_serves_the_quick_model_otherwise(
    brief_backbone: onnx.ModelProto, at_once: AtOnce, left: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, tuning_kept = Kept(), Kept()
    # An mAP that nothing beats.
    monkeypatch.setattr(light_train, "mean_precision", lambda *_: 1.0)
    examples = [example(seed) for seed in range(12)]
    trained = train(brief_backbone, examples, 2, BRIEF, kept.checkpoint, lambda *_: None, advanced(tuning_kept, left))
    assert (kept.epochs, at_once.epochs, tuning_kept.epochs) == (6, 6, BRIEF_TUNING.epochs if left else 0)
    assert changed(brief_backbone, trained) == set()
    for each, other in zip(at_once.trained.found, trained.found, strict=True):
        assert each.scores[:5] == pytest.approx(other.scores[:5], abs=0.02)


def test_a_killed_training_whose_fine_tuning_was_no_better_does_not_try_again(brief_backbone: onnx.ModelProto) -> None:
    kept, tuning_kept = Kept(interrupted_after=5), Kept()
    examples = [example(seed) for seed in range(12)]
    with pytest.raises(Interrupted):
        train(brief_backbone, examples, 2, BRIEF, kept.checkpoint, lambda *_: None, advanced(tuning_kept, left=0.0))
    trained = train(brief_backbone, examples, 2, BRIEF, kept.checkpoint, lambda *_: None, advanced(tuning_kept))
    assert (kept.epochs, tuning_kept.epochs) == (6, 0)
    assert len(trained.found) == 2
