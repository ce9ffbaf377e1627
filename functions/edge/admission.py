"""Who may come in: by key or by token, in a version that there is, as often as the limits allow."""

from functions.edge.call import Call
from functions.edge.operation import Operation
from shared.access.keys import fingerprint
from shared.errors import InsufficientCapability, ServiceError, Unauthorized
from shared.models.access.roles import CONTRIBUTORS, Role

KEY_HEADERS = {"training": "Training-Key", "prediction": "Prediction-Key"}
NO_SUCH_ROUTE = "Resource not found"


class NoSuchVersion(ServiceError):
    status, code = 404, "404"


def admit(operation: Operation, call: Call) -> None:
    """Raises Unauthorized, InsufficientCapability, NoSuchVersion, TooManyRequests."""
    caller = _caller(operation, call)
    if operation.versions and call.version not in operation.versions:
        first, *_, last = operation.versions
        raise NoSuchVersion(f"{NO_SUCH_ROUTE}: the versions of this path are {first} to {last}; ask for one of them.")
    call.runtime.rates.take(caller, operation.rate, getattr(call.limits, operation.rate), operation.name)


def _caller(operation: Operation, call: Call) -> str:
    """Who is calling, by key or by token; notes actor and roles. Raises Unauthorized, InsufficientCapability."""
    service, headers, tokens = operation.api.service, call.request.headers, call.runtime.tokens
    given = (headers.get(name) or "" for name in (KEY_HEADERS[service], "Ocp-Apim-Subscription-Key"))
    key = next((text.strip() for text in given if text.strip()), "")
    scheme, _, token = (headers.get("Authorization") or "").strip().partition(" ")
    if tokens and (not call.runtime.settings.allow_keys or (not key and scheme.lower() == "bearer")):
        caller = tokens.caller(token.strip())
        call.actor, call.roles = f"oid {caller.id}", frozenset(role for role in Role if role in caller.roles)
        _check_roles(operation, caller.roles)
        return caller.id
    if not call.runtime.keys.allows(service, key):
        raise Unauthorized(
            "Access denied due to invalid subscription key or wrong API endpoint. "
            f"Send one of this service's two {service} keys in the header {KEY_HEADERS[service]}"
            f"{', or a token of Entra ID in the header Authorization' if tokens else ''}."
        )
    call.actor, call.roles = f"key {fingerprint(key)}", CONTRIBUTORS
    return key


def _check_roles(operation: Operation, roles: frozenset[str]) -> None:
    if operation.roles.isdisjoint(roles):
        raise InsufficientCapability(
            f"The roles of your token ({', '.join(sorted(roles)) or 'none'}) don't allow {operation.name}; "
            f"have one of these app roles assigned to you in Entra ID: {', '.join(sorted(operation.roles))}."
        )
