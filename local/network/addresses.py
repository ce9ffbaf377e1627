"""The addresses of this machine: where the service listens, and where it is reached."""

import errno
import socket
from ipaddress import ip_address

LOOPBACK = "127.0.0.1"
ALL_IPV4, ALL = "0.0.0.0", "::"  # noqa: S104
BACKLOG = 2048
ABSENT = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


class AddressError(Exception):
    """Nothing can listen there; the message says why and what to do."""


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets on each address of the host; on `::` they take IPv4 too. Raises AddressError."""
    sockets: list[socket.socket] = []
    failures: list[OSError] = []
    both = host == ALL and socket.has_dualstack_ipv6()
    for family, address in _resolved(host, port):
        try:
            sockets.append(socket.create_server(address, family=family, backlog=BACKLOG, dualstack_ipv6=both))
        except OSError as fault:
            failures.append(fault)
    # A name such as localhost may have an IPv6 address where the machine has none.
    if sockets and all(fault.errno in ABSENT for fault in failures):
        return sockets
    for bound in sockets:
        bound.close()
    raise AddressError(_reason(failures[-1], host, port))


def check(host: str, port: int) -> None:
    """Raises AddressError where nothing can listen there."""
    for bound in listen(host, port):
        bound.close()


def is_loopback(host: str) -> bool:
    """Whether this machine alone reaches it. Raises AddressError for an unknown name."""
    return all(ip_address(address[0]).is_loopback for _, address in _resolved(host, 0))


def local(host: str) -> str:
    """Where this machine itself reaches what listens on the host."""
    return LOOPBACK if host in (ALL_IPV4, ALL) else host


def reached(host: str) -> list[str]:
    """Where other machines may reach what listens on the host."""
    if host in (ALL_IPV4, ALL):
        return [*(address for address in own() if host == ALL or "." in address), socket.gethostname()]
    return [] if is_loopback(host) else [host]


def own() -> list[str]:
    """The addresses that other machines know this one by, IPv4 first."""
    # Imported here: no child process asks.
    import psutil

    families = (socket.AF_INET, socket.AF_INET6)
    cards = psutil.net_if_addrs().values()
    found = (each.address for family in families for card in cards for each in card if each.family == family)
    return [text for text in found if not ((it := ip_address(text)).is_loopback or it.is_link_local)]


def url(scheme: str, host: str, port: int) -> str:
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def _resolved(host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[str, int]]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise AddressError(
            f"There is no host '{host}'; give --host an address of this machine, or 0.0.0.0 for all of them."
        ) from None
    return list(dict.fromkeys((each[0], each[4]) for each in found))  # type: ignore[misc]


def _reason(fault: OSError, host: str, port: int) -> str:
    if fault.errno == errno.EADDRINUSE:
        return f"Port {port} is in use by another program; choose another with --port."
    if fault.errno == errno.EACCES:
        return f"Port {port} is for privileged programs; choose one from 1024 on with --port."
    if fault.errno in ABSENT:
        return (
            f"This machine does not have the address {host}; give --host one that it has "
            f"({', '.join(own()) or LOOPBACK}), or 0.0.0.0 for all of them."
        )
    return f"The service can't listen on {host}, port {port}: {fault.strerror}."
