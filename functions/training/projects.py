"""Projects of the training API."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import training
from shared.models.access.roles import CONTRIBUTORS, READERS, TRAINERS
from shared.models.transfer import ProjectExport
from shared.models.workspace.projects import Project, ProjectOptions, ProjectUpdate
from shared.operations.transfer import project_export, project_import
from shared.operations.workspace import projects


@training("POST", "projects", CONTRIBUTORS)
def create_project(
    call: Call,
    name: str,
    target_export_platforms: list[str],
    body: ProjectOptions,
    description: str | None = None,
    domain_id: UUID | None = None,
    classification_type: str | None = None,
    export_model_container_uri: str | None = None,
    notification_queue_uri: str | None = None,
    new_project_id: UUID | None = None,
) -> Project:
    return projects.create_project(
        call.store,
        call.limits,
        name=name,
        description=description,
        domain_id=domain_id,
        classification_type=classification_type,
        target_export_platforms=target_export_platforms,
        options=ProjectOptions(
            body.export_model_container_uri or export_model_container_uri,
            body.notification_queue_uri or notification_queue_uri,
        ),
        allow_private_urls=call.runtime.settings.allow_private_urls,
        project_id=new_project_id,
    )


@training("GET", "projects", READERS)
def get_projects(call: Call) -> list[Project]:
    return projects.get_projects(call.store)


@training("GET", "projects/{project_id}", READERS)
def get_project(call: Call, project_id: UUID) -> Project:
    return projects.get_project(call.store, project_id)


@training("PATCH", "projects/{project_id}", TRAINERS)
def update_project(call: Call, project_id: UUID, body: ProjectUpdate) -> Project:
    return projects.update_project(call.store, project_id, body, call.runtime.settings.allow_private_urls)


@training("DELETE", "projects/{project_id}", CONTRIBUTORS, audit=("project_id",))
def delete_project(call: Call, project_id: UUID) -> None:
    projects.delete_project(call.store, project_id)


@training("GET", "projects/{project_id}/export", CONTRIBUTORS, audit=("project_id",))
def export_project(call: Call, project_id: UUID) -> ProjectExport:
    return project_export.export_project(call.store, project_id)


@training("POST", "projects/import", CONTRIBUTORS, audit=("name",))
def import_project(call: Call, token: str, name: str | None = None) -> Project:
    return project_import.import_project(call.store, call.runtime.settings, token=token, name=name)
