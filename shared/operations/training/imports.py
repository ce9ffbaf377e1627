"""Models of others as iterations: all is checked, and the graph tried, before anything is written."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import msgspec
from msgspec import UNSET

from shared import errors
from shared.models.limits import Limits
from shared.models.messages.tasks import SETTLED, DropIteration, JudgeIteration
from shared.models.texts import folded
from shared.models.training.datasets import DatasetHeader
from shared.models.training.evaluations import Evaluation
from shared.models.training.importing import ImportedFrom, ImportOptions, Layout, Order
from shared.models.training.iterations import Iteration, IterationRecord, IterationStatus, TrainingRun, TrainingType
from shared.models.training.model_spec import ModelSpec, ModelTag
from shared.models.wire import now
from shared.models.workspace.domains import DOMAINS, Domain
from shared.models.workspace.projects import Project
from shared.models.workspace.tags import Tag
from shared.operations.training import iterations
from shared.operations.workspace import projects
from shared.packages.platforms import refusing
from shared.prediction.model import Model
from shared.settings import Settings
from shared.storage.account import blobs, queues
from shared.storage.account.store import Store
from shared.storage.training import datasets, evaluations
from shared.storage.training import iterations as stored_iterations
from shared.storage.workspace import tags as stored_tags

if TYPE_CHECKING:
    from shared.importing.model import Imported

ARCHITECTURE = "imported"
# Letters of a platform's name.
PLATFORM = 40


def import_iteration(
    store: Store, settings: Settings, project_id: UUID, package: bytes, *, name: str | None, options: ImportOptions
) -> Iteration:
    """The same package with the same options is the same iteration. Raises InvalidModel, and what a training would."""
    project = projects.get_workspace(store, project_id)
    digest = sha256(package + msgspec.json.encode(options)).hexdigest()
    records = stored_iterations.list_all(store, project_id)
    if held := next((record for record in records if _is_of(record.iteration, digest)), None):
        return held.shown
    if len(records) >= settings.limits.iterations_per_project:
        raise errors.IterationLimitExceeded(
            f"The project has {len(records)} iterations, as many as allowed; delete one first."
        )
    iteration_id = uuid4()
    if name:
        iterations.check_name(store, project_id, iteration_id, name)
    imported, origin = _read(package, options, project, digest)
    known = stored_tags.names(store, project_id)
    tags = _tags(settings.limits, known, imported.labels)
    spec = _described(project, iteration_id, imported, tags)
    description = _tried(settings, imported.graph, spec)
    refused = refusing(imported.graph, spec)
    # If we die before the iteration is there, this removes what we left.
    queues.send(store, DropIteration(project_id, iteration_id), delay=SETTLED)
    for tag in tags:
        if tag.id not in known:
            stored_tags.insert(store, project_id, tag)
    _store(store, spec, tags, imported.graph, description)
    iteration = Iteration(
        id=iteration_id,
        name=name or f"Iteration {stored_iterations.take_number(store, project_id)}",
        status=IterationStatus.COMPLETED,
        created=(time := now()),
        last_modified=time,
        project_id=project_id,
        domain_id=spec.domain_id,
        classification_type=spec.classification_type,
        training_type=TrainingType.REGULAR,
        trained_at=origin.exported or time,
        exportable_to=[],
        not_exportable_to=refused or UNSET,
        imported_from=origin,
    )
    # A state of the workspace that no training finds: it may train again.
    record = IterationRecord(iteration, TrainingRun(revision=-1, selected_tags=[tag.id for tag in tags]))
    stored_iterations.insert(store, record)
    queues.send(store, JudgeIteration(project_id, iteration_id))
    return record.shown


def _is_of(iteration: Iteration, digest: str) -> bool:
    return isinstance(iteration.imported_from, ImportedFrom) and iteration.imported_from.sha256 == digest


def _read(package: bytes, options: ImportOptions, project: Project, digest: str) -> tuple["Imported", ImportedFrom]:
    # Half a second, which no start shall take.
    from shared.importing import model
    from shared.importing.package import Manifest, read

    found = read(package)
    imported = model.bring(found, options, projects.domain_of(project).type)
    told = found.manifest or Manifest()
    platform = (told.platform or "")[:PLATFORM] or None
    return imported, ImportedFrom(imported.origin.layout, digest, told.iteration_id, told.exported, platform)


def _tags(limits: Limits, known: Mapping[UUID, Tag], labels: Sequence[str]) -> list[Tag]:
    """The project's own by their names, and new ones. Raises TagLimitExceeded."""
    by_name = {folded(tag.name): tag for tag in known.values()}
    tags = [by_name.get(folded(label)) or Tag(uuid4(), label, None) for label in labels]
    total = len(known) + sum(tag.id not in known for tag in tags)
    if total > limits.tags_per_project:
        raise errors.TagLimitExceeded(
            f"With the model's tags the project would have {total}; {limits.tags_per_project} are allowed."
        )
    return tags


def _described(project: Project, iteration_id: UUID, imported: "Imported", tags: Sequence[Tag]) -> ModelSpec:
    domain = _domain(projects.domain_of(project), imported)
    return ModelSpec(
        project.id,
        iteration_id,
        domain.id,
        domain.type,
        project.settings.classification_type,
        [ModelTag(tag.id, tag.name, tag.type) for tag in tags],
        imported.preprocessing,
        now(),
        ARCHITECTURE,
        imported.origin,
    )


def _domain(own: Domain, imported: "Imported") -> Domain:
    """The project's, if its consumers expect such a model; or else the general one whose do."""
    first = imported.origin.layout is Layout.GRID or imported.origin.order is Order.BGR
    if own.compact and own.first_generation == first:
        return own
    name = "General (compact)" if first else "General (compact) [S1]"
    return next(domain for domain in DOMAINS.values() if (domain.name, domain.type) == (name, own.type))


def _tried(settings: Settings, graph: bytes, spec: ModelSpec) -> bytes:
    """model.json, after a first prediction by it. Raises InvalidModel."""
    description = msgspec.json.encode(spec)
    try:
        Model.load(graph, description, settings.inference_threads, settings.limits.boxes_per_prediction)
    except errors.PredictionModelUnreadable as error:
        raise errors.InvalidModel(
            f"The model does not run as its package says: {error.message.removesuffix('; train again.')}"
        ) from None
    return description


def _store(store: Store, spec: ModelSpec, tags: Sequence[Tag], graph: bytes, description: bytes) -> None:
    """The description last: where it is, the rest is. It was trained on no image that is known here."""
    ids = spec.project_id, spec.iteration_id
    blobs.model_write(store, *ids, "model.onnx", graph)
    datasets.write(store, DatasetHeader(*ids, spec.domain_id, spec.classification_type, list(tags)), [])
    evaluations.write(store, *ids, Evaluation(spec.tags, spec.classification_type, []))
    blobs.model_write(store, *ids, "model.json", description)
