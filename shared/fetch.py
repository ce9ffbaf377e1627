"""Fetches what callers name by URL, mostly images. A URL is hostile until its address, size and time are checked."""

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from functools import cache
from http.client import HTTPException
from threading import Timer
from urllib.parse import urljoin

from msgspec import Struct
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Url, parse_url

from shared.errors import BadImageSize, BadImageUrl

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], list[str]]

SECONDS = 10.0
CONNECT_SECONDS = 4.0
REDIRECTS = 3
ADDRESSES_TRIED = 3
URL_LENGTH = 8192
CHUNK = 65536
DEFAULT_PORTS = {"http": 80, "https": 443}
NOT_PUBLIC = (
    "The image URL's host is not on the public internet; use a URL that anyone can open, or send the file itself."
)
TOO_SLOW = "The image URL took too long to answer; try again, or send the file itself."
NO_ANSWER = "The image URL's host can't be reached; check the URL, or send the file itself."

# Public or private by their number, yet never anybody's web site: clouds' own agents and metadata services, and the
# relays that lead back into IPv4.
RESERVED = [
    ipaddress.ip_network(text)
    for text in ("168.63.129.16/32", "192.0.0.0/24", "fd00:ec2::/32", "192.88.99.0/24", "2002::/16", "2001::/23")
]
PRIVATE = [
    ipaddress.ip_network(text)
    for text in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
]
# All that is given out as IPv6 addresses of hosts; what lies outside embeds IPv4 (NAT64), or is local or multicast.
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")

# Resolving can't be interrupted, so it runs aside and is left behind when it takes too long.
_resolvers = ThreadPoolExecutor(16, "resolve")


class Origin(Struct, frozen=True):
    """Whom a URL asks."""

    scheme: str
    host: str
    port: int


class _Target(Struct, frozen=True):
    """A URL that was checked, and the very addresses to connect to."""

    url: Url
    host: str
    port: int
    addresses: list[str]


