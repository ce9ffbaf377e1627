"""Where backups lie: a folder, or a container of any storage account; files by their names, whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, Protocol
from urllib.parse import parse_qs, urlsplit

from azure.core import MatchConditions
from azure.core.exceptions import (
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import ContainerClient

from shared.access.identity import credential
from shared.errors import AccessRefused, BackupError, ServiceUnavailable
from shared.settings import Settings
from shared.storage.account import contents
from shared.storage.account.blobs import reason_of
from shared.storage.account.transport import Transport

# A name that is in nobody's way while a file is written.
PARTIAL = ".partial"
NO_CONTAINER = "ContainerNotFound"


class Shelved(NamedTuple):
    """A file, when it was written, and which version of it that is."""

    name: str
    written: datetime
    version: str


class Shelf(Protocol):
    """All of it raises BackupError where it does not let us in, ServiceUnavailable where it does not answer."""

    @property
    def place(self) -> str:
        """As people name it."""

    def names(self, prefix: str) -> Iterator[Shelved]:
        """Those that begin so, in any order."""

    def read(self, name: str) -> bytes | None:
        """None where there is none."""

    def write(self, name: str, data: bytes) -> None:
        """Whole or not at all, in place of what is there."""

    def delete(self, name: str, version: str | None = None) -> bool:
        """Whether it was there, in this version where one is named."""


@contextmanager
def opened(settings: Settings, address: str) -> Iterator[Shelf]:
    """A folder by its path, a container by its address: with a signature in it, or else by our identity."""
    if not address.startswith(("http://", "https://")):
        yield FolderShelf(Path(address))
        return
    transport = Transport()
    try:
        yield ContainerShelf(_client(settings, address, transport))
    finally:
        transport.shut()


def _client(settings: Settings, address: str, transport: Transport) -> ContainerClient:
    """Raises BackupError."""
    parts = urlsplit(address)
    if not parts.path.strip("/"):
        raise BackupError(f"{parts.netloc} is a storage account; name one of its containers, as .../backups.")
    identity = None if "sig" in parse_qs(parts.query) else credential(settings)
    return ContainerClient.from_container_url(address, identity, transport=transport, retry_total=0)


class FolderShelf:
    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def place(self) -> str:
        return str(self._path)

    def names(self, prefix: str) -> Iterator[Shelved]:
        for place, _, files in os.walk(self._path / prefix, onerror=_refuse):
            for path in (Path(place) / name for name in files if not name.endswith(PARTIAL)):
                with suppress(FileNotFoundError):
                    found = path.stat()
                    written = datetime.fromtimestamp(found.st_mtime, UTC)
                    yield Shelved(path.relative_to(self._path).as_posix(), written, str(found.st_mtime_ns))

    def read(self, name: str) -> bytes | None:
        try:
            return (self._path / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as fault:
            raise BackupError(f"{self._path / name} can't be read: {fault.strerror}.") from fault

    def write(self, name: str, data: bytes) -> None:
        path = self._path / name
        partial = path.with_name(f"{path.name}.{os.getpid()}-{os.urandom(4).hex()}{PARTIAL}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(data)
            partial.replace(path)
        except OSError as fault:
            # Of a full disk it would keep what little was written.
            with suppress(OSError):
                partial.unlink()
            raise BackupError(f"{path} can't be written: {fault.strerror}.") from fault

    def delete(self, name: str, version: str | None = None) -> bool:
        path = self._path / name
        try:
            if version and str(path.stat().st_mtime_ns) != version:
                return False
            path.unlink()
        except FileNotFoundError:
            return False
        except OSError as fault:
            raise BackupError(f"{path} can't be deleted: {fault.strerror}.") from fault
        return True


def _refuse(fault: OSError) -> None:
    if not isinstance(fault, FileNotFoundError):
        raise BackupError(f"{fault.filename} can't be read: {fault.strerror}.") from fault


class ContainerShelf:
    def __init__(self, client: ContainerClient) -> None:
        self._client = client
        # Who may not make it has it made.
        with suppress(ResourceExistsError, BackupError), self._told():
            client.create_container()

    @property
    def place(self) -> str:
        """Without the signature that may be in its address."""
        return str(self._client.url).partition("?")[0]

    def names(self, prefix: str) -> Iterator[Shelved]:
        with self._told():
            for each in self._client.list_blobs(name_starts_with=prefix):
                yield Shelved(str(each.name), each.last_modified or datetime.now(UTC), str(each.etag))

    def read(self, name: str) -> bytes | None:
        try:
            with self._told():
                return contents.get(self._client, name).data
        except ResourceNotFoundError:
            return None

    def write(self, name: str, data: bytes) -> None:
        with self._told():
            if len(data) <= contents.PUT_BYTES:
                contents.put(self._client, name, data, {})
            else:
                self._client.upload_blob(name, data, overwrite=True)

    def delete(self, name: str, version: str | None = None) -> bool:
        only = {"etag": version, "match_condition": MatchConditions.IfNotModified} if version else {}
        try:
            with self._told():
                self._client.delete_blob(name, **only)  # type: ignore[arg-type]
        except (ResourceNotFoundError, ResourceModifiedError):
            return False
        return True

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except AccessRefused as refused:
            raise BackupError(
                f"{self.place} does not let us in ({refused.reason}); give the identity Storage Blob Data Contributor "
                "on it, or name it by an address with a signature that may read, write, list and delete."
            ) from refused
        except ServiceUnavailable as fault:
            raise ServiceUnavailable(f"{self.place} does not answer; try again in a moment.") from fault
        except ResourceNotFoundError as missing:
            if reason_of(missing) != NO_CONTAINER:
                raise
            raise BackupError(f"there is no container {self.place}; make it, as we may not.") from missing
