"""Calls with a JSON body, and tasks to their end."""

import json

import pytest


@pytest.fixture
def post(ask):
    def send(path, body):
        return ask("POST", f"/ocellus/v1/{path}", json.dumps(body).encode(), Content_Type="application/json")

    return send


@pytest.fixture
def ended(ask, eventually):
    """A task as it is once it has ended."""

    def wait(project_id, task):
        def now():
            return ask("GET", f"/ocellus/v1/projects/{project_id}/tasks/{task['id']}").body

        eventually(lambda: now()["status"] not in ("Running", "Undoing"), seconds=60)
        return now()

    return wait


@pytest.fixture
def undo(post, ended, project):
    return lambda task: ended(project.id, post(f"projects/{project.id}/tasks/{task['id']}/undo", {}).body)
