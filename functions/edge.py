"""The HTTP edge: the decorators `training(...)` and `prediction(...)` make a plain function an Azure function.

They find the route, check the key, parse ids, and turn answers and errors into the API's JSON.
"""

import inspect
import logging
import re
from collections.abc import Callable
from typing import Literal, NamedTuple, TypeVar
from uuid import UUID

import azure.functions as func
import msgspec

from functions.call import Call, parse_id
from functions.runtime import runtime
from shared import errors
from shared.errors import ServiceError

Handler = TypeVar("Handler", bound=Callable[..., object])
Service = Literal["training", "prediction"]
VERSION = re.compile(r"v3\.[0-3]|v3\.4(-preview)?", re.IGNORECASE)
KEY_HEADERS = {"training": "Training-Key", "prediction": "Prediction-Key"}
COMMON_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains; preload",
}
JSON_TYPE = "application/json; charset=utf-8"
NO_SUCH_ROUTE = "Resource not found"

# One for each of function_app.SERVICES.
blueprints = {name: func.Blueprint() for name in ("training", "prediction", "camera")}  # type: ignore[no-untyped-call]


class Answer(NamedTuple):
    """A status other than 200 with its body (None for no body)."""

    status: int
    body: object = None


def training(method: str, path: str) -> Callable[[Handler], Handler]:
    """Register a handler of the training API, e.g. `@training("GET", "projects/{project_id}")`."""
    return lambda handler: _register("training", method, path, handler)


def prediction(method: str, path: str) -> Callable[[Handler], Handler]:
    """Register a handler of the prediction API; `path` starts with {project_id}."""
    return lambda handler: _register("prediction", method, path, handler)


def _register(service: Service, method: str, path: str, handler: Handler) -> Handler:
    kinds = {name: parameter.annotation for name, parameter in inspect.signature(handler).parameters.items()}
    ids = {name: kind for name, kind in kinds.items() if kind is not Call}

    def serve(req: func.HttpRequest) -> func.HttpResponse:
        call = Call(req, runtime())
        try:
            _authorize(service, call)
            values = {name: _route_value(req, name, kind) for name, kind in ids.items()}
            return _respond(call, handler(call, **values))
        except ServiceError as error:
            return _refuse(call, error)
        except Exception:
            logging.exception("%s_%s failed on request %s", service, handler.__name__, call.id)
            return _refuse(call, Unexpected(f"Something failed on our side; our log tells more under {call.id}."))

    # The worker compares the signature with the bindings, and functools.wraps would show it the handler's.
    serve.__name__, serve.__doc__ = handler.__name__, handler.__doc__
    route = f"customvision/{{version}}/{service}/{path}"
    blueprint = blueprints[service]
    trigger = blueprint.route(route=route, methods=[method], auth_level=func.AuthLevel.ANONYMOUS)
    blueprint.function_name(name=f"{service}_{handler.__name__}")(trigger(serve))
    return handler


class Unexpected(ServiceError):
    status, code = 500, "ErrorUnknown"


class NoSuchVersion(ServiceError):
    status, code = 404, "404"


def _authorize(service: Service, call: Call) -> None:
    headers = call.request.headers
    key = headers.get(KEY_HEADERS[service]) or headers.get("Ocp-Apim-Subscription-Key") or ""
    if not call.runtime.keys.allows(service, key):
        raise errors.Unauthorized(
            "Access denied due to invalid subscription key or wrong API endpoint. "
            f"Send one of this service's two {service} keys in the header {KEY_HEADERS[service]}."
        )
    if not VERSION.fullmatch(call.request.route_params.get("version") or ""):
        raise NoSuchVersion(f"{NO_SUCH_ROUTE}: the versions of this API are v3.0 to v3.4-preview.")


def _route_value(request: func.HttpRequest, name: str, kind: type) -> UUID | str:
    text = request.route_params.get(name) or ""
    return parse_id(re.sub(r"_(\w)", lambda found: found[1].upper(), name), text) if kind is UUID else text


def _respond(call: Call, result: object) -> func.HttpResponse:
    """A handler's None is 204, an Answer is its own status, anything else is 200 with JSON."""
    status, body = result if isinstance(result, Answer) else (204 if result is None else 200, result)
    content = b"" if body is None else msgspec.json.encode(body)
    return func.HttpResponse(content, status_code=status, headers=_headers(call), mimetype=JSON_TYPE)


def _refuse(call: Call, error: ServiceError) -> func.HttpResponse:
    """The service's own error shape, or the gateway's where Custom Vision's gateway answers."""
    shape: object = {"code": error.code, "message": error.message}
    if error.code.isdigit():
        shape = {"error": shape}
    headers = _headers(call) | ({"Retry-After": "1"} if error.status in (429, 503) else {})
    return func.HttpResponse(msgspec.json.encode(shape), status_code=error.status, headers=headers, mimetype=JSON_TYPE)


def _headers(call: Call) -> dict[str, str]:
    return {**COMMON_HEADERS, "apim-request-id": str(call.id), "Request-Id": str(call.id)}
