"""`ocellus projects`: which projects there are."""

from collections.abc import Iterator

from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from msgspec import Struct

from cli import client
from cli.output import AsJson, show
from shared.settings import ClientSettings


class Listed(Struct, frozen=True):
    """A project, what it is for, and the names that its iterations are published under."""

    id: str
    name: str
    kind: str
    published: list[str]


def projects(*, as_json: AsJson = False) -> None:
    """List the projects: their ids, their names, and the names that they publish models under.

    The environment says where: VISION_TRAINING_ENDPOINT, with VISION_TRAINING_KEY or VISION_TRAINING_TOKEN.
    """
    found = list(_listed(client.connect(ClientSettings.read())))
    lines = (f"{each.id}  {each.name} ({', '.join([each.kind, *each.published])})" for each in found)
    show(found, "\n".join(lines) or "There are no projects.", as_json=as_json)


def _listed(trainer: CustomVisionTrainingClient) -> Iterator[Listed]:
    kinds = {domain.id: domain.type for domain in trainer.get_domains()}
    for project in trainer.get_projects():
        kind = project.settings.classification_type or kinds[project.settings.domain_id]
        published = [each.publish_name for each in trainer.get_iterations(project.id) if each.publish_name]
        yield Listed(project.id, project.name, kind, published)
