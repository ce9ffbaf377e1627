"""Uploads to the sample app's storage, and the events that its function saw of them."""

import msgspec
from azure.storage.blob import ContainerClient, LinearRetry

from local.service import Service
from tests.waiting import Traces

SUBJECT = "/blobServices/default/containers/uploads/blobs/"


def uploads(service: Service) -> ContainerClient:
    quick = LinearRetry(backoff=1)
    return ContainerClient.from_connection_string(service.connection_string, "uploads", retry_policy=quick)


def seen(traces: Traces, name: str) -> list[dict[str, object]]:
    """The data of the events that arrived for uploads whose name starts so."""
    events = (msgspec.json.decode(trace) for trace in traces.of("seen"))
    return [event["data"] for event in events if event["subject"].startswith(SUBJECT + name)]
