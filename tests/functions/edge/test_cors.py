"""What pages of other origins may do: who may read an answer, and what is said to a browser that asks first."""

import azure.functions as func
import pytest

from functions.edge import cors
from shared.settings import Settings

SHOP = "https://shop.example"
QUESTION = {"Access-Control-Request-Method": "POST"}


def request(origin=None, **headers):
    given = {name.replace("_", "-"): value for name, value in headers.items()} | ({"Origin": origin} if origin else {})
    return func.HttpRequest("OPTIONS", "/", headers=given, body=b"")


@pytest.mark.parametrize(
    ("origins", "origin", "allowed", "varies"),
    [
        ("", SHOP, None, None),
        (SHOP, SHOP, SHOP, "Origin"),
        (f"http://a,{SHOP}", SHOP, SHOP, "Origin"),
        ("HTTPS://SHOP.example", SHOP, SHOP, "Origin"),
        (SHOP, None, None, "Origin"),
        (SHOP, "null", None, "Origin"),
        (SHOP, "http://shop.example", None, "Origin"),
        (SHOP, f"{SHOP}:8443", None, "Origin"),
        (SHOP, f"{SHOP}.evil.example", None, "Origin"),
        (SHOP, "https://evilshop.example", None, "Origin"),
        ("*", SHOP, "*", None),
        ("*", "null", "*", None),
        ("*", None, "*", None),
    ],
)
def test_who_may_read_an_answer(origins, origin, allowed, varies):
    given = cors.sharing(request(origin), Settings(cors_origins=origins))
    assert given.get("Access-Control-Allow-Origin") == allowed
    assert given.get("Vary") == varies
    assert ("apim-request-id" in given.get("Access-Control-Expose-Headers", "")) == (allowed is not None)
    asked = cors.permission(request(origin, **QUESTION), Settings(cors_origins=origins))
    assert asked.get("Access-Control-Allow-Origin") == allowed
    assert (asked.get("Access-Control-Allow-Methods") == "POST") == (allowed is not None)


def test_a_permission_names_what_was_asked_for():
    asked = QUESTION | {"Access-Control-Request-Headers": "content-type,prediction-key,x-ms-client-request-id"}
    given = cors.permission(request(SHOP, **asked), Settings(cors_origins=SHOP))
    assert given["Access-Control-Allow-Headers"] == "content-type,prediction-key,x-ms-client-request-id"
    assert "Access-Control-Allow-Private-Network" not in given
    private = asked | {"Access-Control-Request-Private-Network": "true"}
    given = cors.permission(request(SHOP, **private), Settings(cors_origins=SHOP))
    assert given["Access-Control-Allow-Private-Network"] == "true"
    assert cors.permission(request("https://other.example", **private), Settings(cors_origins=SHOP)) == {}


def test_nothing_is_permitted_where_nothing_is_asked():
    assert cors.permission(request(SHOP), Settings(cors_origins=SHOP)) == {}


@pytest.mark.parametrize(
    ("method", "path", "key", "status"),
    [
        ("GET", "v3.3/training/projects", True, 200),
        ("GET", "openapi.json", False, 200),
        ("GET", "v3.3/training/projects", False, 401),
        ("POST", "v3.3/prediction/{zero}/classify/iterations/x/image", False, 401),
        ("GET", "v9/training/projects", True, 404),
        ("GET", "v3.3/training/projects/{zero}", True, 404),
        ("GET", "v3.3/nothing", False, 404),
        ("PUT", "v3.3/training/projects", False, 405),
        ("POST", "v3.3/training/projects/{zero}/images/urls", True, 415),
    ],
)
def test_every_answer_can_be_read_by_the_page_that_may_call(service, ask, web, method, path, key, status):
    path = "/customvision/" + path.format(zero="00000000-0000-0000-0000-000000000000")
    headers = {} if key else {"Training_Key": ""}
    headers["Content_Type"] = "application/octet-stream"
    reply = ask(method, path, b"x", Origin=web.address, **headers)
    assert (reply.status, reply.headers["access-control-allow-origin"]) == (status, web.address)
    stranger = ask(method, path, b"x", Origin="https://stranger.example", **headers)
    assert (stranger.status, stranger.headers.get("access-control-allow-origin")) == (status, None)


@pytest.mark.parametrize("path", ["v3.3/training/projects", "v3.1/Prediction/x/classify/iterations/y/image", "nothing"])
def test_a_browser_may_ask_before_every_request(ask, web, path):
    headers = {
        "Training_Key": "",
        "Access_Control_Request_Method": "POST",
        "Access_Control_Request_Headers": "authorization,content-type,ocp-apim-subscription-key,training-key",
    }
    reply = ask("OPTIONS", f"/customvision/{path}", None, Origin=web.address, **headers)
    assert (reply.status, reply.data) == (204, b"")
    assert reply.headers["access-control-allow-origin"] == web.address
    assert reply.headers["access-control-allow-methods"] == "POST"
    assert reply.headers["access-control-allow-headers"] == headers["Access_Control_Request_Headers"]
    assert reply.headers["access-control-max-age"] == "7200"
    stranger = ask("OPTIONS", f"/customvision/{path}", None, Origin="https://stranger.example", **headers)
    assert "access-control-allow-origin" not in stranger.headers
