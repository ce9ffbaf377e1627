"""Blobs that are deleted together, by a key and by an identity."""

from datetime import timedelta
from uuid import uuid4

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest, HttpResponse
from azure.storage.blob import ContainerClient

from shared.models.wire import now
from shared.storage.account import blobs, contents
from shared.storage.account.store import Store
from shared.storage.account.transport import Transport


def test_many_go_at_once_and_what_is_not_there_is_no_fault(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "DELETED_AT_ONCE", 3)
    folder = str(uuid4())
    names = [f"{folder}/{number} ü, +%/original" for number in range(7)]
    for name in [*names, f"{folder}/kept"]:
        blobs.write(store, "models", name, b"x")
    contents.delete(store.containers["models"], [*names, f"{folder}/none"])
    assert list(blobs.names(store, "models", folder)) == [f"{folder}/kept"]
    contents.delete(store.containers["models"], [])


def test_one_that_stays_is_told(store: Store) -> None:
    folder = str(uuid4())
    for name in "ab":
        blobs.write(store, "models", f"{folder}/{name}", b"x")
    lease = store.containers["models"].get_blob_client(f"{folder}/a").acquire_lease(15)
    with pytest.raises(HttpResponseError):
        contents.delete(store.containers["models"], [f"{folder}/a", f"{folder}/b"])
    assert list(blobs.names(store, "models", folder)) == [f"{folder}/a"]
    lease.release()


class Identity:
    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        return AccessToken("of-an-identity", int((now() + timedelta(hours=1)).timestamp()))


class Sent(Exception):
    """What was about to be sent."""


class Nowhere(Transport):
    def send(self, request: HttpRequest, **_: object) -> HttpResponse:
        raise Sent(request)


def test_an_identity_is_told_with_each_of_them() -> None:
    address = "https://account.blob.core.windows.net/images"
    with ContainerClient.from_container_url(address, Identity(), transport=Nowhere()) as container:
        with pytest.raises(Sent) as sent:
            contents.delete(container, ["a", "b"])
        assert sent.value.args[0].data.count(b"Authorization: Bearer of-an-identity") == 2
        with pytest.raises(Sent) as sent:
            contents.get(container, "a")
        assert sent.value.args[0].headers["Authorization"] == "Bearer of-an-identity"
