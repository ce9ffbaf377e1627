"""HEAD and OPTIONS answer, a verb that a path does not take is 405, and what is no path is 404."""

from uuid import UUID

import pytest

from functions.edge.operation import operations
from functions.edge.parameters import camel

ZERO = str(UUID(int=0))


def test_head_answers_as_get_does(ask):
    path = "/customvision/v3.3/training/domains"
    got, head = ask("GET", path), ask("HEAD", path, None)
    assert (head.status, head.data) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"]
    assert head.headers["content-type"] == got.headers["content-type"]
    assert ask("HEAD", path, None, Training_Key="").status == 401
    assert ask("HEAD", f"/customvision/v3.3/training/projects/{ZERO}", None).status == 404


@pytest.mark.parametrize(
    ("path", "verbs"),
    [
        ("/customvision/v3.3/training/projects", "GET, HEAD, OPTIONS, POST"),
        ("/CustomVision/V3.4-preview/Training//Projects/", "GET, HEAD, OPTIONS, POST"),
        (f"/customvision/v3.3/training/projects/{ZERO}/tags/{ZERO}", "DELETE, GET, HEAD, OPTIONS, PATCH"),
        (f"/customvision/v3.3/training/projects/{ZERO}/images/id", "GET, HEAD, OPTIONS"),
        (f"/customvision/v3.1/Prediction/{ZERO}/detect/iterations/a%20b/url/nostore", "OPTIONS, POST"),
        ("/customvision/openapi.json", "GET, HEAD, OPTIONS"),
    ],
)
def test_options_names_the_verbs_of_a_path_to_anybody(ask, path, verbs):
    reply = ask("OPTIONS", path, None, Training_Key="")
    assert (reply.status, reply.data, reply.headers["allow"]) == (204, b"", verbs)
    assert "content-type" not in reply.headers


def test_a_path_that_only_version_2_has_takes_nothing_in_later_ones(ask):
    for path in (f"prediction/{ZERO}/url", f"training/{ZERO}/images/{ZERO}/regionproposals"):
        assert ask("OPTIONS", f"/customvision/V2.1/{path}", None).headers["allow"] == "OPTIONS, POST"
        later = ask("OPTIONS", f"/customvision/v3.0/{path}", None)
        assert (later.status, later.headers.get("allow")) == (404, None)


def test_another_verb_is_not_allowed(ask):
    for operation in operations:
        path = camel(operation.route).replace("{version}", "v3.3").replace("{", "").replace("}", "")
        # No path takes both.
        verb = "PATCH" if operation.method == "PUT" else "PUT"
        reply = ask(verb, f"/{path}", b"x", Training_Key="")
        assert (reply.status, reply.body["error"]["code"]) == (405, "405")
        assert operation.method in reply.headers["allow"].split(", ")
        assert f"This path takes no {verb}, but {reply.headers['allow']}." == reply.body["error"]["message"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE"])
@pytest.mark.parametrize(
    "path", ["v3.3/training/nothing", "v9/training/projects", "v3.3/training/projects/a/b/c", "", "x.json", "v3.3"]
)
def test_what_is_no_path_is_not_found(ask, method, path):
    reply = ask(method, f"/customvision/{path}")
    assert reply.status == 404
    assert "allow" not in reply.headers
    assert len(reply.headers["apim-request-id"]) == 36
    assert method == "HEAD" or reply.body["error"]["code"] == "404"


def test_trace_is_not_allowed(ask):
    assert ask("TRACE", "/customvision/v3.3/training/projects").status == 405
