"""The relay loses no upload, whatever is killed, and the topic takes what the SDK publishes."""

import http.server
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.core.messaging import CloudEvent
from azure.eventgrid import EventGridPublisherClient
from azure.storage.blob import ContainerClient

from local.service import Service, running
from tests.local.eventgrid.uploading import SUBJECT, seen, uploads
from tests.local.sample import SAMPLE
from tests.waiting import Traces, wait_for


def test_upload_is_told_of_once_for_each_content(service: Service, traces: Traces) -> None:
    name = f"{uuid.uuid4()} é/picture.jpg"
    blob = uploads(service).upload_blob(name, b"one", content_type="image/jpeg")
    wait_for(lambda: len(seen(traces, name)) == 1)
    (first,) = seen(traces, name)
    assert (first["contentLength"], first["contentType"], first["url"]) == (3, "image/jpeg", blob.url)
    assert first["eTag"] == blob.get_blob_properties().etag.strip('"')
    blob.upload_blob(b"other", overwrite=True)
    wait_for(lambda: len(seen(traces, name)) == 2)
    service.kill_relay()
    service.start_relay()
    marker = str(uuid.uuid4())
    uploads(service).upload_blob(marker, b"")
    wait_for(lambda: len(seen(traces, marker)) == 1)
    assert [data["contentLength"] for data in seen(traces, name)] == [3, 5]


def test_blob_of_many_blocks_is_told_of_once(service: Service, traces: Traces) -> None:
    name = str(uuid.uuid4())
    container = ContainerClient.from_connection_string(
        service.connection_string, "uploads", max_single_put_size=1000, max_block_size=1000
    )
    container.upload_blob(name, b"x" * 5000)
    wait_for(lambda: [data["contentLength"] for data in seen(traces, name)] == [5000])


def test_event_that_is_always_refused_ends_as_a_dead_letter(service: Service) -> None:
    name = f"refused-{uuid.uuid4()}"
    uploads(service).upload_blob(name, b"")
    letters = ContainerClient.from_connection_string(service.connection_string, "deadletters")

    def find() -> list[dict[str, object]]:
        if not letters.exists():
            return []
        found = [msgspec.json.decode(letters.download_blob(blob).readall())[0] for blob in letters.list_blob_names()]
        return [letter for letter in found if letter["subject"] == SUBJECT + name]

    wait_for(lambda: len(find()) == 1)
    (letter,) = find()
    assert (letter["deliveryAttempts"], letter["deadLetterReason"]) == (3, "MaxDeliveryAttemptsExceeded")
    assert "refused" in str(letter["lastDeliveryOutcome"])


def test_nothing_is_lost_when_anything_is_killed(tmp_path: Path) -> None:
    with running(tmp_path, options=SAMPLE) as service:
        container, traces = uploads(service), Traces(service.connection_string)

        def upload(stage: str) -> None:
            for number in range(10):
                container.upload_blob(f"{stage}/{number}", stage.encode())

        upload("relay-runs")
        service.kill_relay()
        upload("relay-down")
        service.start_relay()
        upload("relay-again")
        service.kill_host()
        upload("host-down")
        service.start_host()
        wait_for(lambda: len(seen(traces, "host-down")) >= 10)
        service.kill_azurite()
        service.start_azurite()
        upload("azurite-again")
        stages = ("relay-runs", "relay-down", "relay-again", "host-down", "azurite-again")
        wait_for(lambda: all(len({str(data["url"]) for data in seen(traces, stage)}) == 10 for stage in stages))


class Subscriber(http.server.BaseHTTPRequestHandler):
    """Refuses each event once, then takes it."""

    taken: list[dict[str, object]]
    refused: set[object]

    def do_POST(self) -> None:
        (event,) = msgspec.json.decode(self.rfile.read(int(self.headers["Content-Length"])))
        first = event["id"] not in self.refused
        self.refused.add(event["id"])
        if not first:
            self.taken.append(event)
        self.send_response(503 if first else 200)
        self.end_headers()

    def log_message(self, *words: object) -> None: ...


@pytest.fixture
def subscriber() -> Iterator[http.server.HTTPServer]:
    Subscriber.taken, Subscriber.refused = [], set()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Subscriber) as server:
        threading.Thread(target=server.serve_forever).start()
        yield server
        server.shutdown()


def test_topic_logs_and_fans_out_what_the_publisher_sends(tmp_path: Path, subscriber: http.server.HTTPServer) -> None:
    url = f"http://127.0.0.1:{subscriber.server_port}/hook"
    options = msgspec.structs.replace(SAMPLE, subscribers=[url])
    with running(tmp_path, options=options) as service:
        client = EventGridPublisherClient(service.topic_endpoint, AzureKeyCredential(service.keys.topic))
        events = [CloudEvent(source="/camera", type="Seen", data={"n": number}) for number in range(3)]
        client.send(events)
        logged = [msgspec.json.decode(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
        assert [event["data"] for event in logged] == [{"n": 0}, {"n": 1}, {"n": 2}]
        wait_for(lambda: len(Subscriber.taken) == 3)
        assert {event["id"] for event in Subscriber.taken} == {event.id for event in events}
        assert {event["specversion"] for event in Subscriber.taken} == {"1.0"}


def test_topic_refuses_a_wrong_key_and_a_wrong_body(service: Service) -> None:
    wrong = EventGridPublisherClient(service.topic_endpoint, AzureKeyCredential("wrong"))
    with pytest.raises(ClientAuthenticationError):
        wrong.send(CloudEvent(source="/camera", type="Seen"))
    right = EventGridPublisherClient(service.topic_endpoint, AzureKeyCredential(service.keys.topic))
    with pytest.raises(HttpResponseError, match="required field"):
        right.send([{"no": "event"}])
