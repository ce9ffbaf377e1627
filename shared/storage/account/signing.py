"""Addresses of blobs that anyone who has them can read for a day, signed so cheaply that a page carries hundreds."""

import base64
import hmac
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

from azure.storage.blob import BlobSasPermissions, UserDelegationKey, generate_blob_sas

from shared.storage.account.store import Container, Store

VALID = timedelta(hours=24)
# The library takes 60 us to sign. So it signs a stand-in once an hour, and shows what it signed with what.
STAND_IN = "0"
# Where this process itself hands out blobs, as the host of one machine does, whose storage others can't reach: an
# address that stands in for storage's own. The host sets it for each request, by the address that it came to.
served_at: ContextVar[str] = ContextVar("served_at", default="")


class Form(NamedTuple):
    """What signing a blob of one container takes: the text around its name, the key, the query without `sig`."""

    before: str
    after: str
    key: bytes
    query: str


def uri(store: Store, container: Container, name: str) -> str:
    return f"{root(store)}/{reference(store, container, name)}"


def root(store: Store) -> str:
    """What all addresses begin with: storage's own, or where this process hands out blobs."""
    return served_at.get() or str(store.blobs.url).rstrip("/")


def at_storage(store: Store, url: str) -> str:
    """An address that this process hands out, as storage's own; others as they are.

    The name that a caller has for this process may be one by which it can't reach itself.
    """
    served = served_at.get()
    if not served or not url.startswith(f"{served}/"):
        return url
    return str(store.blobs.url).rstrip("/") + url.removeprefix(served)


def reference(store: Store, container: Container, name: str) -> str:
    """An address from the container on, for what is read by whoever knows the root."""
    form = _form(store, container, datetime.now(UTC).replace(minute=0, second=0, microsecond=0))
    signature = hmac.digest(form.key, f"{form.before}{name}{form.after}".encode(), "sha256")
    return f"{container}/{quote(name)}?{form.query}&sig={quote(base64.b64encode(signature), safe='')}"


@lru_cache(maxsize=64)
def _form(store: Store, container: Container, hour: datetime) -> Form:
    # Whole hours: an address stays the same for an hour, so a browser finds its picture in its cache.
    expiry = hour + VALID + timedelta(hours=1)
    account_key = getattr(store.blobs.credential, "account_key", None)
    delegated = None if account_key else _delegation_key(store, hour, expiry)
    signed: list[str] = []
    token = generate_blob_sas(
        str(store.blobs.account_name),
        container,
        STAND_IN,
        account_key=account_key,
        user_delegation_key=delegated,
        permission=BlobSasPermissions(read=True),
        expiry=expiry,
        protocol="https" if store.blobs.url.startswith("https") else "https,http",
        sts_hook=signed.append,
    )
    before, after = signed[0].split(f"/{container}/{STAND_IN}\n")
    key = base64.b64decode(account_key or str(delegated and delegated.value))
    query = "&".join(part for part in token.split("&") if not part.startswith("sig="))
    return Form(f"{before}/{container}/", f"\n{after}", key, query)


def _delegation_key(store: Store, hour: datetime, expiry: datetime) -> UserDelegationKey:
    # From an hour ago, as clocks differ.
    return store.blobs.get_user_delegation_key(hour - timedelta(hours=1), expiry)
