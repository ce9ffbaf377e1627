"""From a call to its answer: the handler's result, or the error, as the API's JSON."""

import logging
from contextlib import AbstractContextManager, nullcontext

import azure.functions as func
import msgspec
from msgspec import UNSET, Struct, structs

from functions.edge import cors
from functions.edge.admission import admit
from functions.edge.call import Call
from functions.edge.compression import compressed
from functions.edge.operation import OLD_VERSIONS, Answer, Operation
from functions.edge.parameters import camel, refuse_lookalikes
from functions.edge.times import encode
from shared.errors import ServiceError
from shared.models.audit import AuditRecord, Stage
from shared.models.wire import now
from shared.operations.audit import audited
from shared.storage.account.transport import patience
from shared.telemetry import counters
from shared.telemetry.tracing import annotate, fail, span

# Their clients take a status of 200 alone, and look at the one of each image.
WITHOUT_207 = (*OLD_VERSIONS, "v3.0", "v3.1", "v3.2")
COMMON_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains; preload",
}
JSON_TYPE = "application/json; charset=utf-8"
BYTES_TYPE = "application/octet-stream"
ORIGIN_LENGTH = 256


class Unexpected(ServiceError):
    status, code = 500, "ErrorUnknown"


def answer(operation: Operation, call: Call, traceparent: str) -> func.HttpResponse:
    """In a span of its own, and counted."""
    with span(operation.function, traceparent, request_id=str(call.id)):
        response = _answer(operation, call)
        annotate(status=response.status_code, outcome=call.outcome)
        if call.outcome != counters.OK:
            fail(call.outcome)
        counters.request(operation.function, call.outcome)
        return response


def _answer(operation: Operation, call: Call) -> func.HttpResponse:
    try:
        admit(operation, call)
        refuse_lookalikes(operation.parameters.values(), call.request.params)
        values = {name: parameter.read(call) for name, parameter in operation.parameters.items()}
        if operation.predicts:
            call.runtime.quota.take()
        with patience(call.patience), _audit(operation, call, values):
            result = operation.handler(call, **values)
        return _respond(call, operation, result)
    except ServiceError as error:
        return refuse(call, error)
    except Exception:
        logging.exception("%s failed on request %s", operation.function, call.id)
        return refuse(call, Unexpected(f"Something failed on our side; our log tells more under {call.id}."))


def _audit(operation: Operation, call: Call, values: dict[str, object]) -> AbstractContextManager[None]:
    if not operation.audit:
        return nullcontext()
    body = values.get("body")
    given = values | (structs.asdict(body) if isinstance(body, Struct) else {})
    kept = {name: given[name] for name in operation.audit if given[name] is not UNSET}
    subject = {camel(name): msgspec.to_builtins(value) for name, value in kept.items()}
    origin = (call.request.headers.get("X-Forwarded-For") or "")[:ORIGIN_LENGTH]
    record = AuditRecord(call.id, now(), Stage.BEGUN, operation.name, call.actor, origin, subject)
    return audited(call.store, record)


def _respond(call: Call, operation: Operation, result: object) -> func.HttpResponse:
    status, value = result if isinstance(result, Answer) else (operation.statuses[0], result)
    if status == 207 and call.version in WITHOUT_207:
        status = 200
    if isinstance(value, bytes):
        return func.HttpResponse(value, status_code=status, headers=headers_of(call), mimetype=BYTES_TYPE)
    content, headers = compressed(call.request, b"" if value is None else encode(value), headers_of(call))
    return func.HttpResponse(content, status_code=status, headers=headers, mimetype=JSON_TYPE)


def refuse(call: Call, error: ServiceError) -> func.HttpResponse:
    """The service's own error shape, or the gateway's where Custom Vision's gateway answers."""
    call.outcome = error.code
    shape: object = {"code": error.code, "message": error.message}
    if error.code.isdigit():
        shape = {"error": shape}
    headers = headers_of(call) | ({"Retry-After": "1"} if error.status in (429, 503) else {})
    return func.HttpResponse(msgspec.json.encode(shape), status_code=error.status, headers=headers, mimetype=JSON_TYPE)


def headers_of(call: Call) -> dict[str, str]:
    shared = cors.sharing(call.request, call.runtime.settings)
    return {**COMMON_HEADERS, **shared, "apim-request-id": str(call.id), "Request-Id": str(call.id)}
