"""The keys of both services: from the settings, and from a vault that answers, changes and fails."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from azure.core.credentials import AccessToken
from azure.keyvault.secrets import SecretClient

from shared.access.keys import Keys, fingerprint
from shared.errors import ServiceUnavailable
from shared.settings import Settings
from tests.access.vault import TOKEN, Vault
from tests.servers import make_certificate, serving

SETTINGS = Settings(training_key_1="t1", training_key_2="t2", prediction_key_1="p1")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Credential:
    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        return AccessToken(TOKEN, int(time.time()) + 3600)


@pytest.fixture
def vault() -> Vault:
    return Vault()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def noticed() -> list[tuple[str, Sequence[str]]]:
    """The rotations that were told."""
    return []


@pytest.fixture
def keys(vault: Vault, clock: Clock, tmp_path: Path, noticed: list[tuple[str, Sequence[str]]]) -> Iterator[Keys]:
    certificate = make_certificate(tmp_path, "127.0.0.1")
    with serving(vault.respond, certificate) as port:
        client = SecretClient(
            f"https://127.0.0.1:{port}",
            Credential(),
            connection_verify=str(certificate),
            retry_total=0,
        )
        with client:
            yield Keys.open(Settings(), client, clock, lambda *told: noticed.append(told))
            # A look aside that is under way would open connections that a closed client never closes.
            for thread in threading.enumerate():
                if thread.name == "fresh":
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


def test_blanks_around_a_configured_key_are_none_of_it() -> None:
    keys = Keys.open(Settings(training_key_1=" t1 ", training_key_2="t2\r\n", prediction_key_1=" \n"))
    assert keys.allows("training", "t1")
    assert keys.allows("training", "t2")
    assert not keys.allows("prediction", "")


def test_keys_come_from_the_vault_and_are_kept(keys: Keys, vault: Vault) -> None:
    assert keys.allows("training", "one")
    assert keys.allows("training", "two")
    assert vault.reads == ["training-key-1", "training-key-2"]


def test_a_missing_and_a_disabled_secret_match_nothing(keys: Keys, vault: Vault) -> None:
    vault.secrets = {"training-key-1": None}
    assert not keys.allows("training", "one")
    assert not keys.allows("training", "")


def test_a_rotation_is_told_once_and_by_fingerprints(
    keys: Keys, vault: Vault, clock: Clock, noticed: list[tuple[str, Sequence[str]]]
) -> None:
    assert keys.allows("training", "one")
    vault.secrets["training-key-1"] = "three"
    clock.now += 11
    assert keys.allows("training", "three")
    clock.now += 11
    assert not keys.allows("training", "one")
    assert noticed == [("training", [fingerprint("three"), fingerprint("two")])]


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


def test_keys_in_use_are_read_again_aside(
    keys: Keys, vault: Vault, clock: Clock, eventually: Callable[..., None]
) -> None:
    assert keys.allows("training", "one")
    vault.secrets["training-key-1"] = "new"
    clock.now += 151
    assert keys.allows("training", "one")
    eventually(lambda: not keys.allows("training", "one"))
    assert keys.allows("training", "new")


def test_an_old_key_ends_within_five_minutes_though_nobody_called_meanwhile(
    keys: Keys, vault: Vault, clock: Clock
) -> None:
    assert keys.allows("training", "one")
    vault.secrets["training-key-1"] = "new"
    clock.now += 301
    assert not keys.allows("training", "one")
    assert keys.allows("training", "new")


def test_keys_stay_valid_while_the_vault_is_away(keys: Keys, vault: Vault, clock: Clock) -> None:
    assert keys.allows("training", "one")
    vault.down = True
    for _ in range(5):
        clock.now += 301
        assert keys.allows("training", "one")
        assert not keys.allows("training", "wrong")


def test_callers_do_not_wait_for_a_vault_that_hangs(keys: Keys, vault: Vault, clock: Clock) -> None:
    assert keys.allows("training", "one")
    vault.answers.clear()
    clock.now += 151
    assert all(keys.allows("training", "one") for _ in range(20))
    assert len(vault.reads) == 2
    vault.answers.set()


def test_a_start_without_the_vault_is_no_refusal(keys: Keys, vault: Vault, clock: Clock) -> None:
    vault.down = True
    with pytest.raises(ServiceUnavailable):
        keys.allows("training", "one")
    vault.down = False
    clock.now += 2
    assert keys.allows("training", "one")


def test_a_key_rotated_while_the_vault_was_away_works_once_it_is_back(keys: Keys, vault: Vault, clock: Clock) -> None:
    assert keys.allows("training", "one")
    vault.down, vault.secrets["training-key-1"] = True, "new"
    clock.now += 11
    assert not keys.allows("training", "new")
    vault.down = False
    clock.now += 11
    assert keys.allows("training", "new")
    assert not keys.allows("training", "one")


def test_an_installation_may_take_no_keys_at_all() -> None:
    keys = Keys.open(Settings(training_key_1="t1", key_vault_url="https://vault.example", allow_keys=False))
    assert not keys.allows("training", "t1")
    assert not keys.allows("training", "")


def test_a_cold_start_under_load_reads_once(keys: Keys, vault: Vault) -> None:
    allowed: list[bool] = []
    threads = [threading.Thread(target=lambda: allowed.append(keys.allows("training", "two"))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert allowed == [True] * 20
    assert len(vault.reads) == 2


def test_wrong_keys_do_not_wait_for_a_slow_vault(
    keys: Keys, vault: Vault, clock: Clock, eventually: Callable[..., None]
) -> None:
    assert keys.allows("training", "one")
    vault.answers.clear()
    clock.now += 11
    first = threading.Thread(target=keys.allows, args=["training", "wrong"])
    first.start()
    eventually(lambda: vault.waiting > 0)
    assert not any(keys.allows("training", "wrong") for _ in range(20))
    assert keys.allows("training", "two")
    assert first.is_alive()
    vault.answers.set()
    first.join()


def test_one_key_may_open_both_services():
    keys = Keys.open(Settings(training_key_1="both", prediction_key_1="both", prediction_key_2="p2"))
    assert keys.allows("training", "both")
    assert keys.allows("prediction", "both")
    assert not keys.allows("training", "p2")
    assert not keys.allows("training", "")
