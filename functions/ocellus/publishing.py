"""What a project is published as."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import ocellus
from shared.models.access.roles import DEPLOYERS, READERS
from shared.models.serving.predictions import PublishedName
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