def system_resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, as the system resolves it."""
    return list(dict.fromkeys(str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


def fetch(
    url: str,
    *,
    limit: int,
    allow_private: bool,
    seconds: float = SECONDS,
    redirects: int = REDIRECTS,
    resolve: Resolve = system_resolve,
    tls: ssl.SSLContext | None = None,
) -> bytes:
    """The body at an http or https URL, on any port, of at most `limit` bytes.

    Raises BadImageUrl where it can't be had or may not be asked for, BadImageSize where it is too large. No message
    tells what lies behind the host's name: an answer must not help to explore our network.
    """
    deadline = time.monotonic() + seconds
    for _ in range(redirects + 1):
        target = _check(url, allow_private, resolve, deadline)
        with _answer(target, tls or _system_tls(), deadline) as response:
            location = response.get_redirect_location()
            if not location:
                return _body(response, limit)
            url = _redirected(url, location)
    raise BadImageUrl(f"The image URL redirects more than {redirects} times; use the URL that it ends at.")


def send(
    url: str,
    method: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    allow_private: bool,
    seconds: float = SECONDS,
    resolve: Resolve = system_resolve,
    tls: ssl.SSLContext | None = None,
) -> int:
    """The status that the URL answers with; a redirect is not followed. Raises BadImageUrl as `fetch` does."""
    deadline = time.monotonic() + seconds
    target = _check(url, allow_private, resolve, deadline)
    with _answer(target, tls or _system_tls(), deadline, method, body, headers) as response:
        return response.status


def origin(url: str) -> Origin:
    """Raises BadImageUrl."""
    parsed = _parse(url)
    return Origin(str(parsed.scheme), (parsed.host or "").strip("[]"), parsed.port or DEFAULT_PORTS[str(parsed.scheme)])


@cache
def _system_tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _check(url: str, allow_private: bool, resolve: Resolve, deadline: float) -> _Target:
    asked = origin(url)
    addresses = _resolve(asked.host, asked.port, resolve, deadline)
    # One bad address spoils the name: a host that is both public and private means no good.
    if not addresses or not all(_is_allowed(address, allow_private) for address in addresses):
        raise BadImageUrl(NOT_PUBLIC)
    return _Target(_parse(url), asked.host, asked.port, addresses[:ADDRESSES_TRIED])


def _redirected(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise BadImageUrl("The image URL redirects to something that is no URL; use the URL of the image.") from None


def _parse(url: str) -> Url:
    if len(url) > URL_LENGTH:
        raise BadImageUrl(f"The image URL is longer than {URL_LENGTH} characters; use a shorter one.")
    try:
        parsed = parse_url(url.strip())
    except (LocationParseError, ValueError):
        raise BadImageUrl("The image URL can't be read; check how it is written.") from None
    if parsed.scheme not in DEFAULT_PORTS or not parsed.host:
        raise BadImageUrl("The image URL must begin with http:// or https:// and name a host.")
    if parsed.auth is not None:
        raise BadImageUrl("The image URL holds a user name or password; use one without, such as one with a SAS token.")
    return parsed


def _resolve(host: str, port: int, resolve: Resolve, deadline: float) -> list[str]:
    try:
        return _resolvers.submit(resolve, host, port).result(_left(deadline))
    except TimeoutError:
        raise BadImageUrl(TOO_SLOW) from None
    except (OSError, UnicodeError):
        raise BadImageUrl("The image URL's host is unknown; check how it is written.") from None


def _is_allowed(text: str, allow_private: bool) -> bool:
    address: Address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if any(address in network for network in RESERVED) or address.is_multicast:
        return False
    if any(address in network for network in PRIVATE):
        return allow_private
    return address.is_global and (address.version == 4 or address in GLOBAL_UNICAST)


@contextmanager
def _answer(
    target: _Target,
    tls: ssl.SSLContext,
    deadline: float,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Iterator[BaseHTTPResponse]:
    """The open answer. Past the deadline the connection is cut, however busily the server drips."""
    try:
        connection = _connect(target, tls, deadline)
        # The connection lets go of its socket when the answer says "close"; the timer must not.
        timer = Timer(_left(deadline), _cut, [connection.sock])
        timer.daemon = True
        timer.start()
        try:
            path, headers = target.url.request_uri, {**_headers(target), **(headers or {})}
            connection.request(method, path, body, headers, preload_content=False, decode_content=False)
            with closing(connection.getresponse()) as response:
                yield response
        finally:
            timer.cancel()
            connection.close()
    except ssl.SSLCertVerificationError:
        raise BadImageUrl("The image URL's host has no certificate that we trust; use another host.") from None
    except (HTTPError, HTTPException, OSError):
        _left(deadline)
        raise BadImageUrl(NO_ANSWER) from None
    # A cut connection can look like the end of the body.
    _left(deadline)


def _headers(target: _Target) -> dict[str, str]:
    return {"Host": target.url.netloc or target.host, "User-Agent": "Ocellus", "Accept": "image/*"}


def _connect(target: _Target, tls: ssl.SSLContext, deadline: float) -> HTTPConnection:
    """Connected to the first address that answers: to the address that was checked, never to the name again."""
    failure: Exception | None = None
    for address in target.addresses:
        timeout = min(CONNECT_SECONDS, _left(deadline))
        connection = (
            HTTPSConnection(address, target.port, timeout=timeout, ssl_context=tls, server_hostname=target.host)
            if target.url.scheme == "https"
            else HTTPConnection(address, target.port, timeout=timeout)
        )
        try:
            connection.connect()
        except (HTTPError, OSError) as error:
            connection.close()
            failure = error
        else:
            connection.timeout = _left(deadline)
            return connection
    raise failure or OSError("no address")


def _cut(connected: socket.socket) -> None:
    # The peer may have gone by itself. A TLS socket's own shutdown would read on without its cipher.
    with suppress(OSError):
        socket.socket.shutdown(connected, socket.SHUT_RDWR)


def _left(deadline: float) -> float:
    """The seconds that are left. Raises BadImageUrl when none are."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise BadImageUrl(TOO_SLOW)
    return left


def _body(response: BaseHTTPResponse, limit: int) -> bytes:
    if response.status != 200:
        message = f"The image URL answered with status {response.status}; use one that anyone can open."
        raise BadImageUrl(message, response.status)
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise BadImageUrl("The image URL's host compresses what it sends; use a host that sends the file as it is.")
    if (response.length_remaining or 0) > limit:
        raise BadImageSize(_too_large(limit))
    body = bytearray()
    while chunk := response.read(CHUNK):
        body += chunk
        if len(body) > limit:
            raise BadImageSize(_too_large(limit))
    return bytes(body)


def _too_large(limit: int) -> str:
    return f"The image at the URL is larger than {limit} bytes; use a smaller one."
