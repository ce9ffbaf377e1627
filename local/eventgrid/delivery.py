"""Delivers the ledger's events over HTTP: at least once, with back-off, and in the end a dead letter."""

import contextlib
import logging
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import msgspec
import urllib3
from azure.core.exceptions import AzureError, ResourceExistsError
from azure.storage.blob import ContainerClient
from msgspec import Struct

from local.eventgrid.ledger import Delivery, Ledger

logger = logging.getLogger(__name__)
DEAD_LETTERS = "deadletters"
WORKERS = 4
UNREACHABLE_WAIT = 1.0
ANSWER_SECONDS = 60.0


class NoAnswer(Exception):
    """The target gave no answer at all."""


class RetryPolicy(Struct, frozen=True):
    """When to try again and when to give up. Event Grid itself gives up after 30 attempts or a day."""

    first_wait: float = 0.5
    longest_wait: float = 30.0
    most_attempts: int = 30
    time_to_live: float = 86400.0

    def wait(self, attempts: int) -> float:
        """Seconds to the next attempt after so many failed ones."""
        return min(self.longest_wait, self.first_wait * 2.0 ** min(attempts, 20)) * random.uniform(0.8, 1.2)  # noqa: S311

    def gives_up(self, delivery: Delivery) -> bool:
        """Whether the attempt that just failed was the last."""
        return delivery.attempts + 1 >= self.most_attempts or time.time() - delivery.created > self.time_to_live


class Courier:
    """Takes what is due from the ledger and posts it, several at a time, from `start` to `stop`."""

    def __init__(self, ledger: Ledger, host: str, storage: str, policy: RetryPolicy) -> None:
        self._ledger = ledger
        self._host = host.rstrip("/")
        self._letters = ContainerClient.from_connection_string(storage, DEAD_LETTERS, retry_total=0)
        self._policy = policy
        self._http = urllib3.PoolManager(maxsize=WORKERS, retries=False, timeout=ANSWER_SECONDS)
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="delivery")
        self._under_way: set[tuple[str, str]] = set()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Start no more deliveries and let those under way end."""
        self._stopping.set()
        self._wake.set()
        self._pool.shutdown(cancel_futures=True)

    def wake(self) -> None:
        """Look at the ledger now."""
        self._wake.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            for delivery in self._ledger.due(2 * WORKERS):
                key = (delivery.target, delivery.source)
                if key not in self._under_way and len(self._under_way) < 2 * WORKERS:
                    self._under_way.add(key)
                    self._pool.submit(self._deliver, delivery)
            due = self._ledger.next_due()
            self._wake.wait(max(0.05, min(1.0, due - time.time())) if due is not None else 1.0)

    def _deliver(self, delivery: Delivery) -> None:
        try:
            refusal = self._post(delivery)
            if refusal is None:
                self._ledger.delivered(delivery)
            elif self._policy.gives_up(delivery):
                self._write_dead_letter(delivery, refusal)
                self._ledger.bury(delivery)
            else:
                self._ledger.postpone(delivery, time.time() + self._policy.wait(delivery.attempts), attempts=1)
        except NoAnswer:
            # A host that is down refuses nothing: its events wait for it and lose no attempt.
            self._ledger.postpone(delivery, time.time() + UNREACHABLE_WAIT, attempts=0)
        except AzureError as fault:
            logger.warning("The dead letter of %s can't be written yet: %s", delivery.source, fault)
            self._ledger.postpone(delivery, time.time() + self._policy.longest_wait, attempts=0)
        finally:
            self._under_way.discard((delivery.target, delivery.source))
            self._wake.set()

    def _post(self, delivery: Delivery) -> str | None:
        """Post the event; returns why it was refused, None if it was taken."""
        headers = {"content-type": delivery.content_type, "aeg-event-type": "Notification"}
        headers["aeg-delivery-count"] = str(delivery.attempts)
        try:
            response = self._http.request("POST", self._url(delivery.target), body=delivery.body, headers=headers)
        except urllib3.exceptions.HTTPError as fault:
            raise NoAnswer from fault
        if 200 <= response.status < 300:
            return None
        refusal = f"{response.status} {response.data[:500].decode(errors='replace')}"
        logger.warning("%s for %s was refused: %s", delivery.source, delivery.target, refusal)
        return refusal

    def _url(self, target: str) -> str:
        if target.startswith(("http://", "https://")):
            return target
        return f"{self._host}/runtime/webhooks/EventGrid?functionName={target}"

    def _write_dead_letter(self, delivery: Delivery, refusal: str) -> None:
        expired = delivery.attempts + 1 < self._policy.most_attempts
        event = msgspec.json.decode(delivery.body, type=list[dict[str, msgspec.Raw]])[0]
        about = {
            "deadLetterReason": "TimeToLiveExceeded" if expired else "MaxDeliveryAttemptsExceeded",
            "deliveryAttempts": delivery.attempts + 1,
            "lastDeliveryOutcome": refusal,
            "publishTime": delivery.created,
        }
        name = f"{delivery.target.split('://')[-1]}/{msgspec.json.decode(event['id'], type=str)}.json"
        with contextlib.suppress(ResourceExistsError):
            self._letters.create_container()
        self._letters.upload_blob(name, msgspec.json.encode([event | about]), overwrite=True)
        logger.error("%s for %s is a dead letter: %s", delivery.source, delivery.target, refusal)
