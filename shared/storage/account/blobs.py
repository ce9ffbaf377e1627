"""Blobs by container and name, and the two kinds that are more than that: training pictures and models."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal, NamedTuple
from urllib.parse import quote
from uuid import UUID

from azure.core import MatchConditions
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import BlobBlock, ContentSettings

from shared.errors import ImageNotFound, NotFound
from shared.storage.account import contents, signing
from shared.storage.account.contents import Blob
from shared.storage.account.store import Container, Store
from shared.storage.account.transport import unavailable

Kind = Literal["original", "resized", "thumbnail"]
KINDS: tuple[Kind, ...] = ("original", "resized", "thumbnail")
NOT_MODIFIED = 304
NO_SUCH_RANGE = 416
NO_SUCH_BLOCK = "InvalidBlockList"
TYPES = {".json": "application/json", ".jsonl": "application/jsonl", ".zip": "application/zip"}
# Pictures never change under their name, so a browser may keep them.
PICTURE_CACHE = "private, max-age=86400, immutable"


class Version(NamedTuple):
    """What tells one content of a blob from another, and its bytes."""

    etag: str
    size: int


class BlobChanged(Exception):
    """A conditional write found another version, or one where none should be."""


class BlobRefused(Exception):
    """Storage has the blob and does not hand it out; `reason` is its own word for why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def write(
    store: Store,
    container: Container,
    name: str,
    data: bytes,
    content_type: str = "",
    *,
    etag: str | None = None,
    new: bool = False,
    cache_control: str | None = None,
) -> str:
    """The new ETag. With `etag` it replaces that version only; `new` demands that there is none. Raises BlobChanged."""
    kind = content_type or TYPES.get(name[name.rfind(".") :], "application/octet-stream")
    try:
        if len(data) <= contents.PUT_BYTES:
            headers = {"x-ms-blob-content-type": kind} | _if_match(etag) | ({"If-None-Match": "*"} if new else {})
            cached = {"x-ms-blob-cache-control": cache_control} if cache_control else {}
            return contents.put(store.containers[container], name, data, headers | cached)
        settings = ContentSettings(content_type=kind, cache_control=cache_control)
        client = store.containers[container].get_blob_client(name)
        answer = client.upload_blob(data, overwrite=not new, content_settings=settings, **_only(etag))  # type: ignore[arg-type]
    except (ResourceExistsError, ResourceModifiedError):
        raise BlobChanged(name) from None
    except ResourceNotFoundError:
        if etag is None:
            raise
        raise BlobChanged(name) from None
    return str(answer["etag"])


def stage(store: Store, container: Container, name: str, block: str, data: bytes) -> None:
    """A piece of a blob that `join` makes; all blocks of a blob have names of the same length."""
    store.containers[container].get_blob_client(name).stage_block(block, data)


def join(store: Store, container: Container, name: str, blocks: Sequence[str], file: str | None = None) -> None:
    """The blob of these blocks, in their order, in place of what it was; browsers save it as `file`.

    Raises NotFound where a block was never staged.
    """
    kind = TYPES.get(name[name.rfind(".") :], "application/octet-stream")
    disposition = file and f"attachment; filename*=UTF-8''{quote(file, safe='')}"
    settings = ContentSettings(content_type=kind, content_disposition=disposition)
    client = store.containers[container].get_blob_client(name)
    try:
        client.commit_block_list([BlobBlock(block) for block in blocks], content_settings=settings)
    except HttpResponseError as error:
        if reason_of(error) == NO_SUCH_BLOCK:
            raise NotFound(f"Not all pieces of {name} are there.") from None
        raise


def read(store: Store, container: Container, name: str) -> Blob | None:
    return _download(store, container, name)


def read_if_changed(store: Store, container: Container, name: str, etag: str) -> Blob | None | Literal["unchanged"]:
    try:
        return _download(store, container, name, {"If-None-Match": etag})
    except HttpResponseError as error:
        if error.status_code == NOT_MODIFIED:
            return "unchanged"
        raise


def read_start(store: Store, container: str, name: str, limit: int) -> Blob | None:
    """No more than the first `limit` bytes. Raises BlobRefused."""
    try:
        return _download(store, container, name, _range(0, limit))
    except HttpResponseError as error:
        # An empty blob has no first bytes.
        if error.status_code == NO_SUCH_RANGE:
            return Blob(b"", "", "")
        raise _refusal(error) from error


def version(store: Store, container: str, name: str) -> Version | None:
    """None where there is none. Raises BlobRefused."""
    try:
        found = store.containers[container].get_blob_client(name).get_blob_properties()
        return Version(str(found.etag), int(found.size))
    except ResourceNotFoundError:
        return None
    except HttpResponseError as error:
        raise _refusal(error) from error


def size(store: Store, container: Container, name: str) -> int | None:
    """None where there is none. Raises BlobRefused."""
    found = version(store, container, name)
    return found.size if found else None


def read_range(store: Store, container: str, name: str, start: int, end: int, *, etag: str | None = None) -> bytes:
    """The bytes from `start` up to `end`; with `etag` of that version only. Raises NotFound, BlobChanged."""
    try:
        blob = _download(store, container, name, _range(start, end) | _if_match(etag))
    except ResourceModifiedError:
        raise BlobChanged(name) from None
    if blob is None:
        raise NotFound(f"There is no {name} any more.")
    return blob.data


