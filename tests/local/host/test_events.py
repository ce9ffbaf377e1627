"""The Event Grid webhook of the local host."""

import uuid

import msgspec
import pytest
import requests

from local.service import Service
from tests.waiting import Traces

Event = dict[str, object]


def event(subject: str) -> Event:
    return {
        "id": str(uuid.uuid4()),
        "topic": "/here",
        "subject": subject,
        "eventType": "Test.Happened",
        "eventTime": "2026-01-01T00:00:00.1234567Z",
        "data": {"n": 1},
        "dataVersion": "1",
    }


def post(service: Service, body: object, function: str = "seen", **headers: str) -> requests.Response:
    url = f"{service.events_endpoint}/runtime/webhooks/EventGrid?functionName={function}"
    return requests.post(url, data=msgspec.json.encode(body), headers=headers, timeout=30)


def subjects(traces: Traces) -> list[str]:
    return [msgspec.json.decode(trace)["subject"] for trace in traces.of("seen")]


def test_validation_handshake(service: Service) -> None:
    validation = [event("") | {"data": {"validationCode": "512d38b6", "validationUrl": "https://example.com"}}]
    response = post(service, validation, **{"aeg-event-type": "SubscriptionValidation"})
    assert (response.status_code, response.json()) == (200, {"validationResponse": "512d38b6"})


def test_cloud_events_handshake(service: Service) -> None:
    url = f"{service.events_endpoint}/runtime/webhooks/eventgrid?functionname=Seen"
    response = requests.options(url, headers={"WebHook-Request-Origin": "eventgrid.azure.net"}, timeout=10)
    assert (response.status_code, response.headers["WebHook-Allowed-Origin"]) == (200, "eventgrid.azure.net")


def test_each_event_of_a_request_is_an_invocation(service: Service, traces: Traces) -> None:
    mine = [f"{uuid.uuid4()}" for _ in range(5)]
    assert post(service, [event(subject) for subject in mine]).status_code == 202
    assert sorted(subject for subject in subjects(traces) if subject in mine) == sorted(mine)


def test_single_event_without_a_list(service: Service, traces: Traces) -> None:
    mine = str(uuid.uuid4())
    assert post(service, event(mine)).status_code == 202
    assert mine in subjects(traces)


def test_one_failing_event_fails_the_request_after_the_others_ran(service: Service, traces: Traces) -> None:
    mine = str(uuid.uuid4())
    response = post(service, [event("refused"), event(mine)])
    assert response.status_code == 500
    assert "1 of 2 events failed" in response.text
    assert mine in subjects(traces)


def test_unknown_function(service: Service) -> None:
    assert post(service, [event("x")], function="nobody").status_code == 404


@pytest.mark.parametrize("body", [b"", b"{", b"1", b"[1]", b"\xff"])
def test_body_that_is_no_event(service: Service, body: bytes) -> None:
    url = f"{service.events_endpoint}/runtime/webhooks/EventGrid?functionName=seen"
    assert requests.post(url, data=body, timeout=10).status_code == 400
