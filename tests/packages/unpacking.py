"""Packages of small models, unpacked, and what their samples and the service see, to be compared."""

from io import BytesIO
from pathlib import Path
from uuid import UUID, uuid4
from zipfile import ZipFile

import onnx

from shared.models.serving.predictions import BoundingBox, Prediction
from shared.models.training.exports import ExportRecord
from shared.models.training.model_spec import ModelSpec
from shared.packages.packing import package
from tests.exporting.making import spec_of
from tests.prediction.graphs import COLOURS
from tests.prediction.small import small_classifier, small_detector

GENERAL, COMPACT, S1 = "General", "General (compact)", "General (compact) [S1]"
# A detector of these says so much of what is there.
SEEN = 0.6


def described(detects: bool, domain: str) -> tuple[bytes, ModelSpec]:
    graph = (small_detector if detects else small_classifier)(len(COLOURS))
    return graph, spec_of(onnx.ModelProto.FromString(graph), domain, COLOURS)


def unpacked(platform: str, flavor: str | None, graph: bytes, spec: ModelSpec, folder: Path) -> ZipFile:
    zipped = ZipFile(BytesIO(package(ExportRecord(uuid4(), UUID(int=0), uuid4(), platform, flavor), spec, graph)))
    zipped.extractall(folder)
    return zipped


def seen_here(found: tuple[str, float, list[float]]) -> list[float]:
    label, probability, box = found
    return [COLOURS.index(label), *box, probability]


def seen_there(found: Prediction) -> list[float]:
    box = found.bounding_box
    assert isinstance(box, BoundingBox)
    return [COLOURS.index(found.tag_name), box.left, box.top, box.width, box.height, found.probability]
