"""Core ML: a neural network for iOS 13 and macOS 10.15 on, which takes an image named `data`.

Classifiers answer `loss` and `classLabel`, detectors `coordinates` and `confidence` of 300 boxes, or the raw grid.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib.abc import MetaPathFinder
from io import StringIO
from threading import Lock, get_ident
from typing import TYPE_CHECKING

from shared.exporting.graph.subject import Ending, Subject, readable
from shared.exporting.nchw import trunk
from shared.exporting.nchw.mil import Operations
from shared.exporting.nchw.trunk import Suppression, Trunk

if TYPE_CHECKING:
    from coremltools.converters.mil.mil import Builder, Program, Var
    from coremltools.models import MLModel

ALONE = Lock()
MODEL = "model.mlmodel"
INPUT, PROBABILITIES, LABEL, BOXES, SCORES, GRID = (
    "data", "loss", "classLabel", "coordinates", "confidence", "model_outputs0"
)  # fmt: skip


class Unseen(MetaPathFinder):
    """A package that this thread can't import. Whoever has loaded it already keeps it."""

    def __init__(self, package: str) -> None:
        self._package, self._thread = package, get_ident()

    def find_spec(self, name: str, *_: object) -> None:
        if name == self._package and get_ident() == self._thread:
            raise ModuleNotFoundError(f"{name} is hidden here", name=name)


@contextmanager
def without(package: str) -> Iterator[None]:
    unseen = Unseen(package)
    sys.meta_path.insert(0, unseen)
    try:
        yield
    finally:
        sys.meta_path.remove(unseen)


def files(subject: Subject, *, half: bool = False) -> dict[str, bytes]:
    """`half`: weights in 16 bits. Raises Unexportable."""
    # Coremltools tells its progress on both, and has one program in the making for all threads.
    with ALONE, readable(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        model = _converted(subject, trunk.read(subject), half)
    return {MODEL: bytes(model.get_spec().SerializeToString())}


def _converted(subject: Subject, read: Trunk, half: bool) -> MLModel:
    # It takes a second to import, and warns of what only a Mac has.
    logging.getLogger("coremltools").setLevel(logging.ERROR)
    # Where torch is installed, it would load that for a converter which isn't used: 200 MB, and three seconds more.
    with without("torch"):
        import coremltools
        from coremltools.models.neural_network.quantization_utils import quantize_weights

    shape, labels = read.shape(read.source), subject.labels if subject.ending is Ending.PROBABILITIES else []
    model = coremltools.convert(
        _program(subject.ending, read),
        convert_to="neuralnetwork",
        minimum_deployment_target=coremltools.target.iOS13,
        inputs=[coremltools.ImageType(INPUT, shape, color_layout=coremltools.colorlayout.RGB)],
        classifier_config=coremltools.ClassifierConfig(labels, LABEL, PROBABILITIES) if labels else None,
    )
    return quantize_weights(model, 16) if half else model


def _program(ending: Ending, read: Trunk) -> Program:
    import coremltools
    from coremltools.converters.mil.mil import Builder

    @Builder.program(  # type: ignore[untyped-decorator]
        input_specs=[Builder.TensorSpec(read.shape(read.source))], opset_version=coremltools.target.iOS13
    )
    def program(data: Var) -> object:
        made = Operations(Builder, read, data)
        for node in read.nodes:
            made.add(node)
        return _answers(Builder, made, ending)

    return program


def _answers(build: type[Builder], made: Operations, ending: Ending) -> object:
    answer = made.trunk.answer
    if isinstance(answer, Suppression):
        return _chosen(build, made, answer)
    if ending is Ending.PROBABILITIES:
        return build.identity(x=made.values[answer], name=PROBABILITIES)
    # Consumers take five dimensions, as the first versions of Core ML had them.
    return build.expand_dims(x=made.values[answer], axes=[0], name=GRID)


def _chosen(build: type[Builder], made: Operations, choice: Suppression) -> list[Var]:
    """Of the chosen boxes left, top, width and height, (most, 4), and the scores of all tags, (most, tags)."""
    corners, scores = made.values[choice.boxes], made.values[choice.scores]
    low, high = build.split(x=corners, num_splits=2, axis=2)
    size, middle = build.sub(x=high, y=low), build.mul(x=build.add(x=low, y=high), y=0.5)
    boxes, confidence, *_ = build.non_maximum_suppression(
        boxes=build.concat(values=[middle, size], axis=2),
        scores=build.transpose(x=scores, perm=[0, 2, 1]),
        iou_threshold=choice.overlap,
        score_threshold=choice.lowest,
        max_boxes=choice.most,
        per_class_suppression=True,
    )
    middle, size = build.split(x=boxes, num_splits=2, axis=2)
    placed = build.concat(values=[build.sub(x=middle, y=build.mul(x=size, y=0.5)), size], axis=2)
    return [build.squeeze(x=placed, axes=[0], name=BOXES), build.squeeze(x=confidence, axes=[0], name=SCORES)]
