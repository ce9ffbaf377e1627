"""A tenant of Entra ID on this machine: it publishes its signing keys as Entra does, and signs what a test wants."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from tests.servers import Answer, Request, serving

TENANT = "5f0f0a58-7d5f-4e4a-9c0e-2f4f3c1b7a10"
AUDIENCE = "api://ocellus"


@cache
def signing_key(name: str) -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


class Issuer:
    def __init__(self) -> None:
        self.address = ""
        self.keys = ["first"]
        self.down = self.strange = False
        self.reads = 0

    def respond(self, request: Request) -> Answer:
        place = request.path.removeprefix(f"/{TENANT}").removesuffix("/.well-known/openid-configuration")
        self.reads += 1
        if self.down:
            return Answer(503)
        if self.strange:
            return Answer(body=b"<html>Sign in</html>")
        if place in ("", "/v2.0"):
            version = place.strip("/") or "v1"
            body: object = {"issuer": self.name(version), "jwks_uri": f"{self.address}/{TENANT}/keys/{version}"}
            return Answer(body=msgspec.json.encode(body))
        published = [RSAAlgorithm.to_jwk(signing_key(key).public_key(), as_dict=True) for key in self.keys]
        named = [{**key, "kid": name, "use": "sig"} for key, name in zip(published, self.keys, strict=True)]
        return Answer(body=msgspec.json.encode({"keys": named}))

    def name(self, version: str) -> str:
        return f"{self.address}/{TENANT}/v2.0" if version == "v2.0" else f"https://sts.windows.net/{TENANT}/"

    def claims(self, *roles: str, **changes: object) -> dict[str, object]:
        """Those of an app's token; a None takes one away."""
        now = int(time.time())
        usual = {
            "iss": self.name("v2.0"),
            "aud": AUDIENCE,
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "oid": "4f7c0c30-0000-4000-8000-000000000001",
            "azp": "0e6e0d2c-0000-4000-8000-000000000002",
            "roles": list(roles),
        }
        return {name: value for name, value in {**usual, **changes}.items() if value is not None}

    def token(self, *roles: str, key: str = "first", **changes: object) -> str:
        return jwt.encode(self.claims(*roles, **changes), signing_key(key), "RS256", {"kid": key})


@contextmanager
def issuing(certificate: Path) -> Iterator[Issuer]:
    issuer = Issuer()
    with serving(issuer.respond, certificate) as port:
        issuer.address = f"https://127.0.0.1:{port}"
        yield issuer
