"""Messages whose work fails: the host hands each out so often, and then it waits for longer."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import azure.functions as func

from functions.edge.runtime import runtime
from shared.models.messages.tasks import Task
from shared.storage.account import queues
from shared.telemetry import counters
from shared.telemetry.tracing import span

# How often the host hands a message out (maxDequeueCount in host.json), and then puts it aside in a poison queue.
ATTEMPTS = 5
RETRY_SECONDS = 600.0


@contextmanager
def retried(
    message: func.QueueMessage, task: Task, passing: type[Exception] | tuple[type[Exception], ...] = Exception
) -> Iterator[None]:
    """What the block raises goes to the host, which tries again. On the last attempt the task is sent anew where the
    fault is one of those that are `passing`; else the host puts it aside.
    """
    try:
        yield
    except passing as error:
        if (message.dequeue_count or 1) < ATTEMPTS:
            raise
        retry(message.get_body(), task, RETRY_SECONDS, error)


def retry(body: bytes, task: Task, delay: float = 0, error: Exception | None = None) -> None:
    """No task is given up: one that failed on every attempt waits longer for the next ones."""
    with span("upkeep_retry", queues.trace_of(body), task=type(task).__name__):
        counters.poisoned(task.queue)
        # Without what it holds, addresses with their keys among it.
        name = type(task).__name__
        logging.error("%s failed on every attempt; it is tried again in %d s", name, delay, exc_info=error)
        queues.send(runtime().store, task, delay=delay)
