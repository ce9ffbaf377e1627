"""The page as the service hands it out: what is there and what is not, its codings, and what browsers are told."""

import gzip
import json
import re
from http.client import HTTPConnection
from typing import NamedTuple
from urllib.parse import urlsplit

import azure.functions as func
import msgspec
import pytest

from functions import portal
from shared.settings import ROOT, Settings

DIST = ROOT / "portal" / "dist"
INDEX = DIST / "index.html"
# Of what the page needs at first, without the library for Entra ID: bytes of scripts and of styles.
BUDGETS = {"js": 45_000, "css": 6_000}


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture
def get(service, built):
    def send(path: str, method: str = "GET", **headers: str) -> Reply:
        connection = HTTPConnection(urlsplit(service.endpoint).netloc, timeout=30)
        connection.request(method, path, headers={name.replace("_", "-"): text for name, text in headers.items()})
        answer = connection.getresponse()
        reply = Reply(answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read())
        connection.close()
        return reply

    return send


@pytest.fixture(scope="module")
def script(built) -> str:
    """The path of the page's script."""
    return re.findall(r'src="(/portal/assets/index-[\w-]+\.js)"', INDEX.read_text())[0]


@pytest.mark.parametrize(
    "path", ["/portal", "/portal/", "/PORTAL/", "/portal/projects/1/images?tags=a.b", "/portal/x/y"]
)
def test_every_screen_is_the_page(get, path):
    reply = get(path)
    assert (reply.status, reply.body) == (200, INDEX.read_bytes())
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/portal/x.js",
        "/portal/../host.json",
        "/portal/%2e%2e/host.json",
        "/portal/..%2fhost.json",
        "/portal/assets/../../../host.json",
        "/portal/.stamp",
        "/portal/index.html.br",
        "/portal/assets/.%00.js",
    ],
)
def test_what_was_not_built_is_not_there(get, path):
    reply = get(path)
    assert reply.status == 404
    assert b"extensionBundle" not in reply.body


def test_assets_stay_for_ever(get, script):
    reply = get(script)
    assert (reply.status, reply.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "content-security-policy" not in reply.headers


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("identity", ""),
        ("", ""),
        ("BR", "br"),
        ("brotli", ""),
    ],
)
def test_a_client_gets_the_best_coding_that_it_takes(get, script, accepted, coding):
    reply = get(script, Accept_Encoding=accepted)
    assert reply.headers.get("content-encoding", "") == coding
    assert reply.headers["vary"] == "Accept-Encoding"
    path = DIST / script.removeprefix("/portal/")
    suffix = {"br": ".br", "gzip": ".gz", "": ""}[coding]
    assert reply.body == path.with_name(path.name + suffix).read_bytes()
    if coding == "gzip":
        assert gzip.decompress(reply.body) == path.read_bytes()


def test_what_a_client_has_it_is_not_sent_again(get, script):
    plain, packed = get(script), get(script, Accept_Encoding="gzip")
    assert plain.headers["etag"] != packed.headers["etag"]
    for known in (packed.headers["etag"], f"W/{packed.headers['etag']}", f'"other", {packed.headers["etag"]}', "*"):
        reply = get(script, Accept_Encoding="gzip", If_None_Match=known)
        assert (reply.status, reply.body) == (304, b"")
        assert reply.headers["etag"] == packed.headers["etag"]
    assert get(script, Accept_Encoding="gzip", If_None_Match=plain.headers["etag"]).status == 200


def test_head_has_the_headers_alone(get):
    head, whole = get("/portal/", "HEAD"), get("/portal/")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["etag"] == whole.headers["etag"]


def test_other_verbs_are_refused(get):
    assert get("/portal/", "POST").status in (404, 405)


def test_the_page_may_do_what_it_needs_and_nothing_else(get, service):
    headers = get("/portal/").headers
    policy = dict(rule.partition(" ")[::2] for rule in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert (policy["require-trusted-types-for"], policy["trusted-types"]) == ("'script'", "'none'")
    assert service.endpoint in policy["img-src"].split()
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"


def test_entra_id_may_return_within_a_frame(get):
    headers = get("/portal/auth.html").headers
    assert "frame-ancestors 'self'" in headers["content-security-policy"]
    assert "cross-origin-opener-policy" not in headers


def test_the_page_is_told_how_people_sign_in(get):
    reply = get("/portal/config.json")
    assert json.loads(reply.body) == {"keys": True, "entra": None}
    assert get("/portal/config.json", If_None_Match=reply.headers["etag"]).status == 304


def test_a_registration_is_told_with_its_scope():
    settings = Settings(
        allow_keys=False, entra_tenant_id="tenant", entra_audience="api://one, api://two", portal_client_id="page"
    )
    assert json.loads(portal.config_of(settings)) == {
        "keys": False,
        "entra": {
            "authority": "https://login.microsoftonline.com/tenant",
            "clientId": "page",
            "scope": "api://one/.default",
        },
    }


def test_a_registration_without_a_tenant_is_refused(monkeypatch):
    monkeypatch.setenv("PORTAL_CLIENT_ID", "page")
    with pytest.raises(msgspec.ValidationError, match="ENTRA_TENANT_ID"):
        Settings.read()


def test_without_a_page_the_service_says_so(monkeypatch, tmp_path):
    """Asked in this process, as that of the service has read its page."""
    monkeypatch.setattr(portal, "DIST", tmp_path)
    request = func.HttpRequest("GET", "/portal/", route_params={"path": ""}, body=b"")
    reply = portal.serve(request)
    assert reply.status_code == 503
    assert b"./run" in reply.get_body()


@pytest.mark.parametrize("kind", BUDGETS)
def test_the_first_load_is_small(kind):
    names = re.findall(rf'(?:src|href)="/portal/(assets/[\w-]+\.{kind})"', INDEX.read_text())
    assert names
    assert sum((DIST / f"{name}.gz").stat().st_size for name in names) <= BUDGETS[kind]
