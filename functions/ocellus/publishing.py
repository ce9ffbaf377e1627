"""What a project is published as."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import ocellus
from shared.models.access.roles import DEPLOYERS, READERS
from shared.models.serving.predictions import CameraFeedback, PublishedName
from shared.operations.serving import publish


@ocellus("GET", "projects/{project_id}/publishednames", READERS)
def get_published_names(call: Call, project_id: UUID) -> list[PublishedName]:
    """The published names of a project: what answers under each since when, by whom, and what did before."""
    return publish.get_published_names(call.store, project_id)


@ocellus(
    "PATCH",
    "projects/{project_id}/publishednames/{published_name}",
    DEPLOYERS,
    audit=("project_id", "published_name", "tiles"),
)
def update_published_name(call: Call, project_id: UUID, published_name: str, tiles: int) -> PublishedName:
    """Have a published detector look at tiles of each picture, too, so many by so many: it finds smaller objects, and
    takes longer."""
    return publish.update_published_name(call.store, project_id, published_name, tiles=tiles)


@ocellus(
    "PUT",
    "projects/{project_id}/publishednames/{published_name}/camerafeedback",
    DEPLOYERS,
    audit=("project_id", "published_name", "lowest", "highest", "share", "per_day"),
)
def set_camera_feedback(call: Call, project_id: UUID, published_name: str, body: CameraFeedback) -> PublishedName:
    """Store what cameras showed a published name and it was unsure of, so that people label it; `perDay` 0 ends it."""
    return publish.set_camera_feedback(call.store, project_id, published_name, body)
