"""Access tokens: who is let in by one, and what a stranger, a forger and an issuer that is away come to."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared.access import tokens as tokens_module
from shared.access.tokens import Tokens
from shared.errors import ServiceUnavailable, Unauthorized
from shared.settings import Settings
from tests.access.issuer import AUDIENCE, TENANT, Issuer, issuing, signing_key
from tests.servers import make_certificate, serving


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def issuer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    certificate = make_certificate(tmp_path, "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with issuing(certificate) as issuer:
        yield issuer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(issuer: Issuer, clock: Clock) -> Iterator[Tokens]:
    audiences = f"{AUDIENCE}, 7a1c0000-0000-4000-8000-000000000003"
    yield Tokens(Settings(entra_tenant_id=TENANT, entra_audience=audiences, entra_authority=issuer.address), clock)
    for thread in threading.enumerate():
        if thread.name == "fresh":
            thread.join()


def refused(tokens: Tokens, token: str) -> str:
    with pytest.raises(Unauthorized) as caught:
        tokens.caller(token)
    assert f"Ask the tenant {TENANT} for one with the scope {AUDIENCE}/.default." in caught.value.message
    return caught.value.message


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def test_without_a_tenant_there_are_no_tokens() -> None:
    assert Tokens.open(Settings()) is None


def test_a_caller_has_the_id_and_the_roles_of_its_token(tokens: Tokens, issuer: Issuer) -> None:
    caller = tokens.caller(issuer.token("Reader", "Labeler"))
    assert caller.id == issuer.claims()["oid"]
    assert caller.roles == {"Reader", "Labeler"}
    assert tokens.caller(issuer.token(roles=None)).roles == frozenset()


def test_tokens_of_both_versions_and_every_audience_are_taken(tokens: Tokens, issuer: Issuer) -> None:
    first = issuer.token("Reader", iss=issuer.name("v1"), azp=None, appid="app")
    assert tokens.caller(first).roles == {"Reader"}
    assert tokens.caller(issuer.token(aud="7a1c0000-0000-4000-8000-000000000003")).roles == frozenset()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "https://sts.windows.net/another/"}, "issuer"),
        ({"iss": f"https://sts.windows.net/{TENANT}"}, "issuer"),
        ({"iss": None}, "iss"),
        ({"aud": "api://ocellus/"}, "udience"),
        ({"aud": "https://cognitiveservices.azure.com"}, "udience"),
        ({"aud": None}, "aud"),
        ({"exp": int(time.time()) - 120}, "expired"),
        ({"exp": None}, "exp"),
        ({"nbf": int(time.time()) + 86_400, "exp": int(time.time()) + 90_000}, "nbf"),
        ({"nbf": None}, "nbf"),
        ({"oid": None}, "oid"),
        ({"azp": None}, "ID token"),
        ({"roles": "Contributor"}, "roles"),
        ({"roles": [{"name": "Contributor"}]}, "roles"),
    ],
)
def test_claims_that_do_not_fit_are_refused(tokens, issuer, changes, reason):
    assert reason in refused(tokens, issuer.token("Contributor", **changes))


def test_clocks_may_differ_by_some_seconds(tokens: Tokens, issuer: Issuer) -> None:
    now = int(time.time())
    token = issuer.token("Reader", exp=now - 30)
    assert tokens.caller(token) == tokens.caller(token)
    assert tokens.caller(issuer.token("Reader", nbf=now + 30)).roles == {"Reader"}


def test_a_token_that_was_good_ends_when_it_expires(
    tokens: Tokens, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = issuer.token("Reader", exp=int(time.time()) - 30)
    assert tokens.caller(token).roles == {"Reader"}
    monkeypatch.setattr(tokens_module, "LEEWAY_SECONDS", 0)
    assert "expired" in refused(tokens, token)


def test_a_forged_signature_is_refused(tokens: Tokens, issuer: Issuer) -> None:
    header, claims, signature = issuer.token("Reader").split(".")
    forged = encoded(issuer.claims("Contributor"))
    assert "Signature" in refused(tokens, f"{header}.{forged}.{signature}")
    other = jwt.encode(issuer.claims("Contributor"), signing_key("stranger"), "RS256", {"kid": "first"})
    assert "Signature" in refused(tokens, other)
    assert tokens.caller(f"{header}.{claims}.{signature}").roles == {"Reader"}


def test_the_algorithm_is_not_the_senders_choice(tokens: Tokens, issuer: Issuer) -> None:
    claims = encoded(issuer.claims("Contributor"))
    refused(tokens, f"{encoded({'alg': 'none', 'kid': 'first'})}.{claims}.")
    public = signing_key("first").public_key()
    for form in (PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1):
        secret = public.public_bytes(Encoding.PEM, form)
        signed = f"{encoded({'alg': 'HS256', 'kid': 'first'})}.{claims}"
        mac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(signed.encode(), secret)
        refused(tokens, f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}")
    longer = jwt.encode(issuer.claims("Contributor"), signing_key("first"), "RS512", {"kid": "first"})
    assert "alg" in refused(tokens, longer)


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "a.b.c", "é.é.é", "\udc80", "{}", "a" * 100, "." * 5_000]
    + [f"{base64.urlsafe_b64encode(text).decode()}.e30.e30" for text in (b"[" * 9_000, b'{"kid":1}', b"null", b"\xff")],
)
def test_what_is_no_token_is_refused(tokens: Tokens, token: str) -> None:
    refused(tokens, token)


def test_a_giant_is_refused_unread(tokens: Tokens, issuer: Issuer) -> None:
    assert "long" in refused(tokens, issuer.token("Contributor", groups=["group"] * 2_000))
    assert issuer.reads == 0


def test_a_key_that_the_tenant_adds_is_found_at_once_but_strangers_do_not_flood_it(
    tokens: Tokens, issuer: Issuer, clock: Clock
) -> None:
    tokens.caller(issuer.token())
    issuer.keys = ["second", "first"]
    clock.now += 11
    assert tokens.caller(issuer.token("Trainer", key="second")).roles == {"Trainer"}
    reads = issuer.reads
    for name in ("third", "fourth", "fifth"):
        assert "signing key" in refused(tokens, issuer.token("Trainer", key=name))
    assert issuer.reads == reads


def test_a_key_that_the_tenant_withdraws_ends_within_the_hour(tokens: Tokens, issuer: Issuer, clock: Clock) -> None:
    tokens.caller(issuer.token("Trainer"))
    issuer.keys = ["second"]
    clock.now += 3601
    assert "signing key" in refused(tokens, issuer.token("Trainer", jti="another"))


def test_callers_go_on_while_the_tenant_is_away(tokens: Tokens, issuer: Issuer, clock: Clock) -> None:
    tokens.caller(issuer.token("Reader"))
    issuer.down = True
    for attempt in range(5):
        clock.now += 3601
        assert tokens.caller(issuer.token("Reader", jti=str(attempt))).roles == {"Reader"}
        refused(tokens, issuer.token("Reader", key="second"))


@pytest.mark.parametrize("odd", [{"strange": True}, {"keys": []}])
def test_an_answer_that_is_none_of_a_tenant_changes_nothing(tokens, issuer, clock, odd):
    tokens.caller(issuer.token("Reader"))
    vars(issuer).update(odd)
    clock.now += 3601
    assert tokens.caller(issuer.token("Reader", jti="another")).roles == {"Reader"}


def test_a_start_while_the_tenant_is_away_is_no_refusal(tokens: Tokens, issuer: Issuer, clock: Clock) -> None:
    issuer.down = True
    with pytest.raises(ServiceUnavailable):
        tokens.caller(issuer.token("Reader"))
    issuer.down, clock.now = False, clock.now + 2
    assert tokens.caller(issuer.token("Reader")).roles == {"Reader"}


@pytest.mark.parametrize("authority", ["https://127.0.0.1:1", "https://127.0.0.1:99999", "https://", "no address"])
def test_an_authority_that_is_none_is_our_fault(issuer: Issuer, authority: str) -> None:
    tokens = Tokens(Settings(entra_tenant_id=TENANT, entra_audience=AUDIENCE, entra_authority=authority))
    with pytest.raises(ServiceUnavailable):
        tokens.caller(issuer.token("Reader"))


def test_an_issuer_without_a_certificate_is_not_believed(
    tokens: Tokens, issuer: Issuer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(ServiceUnavailable):
        tokens.caller(issuer.token("Reader"))
    with serving(issuer.respond) as port:
        plain = Settings(entra_tenant_id=TENANT, entra_audience=AUDIENCE, entra_authority=f"http://127.0.0.1:{port}")
        with pytest.raises(ServiceUnavailable):
            Tokens(plain, clock).caller(issuer.token("Reader"))
    assert issuer.reads == 0


def test_a_token_is_verified_once_while_it_holds(
    tokens: Tokens, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, others = issuer.token("Reader"), [issuer.token("Reader", jti=str(number)) for number in range(3)]
    caller = tokens.caller(token)
    assert tokens.caller(token) is caller
    assert time.time() < caller.until <= time.time() + tokens_module.VERIFIED_SECONDS
    assert tokens.caller(issuer.token(exp=int(time.time()) + 20)).until <= time.time() + 20
    monkeypatch.setattr(tokens_module, "VERIFIED", 2)
    assert [tokens.caller(other).roles for other in others] == [{"Reader"}] * 3
    assert tokens.caller(token) is not caller
