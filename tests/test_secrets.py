"""The keys of both services: from the settings, and from a vault that answers, changes and fails."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from azure.core.credentials import AccessToken
from azure.keyvault.secrets import SecretClient

from shared.errors import ServiceUnavailable
from shared.secrets import Keys
from shared.settings import Settings
from tests.servers import Answer, Request, make_certificate, serving

SETTINGS = Settings(training_key_1="t1", training_key_2="t2", prediction_key_1="p1")
CHALLENGE = 'Bearer authorization="https://login.example/tenant", resource="https://vault.example"'


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Credential:
    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        return AccessToken("token", int(time.time()) + 3600)


class Vault:
    """Speaks the vault's protocol: a challenge first, then secrets by name; a None is a disabled secret."""

    def __init__(self) -> None:
        self.secrets: dict[str, str | None] = {"training-key-1": "one", "training-key-2": "two"}
        self.down = False
        self.seconds = 0.0
        self.reads: list[str] = []

    def respond(self, request: Request) -> Answer:
        if self.down:
            return Answer(503)
        if request.headers.get("authorization") != "Bearer token":
            return Answer(401, headers={"WWW-Authenticate": CHALLENGE})
        time.sleep(self.seconds)
        name = request.path.split("/")[2]
        self.reads.append(name)
        if name not in self.secrets:
            return failure(404, "SecretNotFound")
        value = self.secrets[name]
        if value is None:
            return failure(403, "Forbidden", "SecretDisabled")
        body = {"value": value, "id": f"https://127.0.0.1/secrets/{name}/1", "attributes": {"enabled": True}}
        return Answer(body=msgspec.json.encode(body), headers={"Content-Type": "application/json"})


def failure(status: int, code: str, inner: str = "") -> Answer:
    body = {"error": {"code": code, "message": "no", "innererror": {"code": inner}}}
    return Answer(status, msgspec.json.encode(body), {"Content-Type": "application/json"})


@pytest.fixture
def vault() -> Vault:
    return Vault()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(vault: Vault, clock: Clock, tmp_path: Path) -> Iterator[Keys]:
    certificate = make_certificate(tmp_path, "127.0.0.1")
    with serving(vault.respond, certificate) as port:
        client = SecretClient(
            f"https://127.0.0.1:{port}",
            Credential(),
            verify_challenge_resource=False,
            connection_verify=str(certificate),
            retry_total=0,
        )
        with client:
            yield Keys.open(Settings(), client, clock)
            # A look aside that is under way would open connections that a closed client never closes.
            for thread in threading.enumerate():
                if thread.name == "keys":
                    thread.join()


def test_keys_from_the_settings_open_their_own_service_only() -> None:
    keys = Keys.open(SETTINGS)
    assert keys.allows("training", "t1")
    assert keys.allows("training", "t2")
    assert keys.allows("prediction", "p1")
    assert not keys.allows("training", "p1")
    assert not keys.allows("prediction", "t1")


@pytest.mark.parametrize("given", ["", "t", "t1 ", "T1", "tü", "\udc80", "t1\0"])
def test_other_keys_are_refused_and_empty_ones_never_match(given: str) -> None:
    keys = Keys.open(SETTINGS)
    assert not keys.allows("training", given)
    assert not keys.allows("prediction", given)
    assert not Keys.open(Settings()).allows("training", given)


def test_keys_come_from_the_vault_and_are_kept(keys: Keys, vault: Vault) -> None:
    assert keys.allows("training", "one")
    assert keys.allows("training", "two")
    assert vault.reads == ["training-key-1", "training-key-2"]


def test_a_missing_and_a_disabled_secret_match_nothing(keys: Keys, vault: Vault) -> None:
    vault.secrets = {"training-key-1": None}
    assert not keys.allows("training", "one")
    assert not keys.allows("training", "")


def test_a_rotated_key_works_at_once_but_wrong_keys_do_not_flood_the_vault(
    keys: Keys, vault: Vault, clock: Clock
) -> None:
    assert keys.allows("training", "one")
    vault.secrets["training-key-2"] = "three"
    clock.now += 11
    assert keys.allows("training", "three")
    reads = len(vault.reads)
    for _ in range(20):
        assert not keys.allows("training", "wrong")
    assert len(vault.reads) == reads
    clock.now += 11
    assert not keys.allows("training", "two")
    assert len(vault.reads) == reads + 2


def test_keys_are_read_again_aside_after_five_minutes(
    keys: Keys, vault: Vault, clock: Clock, eventually: Callable[..., None]
) -> None:
    assert keys.allows("training", "one")
    vault.secrets["training-key-1"] = "new"
    clock.now += 301
    assert keys.allows("training", "one")
    eventually(lambda: not keys.allows("training", "one"))
    assert keys.allows("training", "new")


def test_keys_stay_valid_while_the_vault_is_away(keys: Keys, vault: Vault, clock: Clock) -> None:
    assert keys.allows("training", "one")
    vault.down = True
    for _ in range(5):
        clock.now += 301
        assert keys.allows("training", "one")
        assert not keys.allows("training", "wrong")


def test_a_start_without_the_vault_is_no_refusal(keys: Keys, vault: Vault, clock: Clock) -> None:
    vault.down = True
    with pytest.raises(ServiceUnavailable):
        keys.allows("training", "one")
    vault.down = False
    clock.now += 2
    assert keys.allows("training", "one")


def test_a_cold_start_under_load_reads_once(keys: Keys, vault: Vault) -> None:
    allowed: list[bool] = []
    threads = [threading.Thread(target=lambda: allowed.append(keys.allows("training", "two"))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert allowed == [True] * 20
    assert len(vault.reads) == 2


def test_wrong_keys_do_not_wait_for_a_slow_vault(keys: Keys, vault: Vault, clock: Clock) -> None:
    assert keys.allows("training", "one")
    vault.seconds = 2
    clock.now += 11
    first = threading.Thread(target=keys.allows, args=["training", "wrong"])
    first.start()
    time.sleep(0.2)
    began = time.monotonic()
    assert not any(keys.allows("training", "wrong") for _ in range(20))
    assert keys.allows("training", "two")
    assert time.monotonic() - began < 1
    assert first.is_alive()
    first.join()
