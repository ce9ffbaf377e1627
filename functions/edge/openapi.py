"""The service describes itself: GET /customvision/openapi.json, made from what the handlers declare."""

import inspect
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from typing import get_args, get_origin
from uuid import UUID

import azure.functions as func
import msgspec

from functions.edge import cors
from functions.edge.admission import KEY_HEADERS
from functions.edge.body.shape import entries_of
from functions.edge.compression import compressed
from functions.edge.operation import VERSIONS, Answer, Operation, operations
from functions.edge.parameters import RANGES, AtMost, Parameter, UpTo, camel
from functions.edge.runtime import runtime
from shared.models.entries import Given
from shared.models.limits import ID_BYTES, REQUEST_LINE_BYTES, Limits, ids_in_line
from shared.models.wire import Wire
from shared.settings import Settings

Json = dict[str, object]

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]
ROUTE = "customvision/openapi.json"
METHODS = ["GET", "HEAD"]
JSON, OCTETS, MULTIPART = "application/json", "application/octet-stream", "multipart/form-data"
DESCRIPTIONS = {
    200: "Done.",
    202: "Taken on; it goes on in the background.",
    204: "Done; there is nothing to tell.",
    207: "Done in part; each item's status says whether.",
}
REFUSALS = {
    400: "The request does not fit; code and message say what to change.",
    401: "The key or the token is missing or wrong.",
    403: "The token's roles do not allow it, or the predictions of this month are used up.",
    404: "There is no such thing, or no such version of this API.",
    409: "Others change the same thing at the same time; try again.",
    413: "The body is too large.",
    414: f"The request line is over {REQUEST_LINE_BYTES:,} bytes; send fewer ids. In Azure this answer has no body.",
    415: "The body's media type does not fit.",
    429: "More calls than this caller may make; Retry-After says in how many seconds to try again.",
    503: "Something that the service depends on does not answer; Retry-After says in how many seconds to try again.",
}
# These come from the gateway, the others from the service; an unknown version or route is the gateway's 404.
GATEWAYS, EITHERS = (401, 413, 414, 429), (403, 404)
TEXT: Json = {"type": "string"}
ERROR: Json = {"type": "object", "properties": {"code": TEXT, "message": TEXT}, "required": ["code", "message"]}
ERROR_SCHEMAS: Json = {
    "CustomVisionError": ERROR,
    "GatewayError": {"type": "object", "properties": {"error": ERROR}, "required": ["error"]},
}
VERSION_PARAMETER: Json = {
    "name": "version",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "enum": VERSIONS},
}
KEY_SCHEMES: Json = {
    f"{name}Key": {"type": "apiKey", "in": "header", "name": header}
    for name, header in {**KEY_HEADERS, "general": "Ocp-Apim-Subscription-Key"}.items()
}
TOKEN_SCHEMES: Json = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}


@blueprint.function_name(name="openapi")
@blueprint.route(route=ROUTE, methods=METHODS, auth_level=func.AuthLevel.ANONYMOUS)
def openapi(req: func.HttpRequest) -> func.HttpResponse:
    content, headers = compressed(req, _encoded(), cors.sharing(req, runtime().settings))
    return func.HttpResponse(content, headers=headers, mimetype=JSON)


@cache
def _encoded() -> bytes:
    return msgspec.json.encode(document(operations, runtime().settings))


def document(operations: Iterable[Operation], settings: Settings) -> Json:
    """These operations in OpenAPI 3.1."""
    described = sorted(operations, key=lambda operation: operation.name)
    kinds = dict.fromkeys(kind for operation in described for kind in _kinds(operation))
    made, components = msgspec.json.schema_components(
        kinds, schema_hook=_entry, ref_template="#/components/schemas/{name}"
    )
    _mark_times(components)
    schemas = dict(zip(kinds, made, strict=True))
    paths: dict[str, Json] = {}
    for operation in described:
        paths.setdefault(f"/{camel(operation.route)}", {})[operation.method.lower()] = {
            **_operation(operation, schemas, settings.limits),
            "security": _security(operation, settings),
        }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Ocellus",
            "summary": "The API of Custom Vision: training v3.0 to v3.4-preview, prediction v3.0, v3.1; and our own.",
            "version": VERSIONS[-1],
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": components | ERROR_SCHEMAS,
            "parameters": {"version": VERSION_PARAMETER},
            "responses": {f"Refused{status}": _refusal(status) for status in REFUSALS},
            "securitySchemes": (KEY_SCHEMES if settings.allow_keys else {})
            | (TOKEN_SCHEMES if settings.entra_tenant_id else {}),
        },
    }


