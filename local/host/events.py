"""The Event Grid webhook: the validation handshake, then one invocation for each event of a request."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor

import msgspec
from azure.functions import HttpRequest, HttpResponse
from azure.functions.eventgrid import EventGridEventInConverter
from azure.functions.meta import Datum

from local.host.functions import FunctionFailed, HostedFunction

logger = logging.getLogger(__name__)
WEBHOOK_PATH = "/runtime/webhooks/eventgrid"


class EventGridWebhook:
    """Answers the requests that Event Grid, or the relay in its place, makes for the app's functions."""

    def __init__(self, functions: list[HostedFunction], pool: Executor, ran: Callable[[], None]) -> None:
        triggered = (function for function in functions if function.trigger.type == "eventGridTrigger")
        self._functions = {function.name.lower(): function for function in triggered}
        self._pool = pool
        self._ran = ran

    async def answer(self, request: HttpRequest) -> HttpResponse:
        name = next((value for key, value in request.params.items() if key.lower() == "functionname"), "")
        function = self._functions.get(name.lower())
        if function is None:
            return HttpResponse(f"No function named '{name}' takes Event Grid events.", status_code=404)
        if request.method == "OPTIONS":
            return _allow(request.headers.get("webhook-request-origin", "*"))
        try:
            events = _events(request.get_body().strip())
        except (msgspec.DecodeError, UnicodeDecodeError) as fault:
            return HttpResponse(f"The body is neither an event nor a list of events: {fault}", status_code=400)
        if request.headers.get("aeg-event-type", "").lower() == "subscriptionvalidation":
            return _validate(events)
        return await self._deliver(function, events)

    async def _deliver(self, function: HostedFunction, events: list[msgspec.Raw]) -> HttpResponse:
        loop = asyncio.get_running_loop()
        runs = [loop.run_in_executor(self._pool, _run, function, event) for event in events]
        results = await asyncio.gather(*runs)
        self._ran()
        if failed := sum(result is not None for result in results):
            first = next(result for result in results if result is not None)
            return HttpResponse(f"{failed} of {len(events)} events failed: {first}", status_code=500)
        return HttpResponse(status_code=202)


def _events(body: bytes) -> list[msgspec.Raw]:
    """The events of a list, or the only one; each is an object."""
    whole = body if body.startswith(b"[") or not body else b"[" + body + b"]"
    msgspec.json.decode(whole, type=list[dict[str, msgspec.Raw]])
    return msgspec.json.decode(whole, type=list[msgspec.Raw])


def _run(function: HostedFunction, event: msgspec.Raw) -> str | None:
    """Run the function on one event; returns the reason if it failed."""
    try:
        function(EventGridEventInConverter.decode(Datum(bytes(event).decode(), "json"), trigger_metadata=None))
    except (FunctionFailed, ValueError) as fault:
        logger.warning("An event for %s was not taken: %s", function.name, fault)
        return str(fault)
    return None


def _validate(events: list[msgspec.Raw]) -> HttpResponse:
    """Event Grid makes sure that the endpoint wants its events: send the code back."""
    try:
        event = msgspec.json.decode(events[0], type=_Validation)
    except (msgspec.DecodeError, IndexError) as fault:
        return HttpResponse(f"This is no validation event: {fault}", status_code=400)
    answer = msgspec.json.encode({"validationResponse": event.data.validation_code})
    return HttpResponse(answer, mimetype="application/json")


def _allow(origin: str) -> HttpResponse:
    """The handshake of CloudEvents' web hooks."""
    return HttpResponse(headers={"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*"})


class _ValidationData(msgspec.Struct, rename="camel"):
    validation_code: str


class _Validation(msgspec.Struct):
    data: _ValidationData
