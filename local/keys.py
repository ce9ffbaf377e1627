"""The keys of the service on one machine: made once for a data folder, unless the environment gives them."""

import secrets
from pathlib import Path

import msgspec
from msgspec import Struct

from shared.settings import Settings

KEY_BYTES = 16
# What local.settings.sample.json has in place of keys.
PLACEHOLDER = "choose-a-"


class WeakKey(Exception):
    """Others could guess the key; the message says which and what to do."""


class LocalKeys(Struct, frozen=True):
    training: str
    prediction: str
    topic: str


def keep(path: Path, given: Settings) -> LocalKeys:
    """Those of the environment, and else of the file, which is made where there is none."""
    if path.is_file():
        kept = msgspec.json.decode(path.read_bytes(), type=LocalKeys)
    else:
        kept = LocalKeys(*(secrets.token_hex(KEY_BYTES) for _ in range(3)))
        path.touch(mode=0o600)
        path.write_bytes(msgspec.json.encode(kept))
    return LocalKeys(given.training_key_1 or kept.training, given.prediction_key_1 or kept.prediction, kept.topic)


def require_strong(given: Settings) -> None:
    """Raises WeakKey for a key of the environment that others could guess."""
    for name in ("training_key_1", "training_key_2", "prediction_key_1", "prediction_key_2"):
        if (key := str(getattr(given, name))) and (len(key) < 2 * KEY_BYTES or key.startswith(PLACEHOLDER)):
            raise WeakKey(
                f"{name.upper()} is too weak a key for a service that is open to the network; unset it, and ./run uses "
                "the one that it has made, or set what `openssl rand -hex 32` prints."
            )
