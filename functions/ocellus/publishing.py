"""What a project is published as."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import ocellus
from shared.models.access.roles import READERS
from shared.models.serving.predictions import PublishedName
from shared.operations.serving import publish


@ocellus("GET", "projects/{project_id}/publishednames", READERS)
def get_published_names(call: Call, project_id: UUID) -> list[PublishedName]:
    """The published names of a project: what answers under each since when, by whom, and what did before."""
    return publish.get_published_names(call.store, project_id)
