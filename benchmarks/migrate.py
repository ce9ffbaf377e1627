"""Three projects of a stand-in of Custom Vision move into a service on this machine, through trouble and two kills."""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import msgspec

from cli.migrate.report import Report
from local.service import RESOURCE_ID, Service, running
from shared.settings import ROOT, child_environment
from tests.cli.migrate.holdings import three
from tests.cli.migrate.standin import KEY, Standin, Trouble, standing_in

SIDE = 480


class Run(NamedTuple):
    """A run of the command: its seconds, its exit code, and its report, where it was not killed."""

    seconds: float
    code: int
    report: Report | None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=2_000)
    count = parser.parse_args().images
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "service") as service:
        projects = three(-(-count // 3), SIDE)
        images = sum(len(held.pictures) for held in projects)
        trouble = Trouble(busy=50, retry_after="1", cut=197, half=211, late=101, slow=0.5, lasts=images // 4)
        with standing_in(projects, trouble) as standin:
            command = Command(standin, service, Path(folder) / "moved")
            killed = [command.run(kill_at=images * part // 5) for part in (1, 2)]
            last, again = command.run(), command.run()
    show(images, [*killed, last], again)


class Command:
    """`ocellus migrate --all` in a process of its own."""

    def __init__(self, standin: Standin, service: Service, folder: Path) -> None:
        self._standin, self._arguments = standin, ["--all", "--no-train", "--json", "--folder", str(folder)]
        self._environment = child_environment(
            SOURCE_TRAINING_ENDPOINT=standin.endpoint,
            SOURCE_TRAINING_KEY=KEY,
            VISION_TRAINING_ENDPOINT=service.endpoint,
            VISION_TRAINING_KEY=service.training_key,
            VISION_PREDICTION_RESOURCE_ID=RESOURCE_ID,
        )

    def run(self, kill_at: int = 0) -> Run:
        """Killed after so many pictures more, where that is not 0."""
        began, before = time.monotonic(), self._standin.downloads
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", "migrate", *self._arguments],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
        )
        while kill_at and process.poll() is None and self._standin.downloads - before < kill_at:
            time.sleep(0.01)
        if kill_at:
            process.kill()
        out, _ = process.communicate()
        report = msgspec.json.decode(out, type=Report) if out else None
        return Run(time.monotonic() - began, process.returncode, report)


def show(images: int, runs: list[Run], again: Run) -> None:
    report, repeated = runs[-1].report, again.report
    assert report
    assert repeated
    seconds = sum(run.seconds for run in runs)
    print(
        f"| {images} images in three projects, through two kills | {seconds:.0f} s | {images / seconds:.1f} images/s |"
    )
    print(f"| a second run | {again.seconds:.1f} s | |")
    for project in report.projects:
        checked = project.verified
        print(
            f"{project.name}: {checked.images} of {project.images_there} here, {checked.tags} tags, {checked.boxes} "
            f"boxes, {checked.metadata} pairs of metadata; {len(checked.differences)} differ, "
            f"{len(project.moved.unmoved)} did not come: {[each.reason for each in project.moved.unmoved]}"
        )
    print("moved by the second run:", [project.moved.images for project in repeated.projects])


if __name__ == "__main__":
    main()
