"""A project of its own for each test."""

from uuid import UUID

import pytest

from shared.models.workspace.projects import Project
from shared.storage.account.store import Store
from shared.storage.workspace import projects
from tests.storage.making import new_project


@pytest.fixture
def project(store: Store) -> Project:
    project = new_project()
    projects.insert(store, project)
    return project


@pytest.fixture
def project_id(project: Project) -> UUID:
    return project.id
