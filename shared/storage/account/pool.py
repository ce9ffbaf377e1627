"""Threads that work for whoever asked."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Pool(ThreadPoolExecutor):
    """Each task runs in the context of its caller: it has the caller's patience (`transport.patience`), goes on with
    the caller's trace, and knows under which address the caller finds pictures.
    """

    def submit(
        self, fn: Callable[Arguments, Result], /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Future[Result]:
        context = copy_context()
        return super().submit(lambda: context.run(fn, *args, **kwargs))
