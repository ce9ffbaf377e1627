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
from pathlib import Path
from threading import Timer
from urllib.parse import quote

from ada_url import URL
from msgspec import Struct
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from shared.errors import BadImageSize, BadImageUrl

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], list[str]]

SECONDS = 10.0
CONNECT_SECONDS = 4.0
REDIRECTS = 3
ADDRESSES_TRIED = 3
URL_LENGTH = 8192
CHUNK = 65536
OK, REDIRECTED = 200, 300
DEFAULT_PORTS = {"http": 80, "https": 443}
ASCII = bytes(range(128)).decode("ascii")
# Servers write much else into Content-Encoding, and browsers pass over it.
CODINGS = frozenset({"br", "compress", "dcb", "dcz", "deflate", "gzip", "x-compress", "x-gzip", "zstd"})
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

    url: URL
    origin: Origin
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
            if not response.get_redirect_location():
                return _body(response, limit)
            url = _redirected(target.url, response.headers.getlist("Location"))
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
    return _origin(_parse(url))


def _origin(url: URL) -> Origin:
    scheme = url.protocol.rstrip(":")
    return Origin(scheme, url.hostname.strip("[]"), int(url.port or DEFAULT_PORTS[scheme]))


@cache
def _system_tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def trust(authority: Path) -> None:
    """Trust those whom this authority vouches for, too. For a whole process, before it fetches anything."""
    _system_tls().load_verify_locations(authority)


def _check(url: str, allow_private: bool, resolve: Resolve, deadline: float) -> _Target:
    parsed = _parse(url)
    asked = _origin(parsed)
    addresses = _resolve(asked.host, asked.port, resolve, deadline)
    # One bad address spoils the name: a host that is both public and private means no good.
    if not addresses or not all(_is_allowed(address, allow_private) for address in addresses):
        raise BadImageUrl(NOT_PUBLIC)
    return _Target(parsed, asked, addresses[:ADDRESSES_TRIED])


def _redirected(url: URL, locations: list[str]) -> str:
    """As browsers do: bytes beyond ASCII are kept as they are, whichever encoding they are of."""
    if len(set(locations)) > 1:
        raise BadImageUrl("The image URL redirects to several addresses at once; use the URL of the image.")
    location = quote(locations[0].encode("latin-1"), safe=ASCII)
    try:
        return str(URL(location, base=url.href).href)
    except ValueError:
        raise BadImageUrl("The image URL redirects to something that is no URL; use the URL of the image.") from None


def _parse(url: str) -> URL:
    """As browsers read it: what they send escaped is escaped, and a host is an address wherever they find one in it."""
    if len(url) > URL_LENGTH:
        raise BadImageUrl(f"The image URL is longer than {URL_LENGTH} characters; use a shorter one.")
    try:
        parsed = URL(url.strip())
    except ValueError:
        raise BadImageUrl("The image URL can't be read; check how it is written.") from None
    if parsed.protocol.rstrip(":") not in DEFAULT_PORTS or not parsed.hostname:
        raise BadImageUrl("The image URL must begin with http:// or https:// and name a host.")
    if parsed.username or parsed.password:
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
            path, headers = target.url.pathname + target.url.search, {**_headers(target), **(headers or {})}
            connection.request(method, path, body, headers, preload_content=False, decode_content=False)
            with closing(connection.getresponse()) as response:
                yield response
        finally:
            timer.cancel()
            connection.close()
    except BadImageUrl:
        # A cut connection can look like the end of an empty body.
        _left(deadline)
        raise
    except ssl.SSLCertVerificationError:
        raise BadImageUrl("The image URL's host has no certificate that we trust; use another host.") from None
    except (HTTPError, HTTPException, OSError):
        _left(deadline)
        raise BadImageUrl(NO_ANSWER) from None
    # A cut connection can look like the end of the body.
    _left(deadline)


def _headers(target: _Target) -> dict[str, str]:
    return {"Host": target.url.host, "User-Agent": "Ocellus", "Accept": "image/*"}


def _connect(target: _Target, tls: ssl.SSLContext, deadline: float) -> HTTPConnection:
    """Connected to the first address that answers: to the address that was checked, never to the name again."""
    failure: Exception | None = None
    asked = target.origin
    for address in target.addresses:
        timeout = min(CONNECT_SECONDS, _left(deadline))
        connection = (
            HTTPSConnection(address, asked.port, timeout=timeout, ssl_context=tls, server_hostname=asked.host)
            if asked.scheme == "https"
            else HTTPConnection(address, asked.port, timeout=timeout)
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
    if not OK <= response.status < REDIRECTED:
        message = f"The image URL answered with status {response.status}; use one that anyone can open."
        raise BadImageUrl(message, response.status)
    if _is_coded(response.headers.get("Content-Encoding", "")):
        raise BadImageUrl("The image URL's host compresses what it sends; use a host that sends the file as it is.")
    if (response.length_remaining or 0) > limit:
        raise BadImageSize(_too_large(limit))
    body = bytearray()
    while chunk := response.read(CHUNK):
        body += chunk
        if len(body) > limit:
            raise BadImageSize(_too_large(limit))
    if not body:
        message = f"The image URL answered with status {response.status} and no content; use the URL of the image."
        raise BadImageUrl(message, response.status)
    return bytes(body)


def _is_coded(content_encoding: str) -> bool:
    return not CODINGS.isdisjoint(word.strip() for word in content_encoding.lower().split(","))


def _too_large(limit: int) -> str:
    return f"The image at the URL is larger than {limit} bytes; use a smaller one."
