"""A project of its own for each test, and short ways to make images and tags in it."""

from uuid import UUID, uuid4

import pytest

from shared.models.domains import GENERAL
from shared.models.projects import ClassificationType, Project, ProjectSettings
from shared.models.wire import now
from shared.storage import projects
from shared.storage.store import Store


@pytest.fixture
def project(store: Store) -> Project:
    settings = ProjectSettings(GENERAL, ClassificationType.MULTILABEL)
    project = Project(uuid4(), "fruit", None, settings, now(), now())
    projects.insert(store, project)
    return project


@pytest.fixture
def project_id(project: Project) -> UUID:
    return project.id
