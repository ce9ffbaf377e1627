"""Reads Bicep: what a file declares, with literals as Python values and all else as the text of its expression."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

from shared.settings import ROOT

BICEP = ROOT / "infra" / "bicep"
FILES = sorted(BICEP.rglob("*.bicep"))
_parser = Parser(Language(tree_sitter_bicep.language()))


class Expression(str):
    """Something that Azure works out, as it is written."""

    __slots__ = ()


class Param(NamedTuple):
    secure: bool
    default: object


class Resource(NamedTuple):
    """`parent` is the symbol of the resource that it is nested in, `loop` what it is repeated over."""

    symbol: str
    type: str
    version: str
    body: dict[str, object]
    existing: bool
    loop: str
    parent: str
    decorators: list[str]


class Module(NamedTuple):
    symbol: str
    path: Path
    params: dict[str, object]


class Template(NamedTuple):
    path: Path
    params: dict[str, Param]
    variables: dict[str, object]
    resources: list[Resource]
    modules: list[Module]
    outputs: dict[str, str]

    def of_type(self, kind: str) -> list[Resource]:
        """The resources of a type that this file makes."""
        return [resource for resource in self.resources if resource.type == kind and not resource.existing]


def parse(text: str) -> Node:
    return _parser.parse(text.encode()).root_node


def faults(node: Node) -> list[str]:
    """Where the grammar does not hold."""
    here = [f"line {node.start_point.row + 1}: {_text(node)[:60]!r}"] if node.is_error or node.is_missing else []
    return here + [fault for child in node.children for fault in faults(child)]


def read(path: Path) -> Template:
    template = Template(path, {}, {}, [], [], {})
    decorators: list[str] = []
    for node in parse(path.read_text()).named_children:
        if node.type == "decorators":
            decorators = [_text(decorator) for decorator in node.named_children]
        elif node.type != "comment":
            _declare(template, node, decorators)
            decorators = []
    return template


def value(node: Node) -> object:
    match node.type:
        case "object":
            return dict(_properties(node))
        case "array":
            return [value(child) for child in node.named_children if child.type != "comment"]
        case "string" if all(child.type != "interpolation" for child in node.named_children):
            return "".join(_text(child) for child in node.named_children)
        case "number":
            return int(_text(node))
        case "boolean":
            return _text(node) == "true"
    return Expression(_text(node))


def texts(found: object) -> list[str]:
    """The strings of a list that holds nothing else."""
    assert isinstance(found, list)
    return [text for text in found if isinstance(text, str)]


def walk(found: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every value in a value, with the names that lead to it."""
    yield path, found
    if isinstance(found, dict):
        for name, inner in found.items():
            yield from walk(inner, f"{path}.{name}".lstrip("."))
    elif isinstance(found, list):
        for inner in found:
            yield from walk(inner, f"{path}[]")


def _declare(template: Template, node: Node, decorators: list[str]) -> None:
    name = _text(node.named_children[0])
    match node.type:
        case "parameter_declaration":
            default = value(node.named_children[2]) if len(node.named_children) > 2 else None
            template.params[name] = Param("@secure()" in decorators, default)
        case "variable_declaration":
            template.variables[name] = value(node.named_children[-1])
        case "resource_declaration":
            template.resources.extend(_resources(node, decorators))
        case "module_declaration":
            path = (template.path.parent / str(value(node.named_children[1]))).resolve()
            body, _ = _body(node)
            params = body.get("params", {})
            template.modules.append(Module(name, path, params if isinstance(params, dict) else {}))
        case "output_declaration":
            template.outputs[name] = _text(node.named_children[-1])


def _resources(node: Node, decorators: list[str], parent: Resource | None = None) -> Iterator[Resource]:
    kind, _, version = str(value(node.named_children[1])).partition("@")
    body, loop = _body(node)
    full = f"{parent.type}/{kind}" if parent else kind
    existing = any(child.type == "existing" or _text(child) == "existing" for child in node.children)
    resource = Resource(
        _text(node.named_children[0]),
        full,
        version or (parent.version if parent else ""),
        body,
        existing,
        loop,
        parent.symbol if parent else "",
        decorators,
    )
    yield resource
    for inner in _object(node).named_children:
        for nested in inner.named_children[:1] if inner.type == "object_property" else ():
            if nested.type == "resource_declaration":
                yield from _resources(nested, [], resource)


def _body(node: Node) -> tuple[dict[str, object], str]:
    last = node.named_children[-1]
    loop = _text(last.named_children[1]) if last.type == "for_statement" else ""
    return dict(_properties(_object(node))), loop


def _object(node: Node) -> Node:
    """The braces of a declaration, behind its `for` and `if`."""
    last = node.named_children[-1]
    while last.type != "object":
        last = last.named_children[-1]
    return last


def _properties(node: Node) -> Iterator[tuple[str, object]]:
    for child in node.named_children:
        if child.type == "object_property" and child.named_children[0].type != "resource_declaration":
            name, found = child.named_children[0], child.named_children[-1]
            yield str(value(name)), value(found)


def _text(node: Node) -> str:
    return (node.text or b"").decode()
