"""The keys that clients send: from Key Vault by identity, cached for minutes, or from the settings."""

import hashlib
import hmac
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal, Self

from shared.access.fresh import Clock, Fresh
from shared.access.identity import credential
from shared.errors import ServiceUnavailable
from shared.settings import Settings

if TYPE_CHECKING:
    from azure.keyvault.secrets import SecretClient

ServiceName = Literal["training", "prediction"]

# Told the service and the fingerprints of its keys when they have changed. Called while they are read.
Rotated = Callable[[ServiceName, Sequence[str]], None]

FRESH_SECONDS = 300.0
FINGERPRINT_LENGTH = 8


class Keys:
    """The two keys of each service. Services are read apart: an app may have rights to the keys of one only."""

    def __init__(self, rings: "dict[ServiceName, KeyRing]") -> None:
        self._rings = rings

    @classmethod
    def open(
        cls,
        settings: Settings,
        client: "SecretClient | None" = None,
        clock: Clock = time.monotonic,
        rotated: Rotated = lambda *_: None,
    ) -> Self:
        """From the vault where one is configured (or `client` given), else from the four key settings."""
        if not settings.allow_keys:
            return cls({service: KeyRing(lambda: [], clock) for service in _SERVICES})
        if client or settings.key_vault_url:
            client = client or _vault(settings)
            return cls(
                {
                    service: KeyRing(_vault_reader(client, service), clock, partial(rotated, service))
                    for service in _SERVICES
                }
            )
        training = [settings.training_key_1, settings.training_key_2]
        prediction = [settings.prediction_key_1, settings.prediction_key_2]
        return cls({"training": KeyRing(lambda: training, clock), "prediction": KeyRing(lambda: prediction, clock)})

    def allows(self, service: ServiceName, given: str) -> bool:
        """Whether `given` is a key of the service. Raises ServiceUnavailable while no key could ever be read."""
        return self._rings[service].holds(given)


_SERVICES: tuple[ServiceName, ...] = ("training", "prediction")


class KeyRing:
    """The keys of one service. `rotated` is told the fingerprints of others than were read before."""

    def __init__(
        self,
        read: Callable[[], list[str]],
        clock: Clock,
        rotated: Callable[[Sequence[str]], None] = lambda *_: None,
    ) -> None:
        self._source, self._rotated = read, rotated
        self._fingerprints: list[str] = []
        self._keys = Fresh("its keys", self._read, FRESH_SECONDS, clock)

    def _read(self) -> list[bytes]:
        # Files and pipes that keys are set from end in a line break, which no header can carry.
        keys = [key.strip() for key in self._source()]
        before, self._fingerprints = self._fingerprints, [fingerprint(key) for key in keys if key]
        if before and before != self._fingerprints:
            self._rotated(self._fingerprints)
        return [key.encode() for key in keys]

    def holds(self, given: str) -> bool:
        # Where it matches none it may be a new one, so they are read again; wrong keys can't flood the vault.
        return self._matches(given) or (self._keys.renew() and self._matches(given))

    def _matches(self, given: str) -> bool:
        candidate = given.encode(errors="surrogatepass")
        # Compared with every key, so that the time tells nothing.
        matches = [hmac.compare_digest(key, candidate) for key in self._keys.get() if key]
        return any(matches)


def fingerprint(key: str) -> str:
    """Tells keys apart where they must not be shown."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()[:FINGERPRINT_LENGTH]


def _vault(settings: Settings) -> "SecretClient":
    # Imported here: half a second that an app without a vault need not pay at its start.
    from azure.keyvault.secrets import SecretClient

    identity, vault = credential(settings), settings.key_vault_url
    return SecretClient(vault, identity, retry_total=1, connection_timeout=3, read_timeout=5)


def _vault_reader(client: "SecretClient", service: ServiceName) -> Callable[[], list[str]]:
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
