"""What a function may ask about its invocation: the `context` that the worker gives to those that take one."""

import threading
from typing import NamedTuple
from uuid import uuid4

import azure.functions as func

from shared.settings import ROOT


class Trace(NamedTuple):
    """The trace of a request that names one. The real host begins one for every other invocation."""

    trace_parent: str
    trace_state: str
    attributes: dict[str, str]


class Invocation(func.Context):
    def __init__(self, function_name: str, value: object) -> None:
        headers = value.headers if isinstance(value, func.HttpRequest) else {}
        self._function_name = function_name
        self._id = str(uuid4())
        self._trace = Trace(headers.get("traceparent", ""), headers.get("tracestate", ""), {})

    @property
    def invocation_id(self) -> str:
        return self._id

    @property
    def function_name(self) -> str:
        return self._function_name

    @property
    def function_directory(self) -> str:
        return str(ROOT)

    @property
    def trace_context(self) -> Trace:  # type: ignore[override]
        return self._trace

    @property
    def retry_context(self) -> None:  # type: ignore[override]
        """No function asks for the host's retries."""

    @property
    def thread_local_storage(self) -> type[threading.local]:
        return threading.local
