"""An Application Insights of our own: takes what the exporters send, and may refuse it."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from tests.servers import Answer, Request, serving


class Insights:
    def __init__(self) -> None:
        self.status = 200
        self.refused = 0
        self.bodies: list[bytes] = []
        self.port = 0

    @property
    def environment(self) -> dict[str, str]:
        """App settings that send to it at once, and nothing elsewhere."""
        place = f"http://127.0.0.1:{self.port}"
        return {
            "APPLICATIONINSIGHTS_CONNECTION_STRING": f"InstrumentationKey={'0' * 8}-0000-4000-8000-{'0' * 12};"
            f"IngestionEndpoint={place}/;LiveEndpoint={place}/",
            "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
            "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "true",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "OTEL_BLRP_SCHEDULE_DELAY": "100",
            "OTEL_METRIC_EXPORT_INTERVAL": "500",
        }

    def answer(self, request: Request) -> Answer:
        if self.status != 200:
            self.refused += 1
            return Answer(self.status)
        is_packed = request.headers.get("content-encoding") == "gzip"
        self.bodies.append(gzip.decompress(request.body) if is_packed else request.body)
        count = len(self._envelopes(self.bodies[-1]))
        told = {"itemsReceived": count, "itemsAccepted": count, "errors": []}
        return Answer(body=msgspec.json.encode(told), headers={"Content-Type": "application/json"})

    def spans(self, name: str = "", **attributes: str) -> list[dict[str, Any]]:
        """Flat: the data of the span, its `trace`, `id`, `parent` and its attributes by their names after `ocellus.`"""
        found = []
        for envelope in self._all("RequestData", "RemoteDependencyData"):
            data, tags = envelope["data"]["baseData"], envelope["tags"]
            own = {key.removeprefix("ocellus."): value for key, value in (data.get("properties") or {}).items()}
            span = {**data, **own, "trace": tags["ai.operation.id"], "parent": tags.get("ai.operation.parentId")}
            if (not name or span["name"] == name) and attributes.items() <= own.items():
                found.append(span)
        return found

    def metrics(self, name: str, **attributes: str) -> list[dict[str, Any]]:
        """Points with `value`, `count` and their attributes."""
        found = []
        for envelope in self._all("MetricData"):
            data = envelope["data"]["baseData"]
            own = {key.removeprefix("ocellus."): value for key, value in (data.get("properties") or {}).items()}
            for point in data["metrics"]:
                if point["name"] == name and attributes.items() <= own.items():
                    found.append({**point, **own})
        return found

    def logs(self) -> list[dict[str, Any]]:
        return [envelope["data"]["baseData"] for envelope in self._all("MessageData", "ExceptionData")]

    def _all(self, *kinds: str) -> Iterator[dict[str, Any]]:
        for body in list(self.bodies):
            yield from (each for each in self._envelopes(body) if each["data"]["baseType"] in kinds)

    def _envelopes(self, body: bytes) -> list[dict[str, Any]]:
        if body.startswith(b"["):
            return msgspec.json.decode(body)
        return [msgspec.json.decode(line) for line in body.splitlines() if line]


@contextmanager
def listening() -> Iterator[Insights]:
    insights = Insights()
    with serving(insights.answer) as insights.port:
        yield insights
