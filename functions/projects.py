"""Projects of the training API."""

from uuid import UUID

from functions.call import Call, parse_id
from functions.edge import training
from shared.models.projects import Project, ProjectOptions, ProjectUpdate
from shared.operations import projects


@training("POST", "projects")
def create_project(call: Call) -> Project:
    domain_id = call.optional("domainId")
    return projects.create_project(
        call.store,
        call.limits,
        name=call.query("name"),
        description=call.optional("description"),
        domain_id=parse_id("domainId", domain_id) if domain_id else None,
        classification_type=call.optional("classificationType"),
        target_export_platforms=call.names("targetExportPlatforms"),
        options=call.json(ProjectOptions),
    )


@training("GET", "projects")
def get_projects(call: Call) -> list[Project]:
    return projects.get_projects(call.store)


@training("GET", "projects/{project_id}")
def get_project(call: Call, project_id: UUID) -> Project:
    return projects.get_project(call.store, project_id)


@training("PATCH", "projects/{project_id}")
def update_project(call: Call, project_id: UUID) -> Project:
    return projects.update_project(call.store, project_id, call.json(ProjectUpdate))


@training("DELETE", "projects/{project_id}")
def delete_project(call: Call, project_id: UUID) -> None:
    projects.delete_project(call.store, project_id)
