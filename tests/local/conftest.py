"""The sample app behind the local host, with its relay."""

from collections.abc import Iterator

import pytest

from local.service import Service, running
from tests.local.sample import SAMPLE
from tests.waiting import Traces


# For a file each: its timer ticks every second as long as it lives.
@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("service"), options=SAMPLE) as service:
        yield service


@pytest.fixture
def traces(service: Service) -> Traces:
    return Traces(service.connection_string)
