"""Where a model can be exported to: each platform and flavor, who writes it, and what its package has."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple

from shared.models.training.model_spec import ModelSpec
from shared.packages import docker

# From the served graph and its description to the model's files by name. Raises Unexportable.
Writer = Callable[[bytes, ModelSpec], dict[str, bytes]]


class Line(NamedTuple):
    """A platform, and a flavor of it or None.

    `model` is the file that consumers open, `labels` where its tags stand; a classifier with `labels_within` has none
    of those. `samples` is a folder of `shared/packages/samples`. It `needs` a package, by the name that is imported.
    The manifest says `called` where that is not the flavor.
    """

    platform: str
    flavor: str | None
    write: Writer
    model: str
    samples: str = ""
    labels: str = "labels.txt"
    labels_within: bool = False
    needs: str = ""
    called: str | None = None

    @property
    def missing(self) -> bool:
        """Whether the package that it needs is not installed."""
        return bool(self.needs) and find_spec(self.needs) is None


def by(format: str, **flavor: bool) -> Writer:
    """By `files` of a module of `shared/exporting`, which is imported when it is asked for: that takes a while."""

    def write(graph: bytes, spec: ModelSpec) -> dict[str, bytes]:
        subject = import_module("shared.exporting.graph.ending").subject(graph, spec)
        files: dict[str, bytes] = import_module(f"shared.exporting.{format}").files(subject, **flavor)
        return files

    return write


def by_openvino(*, post_processing: bool) -> Writer:
    """Consumers take boxes of a detector of any domain, but where they choose among them by themselves."""

    def write(graph: bytes, spec: ModelSpec) -> dict[str, bytes]:
        subject = import_module("shared.exporting.graph.ending").subject(graph, spec, grids=not post_processing)
        writer = import_module("shared.exporting.openvino")
        files: dict[str, bytes] = writer.files(subject, post_processing=post_processing)
        return files

    return write


def container(flavor: str) -> Line:
    def write(graph: bytes, spec: ModelSpec) -> dict[str, bytes]:
        # The container runs the served graph as it is, but nobody's that the service would not read.
        import_module("shared.exporting.graph.reading").read(graph)
        return docker.files(spec, graph, flavor)

    return Line("DockerFile", flavor, write, "app/model.onnx", labels="app/labels.txt")


NORMAL = "TensorFlowNormal"
# In Custom Vision's order; TensorFlowJsFloat16 is our own flavor. The older ones of ONNX are those of Windows ML.
LINES = [
    Line("CoreML", None, by("coreml"), "model.mlmodel", "coreml", labels_within=True, needs="coremltools"),
    Line(
        "CoreML",
        "CoreMLFloat16",
        by("coreml", half=True),
        "model.mlmodel",
        "coreml",
        labels_within=True,
        needs="coremltools",
    ),
    Line("TensorFlow", None, by("graphdef"), "model.pb", "tensorflow", called=NORMAL),
    Line("TensorFlow", NORMAL, by("graphdef"), "model.pb", "tensorflow"),
    Line("TensorFlow", "TensorFlowSavedModel", by("savedmodel"), "saved_model.pb", "savedmodel"),
    Line("TensorFlow", "TensorFlowLite", by("tflite"), "model.tflite", "tflite", needs="tflite"),
    Line("TensorFlow", "TensorFlowLiteFloat16", by("tflite", half=True), "model.tflite", "tflite", needs="tflite"),
    Line("TensorFlow", "TensorFlowJs", by("tfjs"), "model.json", "tfjs"),
    Line("TensorFlow", "TensorFlowJsFloat16", by("tfjs", half=True), "model.json", "tfjs"),
    *map(container, docker.PLATFORMS),
    Line("ONNX", None, by("onnx"), "model.onnx", "onnx"),
    Line("ONNX", "ONNX10", by("onnx", named=True), "model.onnx", "onnx"),
    Line("ONNX", "ONNX12", by("onnx", named=True), "model.onnx", "onnx"),
    Line("ONNX", "ONNXFloat16", by("onnx", half=True), "model.onnx", "onnx"),
    Line("OpenVino", None, by_openvino(post_processing=True), "model.xml", "openvino"),
    Line("OpenVino", "NoPostProcess", by_openvino(post_processing=False), "model.xml"),
]
# Custom Vision's platforms that nobody can write, and what does in their place.
INSTEAD = {
    "VAIDK": "The Vision AI DevKit reads a format of its chip's maker; it runs TensorFlow's flavor TensorFlowLite too",
    "IVS": "Export to ONNX, or to DockerFile for a service of its own, in its place",
}


# Their packages have the served graph as it is: the others are written operator by operator.
AS_IT_IS = ("ONNX", "DockerFile")


def refusing(graph: bytes, spec: ModelSpec) -> list[str]:
    """The platforms that can't take a served graph: all where it is too large, and those that don't know all of its
    operators. As they know the same, one is asked.
    """
    exporting = import_module("shared.exporting.graph.subject")
    every = dict.fromkeys(line.platform for line in LINES)
    try:
        read = import_module("shared.exporting.graph.ending").subject(graph, spec)
    except exporting.Unexportable:
        return list(every)
    try:
        import_module("shared.exporting.nhwc.reader").read(read)
    except exporting.Unexportable:
        return [platform for platform in every if platform not in AS_IT_IS]
    return []


@cache
def offered() -> dict[str, list[str | None]]:
    """The flavors of each platform, by what is installed; None stands for a platform without a flavor."""
    found: dict[str, list[str | None]] = {}
    for line in LINES:
        if not line.missing:
            found.setdefault(line.platform, []).append(line.flavor)
    return found


def line_of(platform: str, flavor: str | None) -> Line | None:
    """In any case, and whether it can be written or not."""
    wanted = platform.lower(), (flavor or "").lower()
    return next((line for line in LINES if (line.platform.lower(), (line.flavor or "").lower()) == wanted), None)
