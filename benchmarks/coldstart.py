"""How long the prediction app takes from its start to its first answer, with a published model in Azurite.

python -m benchmarks.coldstart
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from http.client import HTTPConnection

from benchmarks import subjects
from local.azurite import free_ports
from local.demo import session
from local.service import Service
from shared.settings import ROOT, child_environment

IMPORT_GOAL, ANSWER_GOAL = 0.8, 2.0
# Says how long the import alone took, by the clock of the process that did it.
IMPORT = "import time; started = time.perf_counter(); import function_app; print(time.perf_counter() - started)"


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coldstart", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10, metavar="N", help="starts of each kind (10)")
    rounds: int = parser.parse_args(argv).rounds
    with subjects.fresh_service() as service:
        pictures = subjects.rendered(per_tag=8, seed=3)
        project, _ = subjects.published_project(session.training_client(service), pictures)
        path = f"/customvision/v3.1/prediction/{project.id}/classify/iterations/{session.PUBLISHED_NAME}/image/nostore"
        picture = pictures[0].path.read_bytes()
        environment = child_environment(**{**service.settings(), "SERVICES": "prediction"})
        tell("Python alone", [_interpreter() for _ in range(rounds)])
        tell("import of the app", [_import(environment) for _ in range(rounds)], IMPORT_GOAL)
        answers = [_first_answer(environment, path, service, picture) for _ in range(rounds)]
        tell("the process's start to the first answer", answers, ANSWER_GOAL)
    return 0


def tell(what: str, seconds: Sequence[float], goal: float | None = None) -> None:
    wanted = f" (goal {goal} s)" if goal else ""
    print(f"{what}: {statistics.median(seconds):.2f} s, {max(seconds):.2f} s at the longest{wanted}", flush=True)


def _interpreter() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", ""], check=True)
    return time.perf_counter() - started


def _import(environment: dict[str, str]) -> float:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def _first_answer(environment: dict[str, str], path: str, service: Service, picture: bytes) -> float:
    """From a new process to its answer to a picture, which is asked for until it listens."""
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "local.host", f"--port={port}"]
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, env=environment) as host:
        try:
            while True:
                try:
                    status = _ask(port, path, service.prediction_key, picture)
                    break
                except ConnectionRefusedError:
                    time.sleep(0.005)
            seconds = time.perf_counter() - started
        finally:
            host.terminate()
    if status != 200:
        sys.exit(f"The first answer was {status}.")
    return seconds


def _ask(port: int, path: str, key: str, picture: bytes) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Prediction-Key": key, "Content-Type": "application/octet-stream"}
    connection.request("POST", path, picture, headers)
    status = connection.getresponse().status
    connection.close()
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
