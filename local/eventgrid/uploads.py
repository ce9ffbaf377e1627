"""Sees every blob that is created or overwritten in `uploads`, and puts its BlobCreated event into the ledger."""

import logging
import os
import threading
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import msgspec
from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.blob import BlobProperties, ContainerClient

from local.azurite import ACCOUNT
from local.eventgrid.delivery import Courier
from local.eventgrid.ledger import Ledger

logger = logging.getLogger(__name__)
CONTAINER = "uploads"
TOPIC = f"/subscriptions/local/resourceGroups/local/providers/Microsoft.Storage/storageAccounts/{ACCOUNT}"
LOOK_SECONDS = 0.05
# The journal tells of each upload at once; the listing is for what was uploaded while nobody followed the journal.
LIST_SECONDS = 60.0
OUTAGE_SECONDS = 0.5
# Longer than Azurite keeps what it was told before it writes it out.
LOST_SECONDS = 15.0


class UploadWatcher:
    """Follows Azurite's journal of uploads, in a thread of its own from `start` to `stop`."""

    def __init__(self, storage: str, journal: Path, ledger: Ledger, courier: Courier, functions: list[str]) -> None:
        self._container = ContainerClient.from_connection_string(storage, CONTAINER, retry_total=0)
        self._journal = Journal(journal)
        self._ledger = ledger
        self._courier = courier
        self._functions = functions
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="uploads", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        list_at = 0.0
        unread: list[str] = []
        while not self._stopping.wait(LOOK_SECONDS):
            lines, renewed = self._journal.read()
            unread += lines
            if renewed:
                list_at = 0.0
            try:
                if time.monotonic() >= list_at:
                    self._catch_up(unread)
                    list_at = time.monotonic() + LIST_SECONDS
                self._take_all(unread)
            except AzureError as fault:
                logger.warning("Uploads can't be seen: %s", fault)
                self._stopping.wait(OUTAGE_SECONDS)

    def _catch_up(self, unread: list[str]) -> None:
        """Offer what the container lists. What is told of before and after that is taken from `unread`."""
        # The listing shows all uploads that the lines read so far tell of.
        unread[:] = [line for line in unread if not line.startswith("put")]
        self._take_all(unread)
        changed = self._offer_new()
        # One that was listed may be told of only now.
        self._stopping.wait(LOOK_SECONDS)
        unread += self._journal.read()[0]
        self._take_all(unread)
        self._offer_each(changed)

    def _take_all(self, lines: list[str]) -> None:
        while lines:
            self._take(*lines[0].split(" "))
            del lines[0]

    def _take(self, kind: str, *words: str) -> None:
        if kind == "start":
            self._note_start(*words)
        elif kind == "touch":
            path, *etags = words
            for function in self._functions:
                self._ledger.renew(function, _name(path), *(etag.strip('"') for etag in etags))
        elif kind == "put":
            path, etag = words
            if any(self._ledger.etag(function, _name(path)) != etag.strip('"') for function in self._functions):
                self._offer_each([_name(path)])

    def _note_start(self, instance: str, end_before: str) -> None:
        if self._ledger.fact("azurite") == instance:
            return
        if end_before == "killed":
            # What the functions did with the last events may be gone with Azurite's last writes.
            self._ledger.deliver_again(LOST_SECONDS)
            self._courier.wake()
        self._ledger.set_fact("azurite", instance)

    def _offer_new(self) -> list[str]:
        """Offers what was never seen; returns the names of those that have another ETag than then."""
        present: set[str] = set()
        changed: list[str] = []
        try:
            for blob in self._container.list_blobs():
                present.add(blob.name)
                if any(self._ledger.etag(function, blob.name) is None for function in self._functions):
                    self._offer(blob)
                elif any(
                    self._ledger.etag(function, blob.name) != str(blob.etag).strip('"') for function in self._functions
                ):
                    changed.append(blob.name)
        except ResourceNotFoundError:
            return []
        for function in self._functions:
            for name in self._ledger.settled(function) - present:
                self._ledger.forget(function, name)
        return changed

    def _offer_each(self, names: list[str]) -> None:
        for name in names:
            try:
                self._offer(self._container.get_blob_client(name).get_blob_properties())
            except ResourceNotFoundError:
                logger.warning("%s is gone before its event.", name)

    def _offer(self, blob: BlobProperties) -> None:
        etag = str(blob.etag).strip('"')
        for function in self._functions:
            if self._ledger.etag(function, blob.name) != etag:
                body = self._event(blob, etag)
                self._ledger.offer(function, blob.name, etag, body, "application/json; charset=utf-8")
                self._courier.wake()

    def _event(self, blob: BlobProperties, etag: str) -> bytes:
        data = {
            "api": "PutBlob",
            "requestId": str(uuid.uuid4()),
            "eTag": etag,
            "contentType": blob.content_settings.content_type or "application/octet-stream",
            "contentLength": blob.size,
            "blobType": "BlockBlob",
            "url": self._container.get_blob_client(blob.name).url,
            "sequencer": f"{time.time_ns():032X}",
            "storageDiagnostics": {"batchId": str(uuid.uuid4())},
        }
        event = {
            "topic": TOPIC,
            "subject": f"/blobServices/default/containers/{CONTAINER}/blobs/{blob.name}",
            "eventType": "Microsoft.Storage.BlobCreated",
            "id": str(uuid.uuid4()),
            "data": data,
            "dataVersion": "",
            "metadataVersion": "1",
            "eventTime": (blob.last_modified or datetime.now(UTC)).isoformat(),
        }
        return msgspec.json.encode([event])


def _name(path: str) -> str:
    return unquote(path.split("/", 3)[3])


class Journal:
    """The file that Azurite writes its uploads to; each new Azurite starts a new one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = None if not path.exists() else path.open("rb")
        self._partial = b""

    def read(self) -> tuple[list[str], bool]:
        """The lines since the last call, and whether they are those of another Azurite than before."""
        lines = self._lines()
        if lines or not self._is_replaced():
            return lines, False
        if self._file:
            self._file.close()
        self._file, self._partial = self._path.open("rb"), b""
        return self._lines(), True

    def _is_replaced(self) -> bool:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return False
        return self._file is None or (os.fstat(self._file.fileno()).st_nlink == 0 and found.st_size > 0)

    def _lines(self) -> list[str]:
        if self._file is None:
            return []
        *whole, self._partial = (self._partial + self._file.read()).split(b"\n")
        return [line.decode() for line in whole]
