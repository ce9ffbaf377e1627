"""What no operation answers: OPTIONS, verbs that a path does not take, paths that there are not."""

import re
from functools import cache

import azure.functions as func

from functions.edge import cors
from functions.edge.admission import NO_SUCH_ROUTE
from functions.edge.answers import headers_of, refuse
from functions.edge.call import Call
from functions.edge.openapi import METHODS, ROUTE
from functions.edge.operation import Operation, aliases, operations
from functions.edge.runtime import runtime
from shared.errors import ServiceError

PARAMETER = re.compile(r"\{[^/]*\}")

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]


class MethodNotAllowed(ServiceError):
    status, code = 405, "405"


class NoSuchRoute(ServiceError):
    status, code = 404, "404"


# The host tries routes by the names of their functions: these come behind `ocellus_`, `openapi`, `prediction_` and
# `training_`.
@blueprint.function_name(name="unrouted")
@blueprint.route(route="customvision/{*path}", auth_level=func.AuthLevel.ANONYMOUS)
def unrouted(req: func.HttpRequest) -> func.HttpResponse:
    return _answer(req, "customvision")


@blueprint.function_name(name="unrouted_ocellus")
@blueprint.route(route="ocellus/{*path}", auth_level=func.AuthLevel.ANONYMOUS)
def unrouted_ocellus(req: func.HttpRequest) -> func.HttpResponse:
    return _answer(req, "ocellus")


def _answer(req: func.HttpRequest, base: str) -> func.HttpResponse:
    call = Call(req, runtime())
    taken = _taken(f"{base}/{req.route_params.get('path') or ''}")
    permission = cors.permission(req, call.runtime.settings)
    if req.method == "OPTIONS" and (taken or permission):
        response = func.HttpResponse(status_code=204, headers=headers_of(call) | permission)
    elif taken:
        response = refuse(call, MethodNotAllowed(f"This path takes no {req.method}, but {taken}."))
    else:
        response = refuse(call, NoSuchRoute(f"{NO_SUCH_ROUTE}; /{ROUTE} lists what there is."))
    if taken:
        response.headers["Allow"] = taken
    return response


def _taken(path: str) -> str:
    """The verbs of a path, as in `Allow`; empty where it is none."""
    path = "/".join(part for part in path.split("/") if part)
    found = {verb for pattern, taken in _patterns() if pattern.fullmatch(path) for verb in taken}
    return ", ".join(sorted(found | {"OPTIONS"})) if found else ""


@cache
def _patterns() -> list[tuple[re.Pattern[str], list[str]]]:
    described = [(_pattern(each), each.methods) for each in (*operations, *aliases)]
    return [(re.compile(pattern, re.IGNORECASE), taken) for pattern, taken in [*described, (re.escape(ROUTE), METHODS)]]


def _pattern(operation: Operation) -> str:
    base = operation.api.base.replace("{version}", f"({'|'.join(map(re.escape, operation.versions))})")
    return f"{base}/{'[^/]+'.join(re.escape(text) for text in PARAMETER.split(operation.path))}"
