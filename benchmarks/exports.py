"""Exports of a trained classifier and a trained detector to every platform: time, memory, size, and what they answer.

python -m benchmarks.exports
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4
from zipfile import ZipFile

import msgspec
import numpy as np
from msgspec.structs import replace
from rich.console import Console
from rich.table import Table

from shared.models.training.exports import ExportRecord
from shared.models.training.model_spec import ModelSpec
from shared.models.workspace.domains import DOMAINS
from shared.packages import packing
from shared.packages.platforms import LINES, Line

if TYPE_CHECKING:
    from tests.exporting.agreement import Answers

# What trains, and what runs the formats, is imported where it does so: what writes them is measured without it.
SHOWN = 20
S1 = "General (compact) [S1]"
CELLS, GROCERIES = "bccd", "grocery10"
SECONDS_GOAL, MEMORY_GOAL = 10.0, 300
Run = Callable[[Sequence[bytes]], "Answers"]


class Trained(NamedTuple):
    graph: bytes
    spec: ModelSpec
    photographs: Sequence[bytes]


class Written(NamedTuple):
    """A package; the seconds that it took, and the peak of its process in MB."""

    data: bytes
    seconds: float
    peak: float


def main(argv: list[str]) -> int:
    options = _arguments().parse_args(argv)
    for name, trained in train(options.photos).items():
        table = Table("platform", "flavor", "s", "peak MB", "package MB", "worst", "ms", title=name)
        served, latency = measured(by_onnx(trained.graph), trained.photographs)
        table.add_row("the service", "", "", "", f"{len(trained.graph) / 1e6:.1f}", "", f"{latency:.1f}")
        for line in LINES:
            table.add_row(line.platform, line.flavor or "", *cells(line, trained, served))
        Console(width=120).print(table)
    print(f"Goals: {SECONDS_GOAL:g} s and {MEMORY_GOAL} MB for each.")
    return 0


def train(photos: Path) -> dict[str, Trained]:
    """A classifier of ten tags and a detector of three, as domains of [S1] have them, and photographs new to them."""
    from benchmarks import subjects
    from local.demo import session
    from shared.formats import regions

    with subjects.fresh_service() as service:
        trainer = session.training_client(service)
        learned = {
            "classifier": subjects.published_project(trainer, subjects.photographs(photos / GROCERIES / "train")),
            "detector": subjects.published_detector(trainer, photos / CELLS),
        }
        models = {
            name: subjects.model_of(service, f"{project.id}/{iteration.id}")
            for name, (project, iteration) in learned.items()
        }
    shown = {
        "classifier": [each.path for each in subjects.photographs(photos / GROCERIES / "test")[:: 300 // SHOWN]],
        "detector": [each.path for each in regions.load(photos / CELLS).test],
    }
    return {
        name: Trained(graph, as_s1(spec), [path.read_bytes() for path in shown[name][:SHOWN]])
        for name, (graph, spec) in models.items()
    }


def as_s1(description: bytes) -> ModelSpec:
    spec = msgspec.json.decode(description, type=ModelSpec)
    (domain,) = (each for each in DOMAINS.values() if (each.name, each.type) == (S1, spec.domain_type))
    return replace(spec, domain_id=domain.id)


def cells(line: Line, trained: Trained, served: Answers) -> list[str]:
    """Of the line's row, from the seconds on."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        written = pool.apply(write, (line.platform, line.flavor, trained.spec, trained.graph))
    sizes = [f"{written.seconds:.1f}", f"{written.peak:.0f}", f"{len(written.data) / 1e6:.1f}"]
    with tempfile.TemporaryDirectory() as folder:
        ZipFile(BytesIO(written.data)).extractall(folder)
        run = running(Path(folder), trained)
        if run is None or line.flavor == "NoPostProcess":
            # Those are boxes that nobody chose from yet.
            return [*sizes, "", ""]
        answers, latency = measured(run, trained.photographs)
    return [*sizes, f"{worst(served, answers):.1e}", f"{latency:.1f}"]


def write(platform: str, flavor: str | None, spec: ModelSpec, graph: bytes) -> Written:
    record = ExportRecord(uuid4(), spec.project_id, spec.iteration_id, platform, flavor)
    started = time.perf_counter()
    data = packing.package(record, spec, graph)
    seconds = time.perf_counter() - started
    # Not ru_maxrss, in which a child begins at what its parent had.
    (peak,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return Written(data, seconds, int(peak.split()[1]) / 1000)


def running(folder: Path, trained: Trained) -> Run | None:
    """Who runs the model here: nobody what needs TensorFlow, a phone or a container."""
    if (folder / "model.onnx").exists():
        return by_onnx((folder / "model.onnx").read_bytes())
    from shared.exporting.graph.ending import subject
    from tests.exporting import consumers

    exported = subject(trained.graph, trained.spec)
    if (folder / "model.xml").exists():
        files = {name: (folder / name).read_bytes() for name in ("model.xml", "model.bin")}
        return lambda some: consumers.by_openvino(files, exported, some)
    pictures = consumers.fed(exported, trained.photographs)
    if (folder / "model.tflite").exists():
        lite = (folder / "model.tflite").read_bytes()
        return lambda some: consumers.by_tflite(lite, pictures[: len(some)])
    if (folder / "model.json").exists():
        files = {name: (folder / name).read_bytes() for name in ("model.json", "weights.bin")}
        return lambda some: consumers.by_tfjs(files, pictures[: len(some)], folder)
    return None


def by_onnx(graph: bytes) -> Run:
    import onnx

    from tests.exporting.making import answers

    model = onnx.load_model_from_string(graph)
    return lambda some: answers(model, some)


def measured(run: Run, photographs: Sequence[bytes]) -> tuple[Answers, float]:
    """What it answers, and the milliseconds that a photograph more takes on one thread."""
    seconds, found = [], run(photographs)
    for some in (photographs, photographs[:1]) * 2:
        started = time.perf_counter()
        run(some)
        seconds.append(time.perf_counter() - started)
    many, one = min(seconds[::2]), min(seconds[1::2])
    return found, (many - one) / (len(photographs) - 1) * 1000


def worst(served: Answers, given: Answers) -> float:
    """Of probabilities, or of what is said of each box that is seen and its twin: sides and scores."""
    return max(_apart(mine, other) for mine, other in zip(served, given, strict=True))


def _apart(mine: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]) -> float:
    from tests.exporting.agreement import SEEN, boxes

    if "detected_boxes" not in mine:
        return float(np.abs(next(iter(mine.values())) - next(iter(other.values()))).max())
    rows, others = boxes(mine), boxes(other)
    seen = rows[rows[:, 4] > SEEN]
    return float(np.abs(seen[:, None] - others[None]).max(axis=-1).min(axis=1, initial=np.inf).max(initial=0))


def _arguments() -> argparse.ArgumentParser:
    from benchmarks import subjects

    parser = argparse.ArgumentParser(prog="python -m benchmarks.exports", description=__doc__)
    subjects.add_photos(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
