"""Who comes in: by a key that only its tab keeps, and by Entra ID, as far as its roles go."""

import base64
import hashlib
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import msgspec
import pytest
from playwright.sync_api import expect

from tests.access.issuer import AUDIENCE, TENANT, Issuer, signing_key
from tests.functions.hosting import hosted
from tests.pictures import picture
from tests.portal.models import classifier
from tests.portal.people import Portal, watched
from tests.servers import Answer, Request, make_certificate, serving

PAGE = "7d1f6c0e-0000-4000-8000-00000000000a"
PERSON = "4f7c0c30-0000-4000-8000-000000000001"


@pytest.fixture
def portal(page, service):
    """Somebody who signed in by hand."""
    portal = Portal(page, service.endpoint)
    portal.sign_in(service.training_key)
    return portal


class SignIn(Issuer):
    """An issuer at which people sign in: it asks nothing, and gives out tokens of `roles` for its codes."""

    def __init__(self) -> None:
        super().__init__()
        self.roles: tuple[str, ...] = ()
        self.asked: dict[str, str] = {}
        self.granted: list[str] = []

    def respond(self, request: Request) -> Answer:
        path = urlsplit(request.path).path
        if path == f"/{TENANT}/oauth2/v2.0/authorize":
            return self.authorize(request)
        if path == f"/{TENANT}/oauth2/v2.0/token":
            return self.shared(self.grant(request))
        if path == f"/{TENANT}/v2.0/.well-known/openid-configuration":
            return self.shared(self.described())
        return super().respond(request)

    def shared(self, body: object) -> Answer:
        headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "application/json"}
        return Answer(body=msgspec.json.encode(body), headers=headers)

    def described(self) -> dict[str, object]:
        place = f"{self.address}/{TENANT}"
        return {
            "issuer": self.name("v2.0"),
            "jwks_uri": f"{place}/keys/v2.0",
            "authorization_endpoint": f"{place}/oauth2/v2.0/authorize",
            "token_endpoint": f"{place}/oauth2/v2.0/token",
            "end_session_endpoint": f"{place}/oauth2/v2.0/logout",
        }

    def authorize(self, request: Request) -> Answer:
        self.asked = {name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()}
        assert f"{AUDIENCE}/.default" in self.asked["scope"]
        told = urlencode({"code": "the code", "state": self.asked["state"], "session_state": "1"})
        return Answer(302, headers={"Location": f"{self.asked['redirect_uri']}#{told}"})

    def grant(self, request: Request) -> dict[str, object]:
        given = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        self.granted.append(given["grant_type"])
        if given["grant_type"] == "authorization_code":
            digest = hashlib.sha256(given["code_verifier"].encode()).digest()
            assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == self.asked["code_challenge"]
        person = base64.urlsafe_b64encode(msgspec.json.encode({"uid": PERSON, "utid": TENANT})).rstrip(b"=")
        return {
            "token_type": "Bearer",
            "scope": given["scope"],
            "expires_in": 3600,
            "access_token": self.token(*self.roles, oid=PERSON),
            "id_token": self.identity(),
            "refresh_token": secrets.token_hex(),
            "client_info": person.decode(),
        }

    def identity(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self.name("v2.0"),
            "aud": PAGE,
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "oid": PERSON,
            "tid": TENANT,
            "sub": PERSON,
            "preferred_username": "somebody@example.com",
            "nonce": self.asked["nonce"],
            "ver": "2.0",
        }
        return jwt.encode(claims, signing_key("first"), "RS256", {"kid": "first"})


@pytest.fixture(scope="module")
def guarded(service, built, tmp_path_factory) -> Iterator[SimpleNamespace]:
    """An installation whose people sign in with accounts alone."""
    certificate = make_certificate(Path(tmp_path_factory.mktemp("issuer")), "127.0.0.1")
    issuer = SignIn()
    with serving(issuer.respond, certificate) as port:
        issuer.address = f"https://127.0.0.1:{port}"
        settings = {
            **service.settings(),
            "SERVICES": "training",
            "SSL_CERT_FILE": str(certificate),
            "ALLOW_KEYS": "false",
            "ENTRA_TENANT_ID": TENANT,
            "ENTRA_AUDIENCE": AUDIENCE,
            "ENTRA_AUTHORITY": issuer.address,
            "PORTAL_CLIENT_ID": PAGE,
        }
        with hosted(settings) as address:
            yield SimpleNamespace(address=address, issuer=issuer)


@pytest.fixture
def account(browser, guarded) -> Iterator[Portal]:
    """A person at the page of that installation, not signed in."""
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    with watched(page):
        page.goto(f"{guarded.address}/portal/projects/{TENANT}/images")
        yield Portal(page, guarded.address)
    context.close()


def sign_in(account, guarded, *roles):
    guarded.issuer.roles = roles
    account.button("Sign in with Microsoft").click()
    expect(account.page.get_by_role("banner")).to_be_visible()


DROP = """() => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File(["x"], "x.jpg"));
  return document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
}"""


