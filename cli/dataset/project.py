"""The project that a data set goes into or comes from: found by name or id, or made."""

from collections.abc import Iterable
from enum import StrEnum

from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import Iteration, Project

from cli import naming
from cli.faults import CommandError
from shared.errors import BadTagName
from shared.models.texts import checked_name, folded

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
    """Raises CommandError where several have the name."""
    found: Project | None = naming.find(trainer.get_projects(), wanted)
    return found


def require(trainer: CustomVisionTrainingClient, wanted: str) -> Project:
    """Raises CommandError where there is none, or several."""
    hint = f"{naming.LISTED[:-1]}, and `ocellus dataset import --create` makes one."
    return naming.require(trainer.get_projects(), wanted, "project", hint=hint)


def iteration(trainer: CustomVisionTrainingClient, project: Project, wanted: str) -> Iteration:
    """By id, published name or name. Raises CommandError."""
    there = trainer.get_iterations(project.id)
    return naming.require(there, wanted, f"iteration of {project.name}", naming.OF_ITERATION)


def make(trainer: CustomVisionTrainingClient, name: str, kind: Kind, domain: str) -> Project:
    """Raises CommandError where no domain of that kind is called so."""
    domains = [each for each in trainer.get_domains() if each.type == kind.domain_type]
    chosen = next((each for each in domains if each.name.casefold() == domain.casefold()), None)
    if chosen is None:
        raise CommandError(f"no domain of {kind} is called {domain}; there are {', '.join(d.name for d in domains)}.")
    return trainer.create_project(name, domain_id=chosen.id, classification_type=kind.classification_type)


def detects(trainer: CustomVisionTrainingClient, project: Project) -> bool:
    return bool(trainer.get_domain(project.settings.domain_id).type == DETECTION)


def require_tags(names: Iterable[str]) -> None:
    """Raises BadTagName where one is no name of a tag."""
    for name in names:
        checked_name(name, f"A tag's ({name[:80]!a})", BadTagName)


def tag_ids(trainer: CustomVisionTrainingClient, project: Project, names: list[str]) -> dict[str, str]:
    """The ids of tags by name; those that there are in any case are taken, the others made."""
    known = {folded(tag.name): tag.id for tag in trainer.get_tags(project.id)}
    for name in names:
        if folded(name) not in known:
            known[folded(name)] = trainer.create_tag(project.id, name).id
    return {name: known[folded(name)] for name in names}
