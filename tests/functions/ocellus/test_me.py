"""Who is calling, by key and by token."""

from urllib.parse import urlsplit

import msgspec
import pytest

import function_app  # noqa: F401 - it imports every operation
from functions.edge.operation import operations
from shared.access.keys import fingerprint
from shared.models.access.me import Me
from shared.models.limits import Limits

ME = "/ocellus/v1/me"


def test_get_me_tells_a_key_by_its_fingerprint_and_as_a_contributor(ask, service, training, trained):
    reply = ask("GET", ME)
    me = msgspec.json.decode(reply.data, type=Me)
    assert (reply.status, me.actor, me.roles) == (200, f"key {fingerprint(service.training_key)}", ["Contributor"])
    assert me.limits == Limits()
    picture = urlsplit(training.get_tagged_images(trained.project.id)[0].original_image_uri)
    assert me.pictures == f"{picture.scheme}://{picture.netloc}"
    assert reply.body["limits"]["trainingImageBytes"] == Limits().training_image_bytes


def test_get_me_takes_the_general_header_any_case_and_more_than_it_needs(ask, service):
    reply = ask("GET", "/Ocellus/V1/ME/?nothing=1", Training_Key="", Ocp_Apim_Subscription_Key=service.training_key)
    assert (reply.status, reply.body["roles"]) == (200, ["Contributor"])
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert len(reply.headers["apim-request-id"]) == 36


def test_get_me_answers_head_and_a_page_of_another_origin(ask, web):
    head = ask("HEAD", ME, None, Origin=web.address)
    assert (head.status, head.data, head.headers["access-control-allow-origin"]) == (200, b"", web.address)
    asked = {"Training_Key": "", "Access_Control_Request_Method": "GET", "Origin": web.address}
    question = ask("OPTIONS", ME, None, **asked)
    assert (question.status, question.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    assert question.headers["access-control-allow-origin"] == web.address


@pytest.mark.parametrize("key", ["", "wrong", "{prediction}", "a" * 10_000])
def test_get_me_refuses_who_has_no_training_key(ask, service, key):
    reply = ask("GET", ME, Training_Key=key.format(prediction=service.prediction_key))
    assert (reply.status, reply.body["error"]["code"]) == (401, "401")
    assert "Training-Key" in reply.body["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", ME, 405),
        ("DELETE", ME, 405),
        ("POST", f"{ME}/", 405),
        ("GET", "/ocellus/v2/me", 404),
        ("GET", "/ocellus/me", 404),
        ("GET", "/ocellus/v1/me/more", 404),
        ("GET", "/ocellus/v1", 404),
        ("GET", "/ocellus/v1/%6De%00", 404),
        ("GET", "/customvision/v3.3/training/me", 404),
        ("GET", "/ocellus/v1/projects", 404),
    ],
)
def test_get_me_refuses_other_verbs_versions_and_paths(ask, method, path, status):
    reply = ask(method, path, b"x" if method != "GET" else b"")
    assert (reply.status, reply.body["error"]["code"]) == (status, str(status))
    assert reply.headers.get("allow") == ("GET, HEAD, OPTIONS" if status == 405 else None)


def test_get_me_is_described_beside_the_operations_of_custom_vision(ask):
    described = ask("GET", "/customvision/openapi.json").body
    me = described["paths"][ME]["get"]
    assert (me["operationId"], me["tags"], me["parameters"]) == ("get_me", ["ocellus"], [])
    assert me["security"] == [{"trainingKey": []}, {"generalKey": []}]
    assert me["responses"]["200"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Me"}
    assert {tag for path in described["paths"].values() for each in path.values() for tag in each["tags"]} == {
        each.api.name for each in operations
    }
