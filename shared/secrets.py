"""The keys that clients send: from Key Vault by identity, cached for minutes, or from the settings."""

import hmac
import logging
import time
from collections.abc import Callable
from threading import Lock, Thread
from typing import TYPE_CHECKING, Literal, Self

from shared.errors import ServiceUnavailable
from shared.identity import credential
from shared.settings import Settings

if TYPE_CHECKING:
    from azure.keyvault.secrets import SecretClient

Service = Literal["training", "prediction"]
Clock = Callable[[], float]

FRESH_SECONDS = 300.0
PAUSE_SECONDS = 10.0
FIRST_PAUSE_SECONDS = 1.0

log = logging.getLogger(__name__)


class Keys:
    """The two keys of each service. Services are read apart: an app may have rights to the keys of one only."""

    def __init__(self, rings: "dict[Service, KeyRing]") -> None:
        self._rings = rings

    @classmethod
    def open(cls, settings: Settings, client: "SecretClient | None" = None, clock: Clock = time.monotonic) -> Self:
        """From the vault where one is configured (or `client` given), else from the four key settings."""
        if client or settings.key_vault_url:
            client = client or _vault(settings)
            return cls({service: KeyRing(_vault_reader(client, service), clock) for service in _SERVICES})
        training = [settings.training_key_1, settings.training_key_2]
        prediction = [settings.prediction_key_1, settings.prediction_key_2]
        return cls({"training": KeyRing(lambda: training, clock), "prediction": KeyRing(lambda: prediction, clock)})

    def allows(self, service: Service, given: str) -> bool:
        """Whether `given` is a key of the service. Raises ServiceUnavailable while no key could ever be read."""
        return self._rings[service].holds(given)


_SERVICES: tuple[Service, ...] = ("training", "prediction")


class KeyRing:
    """The keys of one service as last read. They stay valid while their source can't be reached."""

    def __init__(self, read: Callable[[], list[str]], clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._keys: list[bytes] | None = None
        self._read_at = self._tried_at = float("-inf")
        self._reading = Lock()

    def holds(self, given: str) -> bool:
        if self._keys is None:
            self._refresh(FIRST_PAUSE_SECONDS)
        if self._keys is None:
            raise ServiceUnavailable("The service can't read its keys at the moment; try again in a few seconds.")
        if self._clock() - self._read_at > FRESH_SECONDS:
            self._refresh_aside()
        if self._matches(given):
            return True
        # It may be a new key: one look, then none for a while, so that wrong keys can't flood the vault.
        return self._refresh(PAUSE_SECONDS) and self._matches(given)

    def _matches(self, given: str) -> bool:
        candidate = given.encode(errors="surrogatepass")
        # Compared with every key, so that the time tells nothing.
        matches = [hmac.compare_digest(key, candidate) for key in self._keys or [] if key]
        return any(matches)

    def _refresh_aside(self) -> None:
        if self._clock() - self._tried_at > PAUSE_SECONDS and not self._reading.locked():
            Thread(target=self._refresh, args=[PAUSE_SECONDS], name="keys", daemon=True).start()

    def _refresh(self, pause: float) -> bool:
        """Read again, unless that was tried within `pause` seconds. Whether the keys may be others now."""
        asked = self._clock()
        # Who waits here holds a thread of the worker, so only those wait who could not be answered otherwise.
        if not self._reading.acquire(blocking=self._keys is None):
            return False
        try:
            if self._tried_at >= asked:
                return True
            if self._clock() - self._tried_at <= pause:
                return False
            self._tried_at = self._clock()
            self._keys = [key.encode() for key in self._read()]
            self._read_at = self._tried_at
        except ServiceUnavailable as error:
            log.warning("Keys could not be read: %s", error)
        finally:
            self._reading.release()
        return True


def _vault(settings: Settings) -> "SecretClient":
    # Imported here: half a second that an app without a vault need not pay at its start.
    from azure.keyvault.secrets import SecretClient

    identity, vault = credential(settings), settings.key_vault_url
    return SecretClient(vault, identity, retry_total=1, connection_timeout=3, read_timeout=5)


def _vault_reader(client: "SecretClient", service: Service) -> Callable[[], list[str]]:
    return lambda: [_secret(client, f"{service}-key-{number}") for number in (1, 2)]


def _secret(client: "SecretClient", name: str) -> str:
    """Its value; empty where it does not exist or is disabled. Raises ServiceUnavailable when the vault fails."""
    from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError

    try:
        return client.get_secret(name).value or ""
    except ResourceNotFoundError:
        return ""
    except HttpResponseError as error:
        # The vault answers 403 for a disabled secret as for missing rights, and tells them apart inside only.
        if "SecretDisabled" in str(error.response and error.response.text()):
            return ""
        raise ServiceUnavailable(f"{name}: {error.message}") from error
    except AzureError as error:
        raise ServiceUnavailable(f"{name}: {error.message}") from error
