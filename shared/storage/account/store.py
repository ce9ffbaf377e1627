"""The storage account: its tables, containers and queues as clients that all modules of this room share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Self, get_args

from azure.core.exceptions import ResourceExistsError
from azure.data.tables import TableClient, TableServiceClient
from azure.storage.blob import BlobServiceClient, ContainerClient
from azure.storage.queue import QueueClient, QueueServiceClient, TextBase64EncodePolicy

from shared.access.identity import credential
from shared.settings import Settings
from shared.storage.account.pool import Pool
from shared.storage.account.transport import Transport

Container = Literal[
    "uploads",
    "archives",
    "frames",
    "catalog",
    "images",
    "models",
    "published",
    "predictions",
    "results",
    "exports",
    "deadletters",
    "audit",
    "batches",
]
Queue = Literal["frames", "batches", "events", "work", "upkeep"]
CONTAINERS: tuple[Container, ...] = get_args(Container)
# What nobody but the service reads and writes.
OWN = frozenset(CONTAINERS) - {"archives", "uploads"}
QUEUES: tuple[Queue, ...] = get_args(Queue)
# For requests of one call that go side by side.
THREADS = 16
# For work on many images: few at once, so that others' calls find room between them.
BULK_THREADS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Store:
    """Safe to share between threads; open one a process.

    `containers` are ours, and those that batches may read by the setting BATCH_CONTAINERS.
    """

    catalog: TableClient
    predictions: TableClient
    results: TableClient
    blobs: BlobServiceClient
    containers: dict[str, ContainerClient]
    queues: dict[str, QueueClient]
    transport: Transport
    threads: Pool
    bulk: Pool

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Makes no request. Raises ValueError where batches may read what is the service's own."""
        if own := sorted(settings.archives & OWN):
            raise ValueError(
                f"BATCH_CONTAINERS names '{own[0]}', which is the service's own; name containers of yours."
            )
        transport = Transport()
        tables, blobs, queues = _services(settings, transport)
        names = [name for queue in QUEUES for name in (queue, f"{queue}-poison")]
        return cls(
            tables.get_table_client("catalog"),
            tables.get_table_client("predictions"),
            tables.get_table_client("results"),
            blobs,
            {name: blobs.get_container_client(name) for name in {*CONTAINERS, *settings.archives}},
            {name: queues.get_queue_client(name, message_encode_policy=TextBase64EncodePolicy()) for name in names},
            transport,
            Pool(THREADS, "storage"),
            Pool(BULK_THREADS, "storage-bulk"),
        )

    def provision(self) -> None:
        """Create every table, container and queue that is not there yet."""
        for table in (self.catalog, self.predictions, self.results):
            _once(table.create_table)
        for name in CONTAINERS:
            _once(self.containers[name].create_container)
        for queue in self.queues.values():
            _once(queue.create_queue)

    def close(self) -> None:
        for pool in (self.threads, self.bulk):
            pool.shutdown(wait=False, cancel_futures=True)
        self.transport.shut()


def _services(
    settings: Settings, transport: Transport
) -> tuple[TableServiceClient, BlobServiceClient, QueueServiceClient]:
    # The transport retries; a second retry around it would multiply the waiting.
    if text := settings.storage_connection_string:
        return (
            TableServiceClient.from_connection_string(text, transport=transport, retry_total=0),
            BlobServiceClient.from_connection_string(text, transport=transport, retry_total=0),
            QueueServiceClient.from_connection_string(text, transport=transport, retry_total=0),
        )
    identity, account = credential(settings), f"https://{settings.storage_account}"
    return (
        TableServiceClient(
            f"{account}.table.core.windows.net", credential=identity, transport=transport, retry_total=0
        ),
        BlobServiceClient(f"{account}.blob.core.windows.net", identity, transport=transport, retry_total=0),
        QueueServiceClient(f"{account}.queue.core.windows.net", identity, transport=transport, retry_total=0),
    )


def _once(create: Callable[[], object]) -> None:
    try:
        create()
    except ResourceExistsError:
        return
