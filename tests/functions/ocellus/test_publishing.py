"""Published names with their history, over HTTP."""

from uuid import UUID, uuid4

import pytest

from shared.access.keys import fingerprint
from tests.functions.ocellus.judging import put_judged


@pytest.fixture
def iterations(storage, project) -> list[str]:
    return [str(put_judged(storage, UUID(project.id), [], [])) for _ in range(2)]


@pytest.fixture
def names(ask, project):
    return lambda: ask("GET", f"/ocellus/v1/projects/{project.id}/publishednames")


def test_get_published_names_tells_what_answers_since_when_by_whom_and_what_did(
    training, service, project, iterations, names
):
    first, second = iterations
    assert (names().status, names().body) == (200, [])
    training.publish_iteration(project.id, first, "Gate", "resource")
    training.publish_iteration(project.id, second, "belt", "resource")
    by = f"key {fingerprint(service.training_key)}"
    belt, gate = names().body
    assert (belt["name"], belt["iterationId"], belt["by"], belt["before"]) == ("belt", second, by, [])
    assert (gate["name"], gate["iterationId"], gate["by"], gate["before"]) == ("Gate", first, by, [])
    training.unpublish_iteration(project.id, second)
    training.publish_iteration(project.id, second, "gate", "resource", overwrite=True)
    (now,) = names().body
    assert (now["name"], now["iterationId"]) == ("gate", second)
    assert now["published"] > gate["published"]
    assert now["before"] == [{"iterationId": first, "published": gate["published"], "by": by}]
    # The way back.
    training.publish_iteration(project.id, first, "gate", "resource", overwrite=True)
    (back,) = names().body
    assert [back["iterationId"], *(each["iterationId"] for each in back["before"])] == [first, second, first]
    training.unpublish_iteration(project.id, first)
    assert names().body == []


def test_get_published_names_refuses_a_project_that_is_not_there(ask):
    reply = ask("GET", f"/ocellus/v1/projects/{uuid4()}/publishednames")
    assert (reply.status, reply.body["code"]) == (404, "NotFoundProject")
    reply = ask("GET", "/ocellus/v1/projects/none/publishednames")
    assert (reply.status, reply.body["code"]) == (400, "BadRequestInvalidIds")
    assert ask("POST", f"/ocellus/v1/projects/{uuid4()}/publishednames").status == 405
