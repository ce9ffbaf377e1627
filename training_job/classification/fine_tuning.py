"""Fine-tuning of a classifier: its heads and the upper part of its backbones learn from windows on the pictures."""

from collections.abc import Sequence
from typing import NamedTuple, cast

import numpy as np
import onnx
import torch

from shared.arrays import Doubles, Flags, Floats, Ints
from shared.learning import evaluate, holdout
from shared.learning.classifier_recipe import TUNED
from shared.learning.embeddings import Report
from shared.learning.head import importance, probabilities
from shared.learning.layers import Views, full_name
from shared.learning.mixing import fit_mix, sureness
from training_job.checkpoint import Checkpoint
from training_job.classification.learning import Learning, Targets
from training_job.classification.maps import Maps, Windows, look
from training_job.classification.quick import Candidate, Examples, TrainedClassifier
from training_job.classification.seeing import part_of, see
from training_job.classification.tuning_recipe import ClassifierTuning, Way
from training_job.graphs.classifier import classifier
from training_job.tuning import packing
from training_job.tuning.upper import last_seam, may_learn


class HeldOut(NamedTuple):
    """What came of a way for images held out: probabilities, (J, tags), and losses, (J,), of logits times `sure`."""

    way: Way
    sure: float
    probabilities: Doubles
    losses: Doubles

    def __str__(self) -> str:
        return f"Fine-tuned for {self.way.epochs} epochs, {self.way.part:.0%} of the way"


class FineTuning(NamedTuple):
    """Of a candidate, by the images that it was judged by; `views` and `maps` are what it sees of them."""

    candidate: Candidate
    examples: Examples
    views: Views
    maps: Maps
    tuning: ClassifierTuning

    def judge(self, groups: Ints, kept: Checkpoint, report: Report) -> HeldOut | None:
        """The best way, if it is better. `groups` are the images' near-duplicates. Goes on from what is kept."""
        truths, recipe = self.examples.truths, self.candidate.recipe
        folds, ways = holdout.folds(groups, truths, recipe.folds), self.tuning.ways(len(truths))
        said, done = _unpacked(kept, self._name, (len(ways), *truths.shape))
        best = None
        for fold in range(done, recipe.folds):
            self._learn(folds == fold, ways, said, part_of(report, fold / recipe.folds, (fold + 1) / recipe.folds))
            kept.put(packing.pack(self._name, {"said": torch.from_numpy(said), "done": fold + 1}))
            if fold + 1 >= self.tuning.tried:
                best = self._best(ways, said, folds <= fold)
            if best and best.losses.mean() >= self.candidate.losses[folds <= fold].mean():
                return None
        return best or self._best(ways, said, folds >= 0)

    def learned(self, judged: HeldOut, report: Report) -> TrainedClassifier:
        """From all the images, in the way that was judged; these are taken for all that were."""
        every, recipe = np.ones(len(self.examples.truths), bool), self.candidate.recipe
        learning = self.learning(every)
        for epoch in range(judged.way.epochs):
            self._epoch(learning, every, epoch, judged.way.epochs, report)
        graph = learning.graph(judged.way.part, judged.sure).SerializeToString()
        spec = recipe.preprocessing(self.candidate.crop)
        return TrainedClassifier(graph, recipe.architecture + TUNED, spec, np.flatnonzero(every), judged.probabilities)

    def learning(self, rows: Flags) -> Learning:
        """From heads on that are fitted to these images."""
        truths, kind, recipe = self.examples.truths, self.examples.kind, self.candidate.recipe
        counts = np.broadcast_to(importance(truths, kind, recipe), truths.shape)
        graph = _classifier(self.candidate, self.examples, self.views, rows)
        return Learning(graph, self.maps, Targets(truths, counts, kind), self.tuning.steps)

    def _learn(self, held: Flags, ways: Sequence[Way], said: Floats, report: Report) -> None:
        """Without the images held out, of which it then says something, in each way."""
        if not held.any():
            return
        learning, last = self.learning(~held), ways[-1].epochs
        for epoch in range(last):
            self._epoch(learning, ~held, epoch, last, report)
            for place, way in enumerate(ways):
                if way.epochs == epoch + 1:
                    said[place, held] = learning.said(np.flatnonzero(held), way.part)

    def _epoch(self, learning: Learning, rows: Flags, epoch: int, last: int, report: Report) -> None:
        learning.epoch(np.flatnonzero(rows), epoch)
        report((epoch + 1) / last, f"Fine-tuning, epoch {epoch + 1} of {last}")

    def _best(self, ways: Sequence[Way], said: Floats, held: Flags) -> HeldOut:
        truths, kind = self.examples.truths[held], self.examples.kind
        found = []
        for way, logits in zip(ways, said[:, held], strict=True):
            sure = sureness(logits, truths, kind, self.candidate.recipe)
            answers = probabilities(np.float32(sure) * logits, kind)
            found.append(HeldOut(way, sure, answers, evaluate.losses(answers, truths, kind)))
        return min(found, key=lambda judged: float(judged.losses.mean()))

    @property
    def _name(self) -> str:
        """All that what is kept depends on."""
        candidate = self.candidate
        return f"{candidate.recipe} {candidate.crop} {dict(candidate.mix)} {self.tuning} {len(self.examples.truths)}"


def fine_tuning(
    candidate: Candidate, examples: Examples, tuning: ClassifierTuning, report: Report
) -> FineTuning | None:
    """By the images that the candidate was judged by; None where its backbones can't learn here. Raises what the
    pictures' `read` raises, and BadImageFormat.
    """
    backbones, recipe, crop = candidate.backbones, candidate.recipe, candidate.crop
    seams = {name: last_seam(backbone) for name, backbone in backbones.items()}
    if not all(may_learn(backbone, seams[name]) for name, backbone in backbones.items()):
        return None
    count, spec = len(examples.pictures), recipe.preprocessing(crop)
    views = see(backbones, recipe, crop, examples.pictures, examples.cache, report)
    graph = _classifier(candidate, examples, views, np.ones(count, bool))
    windows = Windows(tuning.windows_each(count), recipe.mirrored)
    named = [full_name(name, seam) for name, seam in seams.items()]
    return FineTuning(candidate, examples, views, look(graph, named, spec, windows, examples.pictures, report), tuning)


def _classifier(candidate: Candidate, examples: Examples, views: Views, rows: Flags) -> onnx.ModelProto:
    """With heads that are fitted to the images at `rows`."""
    backbones, recipe, crop, mix, *_ = candidate
    seen = {name: of_layer[rows] for name, of_layer in views.items()}
    head = fit_mix(seen, mix, examples.truths[rows], examples.kind, recipe)
    return classifier(backbones, recipe.preprocessing(crop), head, mix, examples.kind)


def _unpacked(kept: Checkpoint, name: str, shape: tuple[int, ...]) -> tuple[Floats, int]:
    """What was said of the images of so many folds, in each way."""
    parts = packing.unpack(name, kept.get())
    if parts is None:
        return np.zeros(shape, np.float32), 0
    return cast(torch.Tensor, parts["said"]).numpy(), cast(int, parts["done"])
