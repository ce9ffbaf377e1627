"""A Key Vault and the endpoint of a managed identity, as the libraries of Azure speak to them."""

import threading
import time

import msgspec

from tests.servers import Answer, Request

TOKEN = "token"
JSON = {"Content-Type": "application/json"}


class Vault:
    """Speaks the vault's protocol: a challenge first, then secrets by name; a None is a disabled secret."""

    def __init__(self) -> None:
        self.secrets: dict[str, str | None] = {"training-key-1": "one", "training-key-2": "two"}
        self.down = False
        self.answers = threading.Event()
        self.answers.set()
        self.waiting = 0
        self.reads: list[str] = []

    def respond(self, request: Request) -> Answer:
        if self.down:
            return Answer(503)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Answer(401, headers={"WWW-Authenticate": challenge(request.headers["host"])})
        self.waiting += 1
        self.answers.wait(30)
        self.waiting -= 1
        name = request.path.split("/")[2]
        self.reads.append(name)
        if name not in self.secrets:
            return failure(404, "SecretNotFound")
        value = self.secrets[name]
        if value is None:
            return failure(403, "Forbidden", "SecretDisabled")
        body = {"value": value, "id": f"https://127.0.0.1/secrets/{name}/1", "attributes": {"enabled": True}}
        return Answer(body=msgspec.json.encode(body), headers=JSON)


def failure(status: int, code: str, inner: str = "") -> Answer:
    body = {"error": {"code": code, "message": "no", "innererror": {"code": inner}}}
    return Answer(status, msgspec.json.encode(body), JSON)


def challenge(host: str) -> str:
    """The client takes it only from a host within the domain that it names; to it, 127.0.0.1 lies within 0.0.1."""
    return f'Bearer authorization="https://login.example/tenant", resource="https://{host.removeprefix("127.")}"'


def identity(request: Request) -> Answer:
    """What App Service answers to a managed identity that asks for a token."""
    if not request.headers.get("x-identity-header"):
        return Answer(400)
    expires = str(int(time.time()) + 86_400)
    body = {"access_token": TOKEN, "expires_on": expires, "resource": "r", "token_type": "Bearer", "client_id": "c"}
    return Answer(body=msgspec.json.encode(body), headers=JSON)
