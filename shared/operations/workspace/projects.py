"""Projects: create, read, merge changes in, delete."""

from contextlib import suppress
from uuid import UUID, uuid4

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from shared import errors
from shared.models.limits import Limits
from shared.models.messages.tasks import SETTLED, PurgeProject, StopTraining
from shared.models.texts import checked_description, checked_name
from shared.models.training.iterations import IterationStatus
from shared.models.wire import enum_named, now
from shared.models.workspace.domains import DOMAINS, GENERAL, Domain, DomainType
from shared.models.workspace.projects import (
    AUGMENTATIONS,
    ClassificationType,
    ImageProcessingSettings,
    Project,
    ProjectOptions,
    ProjectSettings,
    ProjectSettingsUpdate,
    ProjectStatus,
    ProjectUpdate,
)
from shared.operations.notifications.destinations import check_container, check_queue
from shared.storage.account import queues
from shared.storage.account.store import Store
from shared.storage.training import iterations as stored_iterations
from shared.storage.workspace import projects as stored_projects

EXPORT_PLATFORMS = {"coreml", "tensorflow", "dockerfile", "onnx", "vaidk", "openvino"}
URI_LENGTH = 2_048


def create_project(
    store: Store,
    limits: Limits,
    *,
    name: str,
    description: str | None,
    domain_id: UUID | None,
    classification_type: str | None,
    target_export_platforms: list[str],
    options: ProjectOptions,
    allow_private_urls: bool = False,
    project_id: UUID | None = None,
) -> Project:
    """With a `project_id` of another service, programs find the project here by the id that they know."""
    if project_id:
        _require_free(store, project_id)
    require_room(limits, stored_projects.list_all(store))
    domain = _domain(domain_id or GENERAL)
    settings = ProjectSettings(
        domain_id=domain.id,
        classification_type=_classification_type(domain, classification_type),
        target_export_platforms=_platforms(target_export_platforms),
        export_model_container_uri=_uri(options.export_model_container_uri),
        notification_queue_uri=_uri(options.notification_queue_uri),
    )
    time = now()
    project = Project(
        project_id or uuid4(), _name(name), _description(description), settings, created=time, last_modified=time
    )
    _check_storage(project, allow_private_urls)
    stored_projects.insert(store, project)
    return project


def get_projects(store: Store) -> list[Project]:
    return sorted(stored_projects.list_all(store), key=lambda project: project.created, reverse=True)


def get_project(store: Store, project_id: UUID) -> Project:
    return stored_projects.get(store, project_id)


def get_workspace(store: Store, project_id: UUID) -> Project:
    """The project of an operation that changes what it holds. Raises ProjectNotFound, WorkspaceCannotBeModified."""
    project = stored_projects.get(store, project_id)
    if project.status == ProjectStatus.IMPORTING:
        raise errors.WorkspaceCannotBeModified("The project is being imported; wait until its status is Succeeded.")
    if project.status == ProjectStatus.FAILED:
        raise errors.WorkspaceCannotBeModified(
            "The import of the project failed, as its description says; delete it, and import a new export."
        )
    return project


def update_project(store: Store, project_id: UUID, update: ProjectUpdate, allow_private_urls: bool = False) -> Project:
    """A merge: what the client leaves out or sends as null stays as it is."""
    project = get_workspace(store, project_id)
    if update.settings:
        merged = replace(project, settings=_merged(project.settings, update.settings))
        _check_storage(merged, allow_private_urls, project.settings)

    def change(project: Project) -> Project:
        return replace(
            project,
            name=_name(update.name) if isinstance(update.name, str) else project.name,
            description=(
                _description(update.description) if isinstance(update.description, str) else project.description
            ),
            settings=_merged(project.settings, update.settings) if update.settings else project.settings,
            last_modified=now(),
        )

    return stored_projects.update(store, project_id, change)


def delete_project(store: Store, project_id: UUID) -> None:
    """Gone at once for every client; its pictures, models and rows follow in the background."""
    stored_projects.get(store, project_id)
    records = stored_iterations.list_all(store, project_id)
    published = [record.iteration.name for record in records if record.iteration.publish_name]
    if published:
        raise errors.IterationIsPublished(
            f"The project still publishes {', '.join(published)}; unpublish before you delete the project."
        )
    # Once more when no call can be under way: it finds what was written meanwhile, or if we die or fail, all of it.
    queues.send(store, PurgeProject(project_id), delay=SETTLED)
    stored_projects.delete(store, project_id)
    with suppress(errors.ServiceError):
        queues.send(store, PurgeProject(project_id))
        for record in records:
            if record.iteration.status == IterationStatus.TRAINING and record.run.execution:
                queues.send(store, StopTraining(record.run.execution))


