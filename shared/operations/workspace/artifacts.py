"""Artifacts: pictures and packages of a project, by the addresses that images, predictions and exports carry."""

from urllib.parse import unquote
from uuid import UUID

from shared import errors
from shared.operations.workspace import projects
from shared.storage.account import blobs, signing
from shared.storage.account.store import Container, Store

# A stored prediction's picture and a package have so many segments: those of the project and of their own.
SEGMENTS = 2
SHARED: tuple[Container, ...] = ("images", "predictions", "exports")


def get_artifact(store: Store, project_id: UUID, *, path: str) -> bytes:
    """`path` is an address that the service gave, or its part from the container on, with or without its signature."""
    container, name = _place(store, path)
    # Deeper lie the scores of suggestions, and what projects are exported and imported by: tokens among it.
    internal = container != "images" and len(name) > SEGMENTS
    if name[0] != str(project_id) or not all(name) or {".", ".."} & set(name) or internal:
        raise _invalid()
    projects.get_project(store, project_id)
    blob = blobs.read(store, container, "/".join(name))
    if blob is None:
        raise errors.NotFound("There is nothing at this path any more; read the image or export again.")
    return blob.data


def _place(store: Store, path: str) -> tuple[Container, list[str]]:
    """The container, and the name in it by its segments. Raises InvalidArtifactUri."""
    relative = path.partition("?")[0].removeprefix(f"{signing.root(store)}/").lstrip("/")
    first, *name = unquote(relative).split("/")
    container = next((container for container in SHARED if container == first), None)
    if container is None or len(name) < 2 or not "".join(name).isprintable() or "\\" in relative:
        raise _invalid()
    return container, name


def _invalid() -> errors.InvalidArtifactUri:
    return errors.InvalidArtifactUri(
        "The path names no file of this project; send the resizedImageUri, thumbnailUri or originalImageUri of an "
        "image or prediction, or the downloadUri of an export, as it was answered."
    )