def _operation(operation: Operation, schemas: dict[object, Json], limits: Limits) -> Json:
    parameters = operation.parameters.values()
    described: Json = {
        "operationId": operation.name,
        "summary": _summary(operation),
        "tags": [operation.api.name],
        "parameters": [
            *([_reference("parameters", "version")] if operation.versions else []),
            *(_parameter(each, schemas, limits) for each in parameters if each.source == "path"),
            *(_query(operation, each, schemas, limits) for each in parameters if each.source == "query"),
        ],
        "responses": {**_answers(operation, schemas), **_refusals(operation)},
    }
    bodies = [_body(each, schemas, limits) for each in parameters if each.source not in ("path", "query")]
    return described | ({"requestBody": bodies[0]} if bodies else {})


def _security(operation: Operation, settings: Settings) -> list[Json]:
    """What opens it: a key, or a token in one of its roles."""
    keys: list[Json] = [{f"{operation.api.service}Key": []}, {"generalKey": []}] if settings.allow_keys else []
    return keys + ([{"token": [role]} for role in sorted(operation.roles)] if settings.entra_tenant_id else [])


def _summary(operation: Operation) -> str:
    """The first sentence of its docstring, or its name in words."""
    text = inspect.getdoc(operation.handler) or operation.name.replace("_", " ").capitalize()
    return text.split("\n")[0].rstrip(".")


def _parameter(parameter: Parameter, schemas: dict[object, Json], limits: Limits) -> Json:
    described: Json = {
        "name": camel(parameter.name),
        "in": parameter.source,
        "required": parameter.source == "path" or parameter.required,
        "schema": _value_schema(parameter, schemas, limits),
    }
    return described


def _query(operation: Operation, parameter: Parameter, schemas: dict[object, Json], limits: Limits) -> Json:
    described = _parameter(parameter, schemas, limits)
    if not described["required"]:
        described["allowEmptyValue"] = True
    if get_origin(parameter.kind) is list:
        described |= {"style": "form", "explode": False}
    if isinstance(parameter.note, AtMost):
        most, room = parameter.limit(limits), _room(operation, parameter)
        if most > room:
            described["schema"] = _value_schema(parameter, schemas, limits) | {"maxItems": room}
        described["description"] = _lists(operation, parameter, most, room)
    return described


def _lists(operation: Operation, parameter: Parameter, most: int, room: int) -> str:
    """Where a list goes, and how much of it."""
    line = f"A request line of {REQUEST_LINE_BYTES:,} bytes has room for {room}" if most > room else f"Up to {most}"
    if operation.method == "GET" or _has_body(operation):
        return f"{line}."
    return f'{line}; where the query has none, up to {most} may stand in a JSON body: {{"{parameter.name}": [...]}}.'


def _has_body(operation: Operation) -> bool:
    return any(each.source not in ("path", "query") for each in operation.parameters.values())


def _room(operation: Operation, parameter: Parameter) -> int:
    """How many ids of a list fit into the request line, where all the other ids of the operation are given too."""
    anything = "i" * ID_BYTES
    path = re.sub(r"\{\w+\}", anything, f"/{operation.route.replace('{version}', VERSIONS[-1])}")
    queries = (each for each in operation.parameters.values() if each.source == "query" and each.kind is UUID)
    others = "".join(f"&{each.name}={anything}" for each in queries)
    return ids_in_line(len(f"{operation.method} {path}?{parameter.name}={others} HTTP/1.1\r\n"))