def require_room(limits: Limits, projects: list[Project]) -> None:
    """Raises ProjectLimitExceeded where there is none for another."""
    if len(projects) >= limits.projects:
        raise errors.ProjectLimitExceeded(
            f"There are {limits.projects} projects, as many as allowed; delete one first."
        )


def _require_free(store: Store, project_id: UUID) -> None:
    """Raises ProjectDuplicated, or Conflict while a deleted project of that id is being removed."""
    if stored_projects.exists(store, project_id):
        raise errors.ProjectDuplicated(f"There is a project of the id {project_id}.")
    if stored_projects.has_rows(store, project_id):
        raise errors.Conflict(f"The project {project_id} was deleted and is being removed; try again in some minutes.")


def checked_settings(settings: ProjectSettings) -> ProjectSettings:
    """Those of another installation. Raises what creating a project with them would."""
    domain = _domain(settings.domain_id)
    return ProjectSettings(
        domain_id=domain.id,
        classification_type=_classification_type(domain, settings.classification_type),
        target_export_platforms=_platforms(settings.target_export_platforms),
        image_processing_settings=_image_processing(settings.image_processing_settings),
    )


def domain_of(project: Project) -> Domain:
    return DOMAINS[project.settings.domain_id]


def _merged(settings: ProjectSettings, update: ProjectSettingsUpdate) -> ProjectSettings:
    domain = _domain(update.domain_id) if update.domain_id else DOMAINS[settings.domain_id]
    if domain.type != DOMAINS[settings.domain_id].type:
        raise errors.UnsupportedDomainTypeChange(
            f"A project stays what it is, classifier or detector; create a new one for '{domain.name}'."
        )
    wanted = update.classification_type or settings.classification_type
    # Here null counts as absent, as everywhere, but an empty list clears it.
    platforms = UNSET if update.target_export_platforms is None else update.target_export_platforms
    return replace(
        settings,
        domain_id=domain.id,
        classification_type=_classification_type(domain, wanted),
        target_export_platforms=settings.target_export_platforms if platforms is UNSET else _platforms(platforms),
        image_processing_settings=_image_processing(
            update.image_processing_settings or settings.image_processing_settings
        ),
        export_model_container_uri=_merged_uri(settings.export_model_container_uri, update.export_model_container_uri),
        notification_queue_uri=_merged_uri(settings.notification_queue_uri, update.notification_queue_uri),
    )


def _domain(domain_id: UUID) -> Domain:
    if domain_id not in DOMAINS:
        raise errors.UnknownDomain(f"There is no domain {domain_id}; get_domains lists them.")
    return DOMAINS[domain_id]


def _classification_type(domain: Domain, text: str | None) -> ClassificationType | None:
    if domain.type == DomainType.OBJECT_DETECTION:
        return None
    found = enum_named(ClassificationType, text or ClassificationType.MULTILABEL)
    if found is None:
        raise errors.UnknownClassificationType(f"classificationType is Multiclass or Multilabel, not '{text}'.")
    return found


def _platforms(platforms: list[str]) -> list[str]:
    unknown = [platform for platform in platforms if platform.lower() not in EXPORT_PLATFORMS]
    if unknown:
        raise errors.UnsupportedExportPlatform(f"There is no export platform '{unknown[0]}'.")
    return platforms


def _name(name: str) -> str:
    return checked_name(name, "A project's", errors.BadProjectName)


def _description(description: str | None) -> str | None:
    return checked_description(description, "A project's", errors.BadProjectDescription)


def _uri(uri: str | None) -> str | UnsetType:
    if uri and len(uri) > URI_LENGTH:
        raise errors.InvalidUri(f"A URI has at most {URI_LENGTH} characters.")
    return uri or UNSET


def _merged_uri(uri: str | UnsetType, update: str | None | UnsetType) -> str | UnsetType:
    """An empty one clears it."""
    return uri if update is UNSET or update is None else _uri(update)


def _check_storage(project: Project, allow_private: bool, before: ProjectSettings | None = None) -> None:
    """Write a test to the project's own storage where that is new. Raises InvalidUri."""
    container, queue = project.settings.export_model_container_uri, project.settings.notification_queue_uri
    if container and not (before and before.export_model_container_uri == container):
        check_container(container, project.id, allow_private=allow_private)
    if queue and not (before and before.notification_queue_uri == queue):
        check_queue(queue, project.id, allow_private=allow_private)


def _image_processing(given: ImageProcessingSettings) -> ImageProcessingSettings:
    unknown = set(given.augmentation_methods) - set(AUGMENTATIONS)
    if unknown:
        raise errors.BadImageProcessingSettings(
            f"There is no augmentation method '{min(unknown)[:80]}'; there are {', '.join(AUGMENTATIONS)}."
        )
    return given
