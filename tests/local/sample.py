"""How the sample app is started: behind the local host, with a relay that is quick to give up."""

from pathlib import Path

from local.service import Options

FOLDER = Path(__file__).parent
SAMPLE = Options(
    app="tests.local.sample_app:app",
    host_json=FOLDER / "host.json",
    functions=["seen"],
    relay_arguments=["--first-wait=0.05", "--most-attempts=3"],
)
