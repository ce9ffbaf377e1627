"""Region proposals for people who draw boxes: what of an image stands out, before any model was trained."""

from uuid import UUID

from shared import errors
from shared.imaging.decode import decode
from shared.imaging.proposals import propose
from shared.models.labelling.proposals import ImageRegionProposal, RegionProposal
from shared.models.serving.predictions import BoundingBox
from shared.models.workspace.domains import DOMAINS, DomainType
from shared.operations.workspace import projects
from shared.storage.account import blobs
from shared.storage.account.store import Store
from shared.storage.workspace import images as stored_images

PROPOSALS = 25


def get_image_region_proposals(store: Store, project_id: UUID, image_id: UUID) -> ImageRegionProposal:
    """Raises ProjectNotFound, OperationNotSupported, ImageNotFound."""
    project = projects.get_project(store, project_id)
    if DOMAINS[project.settings.domain_id].type != DomainType.OBJECT_DETECTION:
        raise errors.OperationNotSupported("Regions are proposed in object detection projects only; tag the image.")
    stored_images.get(store, project_id, image_id)
    # The small copy that training reads: its shape is the picture's, and it is upright.
    picture = decode(blobs.picture(store, project_id, image_id, "resized"))
    found = [RegionProposal(each.confidence, BoundingBox(*each.box_ltwh)) for each in propose(picture, PROPOSALS)]
    return ImageRegionProposal(project_id, image_id, found)
