"""The project that a data set goes into or comes from: found by name or id, or made."""

from enum import StrEnum

from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import Project

from cli.faults import CommandError

DETECTION = "ObjectDetection"


class Kind(StrEnum):
    """What a project is for."""

    CLASSIFICATION = "classification"
    MULTILABEL = "multilabel"
    DETECTION = "detection"

    @property
    def domain_type(self) -> str:
        return DETECTION if self is Kind.DETECTION else "Classification"

    @property
    def classification_type(self) -> str | None:
        return {Kind.CLASSIFICATION: "Multiclass", Kind.MULTILABEL: "Multilabel"}.get(self)


def find(trainer: CustomVisionTrainingClient, wanted: str) -> Project | None:
    """By its id, or by its name in any case. Raises CommandError where several have the name."""
    projects = trainer.get_projects()
    if known := next((project for project in projects if project.id == wanted), None):
        return known
    named = [project for project in projects if project.name.casefold() == wanted.casefold()]
    if len(named) > 1:
        ids = ", ".join(project.id for project in named)
        raise CommandError(f"several projects are called {wanted}; name one by its id: {ids}.")
    return named[0] if named else None


def require(trainer: CustomVisionTrainingClient, wanted: str) -> Project:
    """Raises CommandError where there is none."""
    if project := find(trainer, wanted):
        return project
    raise CommandError(
        f"there is no project {wanted}; `ocellus projects` lists them, and `ocellus dataset import --create` makes one."
    )


def make(trainer: CustomVisionTrainingClient, name: str, kind: Kind, domain: str) -> Project:
    """Raises CommandError where no domain of that kind is called so."""
    domains = [each for each in trainer.get_domains() if each.type == kind.domain_type]
    chosen = next((each for each in domains if each.name.casefold() == domain.casefold()), None)
    if chosen is None:
        raise CommandError(f"no domain of {kind} is called {domain}; there are {', '.join(d.name for d in domains)}.")
    return trainer.create_project(name, domain_id=chosen.id, classification_type=kind.classification_type)


def detects(trainer: CustomVisionTrainingClient, project: Project) -> bool:
    return bool(trainer.get_domain(project.settings.domain_id).type == DETECTION)


def tag_ids(trainer: CustomVisionTrainingClient, project: Project, names: list[str]) -> dict[str, str]:
    """The ids of tags by name; those that there are in any case are taken, the others made."""
    known = {tag.name.casefold(): tag.id for tag in trainer.get_tags(project.id)}
    for name in names:
        if name.casefold() not in known:
            known[name.casefold()] = trainer.create_tag(project.id, name).id
    return {name: known[name.casefold()] for name in names}
