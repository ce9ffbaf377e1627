"""`python -m local.client`: writes the portal's TypeScript client of the training API and of our own.

It is made from what the service says of itself.
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import function_app
from functions.edge import openapi
from functions.edge.operation import VERSIONS, Operation, operations
from functions.edge.parameters import camel
from shared.settings import ROOT, Settings

PLACE = ROOT / "portal" / "src" / "api" / "client.ts"
HEAD = """// Made by `python -m local.client` from the service's own description: change the service, not this file.
import { send, type Options } from "./send";
"""
REFERENCE = "#/components/schemas/"
SIMPLE = {"integer": "number", "number": "number", "boolean": "boolean", "null": "null", "string": "string"}

# A part of the description, whose shape is OpenAPI's.
Schema = Mapping[str, Any]


def main() -> int:
    PLACE.write_text(client())
    return 0


def client() -> str:
    """The file, of the operations that one training key opens."""
    function_app.build("training")
    mine = sorted((each for each in operations if each.api.service == "training"), key=lambda each: each.name)
    # The limits of one installation say nothing about another's.
    document: Schema = openapi.document(mine, Settings())
    schemas: Mapping[str, Schema] = document["components"]["schemas"]
    asked = set(_reached(schemas, [body for path in document["paths"].values() for body in _bodies(path)]))
    types = [_declaration(name, schema, name in asked) for name, schema in sorted(schemas.items())]
    calls = [_call(each, document["paths"][f"/{camel(each.route)}"][each.method.lower()]) for each in mine]
    return "\n".join([HEAD, *types, *calls])


def _bodies(path: Schema) -> Iterator[Schema]:
    """The schemas of what the operations of a path take as JSON."""
    for operation in path.values():
        content = operation.get("requestBody", {}).get("content", {})
        yield from (content[kind]["schema"] for kind in content if kind == openapi.JSON)


def _reached(schemas: Mapping[str, Schema], places: Sequence[object]) -> Iterator[str]:
    """The names of all schemas that these lead to."""
    open_, seen = list(places), set[str]()
    while open_:
        place = open_.pop()
        if isinstance(place, Mapping):
            name = str(place.get("$ref", "")).removeprefix(REFERENCE)
            if name and name not in seen:
                seen.add(name)
                open_.append(schemas[name])
            open_ += place.values()
        elif isinstance(place, list):
            open_ += place
    yield from seen


def _declaration(name: str, schema: Schema, asked: bool) -> str:
    if "properties" not in schema:
        return f"export type {name} = {_type(schema)};\n"
    fields = "".join(_field(key, kind, schema, asked) for key, kind in schema["properties"].items())
    return f"export interface {name} {{\n{fields}}}\n"


def _field(name: str, kind: Schema, of: Schema, asked: bool) -> str:
    """What has a default may be left out by who asks, and is always there in an answer."""
    optional = name not in of["required"] and (asked or "default" not in kind)
    key = name if re.fullmatch(r"\w+", name) else f'"{name}"'
    return f"  {key}{'?' if optional else ''}: {_type(kind)};\n"


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(REFERENCE)
    if "enum" in schema:
        return " | ".join(f'"{value}"' for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(each) for each in schema["anyOf"]))
    if schema.get("type") == "array":
        items = _type(schema["items"])
        return f"({items})[]" if "|" in items else f"{items}[]"
    if isinstance(schema.get("additionalProperties"), Mapping):
        return f"Record<string, {_type(schema['additionalProperties'])}>"
    return SIMPLE.get(str(schema.get("type")), "unknown")


def _call(operation: Operation, described: Schema) -> str:
    path = [each["name"] for each in described["parameters"] if each.get("in") == "path"]
    given = [f"{name}: string" for name in path]
    passed = []
    for name, kind in (("query", _query(described)), ("body", _body(described))):
        if kind:
            needed = name == "body" or _is_needed(described)
            given.append(f"{name}: {kind}" if needed else f"{name}: {kind} = {{}}")
            passed.append(name)
    route = f"/{camel(operation.route)}".replace("{version}", VERSIONS[-1])
    route = re.sub(r"\{(\w+)\}", r"${\1}", route)
    values = "".join(f"{name}, " for name in passed)
    return (
        f"/** {described['summary']}. */\n"
        f"export const {camel(operation.name)} = ({''.join(f'{each}, ' for each in given)}options: Options = {{}}) =>\n"
        f'  send<{_answer(described)}>("{operation.method}", `{route}`, {{ {values}...options }});\n'
    )


def _is_needed(described: Schema) -> bool:
    return any(each.get("in") == "query" and each["required"] for each in described["parameters"])


def _query(described: Schema) -> str:
    found = [each for each in described["parameters"] if each.get("in") == "query"]
    fields = (f"{each['name']}{'' if each['required'] else '?'}: {_type(each['schema'])}" for each in found)
    return f"{{ {'; '.join(_quoted(each) for each in fields)} }}" if found else ""


def _quoted(field: str) -> str:
    """`$filter` and the like are names of TypeScript as they stand; others go between quotes."""
    name, _, kind = field.partition(": ")
    bare = name.removesuffix("?")
    return field if re.fullmatch(r"[\w$]+", bare) else f'"{bare}"{name[len(bare) :]}: {kind}'


def _body(described: Schema) -> str:
    content = described.get("requestBody", {}).get("content", {})
    if openapi.JSON in content:
        return _type(content[openapi.JSON]["schema"])
    return "Blob | FormData" if content else ""


def _answer(described: Schema) -> str:
    """The type of what it answers where all is well."""
    for status in ("200", "202", "207"):
        content = described["responses"].get(status, {}).get("content", {})
        if openapi.JSON in content:
            return _type(content[openapi.JSON]["schema"])
        if content:
            return "Blob"
    return "void"


if __name__ == "__main__":
    sys.exit(main())
