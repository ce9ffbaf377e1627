"""Apps are indexed as the Functions worker indexes them, and refused where it would refuse them."""

import functools
from collections.abc import Callable

import azure.functions as func
import pytest

from local.host.functions import IndexingError, check, index
from tests.local import sample_app


def test_the_real_app_is_what_the_worker_demands() -> None:
    import function_app

    assert check(function_app.app) == []


def test_index_orders_functions_by_name() -> None:
    names = [function.name for function in index(sample_app.app)]
    assert names == sorted(names, key=str.lower)
    assert {"b_echo", "work", "tick", "seen"} <= set(names)


def test_check_can_be_repeated() -> None:
    assert check(sample_app.app) == check(sample_app.app) == []


def plain(req: func.HttpRequest) -> str:
    return ""


@functools.wraps(plain)
def wrapping(request: func.HttpRequest) -> str:
    return plain(request)


def other_name(request: func.HttpRequest) -> str:
    return ""


def one_more(req: func.HttpRequest, extra: str) -> str:
    return ""


def other_type(req: func.QueueMessage) -> str:
    return ""


def other_context(req: func.HttpRequest, context: str) -> str:
    return ""


async def asynchronous(req: func.HttpRequest) -> str:
    return ""


@pytest.mark.parametrize(
    ("handler", "says"),
    [
        (wrapping, "__wrapped__"),
        (other_name, "takes (request)"),
        (one_more, "takes (req, extra)"),
        (other_type, "annotated"),
        (other_context, "not azure.functions.Context"),
        (asynchronous, "async"),
    ],
)
def test_handler_that_the_worker_would_refuse(handler: Callable[..., object], says: str) -> None:
    app = func.FunctionApp()
    app.route("x", trigger_arg_name="req")(handler)
    assert any(says in fault for fault in check(app))
    with pytest.raises(IndexingError):
        index(app)


def test_output_binding_is_refused() -> None:
    app = func.FunctionApp()

    @app.queue_output(arg_name="out", queue_name="q", connection="STORAGE")
    @app.route("x")
    def sends(req: func.HttpRequest, out: func.Out[str]) -> str:
        return ""

    assert any("use a client" in fault for fault in check(app))


def test_trigger_that_the_host_lacks_is_refused() -> None:
    app = func.FunctionApp()

    @app.blob_trigger(arg_name="blob", path="a/{b}", connection="STORAGE")
    def reads(blob: func.InputStream) -> None: ...

    assert any("no blobTrigger" in fault for fault in check(app))


@pytest.mark.parametrize("route", ["/x", "admin/x", "runtime"])
def test_reserved_route_is_refused(route: str) -> None:
    app = func.FunctionApp()
    app.route(route)(plain)
    assert any("takes no route" in fault for fault in check(app))


def test_two_functions_of_one_name_are_refused() -> None:
    app = func.FunctionApp()
    app.route("x")(plain)
    app.function_name("plain")(app.route("y")(other_name))
    assert any("unique" in fault for fault in check(app))


def test_app_without_functions_is_refused() -> None:
    assert check(func.FunctionApp()) == ["The app has no functions."]


def test_a_function_that_takes_a_context_gets_the_trace_of_its_request() -> None:
    app = func.FunctionApp()

    @app.route("x", trigger_arg_name="req")
    def asked(req: func.HttpRequest, context: func.Context) -> str:
        return f"{context.function_name} {context.trace_context.trace_parent}"

    [function] = index(app)
    assert function(func.HttpRequest("GET", "/", headers={"TraceParent": "00-1-2-01"}, body=b"")) == "asked 00-1-2-01"
