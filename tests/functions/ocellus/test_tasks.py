"""How far tasks are, and the way back, over HTTP; test_retagging has what it does to images."""

from uuid import uuid4

import pytest


@pytest.fixture
def task(training, post, project):
    """One that has ended, of no images."""
    tag = training.create_tag(project.id, "apple").id
    return post(f"projects/{project.id}/images/retag", {"where": {}, "add": [tag]}).body


def test_get_task_tells_how_far_it_is(ask, project, task):
    reply = ask("GET", f"/ocellus/v1/projects/{project.id}/tasks/{task['id']}")
    assert (reply.status, reply.body) == (200, task)
    assert (task["operation"], task["status"], task["total"]) == ("retag_images", "Completed", 0)


def test_undo_task_ends_as_undone(ask, post, project, task):
    path = f"projects/{project.id}/tasks/{task['id']}"
    assert post(f"{path}/undo", {}).body["status"] == "Undone"
    # A second time, without a body.
    assert ask("POST", f"/ocellus/v1/{path}/undo").body["status"] == "Undone"
    assert ask("GET", f"/ocellus/v1/{path}").body["status"] == "Undone"


def test_get_task_refuses_what_is_not_there(ask, project):
    reply = ask("GET", f"/ocellus/v1/projects/{project.id}/tasks/{uuid4()}")
    assert (reply.status, reply.body["code"]) == (404, "NotFound")
    assert "tasks are kept for a week" in reply.body["message"]
    reply = ask("GET", f"/ocellus/v1/projects/{uuid4()}/tasks/{uuid4()}")
    assert (reply.status, reply.body["code"]) == (404, "NotFoundProject")


def test_undo_task_refuses_what_is_not_there(post, project):
    reply = post(f"projects/{project.id}/tasks/{uuid4()}/undo", {})
    assert (reply.status, reply.body["code"]) == (404, "NotFound")
    assert post(f"projects/{uuid4()}/tasks/{uuid4()}/undo", {}).body["code"] == "NotFoundProject"
