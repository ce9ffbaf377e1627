"""The sample app behind the local host, with its relay, once for all tests of this room."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.service import Options, Service, running
from tests.local.waiting import Traces

FOLDER = Path(__file__).parent
SAMPLE = Options(
    app="tests.local.sample_app:app",
    host_json=FOLDER / "host.json",
    functions=["seen"],
    relay_arguments=["--first-wait=0.05", "--most-attempts=3"],
)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("service"), options=SAMPLE) as service:
        yield service


@pytest.fixture
def traces(service: Service) -> Traces:
    return Traces(service.connection_string)
