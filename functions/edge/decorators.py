"""The decorators that make a plain function an operation of an API, and an Azure function of one of our apps.

What there is to say of an operation stands at its decorator, and nowhere else: who may call it and how often, whether
it counts as a prediction, and what the audit trail keeps of it.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import azure.functions as func

from functions.edge.answers import answer
from functions.edge.call import Call
from functions.edge.operation import (
    OCELLUS,
    OLD_VERSIONS,
    PREDICTION,
    TRAINING,
    Api,
    Operation,
    Rate,
    aliases,
    operations,
)
from functions.edge.parameters import parameters, result
from functions.edge.runtime import runtime
from shared.models.access.roles import PREDICTORS, Role

Handler = TypeVar("Handler", bound=Callable[..., object])

# One for each of function_app.MODULES.
blueprints = {name: func.Blueprint() for name in ("training", "prediction", "camera")}  # type: ignore[no-untyped-call]


def operation(
    api: Api,
    method: str,
    path: str,
    roles: frozenset[Role],
    *,
    statuses: Sequence[int] = (),
    rate: Rate = "calls_per_second",
    predicts: bool = False,
    audit: Sequence[str] = (),
) -> Callable[[Handler], Handler]:
    """Register a handler, e.g. `@training("GET", "projects/{project_id}", READERS)`.

    It answers 204 where it returns None, else 200; one that returns an Answer names its `statuses`.
    """

    def register(handler: Handler) -> Handler:
        takes, kind = parameters(handler, path), result(handler)
        answers = statuses or [204 if kind is type(None) else 200]
        declared = Operation(
            api, method, path, api.versions, handler, takes, kind, answers, roles, rate, predicts, audit
        )
        operations.append(declared)
        _serve(declared)
        return handler

    return register


training = partial(operation, TRAINING)
prediction = partial(operation, PREDICTION, roles=PREDICTORS, predicts=True)
ocellus = partial(operation, OCELLUS)


def version2(later: Callable[..., object], path: str) -> Callable[[Handler], Handler]:
    """Register a handler at a path that only version 2 has: in all else it is as the operation of later versions."""

    def register(handler: Handler) -> Handler:
        original = next(each for each in operations if each.handler is later)
        alias = original._replace(
            path=path,
            versions=OLD_VERSIONS,
            handler=handler,
            parameters=parameters(handler, path),
            alias_of=original.name,
        )
        aliases.append(alias)
        _serve(alias)
        return handler

    return register


def _serve(operation: Operation) -> None:
    def serve(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        return answer(operation, Call(req, runtime()), context.trace_context.trace_parent)

    # The worker compares the signature with the bindings, and functools.wraps would show it the handler's.
    serve.__name__, serve.__doc__ = operation.name, operation.handler.__doc__
    blueprint = blueprints[operation.api.service]
    trigger = blueprint.route(route=operation.route, methods=operation.methods, auth_level=func.AuthLevel.ANONYMOUS)
    blueprint.function_name(name=operation.function)(trigger(serve))
