"""host.json: every key is one that Functions documents, and this host reads it as the real one does."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from local.host.options import HostOptions, QueueOptions, seconds
from shared.settings import ROOT

# From the reference of host.json: the whole of the sections that we may use.
DOCUMENTED = {
    "": "aggregator concurrency customHandler extensionBundle extensions functionTimeout functions healthMonitor "
    "logging managedDependency retry singleton telemetryMode version watchDirectories watchFiles",
    "extensionBundle": "id version",
    "extensions": "blobs cosmosDb durableTask eventGrid eventHubs http kafka queues sendGrid serviceBus signalR sql",
    "extensions.http": "customHeaders dynamicThrottlesEnabled hsts maxConcurrentRequests maxOutstandingRequests "
    "routePrefix",
    "extensions.queues": "batchSize maxDequeueCount maxPollingInterval messageEncoding newBatchThreshold "
    "visibilityTimeout",
    "logging": "applicationInsights console fileLoggingMode logLevel",
    "logging.applicationInsights": "dependencyTrackingOptions enableDependencyTracking enableLiveMetrics "
    "enableLiveMetricsFilters enablePerformanceCountersCollection httpAutoCollectionOptions "
    "liveMetricsInitializationDelay samplingSettings snapshotConfiguration",
    "logging.applicationInsights.samplingSettings": "evaluationInterval excludedTypes includedTypes "
    "initialSamplingPercentage isEnabled maxSamplingPercentage maxTelemetryItemsPerSecond minSamplingPercentage "
    "movingAverageRatio samplingPercentageDecreaseTimeout samplingPercentageIncreaseTimeout",
}


def unknown(section: object, place: str = "") -> Iterator[str]:
    """The keys in it that are not documented, where there is a table for their section."""
    if not isinstance(section, dict) or place not in DOCUMENTED:
        return
    for key, value in section.items():
        path = f"{place}.{key}".lstrip(".")
        if key not in DOCUMENTED[place].split():
            yield path
        yield from unknown(value, path)


@pytest.mark.parametrize("path", ["host.json", "tests/local/host.json"])
def test_every_key_of_host_json_is_documented(path: str) -> None:
    assert list(unknown(msgspec.json.decode((ROOT / path).read_bytes()))) == []


def test_a_key_that_functions_does_not_know_is_seen() -> None:
    assert list(unknown({"extensions": {"queues": {"newBatchSize": 4}}})) == ["extensions.queues.newBatchSize"]


def test_our_own_options_are_read() -> None:
    queues = HostOptions.read(ROOT / "host.json").extensions.queues
    assert (queues.batch_size, queues.threshold, queues.max_dequeue_count) == (8, 4, 5)


def test_what_host_json_leaves_out_is_as_the_real_host_has_it(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    options = HostOptions.read(tmp_path / "host.json")
    assert (options.extensions.http.route_prefix, options.extensions.queues) == ("api", QueueOptions())
    assert QueueOptions(new_batch_threshold=0).threshold == 0


@pytest.mark.parametrize(("text", "length"), [("00:00:00", 0), ("00:01:30", 90), ("1.02:03:04", 93784)])
def test_time_spans_are_read(text: str, length: float) -> None:
    assert seconds(text) == length
