"""`ocellus predict` on a folder of photographs, against connections that do nothing but send them.

python -m benchmarks.batch
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from benchmarks import subjects
from benchmarks.prediction import SAMPLE, Peer, client
from local.demo import session
from shared.settings import ROOT, child_environment

AT_ONCE = 8
WARM_SECONDS = 2.0
GOAL = 0.9


def main(argv: list[str]) -> int:
    options = _arguments().parse_args(argv)
    photographs = [each.path.read_bytes() for each in subjects.photographs(options.photos / SAMPLE, ("hemlock",))]
    with subjects.fresh_service() as service, tempfile.TemporaryDirectory() as folder:
        trainer = session.training_client(service)
        project, _ = subjects.published_project(trainer, subjects.rendered(per_tag=8, seed=3))
        path = f"/customvision/v3.1/prediction/{project.id}/classify/iterations/{session.PUBLISHED_NAME}/image/nostore"
        assert service.host_pid
        peer = Peer(client, service.port, path, service.prediction_key, photographs)
        peer.measure(AT_ONCE, WARM_SECONDS, service.host_pid)
        _fill(Path(folder), photographs, options.pictures)
        environment = child_environment(
            VISION_PREDICTION_ENDPOINT=service.endpoint, VISION_PREDICTION_KEY=service.prediction_key
        )
        rates = [
            (
                peer.measure(AT_ONCE, options.seconds, service.host_pid).rate,
                _rate(Path(folder), project.id, environment, options.pictures),
            )
            for _ in range(options.rounds)
        ]
        peer.end()
    ratios = sorted(batch / plain for plain, batch in rates)
    console = Console()
    for plain, batch in rates:
        console.print(f"sent alone {plain:.1f} a second, by the command {batch:.1f}: {batch / plain:.2f}")
    console.print(f"median {ratios[len(ratios) // 2]:.2f} (goal {GOAL})")
    return 0


def _fill(folder: Path, photographs: list[bytes], count: int) -> None:
    for number in range(count):
        (folder / f"{number:05}.jpg").write_bytes(photographs[number % len(photographs)])


def _rate(folder: Path, project: str, environment: dict[str, str], count: int) -> float:
    """Photographs a second, from the start of the command to its end."""
    out = folder.with_suffix(".csv")
    given = [str(folder), "--project", project, "--name", session.PUBLISHED_NAME, "--to", str(out), "--json"]
    started = time.monotonic()
    command = [sys.executable, "-m", "cli", "predict", *given]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    seconds = time.monotonic() - started
    out.unlink()
    assert json.loads(ended.stdout)["pictures"] == count
    return count / seconds


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batch", description=__doc__)
    subjects.add_photos(parser)
    parser.add_argument("--pictures", type=int, default=2000, metavar="N", help="photographs in the folder (2000)")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="rounds of both (3)")
    parser.add_argument("--seconds", type=float, default=10.0, metavar="S", help="of sending alone (10)")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
