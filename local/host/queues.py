"""Queue triggers: polling, leases, retries and poison queues, with the settings of host.json."""

import base64
import binascii
import logging
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress

import azure.functions
from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError
from azure.core.pipeline import PipelineResponse
from azure.core.pipeline.transport import HttpResponse
from azure.storage.queue import QueueClient
from azure.storage.queue import QueueMessage as StoredMessage

from local.host.functions import FunctionFailed, HostedFunction
from local.host.options import QueueOptions, seconds

logger = logging.getLogger(__name__)
# A message is held for this long and the hold is renewed at half time, so one whose host was killed comes back soon.
LEASE_SECONDS = 30
# A poison queue has no poison queue of its own: what fails there is out of sight for as long as the real host holds it.
ASIDE_SECONDS = 600
POISON = "-poison"
# The wait after an empty poll doubles from one to the other. The real host waits longer, as it pays per poll.
SHORTEST_WAIT, LONGEST_WAIT = 0.05, 1.0
OUTAGE_WAIT = 0.5
# Azurite, as it is started here, names the state of a queue in this header, and holds a poll that names it again until
# there is something to find (local/azurite/polls.cjs). Of Azure's storage there is no such header.
STATE = "x-ocellus-queue-state"


class QueueListener:
    """Polls one queue and runs its function on the messages, in a thread of its own from `start` to `stop`."""

    def __init__(
        self,
        function: HostedFunction,
        connection_string: str,
        options: QueueOptions,
        pool: Executor,
        ran: Callable[[], None],
    ) -> None:
        self._function = function
        name = function.trigger.queue_name
        self._queue = _client(connection_string, name)
        self._poison = None if name.endswith(POISON) else _client(connection_string, f"{name}{POISON}")
        self._options = options
        self._pool = pool
        self._ran = ran
        self._held: dict[str, _Held] = {}
        self._state = ""
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._poll_until_stopped, name=f"queue-{function.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Take no more messages; those under way go on."""
        self._stopping.set()
        self._wake.set()

    def wake(self) -> None:
        """Poll now: something ran that may have sent a message."""
        self._wake.set()

    def _poll_until_stopped(self) -> None:
        longest = min(LONGEST_WAIT, seconds(self._options.max_polling_interval))
        wait, reachable = SHORTEST_WAIT, True
        while not self._stopping.wait(SHORTEST_WAIT):
            self._wake.clear()
            try:
                taken = self._take()
                self._renew()
                at_once = taken or self._known_state()
                wait, reachable = 0.0 if at_once else min(2 * wait + SHORTEST_WAIT, longest), True
            except AzureError as fault:
                if reachable:
                    logger.warning("Queue %s can't be reached: %s", self._queue.queue_name, fault)
                wait, reachable = OUTAGE_WAIT, False
            # What was sent before the wake is found by one poll, so an empty one shortens no wait.
            self._wake.wait(wait)

    def _take(self) -> int:
        if len(self._held) > self._options.threshold:
            return 0
        try:
            messages = self._poll(min(self._options.batch_size, 32))
        except ResourceNotFoundError:
            return 0
        if self._stopping.is_set():
            # A poll that was held until now.
            for message in messages:
                self._queue.update_message(message, visibility_timeout=0)
            return 0
        for message in messages:
            held = self._held[message.id] = _Held(message)
            self._pool.submit(self._handle, held)
        return len(messages)

    def _poll(self, count: int) -> list[StoredMessage]:
        """Held by Azurite while the queue is in the state that the last poll found it in."""

        def see(answer: PipelineResponse[object, HttpResponse]) -> None:
            self._state = answer.http_response.headers.get(STATE, "")

        state, self._state = self._known_state(), ""
        pages = self._queue.receive_messages(
            messages_per_page=count,
            visibility_timeout=LEASE_SECONDS,
            headers={STATE: state} if state else {},
            raw_response_hook=see,
        )
        return list(next(pages.by_page(), []))

    def _known_state(self) -> str:
        """Empty while there are leases to renew, which no poll may hold up."""
        return "" if self._held else self._state

    def _renew(self) -> None:
        for held in list(self._held.values()):
            if held.renew_at < time.monotonic():
                held.renew(self._queue)

    def _handle(self, held: "_Held") -> None:
        try:
            done = self._run(held.message)
            with held.lock:
                held.renew_at = math.inf
                self._settle(held.message, done)
        except ResourceNotFoundError:
            logger.warning("Message %s was taken over by another host meanwhile.", held.message.id)
        except AzureError as fault:
            logger.warning("Message %s could not be settled and will come again: %s", held.message.id, fault)
        finally:
            self._held.pop(held.message.id, None)
            self._ran()

    def _run(self, message: StoredMessage) -> bool | None:
        """Whether the function did its work; None if the message must not be tried again."""
        count = int(message.dequeue_count or 1)
        if count > self._options.max_dequeue_count:
            return None
        try:
            body = self._decode(message.content)
        except ValueError:
            logger.error("Message %s in %s is not base64.", message.id, self._queue.queue_name)
            return None
        try:
            self._function(_typed(message, body))
        except FunctionFailed:
            return None if count >= self._options.max_dequeue_count else False
        return True

    def _decode(self, content: str) -> bytes:
        if self._options.message_encoding == "none":
            return content.encode()
        try:
            return base64.b64decode(content, validate=True)
        except binascii.Error as fault:
            raise ValueError from fault

    def _settle(self, message: StoredMessage, done: bool | None) -> None:
        if done:
            self._queue.delete_message(message)
        elif self._poison is None:
            logger.error("Message %s stays aside in %s.", message.id, self._queue.queue_name)
            self._queue.update_message(message, visibility_timeout=ASIDE_SECONDS)
        elif done is None:
            logger.error("Message %s goes to %s.", message.id, self._poison.queue_name)
            _send(self._poison, message.content)
            self._queue.delete_message(message)
        else:
            self._queue.update_message(message, visibility_timeout=int(seconds(self._options.visibility_timeout)))


class _Held:
    """A message that this host holds. The lock guards its pop receipt, which every renewal changes."""

    def __init__(self, message: StoredMessage) -> None:
        self.message = message
        self.lock = threading.Lock()
        self.renew_at = time.monotonic() + LEASE_SECONDS / 2

    def renew(self, queue: QueueClient) -> None:
        with self.lock:
            if self.renew_at == math.inf:
                return
            self.renew_at = time.monotonic() + LEASE_SECONDS / 2
            try:
                self.message = queue.update_message(self.message, visibility_timeout=LEASE_SECONDS)
            except ResourceNotFoundError:
                self.renew_at = math.inf


def _client(connection_string: str, queue: str) -> QueueClient:
    # The polling loop is the retry.
    return QueueClient.from_connection_string(connection_string, queue, retry_total=0)


def _send(queue: QueueClient, content: str) -> None:
    """Send to a queue that may not be there yet."""
    try:
        queue.send_message(content)
    except ResourceNotFoundError:
        with suppress(ResourceExistsError):
            queue.create_queue()
        queue.send_message(content)


def _typed(message: StoredMessage, body: bytes) -> azure.functions.QueueMessage:
    return azure.functions.queue.QueueMessage(  # type: ignore[no-untyped-call]
        id=message.id,
        body=body,
        dequeue_count=message.dequeue_count,
        expiration_time=message.expires_on,
        insertion_time=message.inserted_on,
        time_next_visible=message.next_visible_on,
        pop_receipt=message.pop_receipt,
    )