def test_a_wrong_key_is_refused_in_a_persons_words(page, service):
    page.goto(f"{service.endpoint}/portal/")
    expect(page.get_by_text("ocellus.env in the data folder (.local)")).to_be_visible()
    for key in ("ключ", "wrong"):
        page.get_by_label("Training key").fill(key)
        page.get_by_role("button", name="Sign in").click()
        refusal = page.get_by_role("alert").filter(has_text="This key is not valid. The training key is what")
        expect(refusal).to_be_visible()
        assert page.evaluate("sessionStorage.length + localStorage.length") == 0
        page.reload()
        expect(refusal).to_have_count(0)
    assert page.evaluate(DROP) is False, "the browser shows what is dropped in place of the page"


def test_a_key_survives_a_reload_and_no_other_tab_has_it(portal, context, service):
    portal.page.reload()
    expect(portal.page.get_by_role("heading", name="Projects")).to_be_visible()
    assert service.training_key not in portal.page.evaluate("JSON.stringify(localStorage) + location.href")
    other = context.new_page()
    other.goto(f"{service.endpoint}/portal/")
    expect(other.get_by_label("Training key")).to_be_visible()


def test_a_key_is_forgotten_by_who_signs_out_and_after_hours(portal):
    portal.page.evaluate("sessionStorage.setItem('ocellus.used', Date.now() - 9 * 3600e3)")
    portal.page.reload()
    expect(portal.page.get_by_label("Training key")).to_be_visible()


def test_signing_out_forgets_the_key(portal):
    portal.page.get_by_role("button", name="Account").click()
    portal.page.get_by_role("menuitem", name="Sign out").click()
    expect(portal.page.get_by_label("Training key")).to_be_visible()
    assert portal.page.evaluate("sessionStorage.getItem('ocellus.key')") is None
    portal.page.reload()
    expect(portal.page.get_by_label("Training key")).to_be_visible()


def test_an_account_comes_in_by_entra_id_and_back_to_where_it_was(account, guarded):
    expect(account.page.get_by_label("Training key")).to_have_count(0)
    sign_in(account, guarded, "Labeler")
    assert account.page.url.endswith(f"/portal/projects/{TENANT}/images")
    account.button("Account").click()
    expect(account.page.get_by_text(f"oid {PERSON}")).to_be_visible()
    account.page.reload()
    expect(account.page.get_by_role("banner")).to_be_visible()
    assert guarded.issuer.granted.count("authorization_code") == 1


# By the screen: what a Reader can't do there, and who can.
FOR_OTHERS = {
    "images": {
        "Labeler": ["Add images", "1 Give apple", "Tag …", "Delete"],
        "": ["All 5", "Choose none", "More ways to add"],
    },
    "image/": {"Labeler": ["1 apple", "By name", "Nothing here", "Delete image"], "": ["The next image", "Larger"]},
    "train": {"Trainer": ["Train Enter"]},
    "performance/": {"Deployment": ["Publish"], "": ["Export"]},
    "predictions": {"Labeler": ["Into training as said", "With a tag …"], "Deployment": ["Delete"]},
    "test": {"Deployment": ["Choose pictures …", "Webcam", "Test"]},
    "settings": {"Trainer": ["Save"], "Contributor": ["Make a token", "Delete this project …"], "": ["Sign out"]},
}


def test_a_reader_sees_every_screen_and_each_action_names_its_role(account, guarded, training, storage, project, fruit):
    asked = classifier(training, storage, project)
    training.quick_test_image(fruit.id, picture("sky", 1), iteration_id=str(asked.id))
    refused = []
    account.page.on("response", lambda answer: refused.append(answer.url) if answer.status == 403 else None)
    sign_in(account, guarded, "Reader")
    (first,) = training.get_images(fruit.id, take=1)
    for screen, actions in FOR_OTHERS.items():
        account.follow(fruit.id, screen + {"image/": first.id, "performance/": fruit.second}.get(screen, ""))
        if screen in ("images", "predictions"):
            expect(account.page.get_by_role("main").locator("[role=option] img").first).to_be_visible()
            account.press("m")
        if screen == "image/":
            account.page.get_by_text("Details").click()
        for role, names in actions.items():
            for name in names:
                button = account.page.get_by_role("main").get_by_role("button", name=name).first
                expect(button).to_be_disabled() if role else expect(button).to_be_enabled()
                expect(button).to_have_attribute("title", f"This needs the role {role}.") if role else None
        account.look(f"reader-{screen.strip('/')}")
    account.page.get_by_role("link", name="Ocellus: all projects").click()
    new = account.page.get_by_role("button", name="New project").first
    expect(new).to_be_disabled()
    expect(new).to_have_attribute("title", "This needs the role Contributor.")
    for search, heading in (("?suggested=last", "Suggestions are for those who label"), ("?search=none", "No image")):
        account.follow(fruit.id, search=search)
        account.page.get_by_role("heading", name=heading).wait_for()
    account.follow(fruit.id)
    expect(account.cells).to_have_count(5)
    account.press("1")
    expect(account.page.get_by_text("This needs the role Labeler.")).to_be_visible()
    account.button("More of apple").click()
    for name in ("Rename", "Delete"):
        item = account.page.get_by_role("menuitem", name=name)
        expect(item).to_be_disabled()
        expect(item).to_have_attribute("title", "This needs the role Labeler.")
    for screen, heading in (("compare", "Compare"), ("cameras", "Publish first, and cameras can ask")):
        account.follow(fruit.id, screen, f"?a={fruit.first}&b={fruit.second}" if screen == "compare" else "")
        account.page.get_by_role("heading", name=heading).first.wait_for()
    assert refused == []
