"""What the benchmarks run on: labelled photographs, and a project that is trained and published from them."""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import Iteration, Project
from rich.progress import Progress

from cli import client
from local.demo import classification, detection, scenes, session
from local.service import RESOURCE_ID, Service, running
from shared.formats import folders, regions
from shared.formats.dataset import TaggedPicture
from shared.settings import ROOT, Settings
from shared.storage.account.store import Store

PHOTOS = ROOT.parent / "shared" / "data"


def add_photos(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--photos",
        type=Path,
        default=PHOTOS,
        metavar="FOLDER",
        help="holds customvision-sample and grocery10 (../shared/data)",
    )


@contextmanager
def fresh_service() -> Iterator[Service]:
    """The service on an empty folder."""
    with tempfile.TemporaryDirectory(prefix="ocellus-benchmark-") as data, running(Path(data)) as service:
        yield service


def rendered(per_tag: int, seed: int) -> list[TaggedPicture]:
    """Pictures of machined parts, in a folder that stays until the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="ocellus-parts-"))
    scenes.write_folder(folder, per_tag, seed)
    return folders.load(folder)


def photographs(folder: Path, tags: Sequence[str] = ()) -> list[TaggedPicture]:
    """Of these tags, or of all. Ends the program where there are none."""
    if not folder.is_dir():
        sys.exit(f"There are no photographs at {folder}; name their folder with --photos.")
    return [picture for picture in folders.load(folder) if not tags or picture.tag in tags]


def filled_project(trainer: CustomVisionTrainingClient, pictures: Sequence[TaggedPicture]) -> Project:
    """A new project with these pictures uploaded. Ends the program where one was refused."""
    project = classification.create_project(trainer, f"benchmark of {len(pictures)}")
    uploaded = classification.upload(trainer, project, pictures, Progress(disable=True))
    if uploaded.refused:
        sys.exit(f"The service refused {', '.join(uploaded.refused)}.")
    return project


def published_project(
    trainer: CustomVisionTrainingClient, pictures: Sequence[TaggedPicture]
) -> tuple[Project, Iteration]:
    """A new project, trained and published under session.PUBLISHED_NAME."""
    project = filled_project(trainer, pictures)
    return project, _published(trainer, project)


def published_detector(trainer: CustomVisionTrainingClient, folder: Path) -> tuple[Project, Iteration]:
    """A new project of the pictures with boxes in a folder, trained and published. Ends the program without them."""
    if not (folder / regions.REGIONS).is_file():
        sys.exit(f"There are no photographs with boxes at {folder}; name the folder that holds it with --photos.")
    pictures = regions.load(folder).train
    project = detection.create_project(trainer, f"benchmark of {len(pictures)}")
    detection.upload(trainer, project, pictures, Progress(disable=True))
    return project, _published(trainer, project)


def _published(trainer: CustomVisionTrainingClient, project: Project) -> Iteration:
    iteration, _ = client.train(trainer, project, session.POLL_SECONDS)
    trainer.publish_iteration(project.id, iteration.id, session.PUBLISHED_NAME, RESOURCE_ID)
    return iteration


def model_of(service: Service, folder: str) -> tuple[bytes, bytes]:
    """The bytes of model.onnx and model.json that the service serves."""
    store = Store.open(Settings(storage_connection_string=service.connection_string))
    models = store.containers["models"]
    graph, spec = (models.download_blob(f"{folder}/{name}").readall() for name in ("model.onnx", "model.json"))
    store.close()
    return graph, spec


def cpu_seconds(process: int) -> float:
    """What a process and its threads have used since it started."""
    return sum(_clock_ticks(process)[:2]) / os.sysconf("SC_CLK_TCK")


def ended_children_cpu_seconds(process: int) -> float:
    """What the children of a process used that have ended."""
    return sum(_clock_ticks(process)[2:]) / os.sysconf("SC_CLK_TCK")


def _clock_ticks(process: int) -> list[int]:
    """Own time in user and in system mode, and the same two of ended children: /proc/[pid]/stat 14 to 17."""
    return [int(field) for field in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:15]]
