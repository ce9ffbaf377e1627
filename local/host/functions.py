"""Indexes a FunctionApp as the Functions worker does, and refuses what the worker would refuse."""

import inspect
import logging
import re
import typing
from collections.abc import Callable, Iterator
from typing import Literal

import azure.functions
import msgspec
from azure.functions import meta
from msgspec import Struct

from local.host.invocation import Invocation

TRIGGERS = ("httpTrigger", "queueTrigger", "timerTrigger", "eventGridTrigger")
logger = logging.getLogger(__name__)
# A parameter of this name is bound to nothing: the worker gives the invocation's context.
CONTEXT = "context"
FUNCTION_NAME = re.compile(r"[A-Za-z][\w-]{0,127}")


class IndexingError(Exception):
    """The app has functions that the Functions worker or this host can't run; the message lists them."""


class FunctionFailed(Exception):
    """A function raised; its traceback is in the log."""


class Binding(Struct, frozen=True, rename="camel"):
    """A binding as function.json has it: the fields that this host reads."""

    type: str
    name: str
    direction: Literal["IN", "OUT", "INOUT"]
    route: str | None = None
    methods: list[str] | None = None
    queue_name: str = ""
    connection: str = ""
    schedule: str = ""
    run_on_startup: bool | None = None

    @property
    def is_trigger(self) -> bool:
        return self.type.lower().endswith("trigger")


class HostedFunction(Struct, frozen=True):
    """A function that passed `check`: its name, its one trigger and its handler."""

    name: str
    trigger: Binding
    handler: Callable[..., object]
    takes_context: bool = False

    def __call__(self, value: object) -> object:
        """Run the handler. What it raises is logged here, as the worker does, and becomes FunctionFailed."""
        arguments = {self.trigger.name: value}
        if self.takes_context:
            arguments[CONTEXT] = Invocation(self.name, value)
        try:
            return self.handler(**arguments)
        except Exception as fault:
            logger.exception("Function %s failed.", self.name)
            raise FunctionFailed(f"{type(fault).__name__}: {fault}") from fault


def index(app: azure.functions.FunctionApp) -> list[HostedFunction]:
    """The app's functions, ordered by name as the host orders them."""
    if faults := check(app):
        raise IndexingError("These functions can't be indexed:\n" + "\n".join(f"  {fault}" for fault in faults))
    hosted = [_hosted(function) for function in _functions(app)]
    return sorted(hosted, key=lambda function: function.name.lower())


def check(app: azure.functions.FunctionApp) -> list[str]:
    """What the Functions worker, or this host, would refuse in the app: empty where all is well."""
    try:
        functions = _functions(app)
    except ValueError as fault:
        return [str(fault)]
    if not functions:
        return ["The app has no functions."]
    return [f"{function.get_function_name()}: {fault}" for function in functions for fault in _faults(function)]


def _functions(app: azure.functions.FunctionApp) -> list[azure.functions.decorators.function_app.Function]:
    # get_functions remembers the names that it saw and takes a second call for duplicates.
    app.functions_bindings = None
    return app.get_functions()


def _bindings(function: azure.functions.decorators.function_app.Function) -> list[Binding]:
    return [msgspec.json.decode(raw, type=Binding) for raw in function.get_raw_bindings()]


def _hosted(function: azure.functions.decorators.function_app.Function) -> HostedFunction:
    (trigger,) = (binding for binding in _bindings(function) if binding.is_trigger)
    handler = function.get_user_function()
    return HostedFunction(str(function.get_function_name()), trigger, handler, _takes_context(handler))


def _takes_context(handler: Callable[..., object]) -> bool:
    return CONTEXT in inspect.signature(handler).parameters


def _faults(function: azure.functions.decorators.function_app.Function) -> Iterator[str]:
    if not FUNCTION_NAME.fullmatch(str(function.get_function_name())):
        yield "its name must start with a letter and hold letters, digits, '_' and '-' only"
    try:
        bindings = _bindings(function)
    except (TypeError, msgspec.ValidationError) as fault:
        yield f"its bindings are no function.json: {fault}"
        return
    yield from _binding_faults(bindings)
    yield from _signature_faults(function.get_user_function(), bindings)


def _binding_faults(bindings: list[Binding]) -> Iterator[str]:
    triggers = [binding for binding in bindings if binding.is_trigger]
    if len(triggers) != 1:
        yield f"it has {len(triggers)} triggers; a function has one"
    for binding in bindings:
        if binding.is_trigger and binding.type not in TRIGGERS:
            yield f"the local host has no {binding.type}"
        elif not binding.is_trigger and not _is_http_answer(binding):
            yield f"the local host has no binding '{binding.type}' ({binding.name}); use a client in the handler"
        if re.match(r"/|(admin|runtime)(/|$)", binding.route or ""):
            yield f"the host takes no route '{binding.route}': it starts with '/', 'admin' or 'runtime'"


def _is_http_answer(binding: Binding) -> bool:
    return (binding.type, binding.name, binding.direction) == ("http", "$return", "OUT")


def _signature_faults(handler: Callable[..., object], bindings: list[Binding]) -> Iterator[str]:
    if hasattr(handler, "__wrapped__"):
        yield "its handler has __wrapped__ (functools.wraps), so the worker reads the signature of what it wraps"
    if inspect.iscoroutinefunction(handler):
        yield "its handler is async, where one blocking call stops every other; use a plain def"
    bound = {binding.name: binding for binding in bindings if binding.name != "$return"}
    parameters = [name for name in inspect.signature(handler).parameters if name != CONTEXT]
    if set(parameters) != set(bound):
        yield f"its handler takes ({', '.join(parameters)}) and its bindings give ({', '.join(bound)})"
    try:
        hints = typing.get_type_hints(handler)
    except NameError as fault:
        yield f"its annotations can't be resolved: {fault}"
        return
    if hints.get(CONTEXT, azure.functions.Context) is not azure.functions.Context:
        yield f"its parameter {CONTEXT} is annotated {hints[CONTEXT]}, not azure.functions.Context"
    for name in set(parameters) & hints.keys() & bound.keys():
        yield from _annotation_faults(bound[name], hints[name])


def _annotation_faults(binding: Binding, annotation: object) -> Iterator[str]:
    converter = meta.get_binding_registry().get(binding.type)  # type: ignore[no-untyped-call]
    if converter is None:
        yield f"azure.functions has no type for {binding.type}"
    elif not isinstance(annotation, type) or not converter.check_input_type_annotation(annotation):
        yield f"its parameter {binding.name} is annotated {annotation}, which a {binding.type} does not give"