def exists(store: Store, container: Container, name: str) -> bool:
    return store.containers[container].get_blob_client(name).exists()


def delete(store: Store, container: Container, name: str, *, etag: str | None = None) -> bool:
    """Whether it was there. With `etag` that version only. Raises BlobChanged."""
    try:
        store.containers[container].delete_blob(name, **_only(etag))  # type: ignore[arg-type]
    except ResourceNotFoundError:
        return False
    except ResourceModifiedError:
        raise BlobChanged(name) from None
    return True


def names(store: Store, container: Container, prefix: str) -> Iterator[str]:
    return iter(store.containers[container].list_blob_names(name_starts_with=prefix))


def sizes(store: Store, container: Container, prefix: str) -> dict[str, int]:
    """The bytes of each blob, by its name."""
    found = store.containers[container].list_blobs(name_starts_with=prefix)
    return {str(properties.name): int(properties.size) for properties in found}


def etags(store: Store, container: Container, prefix: str) -> Iterator[tuple[str, str]]:
    """Each blob's name and its ETag, as `read` gives it; lazily."""
    for properties in store.containers[container].list_blobs(name_starts_with=prefix):
        yield str(properties.name), str(properties.etag)


def names_before(store: Store, container: Container, before: datetime, prefix: str = "") -> Iterator[str]:
    """The blobs that were last written before that time."""
    for properties in store.containers[container].list_blobs(name_starts_with=prefix):
        if properties.last_modified and properties.last_modified < before:
            yield str(properties.name)


def delete_before(store: Store, container: Container, folder: str, before: datetime) -> None:
    """Delete what was last written before that time in each project's folder of this name."""
    for name in names_before(store, container, before):
        if name.split("/")[1:2] == [folder]:
            delete(store, container, name)


def pictures_before(store: Store, project_id: UUID, before: datetime) -> set[UUID]:
    """The images whose pictures were stored before that time."""
    names = names_before(store, "images", before, f"{project_id}/")
    return {UUID(name.split("/")[1]) for name in names}


def put_picture(store: Store, project_id: UUID, image_id: UUID, kind: Kind, data: bytes, content_type: str) -> None:
    name = picture_name(project_id, image_id, kind)
    write(store, "images", name, data, content_type, cache_control=PICTURE_CACHE)


def picture(store: Store, project_id: UUID, image_id: UUID, kind: Kind) -> bytes:
    """Raises ImageNotFound."""
    blob = read(store, "images", picture_name(project_id, image_id, kind))
    if blob is None:
        raise ImageNotFound(f"There is no image {image_id} in this project.")
    return blob.data


def delete_pictures(store: Store, project_id: UUID, image_id: UUID) -> None:
    for kind in KINDS:
        delete(store, "images", picture_name(project_id, image_id, kind))


def picture_uri(store: Store, project_id: UUID, image_id: UUID, kind: Kind) -> str:
    """An address that anyone who has it can read the picture at, for a day."""
    return signing.uri(store, "images", picture_name(project_id, image_id, kind))


def picture_reference(store: Store, project_id: UUID, image_id: UUID, kind: Kind) -> str:
    """That address from the container on."""
    return signing.reference(store, "images", picture_name(project_id, image_id, kind))


def picture_name(project_id: UUID, image_id: UUID, kind: Kind) -> str:
    return f"{project_id}/{image_id}/{kind}"


def model_name(project_id: UUID, iteration_id: UUID, name: str) -> str:
    return f"{project_id}/{iteration_id}/{name}"


def model_write(store: Store, project_id: UUID, iteration_id: UUID, name: str, data: bytes) -> None:
    write(store, "models", model_name(project_id, iteration_id, name), data)


def model_read(store: Store, project_id: UUID, iteration_id: UUID, name: str) -> bytes:
    """Raises NotFound."""
    blob = read(store, "models", model_name(project_id, iteration_id, name))
    if blob is None:
        raise NotFound(f"Iteration {iteration_id} has no {name}.")
    return blob.data


def delete_model(store: Store, project_id: UUID, iteration_id: UUID) -> None:
    """All that an iteration holds in `models`."""
    for name in list(names(store, "models", model_name(project_id, iteration_id, ""))):
        delete(store, "models", name)


def _only(etag: str | None) -> dict[str, object]:
    return {"etag": etag, "match_condition": MatchConditions.IfNotModified} if etag else {}


def _refusal(error: HttpResponseError) -> Exception:
    if isinstance(error, ResourceModifiedError):
        # Overwritten while it was read.
        return unavailable()
    if isinstance(error, ClientAuthenticationError):
        return error
    return BlobRefused(reason_of(error))


def reason_of(error: HttpResponseError) -> str:
    """Storage's own word for why."""
    told = getattr(error.response, "headers", {}).get("x-ms-error-code")
    return str(told or error.reason)


def _if_match(etag: str | None) -> dict[str, str]:
    return {"If-Match": etag} if etag else {}


def _range(start: int, end: int) -> dict[str, str]:
    """From `start` up to `end`."""
    return {"x-ms-range": f"bytes={start}-{end - 1}"}


def _download(store: Store, container: str, name: str, headers: dict[str, str] | None = None) -> Blob | None:
    try:
        return contents.get(store.containers[container], name, headers)
    except ResourceNotFoundError:
        return None
