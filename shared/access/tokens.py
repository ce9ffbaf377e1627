"""Access tokens of Entra ID: who sends one and in which roles, by the signing keys that the tenant publishes."""

import hashlib
import time
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Self, TypeVar

import msgspec
import urllib3
from msgspec import Struct

from shared.access.fresh import Clock, Fresh
from shared.errors import ServiceUnavailable, Unauthorized
from shared.settings import Settings

if TYPE_CHECKING:
    from jwt import PyJWK

T = TypeVar("T")

TOKEN_LENGTH = 16_384
ALGORITHM = "RS256"
LEEWAY_SECONDS = 60.0
# A tenant's keys overlap for days, but one that was stolen is taken back at once.
ISSUER_SECONDS = 3600.0
VERIFIED_SECONDS = 300.0
VERIFIED = 10_000
TIMEOUT = urllib3.Timeout(connect=3.0, read=5.0)


class Caller(Struct, frozen=True):
    """An app or a person. What its token says is not verified again until `until`, in seconds since 1970."""

    id: str
    roles: frozenset[str]
    until: float


class Tokens:
    def __init__(self, settings: Settings, clock: Clock = time.monotonic) -> None:
        self._tenant = settings.entra_tenant_id
        self._audiences = [name.strip() for name in settings.entra_audience.split(",") if name.strip()]
        read = partial(_read_issuer, f"{settings.entra_authority.rstrip('/')}/{self._tenant}")
        self._issuer = Fresh("the signing keys of its Entra tenant", read, ISSUER_SECONDS, clock)
        self._verified: dict[bytes, Caller] = {}

    @classmethod
    def open(cls, settings: Settings) -> Self | None:
        """None where the settings name no tenant."""
        return cls(settings) if settings.entra_tenant_id else None

    def caller(self, token: str) -> Caller:
        """Who sends this token. Raises Unauthorized, and ServiceUnavailable while no signing key could ever be read."""
        if len(token) > TOKEN_LENGTH or not token.isascii():
            raise self._refusal("it is too long, or no token at all")
        digest = hashlib.sha256(token.encode()).digest()
        caller = self._verified.get(digest)
        if caller is None or caller.until <= time.time():
            caller = self._verify(token)
            if len(self._verified) >= VERIFIED:
                self._verified.clear()
            self._verified[digest] = caller
        return caller

    def _verify(self, token: str) -> Caller:
        # Imported only where it is needed: it takes a tenth of a second.
        import jwt

        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") != ALGORITHM or not isinstance(header.get("kid"), str):
                # Told before the tenant is asked, which may be away.
                raise self._refusal(f"its alg is not {ALGORITHM}, or it names no signing key")
            key = self._key(header["kid"])
            decoded = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=self._audiences,
                issuer=self._issuer.get().names,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "nbf", "iss", "aud"]},
            )
            return _caller(msgspec.convert(decoded, _Claims))
        except (jwt.PyJWTError, msgspec.ValidationError) as error:
            raise self._refusal(str(error)) from error

    def _key(self, name: str) -> "PyJWK":
        key = self._issuer.get().keys.get(name)
        if key is None and self._issuer.renew():
            key = self._issuer.get().keys.get(name)
        if key is None:
            raise self._refusal("the tenant has no such signing key")
        return key

    def _refusal(self, reason: str) -> Unauthorized:
        return Unauthorized(
            f"Unauthorized. Access token is missing, invalid, audience is incorrect, or has expired: {reason}. "
            f"Ask the tenant {self._tenant} for one with the scope {self._audiences[0]}/.default."
        )


class _Claims(Struct):
    """`oid` is the app or the person in the tenant; v1 tokens have `appid`, v2 tokens `azp`."""

    oid: str
    exp: float
    roles: list[str] = []
    appid: str = ""
    azp: str = ""


def _caller(claims: _Claims) -> Caller:
    if not (claims.appid or claims.azp):
        # It tells an app who signed in to it, and is for that app alone, yet may have the same audience.
        raise msgspec.ValidationError("it is an ID token")
    return Caller(claims.oid, frozenset(claims.roles), min(claims.exp, time.time() + VERIFIED_SECONDS))


class _Issuer(NamedTuple):
    """The tenant's names in tokens of both versions, and its signing keys by their ids."""

    names: list[str]
    keys: dict[str, "PyJWK"]


class _Configuration(Struct):
    issuer: str
    jwks_uri: str


def _read_issuer(place: str) -> _Issuer:
    from jwt import PyJWKSet, PyJWTError

    names, keys = [], {}
    with urllib3.PoolManager(timeout=TIMEOUT, retries=False) as pool:
        for version in ("", "/v2.0"):
            configuration = _get(pool, f"{place}{version}/.well-known/openid-configuration", _Configuration)
            names.append(configuration.issuer)
            try:
                found = PyJWKSet.from_dict(_get(pool, configuration.jwks_uri, dict[str, object])).keys
            except PyJWTError as error:
                raise ServiceUnavailable(f"{configuration.jwks_uri}: {error}") from error
            keys.update({str(key.key_id): key for key in found if key.algorithm_name == ALGORITHM})
    return _Issuer(names, keys)


def _get(pool: urllib3.PoolManager, url: str, kind: type[T]) -> T:
    if not url.startswith("https://"):
        raise ServiceUnavailable(f"{url} is no https address, so its keys can't be trusted")
    try:
        answer = pool.request("GET", url)
        if answer.status != 200:
            raise ServiceUnavailable(f"{url} answers {answer.status}")
        return msgspec.json.decode(answer.data, type=kind)
    except (urllib3.exceptions.HTTPError, msgspec.MsgspecError) as error:
        raise ServiceUnavailable(f"{url}: {error}") from error
