"""HTTP triggers answer as on the real host."""

import http.client
import time
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
import requests

from local.host.http import query_values
from local.service import Service
from shared.models.limits import BODY_BYTES


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("a=1", {"a": "1"}),
        ("a=1&a=2", {"a": "1,2"}),
        ("A=1&a=2", {"A": "1,2"}),
        ("a=&b=2", {"b": "2"}),
        ("a&b=2", {"b": "2"}),
        ("a=x+y%20z%2C", {"a": "x y z,"}),
        ("%61=%C3%A9", {"a": "é"}),
    ],
)
def test_query_values(query: str, values: dict[str, str]) -> None:
    assert query_values(query) == values


def test_request_reaches_the_handler_whole(service: Service) -> None:
    url = f"{service.endpoint}//ECHO/hello/x%20y?a=1&A=2&b="
    # Prepared by hand: the library would tidy up the path.
    connection = http.client.HTTPConnection("127.0.0.1", service.port)
    connection.putrequest("POST", url.removeprefix(service.endpoint))
    for value in ("1", "2"):
        connection.putheader("X-Twice", value)
    connection.putheader("Content-Length", "3")
    connection.endheaders(b"abc")
    response = connection.getresponse()
    seen = msgspec.json.decode(response.read())
    connection.close()
    assert (response.status, response.headers["x-answer"]) == (200, "yes")
    assert response.headers["content-type"] == "application/json"
    assert seen == {
        "function": "b_echo",
        "method": "POST",
        "url": url,
        "params": {"a": "1,2"},
        "route": {"word": "hello", "rest": "x y"},
        "header": "1,2",
        "size": 3,
    }


def test_routes_are_tried_by_function_name(service: Service) -> None:
    assert requests.get(f"{service.endpoint}/echo/any", timeout=10).text == "a_any"
    assert requests.get(f"{service.endpoint}/echo/12", timeout=10).json()["function"] == "b_echo"
    assert requests.put(f"{service.endpoint}/echo/any", timeout=10).text == "a_any"
    assert requests.put(f"{service.endpoint}/echo/12", timeout=10).text == "c_any 12"


def test_unknown_route_is_answered_as_the_gateway_does(service: Service) -> None:
    for response in (
        requests.get(f"{service.endpoint}/unknown", timeout=10),
        requests.post(f"{service.endpoint}/files/x", timeout=10),
    ):
        assert response.status_code == 404
        assert response.json() == {"error": {"code": "404", "message": "Resource not found"}}


def test_failing_handler_tells_the_caller_nothing_and_the_log_all(service: Service) -> None:
    response = requests.get(f"{service.endpoint}/fails", timeout=10)
    assert response.status_code == 500
    assert response.json()["error"]["code"] == "500"
    assert "secret" not in response.text
    log = (service.data / "host.log").read_text()
    assert "Function fails failed" in log
    assert "RuntimeError: a secret that no caller may see" in log


def test_handler_without_an_answer_gives_204(service: Service) -> None:
    response = requests.delete(f"{service.endpoint}/nothing", timeout=10)
    assert (response.status_code, response.content) == (204, b"")


def test_head_has_no_body(service: Service) -> None:
    response = requests.head(f"{service.endpoint}/files/a/b", timeout=10)
    assert (response.status_code, response.content, response.headers["content-length"]) == (200, b"", "3")


def test_large_bodies(service: Service) -> None:
    url = f"{service.endpoint}/echo/hello"
    assert requests.post(url, data=b"x" * 20_000_000, timeout=60).json()["size"] == 20_000_000
    chunked = requests.post(url, data=iter([b"x" * 1_000_000] * 3), timeout=60)
    assert chunked.json()["size"] == 3_000_000


@pytest.mark.parametrize("chunked", [False, True])
def test_body_over_the_limit_is_refused(service: Service, chunked: bool) -> None:
    body = b"x" * (BODY_BYTES + 1)
    url = f"{service.endpoint}/echo/hello"
    response = requests.post(url, data=iter([body]) if chunked else body, timeout=60)
    assert response.status_code == 413
    assert response.json()["error"]["code"] == "413"


def test_request_that_breaks_off_runs_no_handler(service: Service) -> None:
    before = (service.data / "host.log").read_text()
    connection = http.client.HTTPConnection("127.0.0.1", service.port)
    connection.putrequest("POST", "/fails")
    connection.putheader("Content-Length", "100")
    connection.endheaders(b"half")
    connection.close()
    time.sleep(0.5)
    assert (service.data / "host.log").read_text() == before


def test_blocking_handlers_run_side_by_side(service: Service) -> None:
    started = time.monotonic()
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: requests.get(f"{service.endpoint}/slow", timeout=10).text, range(4)))
    assert answers == ["done"] * 4
    assert time.monotonic() - started < 3
