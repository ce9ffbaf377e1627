"""Projects that the operations make."""

import pytest

from shared.models.workspace.projects import Project, ProjectOptions
from shared.operations.workspace import projects


@pytest.fixture
def create_project(store, settings):
    def create(domain_id=None) -> Project:
        return projects.create_project(
            store,
            settings.limits,
            name="operations",
            description=None,
            domain_id=domain_id,
            classification_type="Multiclass",
            target_export_platforms=[],
            options=ProjectOptions(),
        )

    return create


@pytest.fixture
def project_id(create_project):
    return create_project().id
