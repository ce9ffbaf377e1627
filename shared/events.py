"""What happens in the service, told to others: CloudEvents on the configured Event Grid topic."""

import logging
from typing import TYPE_CHECKING, Self

import msgspec
from msgspec import Struct

from shared.access.identity import credential
from shared.errors import ServiceUnavailable
from shared.models.messages.events import EventType
from shared.models.wire import now
from shared.settings import Settings
from shared.telemetry.tracing import traceparent

if TYPE_CHECKING:
    from azure.core.credentials import AzureKeyCredential
    from azure.eventgrid import EventGridPublisherClient
    from azure.identity import DefaultAzureCredential

SOURCE = "/ocellus"


class Publisher:
    """Sends events to the topic; where none is configured it sends nothing."""

    def __init__(self, client: "EventGridPublisherClient | None") -> None:
        self._client = client

    @classmethod
    def open(cls, settings: Settings) -> Self:
        return cls(_topic(settings) if settings.event_topic_endpoint else None)

    def publish(self, event_type: EventType, subject: str, data: Struct, event_id: str) -> None:
        """Send one event. Raises ServiceUnavailable when it can't be sent, so that the caller's queue tries again.

        `event_id` must be the same on every retry: subscribers know a repeated event by source and id.
        """
        if self._client is None:
            return
        from azure.core.exceptions import AzureError

        # A plain CloudEvent: the client's own class takes the options of `send` for properties of the event.
        event = {
            "specversion": "1.0",
            "id": event_id,
            "source": SOURCE,
            "type": event_type.value,
            "subject": subject,
            "time": now().isoformat(),
            "datacontenttype": "application/json",
            "data": msgspec.to_builtins(data),
        }
        if trace := traceparent():
            event["traceparent"] = trace
        try:
            # The client ignores these options when they are given to its constructor.
            self._client.send(event, retry_total=2, connection_timeout=3, read_timeout=10)
        except AzureError as error:
            raise ServiceUnavailable(
                f"The event topic did not take {event_type} {event_id}: {error.message}"
            ) from error


def _topic(settings: Settings) -> "EventGridPublisherClient":
    # Imported here: an app without a topic need not pay for it at its start.
    from azure.eventgrid import EventGridPublisherClient

    # It warns of each option of `send` that it has just handed on.
    logging.getLogger("azure.eventgrid").setLevel(logging.ERROR)
    return EventGridPublisherClient(settings.event_topic_endpoint, _credential(settings))


def _credential(settings: Settings) -> "AzureKeyCredential | DefaultAzureCredential":
    if settings.event_topic_key:
        from azure.core.credentials import AzureKeyCredential

        return AzureKeyCredential(settings.event_topic_key)
    return credential(settings)
