"""Graphs of backbones that functions look at images by: beside the service, or in models/backbones."""

from datetime import datetime
from pathlib import Path

from shared.storage.account import blobs
from shared.storage.account.store import Store

FOLDER = "backbones"
ASKED = f"{FOLDER}/asked"


def read(store: Store, folder: Path, name: str) -> bytes | None:
    """None where there is none yet."""
    if (folder / name).exists():
        return (folder / name).read_bytes()
    blob = blobs.read(store, "models", f"{FOLDER}/{name}")
    return blob.data if blob else None


def there(store: Store, folder: Path, name: str) -> bool:
    return (folder / name).exists() or blobs.exists(store, "models", f"{FOLDER}/{name}")


def write(store: Store, name: str, graph: bytes) -> None:
    blobs.write(store, "models", f"{FOLDER}/{name}", graph)


def ask(store: Store, before: datetime) -> bool:
    """Whether nobody has asked for them since that time; then somebody has now."""
    for name in blobs.names_before(store, "models", before, ASKED):
        blobs.delete(store, "models", name)
    try:
        blobs.write(store, "models", ASKED, b"", new=True)
    except blobs.BlobChanged:
        return False
    return True