def _value_schema(parameter: Parameter, schemas: dict[object, Json], limits: Limits) -> Json:
    schema = dict(schemas[parameter.kind])
    if parameter.kind in RANGES:
        schema["minimum"], schema["maximum"] = RANGES[parameter.kind]
    if isinstance(parameter.note, AtMost):
        schema["maxItems"] = parameter.limit(limits)
    if isinstance(parameter.note, UpTo):
        schema["maximum"] = parameter.limit(limits)
    if parameter.required and parameter.kind is str:
        schema["minLength"] = 1
    if isinstance(parameter.default, str | int | float) and parameter.default != "":
        schema["default"] = parameter.default
    return schema


def _body(parameter: Parameter, schemas: dict[object, Json], limits: Limits) -> Json:
    if parameter.source == "body":
        kind = parameter.kind
        needed = isinstance(kind, type) and any(field.required for field in msgspec.structs.fields(kind))
        return {"required": needed, "content": {JSON: {"schema": schemas[kind]}}}
    picture: Json = {"type": "string", "format": "binary"}
    part: Json = picture
    if parameter.source == "files":
        part = {"type": "array", "items": picture, "minItems": 1, "maxItems": limits.images_per_batch}
    name = "package" if parameter.source == "package" else "imageData"
    form: Json = {"type": "object", "properties": {name: part}, "required": [name]}
    return {"required": True, "content": {MULTIPART: {"schema": form}, OCTETS: {"schema": picture}}}


def _answers(operation: Operation, schemas: dict[object, Json]) -> Json:
    return {
        str(status): {"description": DESCRIPTIONS[status], **_content(operation, status, schemas)}
        for status in operation.statuses
    }


def _content(operation: Operation, status: int, schemas: dict[object, Json]) -> Json:
    kind = _result(operation)
    if kind in (None, type(None)):
        return {}
    if kind is bytes:
        return {"content": {OCTETS: {"schema": {"type": "string", "format": "binary"}}}}
    return {"content": {JSON: {"schema": schemas[kind]}}}


def _refusals(operation: Operation) -> Json:
    absent = {413, 415} if not _has_body(operation) else set()
    absent |= {409} if operation.method == "GET" else set()
    absent |= {414} if not any(each.source == "query" for each in operation.parameters.values()) else set()
    refused = [status for status in REFUSALS if status not in absent]
    return {str(status): _reference("responses", f"Refused{status}") for status in refused}


def _reference(kind: str, name: str) -> Json:
    return {"$ref": f"#/components/{kind}/{name}"}


def _refusal(status: int) -> Json:
    service, gateway = (_reference("schemas", name) for name in ERROR_SCHEMAS)
    schema: Json = {"anyOf": [service, gateway]} if status in EITHERS else gateway if status in GATEWAYS else service
    waits: Json = {"headers": {"Retry-After": {"schema": {"type": "integer", "minimum": 1}}}}
    described: Json = {"description": REFUSALS[status], "content": {JSON: {"schema": schema}}}
    return described | (waits if status in (429, 503) else {})


def _kinds(operation: Operation) -> Iterator[object]:
    """The types that it names, but for pictures."""
    for each in operation.parameters.values():
        if each.source in ("path", "query", "body"):
            yield each.kind
            yield from entries_of(each.kind)
    result = _result(operation)
    if result not in (None, type(None), bytes):
        yield result


def _result(operation: Operation) -> object:
    return get_args(operation.result)[0] if get_origin(operation.result) is Answer else operation.result


def _entry(given: type) -> Json:
    """What an entry of a batch should be."""
    assert issubclass(given, Given)
    return _reference("schemas", given.kind.__name__)


def _mark_times(components: dict[str, Json]) -> None:
    """Say which strings are times: msgspec leaves that out where a time's zone is optional."""
    kinds: list[type[Wire]] = [Wire]
    for kind in kinds:
        kinds += kind.__subclasses__()
        for field in msgspec.structs.fields(kind):
            if kind.__name__ in components and datetime in (field.type, *get_args(field.type)):
                properties = components[kind.__name__]["properties"]
                assert isinstance(properties, dict)
                properties[field.encode_name]["format"] = "date-time"
