"""The blobs that batches predict, page by page: those that a container has, or that a manifest names."""

import re

from azure.core.exceptions import ResourceNotFoundError

from shared.errors import BadRequest, NotFound
from shared.models.serving.batches import BatchPage
from shared.storage.account import blobs
from shared.storage.account.blobs import BlobChanged
from shared.storage.account.store import Store

# So many blobs are listed in one step.
PAGE = 1_000
NAME_LENGTH = 1_024
# Holds many times a longest name.
CHUNK = 128 * 1024
# A client or a server that resolves these would leave the container.
DOTS = re.compile(r"(?:^|[/\\])\.{1,2}(?:[/\\]|$)")


def require_name(name: str) -> None:
    """Raises BadRequest for what is no name of a blob, or one that may lead elsewhere."""
    if not name or len(name) > NAME_LENGTH or DOTS.search(name):
        raise BadRequest(
            f"'{name[:100]}' is no name of a blob: it has 1 to {NAME_LENGTH:,} characters, and no part of it between "
            "slashes is . or .."
        )


def page(store: Store, container: str, prefix: str, marker: str | None) -> BatchPage:
    """Those whose names begin with the prefix, in their order. Raises NotFound where there is no such container."""
    listing = store.containers[container].list_blobs(prefix, include=["metadata"], results_per_page=PAGE)
    pages = listing.by_page(marker)
    try:
        names = [str(each.name) for each in next(pages) if not _is_folder(each.name, each.size, each.metadata)]
    except ResourceNotFoundError:
        raise NotFound(f"The storage account has no container '{container}'.") from None
    # The library's hint for pages leaves out what all of them have.
    return BatchPage(names, getattr(pages, "continuation_token", None) or None)


def _is_folder(name: str, size: int, metadata: dict[str, str] | None) -> bool:
    """Whether it only marks a folder, as programs and accounts with hierarchical namespaces leave some."""
    return not size and (name.endswith("/") or "hdi_isfolder" in (metadata or {}))


def manifest_page(store: Store, container: str, name: str, marker: str | None) -> BatchPage:
    """Those that a text names, a line each. Raises NotFound, and BadRequest where it changed meanwhile."""
    found = blobs.version(store, container, name)
    if found is None:
        raise NotFound(f"There is no manifest '{name}' in the container '{container}'.")
    start, etag = _place(marker) or (0, found.etag)
    end = min(start + CHUNK, found.size)
    try:
        if etag != found.etag:
            raise BlobChanged(name)
        data = blobs.read_range(store, container, name, start, end, etag=etag) if end > start else b""
    except BlobChanged:
        raise BadRequest(f"The manifest '{name}' was changed while it was read; start the batch again.") from None
    lines = data.splitlines(keepends=True)
    if end < found.size and lines and not lines[-1].endswith(b"\n"):
        lines.pop()
    taken = lines[:PAGE]
    if data and not taken:
        raise BadRequest(f"A line of the manifest '{name}' is longer than any name; it takes a blob's name a line.")
    place = start + sum(map(len, taken))
    return BatchPage(_names(name, taken), f"{place} {etag}" if place < found.size else None)


def _place(marker: str | None) -> tuple[int, str] | None:
    place, _, etag = (marker or "").partition(" ")
    return (int(place), etag) if place else None


def _names(manifest: str, lines: list[bytes]) -> list[str]:
    """Each once. Raises BadRequest."""
    try:
        texts = (line.decode("utf-8-sig").strip("\r\n") for line in lines)
        return list(dict.fromkeys(text for text in texts if text.strip()))
    except UnicodeDecodeError:
        raise BadRequest(f"The manifest '{manifest}' is no text in UTF-8; it takes a blob's name a line.") from None
