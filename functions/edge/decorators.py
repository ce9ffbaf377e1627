"""The HTTP edge: the decorators `training(...)` and `prediction(...)` make a plain function an Azure function.

They find the route, check the key or the token, parse ids, and turn answers and errors into the API's JSON.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Generic, Literal, NamedTuple, TypeVar

import azure.functions as func
import msgspec
from msgspec import UNSET, Struct, structs

from functions.edge import cors
from functions.edge.call import Call
from functions.edge.parameters import Parameter, camel, parameters, refuse_lookalikes, result
from functions.edge.runtime import runtime
from functions.edge.times import encode
from shared import errors
from shared.access.keys import fingerprint
from shared.errors import ServiceError
from shared.models.audit import AUDITED, SUBJECTS, AuditRecord, Stage
from shared.models.roles import ROLES, Role
from shared.models.wire import now
from shared.operations.audit import audited
from shared.telemetry import counters
from shared.telemetry.tracing import annotate, fail, span

T = TypeVar("T")
Handler = TypeVar("Handler", bound=Callable[..., object])
Service = Literal["training", "prediction"]
VERSIONS = ("v3.0", "v3.1", "v3.2", "v3.3", "v3.4", "v3.4-preview")
OLD_VERSIONS = ("v2.0", "v2.1", "v2.2")
# Their clients take a status of 200 alone, and look at the one of each image.
WITHOUT_207 = (*OLD_VERSIONS, "v3.0", "v3.1", "v3.2")
KEY_HEADERS = {"training": "Training-Key", "prediction": "Prediction-Key"}
COMMON_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains; preload",
}
JSON_TYPE = "application/json; charset=utf-8"
BYTES_TYPE = "application/octet-stream"
NO_SUCH_ROUTE = "Resource not found"
ORIGIN_LENGTH = 256

# One for each of function_app.SERVICES.
blueprints = {name: func.Blueprint() for name in ("training", "prediction", "camera")}  # type: ignore[no-untyped-call]


class Answer(NamedTuple, Generic[T]):
    """A body with a status that the operation chose among its `statuses`."""

    status: int
    body: T


class Operation(NamedTuple):
    """An operation of the API as its handler declares it."""

    service: Service
    method: str
    path: str
    handler: Callable[..., object]
    parameters: dict[str, Parameter]
    result: object
    statuses: Sequence[int]
    # The operation of later versions that one of version 2 is, where that has a path of its own.
    alias_of: str = ""

    @property
    def name(self) -> str:
        return self.handler.__name__

    @property
    def rate(self) -> str:
        """The name of the limit on how often one caller may call it in a second."""
        if self.service == "prediction":
            return f"{'unstored' if self.name.endswith('no_store') else 'stored'}_predictions_per_second"
        return "trainings_per_second" if self.name == "train_project" else "calls_per_second"

    @property
    def roles(self) -> frozenset[Role]:
        """Those of a token that may call it."""
        return ROLES[self.alias_of or self.name]

    @property
    def versions(self) -> tuple[str, ...]:
        if self.alias_of:
            return OLD_VERSIONS
        return VERSIONS if self.service == "prediction" else OLD_VERSIONS + VERSIONS

    @property
    def predicts(self) -> bool:
        return self.service == "prediction" or self.name.startswith("quick_test")


operations: list[Operation] = []
aliases: list[Operation] = []
# What each route takes, for those who ask it for something else.
verbs: dict[str, list[str]] = {}


def training(method: str, path: str, statuses: Sequence[int] = ()) -> Callable[[Handler], Handler]:
    """Register a handler of the training API, e.g. `@training("GET", "projects/{project_id}")`.

    It answers 204 where it returns None, else 200; one that returns an Answer names its `statuses`.
    """
    return lambda handler: _register("training", method, path, handler, statuses)


def prediction(method: str, path: str) -> Callable[[Handler], Handler]:
    """Register a handler of the prediction API; `path` starts with {project_id}."""
    return lambda handler: _register("prediction", method, path, handler, ())


def version2(service: Service, method: str, path: str, alias_of: str) -> Callable[[Handler], Handler]:
    """Register a handler at a path that only version 2 has, with the roles of the operation that it is an alias of."""
    return lambda handler: _register(service, method, path, handler, (), alias_of)


def _register(
    service: Service, method: str, path: str, handler: Handler, statuses: Sequence[int], alias_of: str = ""
) -> Handler:
    kind = result(handler)
    usual = [204 if kind is type(None) else 200]
    operation = Operation(service, method, path, handler, parameters(handler, path), kind, statuses or usual, alias_of)
    (aliases if alias_of else operations).append(operation)

    def serve(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        return _serve(operation, Call(req, runtime()), context.trace_context.trace_parent)

    # The worker compares the signature with the bindings, and functools.wraps would show it the handler's.
    serve.__name__, serve.__doc__ = handler.__name__, handler.__doc__
    blueprint = blueprints[service]
    route = f"customvision/{{version}}/{service}/{path}"
    methods = [method, "HEAD"] if method == "GET" else [method]
    verbs.setdefault(route, []).extend(methods)
    trigger = blueprint.route(route=route, methods=methods, auth_level=func.AuthLevel.ANONYMOUS)
    blueprint.function_name(name=f"{service}_{handler.__name__}")(trigger(serve))
    return handler


def _serve(operation: Operation, call: Call, traceparent: str) -> func.HttpResponse:
    name = f"{operation.service}_{operation.name}"
    with span(name, traceparent, request_id=str(call.id)):
        response = _answer(operation, call)
        annotate(status=response.status_code, outcome=call.outcome)
        if call.outcome != counters.OK:
            fail(call.outcome)
        counters.request(name, call.outcome)
        return response


def _answer(operation: Operation, call: Call) -> func.HttpResponse:
    try:
        _admit(operation, call)
        refuse_lookalikes(operation.parameters.values(), call.request.params)
        values = {name: parameter.read(call) for name, parameter in operation.parameters.items()}
        if operation.predicts:
            call.runtime.quota.take()
        with _audit(operation, call, values):
            answer = operation.handler(call, **values)
        return _respond(call, operation, answer)
    except ServiceError as error:
        return refuse(call, error)
    except Exception:
        logging.exception("%s_%s failed on request %s", operation.service, operation.name, call.id)
        return refuse(call, Unexpected(f"Something failed on our side; our log tells more under {call.id}."))


class Unexpected(ServiceError):
    status, code = 500, "ErrorUnknown"


class NoSuchVersion(ServiceError):
    status, code = 404, "404"


def _admit(operation: Operation, call: Call) -> None:
    caller = _caller(operation, call)
    if call.version not in operation.versions:
        first, *_, last = operation.versions
        raise NoSuchVersion(f"{NO_SUCH_ROUTE}: the versions of this path are {first} to {last}; ask for one of them.")
    call.runtime.rates.take(caller, operation.rate, getattr(call.limits, operation.rate), operation.name)


def _caller(operation: Operation, call: Call) -> str:
    """Who is calling, by key or by token. Raises Unauthorized, InsufficientCapability."""
    service, headers, tokens = operation.service, call.request.headers, call.runtime.tokens
    given = (headers.get(name) or "" for name in (KEY_HEADERS[service], "Ocp-Apim-Subscription-Key"))
    key = next((text.strip() for text in given if text.strip()), "")
    scheme, _, token = (headers.get("Authorization") or "").strip().partition(" ")
    if tokens and (not call.runtime.settings.allow_keys or (not key and scheme.lower() == "bearer")):
        caller = tokens.caller(token.strip())
        call.actor = f"oid {caller.id}"
        _check_roles(operation, caller.roles)
        return caller.id
    if not call.runtime.keys.allows(service, key):
        raise errors.Unauthorized(
            "Access denied due to invalid subscription key or wrong API endpoint. "
            f"Send one of this service's two {service} keys in the header {KEY_HEADERS[service]}"
            f"{', or a token of Entra ID in the header Authorization' if tokens else ''}."
        )
    call.actor = f"key {fingerprint(key)}"
    return key


def _check_roles(operation: Operation, roles: frozenset[str]) -> None:
    if operation.roles.isdisjoint(roles):
        raise errors.InsufficientCapability(
            f"The roles of your token ({', '.join(sorted(roles)) or 'none'}) don't allow {operation.name}; "
            f"have one of these app roles assigned to you in Entra ID: {', '.join(sorted(operation.roles))}."
        )


def _audit(operation: Operation, call: Call, values: dict[str, object]) -> AbstractContextManager[None]:
    if operation.name not in AUDITED:
        return nullcontext()
    body = values.get("body")
    given = values | (structs.asdict(body) if isinstance(body, Struct) else {})
    named = {name: value for name, value in given.items() if name in SUBJECTS and value is not UNSET}
    subject = {camel(name): msgspec.to_builtins(value) for name, value in named.items()}
    origin = (call.request.headers.get("X-Forwarded-For") or "")[:ORIGIN_LENGTH]
    record = AuditRecord(call.id, now(), Stage.BEGUN, operation.name, call.actor, origin, subject)
    return audited(call.store, record)


def _respond(call: Call, operation: Operation, answer: object) -> func.HttpResponse:
    status, value = answer if isinstance(answer, Answer) else (operation.statuses[0], answer)
    if status == 207 and call.version in WITHOUT_207:
        status = 200
    if isinstance(value, bytes):
        return func.HttpResponse(value, status_code=status, headers=headers_of(call), mimetype=BYTES_TYPE)
    content = b"" if value is None else encode(value)
    return func.HttpResponse(content, status_code=status, headers=headers_of(call), mimetype=JSON_TYPE)


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
