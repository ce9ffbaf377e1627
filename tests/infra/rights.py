"""The role assignments that the Bicep files make, and what they allow of a request to storage."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from azure.core.rest import HttpRequest, HttpResponse

from shared.settings import Settings
from shared.storage.account.transport import Transport
from tests.infra.reading import BICEP, Module, Resource, Template, read

ASSIGNMENT = "Microsoft.Authorization/roleAssignments"
ROLES = {
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "db58b8e5-c6ad-4a2a-8342-4190687cbf4a": "Storage Blob Delegator",
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": "Storage Table Data Contributor",
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88": "Storage Queue Data Contributor",
    "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a": "Storage Queue Data Message Sender",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "d5a91429-5739-47e2-a06b-3470a27159e7": "EventGrid Data Sender",
    "7f951dda-4ed3-4680-a7ca-43fe172d538d": "AcrPull",
    "b9a307c4-5aa3-4b52-ba60-2b17c136cd7b": "Container Apps Jobs Operator",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
}
SCOPES = {
    "Microsoft.EventGrid/topics": "topic",
    "Microsoft.ContainerRegistry/registries": "registry",
    "Microsoft.App/jobs": "job",
    "Microsoft.Insights/components": "Application Insights",
    "Microsoft.Storage/storageAccounts": "own host account",
}
LISTS = {"containerRights": "container ", "tableRights": "table ", "queueRights": "queue ", "accountRights": "data "}


class Right(NamedTuple):
    """`scope` is a kind with a name, such as `container models`, or a kind alone."""

    identity: str
    role: str
    scope: str


def assignments() -> list[Right]:
    """All that main.bicep makes, by the identities' names there."""
    main = read(BICEP / "main.bicep")
    return [right for module in main.modules for right in _of_module(module, read(module.path))]


def _of_module(module: Module, template: Template) -> Iterator[Right]:
    if template.path.name == "rights.bicep":
        yield from _of_lists(template)
        return
    for resource in template.of_type(ASSIGNMENT):
        for identity in _identities(resource, module):
            yield Right(identity, _role(resource, template), _scope(resource, module, template))


def _of_lists(template: Template) -> Iterator[Right]:
    roles = template.variables["roles"]
    assert isinstance(roles, dict)
    assert {resource.loop for resource in template.of_type(ASSIGNMENT)} == set(LISTS)
    for name, kind in LISTS.items():
        rights = template.variables[name]
        assert isinstance(rights, list)
        for right in rights:
            yield Right(right["identity"], ROLES[roles[right["role"]]], f"{kind}{right['name']}")


def _identities(resource: Resource, module: Module) -> list[str]:
    properties = resource.body["properties"]
    assert isinstance(properties, dict)
    principal = str(properties["principalId"])
    if principal.startswith("systemTopic."):
        return ["system topic"]
    given = module.params[resource.loop or principal.partition(".")[0]]
    return re.findall(r"(\w+)Identity\.outputs", str(given))


def _role(resource: Resource, template: Template) -> str:
    properties = resource.body["properties"]
    assert isinstance(properties, dict)
    variable = str(properties["roleDefinitionId"]).rstrip(")").split()[-1]
    return ROLES[str(template.variables[variable])]


def _scope(resource: Resource, module: Module, template: Template) -> str:
    if template.path.name == "backups.bicep":
        return "backups"
    symbol = str(resource.body["scope"]).split("::")[-1]
    target = next(each for each in template.resources if each.symbol == symbol)
    if target.type.endswith("/containers"):
        return f"container {target.body['name']}"
    if target.type.endswith("/secrets"):
        return "secret " + re.sub(r"\$\{\w+\}", "*", str(module.params["name"]).strip("'"))
    return SCOPES[target.type]


# What a request to storage needs, and which roles have it.
ALLOWED = {
    "Storage Blob Data Reader": {"read"},
    "Storage Blob Data Contributor": {"read", "write"},
    "Storage Table Data Contributor": {"read", "write"},
    "Storage Queue Data Contributor": {"read", "write", "send"},
    "Storage Queue Data Message Sender": {"send"},
}
STATE = ("container ", "table ", "queue ")
KINDS = {"BlobEndpoint": "container", "TableEndpoint": "table", "QueueEndpoint": "queue"}


class Forbidden(AssertionError):
    """A request that Azure would refuse."""


class Guard(Transport):
    """Lets through what the rights of one identity allow, and remembers what was needed."""

    def __init__(self, settings: Settings, identity: str) -> None:
        super().__init__()
        parts = dict(part.split("=", 1) for part in settings.storage_connection_string.split(";") if part)
        self._roots = {parts[name].rstrip("/") + "/": kind for name, kind in KINDS.items()}
        self._rights = [
            right for right in assignments() if right.identity == identity and right.scope.startswith(STATE)
        ]
        self.needed: set[tuple[str, str]] = set()

    def send(self, request: HttpRequest, **kwargs: object) -> HttpResponse:
        for access, scope in self._needs(request):
            self.needed.add((access, scope))
            if not any(right.scope == scope and access in ALLOWED[right.role] for right in self._rights):
                raise Forbidden(f"{request.method} {request.url} needs to {access} {scope}")
        return super().send(request, **kwargs)

    def unused(self) -> list[Right]:
        """Rights of which nothing was needed, or no more than a lesser role has."""
        return [
            right
            for right in self._rights
            if not {access for access, scope in self.needed if scope == right.scope} - _lesser(right.role)
        ]

    def _needs(self, request: HttpRequest) -> Iterator[tuple[str, str]]:
        root, kind = next((root, kind) for root, kind in self._roots.items() if request.url.startswith(root))
        path = request.url.removeprefix(root).partition("?")[0]
        reads = request.method in ("GET", "HEAD")
        if path == "$batch":
            content = request.content if hasattr(request, "content") else request.body
            for table in set(re.findall(rf"{re.escape(root)}(\w+)", str(content))):
                yield "write", f"table {table}"
        elif kind == "queue" and request.method == "POST":
            yield "send", f"queue {path.split('/')[0]}"
        elif match := re.match(r"[\w$-]+", path):
            yield "read" if reads else "write", f"{kind} {match[0]}"


def _lesser(role: str) -> set[str]:
    return {"read", "send"} if role.endswith("Contributor") else set()
