"""The loop of fine-tuning, on a detector that says the same box of every picture and learns which."""

from functools import partial

import numpy as np
import onnx
import pytest
import torch
from msgspec.structs import replace
from torch import Tensor, nn

from shared.arrays import Floats
from shared.exporting.graph.selection import BOXES, SCORES, TAGS
from shared.models.training.preprocessing import Preprocessing
from tests.training_job.detection.scenes import rendered
from tests.training_job.kept import NOWHERE, Interrupted, Kept
from training_job.detection.augmentation import Augmentation
from training_job.detection.data import Example
from training_job.detection.detector import Batch
from training_job.detection.detector_recipe import TUNING
from training_job.detection.fine_tuning import TunedDetector, fine_tune
from training_job.graphs.classifier import INPUT
from training_job.graphs.graph import Graph
from training_job.tuning.schedule import SecondsLeft
from training_job.tuning.tunable import Group

BRIEF = replace(TUNING, epochs=6, patience=3, least_views=16, batch=4, warm_steps=1, average=0.5)
HELD = np.array([0, 1, 2])


class Box(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.corners = nn.Parameter(torch.tensor([0.4, 0.4, 0.6, 0.6]))


class Stuck:
    """A `Detector`. The true box is the whole picture, and so it is in most of the views."""

    preprocessing, architecture = Preprocessing(32, 32), "stuck"
    views = Augmentation(preprocessing)

    def __init__(self, rate: float = 0.05) -> None:
        self.module, self.rate = Box(), rate

    def groups(self) -> list[Group]:
        return [Group([self.module.corners], self.rate)]

    def see(self, pixels: Floats) -> Floats:
        return pixels

    def loss(self, batch: Batch) -> Tensor:
        assert batch.seen.shape[1:] == (3, 32, 32)
        return (self.module.corners - batch.boxes).abs().mean()

    def graph(self) -> onnx.ModelProto:
        graph = Graph()
        corners = self.module.corners.detach().numpy().reshape(1, 1, 4)
        graph.add("Identity", graph.constant(corners), output=BOXES)
        graph.add("Identity", graph.constant(np.zeros((1, 1)), np.int64), output=TAGS)
        graph.add("Identity", graph.constant(np.ones((1, 1))), output=SCORES)
        return graph.model({INPUT: [1, 3, 32, 32]}, {BOXES: [1, 1, 4], TAGS: [1, 1], SCORES: [1, 1]}, {TAGS})


def examples() -> list[Example]:
    box, tag = np.array([[0, 0, 1, 1]], np.float32), np.zeros(1, np.int64)
    return [Example(partial(bytes, rendered(seed)[0]), box, tag) for seed in range(12)]


def run(
    stuck: Stuck, kept: Kept | None = None, left: SecondsLeft = lambda: 600.0, beaten: float = 0.0, **changes: float
):
    checkpoint = kept.checkpoint if kept else NOWHERE
    return fine_tune(stuck, examples(), HELD, replace(BRIEF, **changes), beaten, checkpoint, lambda *_: None, left)


def test_it_learns_on_held_in_and_then_on_all_images():
    stuck, kept = Stuck(), Kept()
    tuned = run(stuck, kept)
    assert isinstance(tuned, TunedDetector)
    assert len(tuned.found) == 3
    # A view from further off shows the box smaller.
    assert stuck.module.corners.tolist() == pytest.approx([0, 0, 1, 1], abs=0.1)
    assert 6 < kept.epochs <= 6 + 2


def test_it_stops_where_it_is_no_better_for_a_while():
    kept = Kept()
    assert run(Stuck(rate=0.0), kept) is None
    assert kept.epochs == 1 + BRIEF.patience


def test_what_beats_nothing_is_not_taken():
    assert run(Stuck(), beaten=1.0) is None


def test_without_time_it_does_not_begin():
    stuck, kept = Stuck(), Kept()
    assert run(stuck, kept, left=lambda: 0.0) is None
    assert (kept.epochs, stuck.module.corners.tolist()) == (0, Box().corners.tolist())


@pytest.mark.parametrize("looks", [22, 30, 38, 45, 60])
def test_when_its_time_is_up_it_serves_the_best_until_then(looks):
    """The clock stops after so many looks at it, of which there are two a batch and one an epoch."""
    times = iter([600.0] * looks)
    tuned = run(Stuck(), left=lambda: next(times, 0.0))
    (served,) = (weight for weight in tuned.graph.graph.initializer if list(weight.dims) == [1, 1, 4])
    assert np.frombuffer(served.raw_data, np.float32) == pytest.approx(tuned.found[0].boxes[0], abs=1e-6)


def test_without_time_for_an_epoch_nothing_is_taken():
    kept, times = Kept(), iter([600.0] * 3)
    assert run(Stuck(), kept, left=lambda: next(times, 0.0)) is None
    assert kept.epochs == 0


@pytest.mark.parametrize("after", [1, 4, 6, 7])
def test_an_interrupted_tuning_goes_on_from_its_last_epoch(after):
    whole, halves = Kept(), Kept(interrupted_after=after)
    at_once = run(Stuck(), whole)
    with pytest.raises(Interrupted):
        run(Stuck(), halves)
    in_two_runs = run(Stuck(), halves)
    assert whole.epochs == halves.epochs
    assert at_once.graph == in_two_runs.graph
    assert np.array_equal(at_once.found[0].boxes, in_two_runs.found[0].boxes)


def test_what_goes_astray_on_all_images_is_not_served():
    stuck = Stuck()
    tuned = run(stuck, last_rate=1000.0)
    assert stuck.module.corners.tolist() == pytest.approx(tuned.found[0].boxes[0].tolist(), abs=1e-6)


def test_progress_only_grows_and_says_what_is_left():
    told: list[tuple[float, str]] = []
    fine_tune(Stuck(), examples(), HELD, BRIEF, 0.0, NOWHERE, lambda *each: told.append(each), lambda: 600.0)
    progress = [each for each, _ in told]
    assert progress == sorted(progress)
    assert 0 < progress[0] < 0.1 < progress[-1] <= 1
    assert told[0][1].startswith("Fine-tuning, epoch 1 of 6 or fewer, loss ")
    assert told[-1][1].startswith("Learning from all images, epoch ")
    assert all(text.endswith(" s left at most") for _, text in told)
