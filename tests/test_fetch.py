"""Fetching from URLs that callers give: what comes back, and all that must be refused."""

import gzip
import socket
import ssl
import time
from pathlib import Path

import pytest

from shared.errors import BadImageSize, BadImageUrl
from shared.fetch import Origin, fetch, origin, send
from tests.fetching import LIMIT, answering, dripping, local_fetch
from tests.servers import Answer, Request, make_certificate, serving


def test_fetch_brings_the_body() -> None:
    asked: list[Request] = []

    def respond(request: Request) -> Answer:
        asked.append(request)
        return Answer(body=b"picture")

    with serving(respond) as port:
        assert local_fetch(f"http://127.0.0.1:{port}/a b.jpg?sig=x%2By") == b"picture"
    assert asked[0].path == "/a%20b.jpg?sig=x%2By"
    assert asked[0].headers["host"] == f"127.0.0.1:{port}"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "image.jpg",
        "//example.com/image.jpg",
        "ftp://example.com/image.jpg",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "data:image/png;base64,AAAA",
        "http://",
        "http:///image.jpg",
        "http://[::1/",
        "http://example.com:99999/",
        "http://exa mple.com/",
        "http://user:secret@example.com/image.jpg",
        "http://a..b/",
        "http://" + "a" * 70 + ".example/",
        "http://example.com/\ud800",
        "http://caf%E9.example/",
        "http://[fe80::1%25lo]/",
        "https://user@example.com/",
        "http://example.com/" + "a" * 9000,
    ],
)
def test_fetch_refuses_what_is_no_plain_web_url(url: str) -> None:
    with pytest.raises(BadImageUrl):
        fetch(url, limit=LIMIT, allow_private=True, resolve=lambda *_: [])


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0177.0.0.1",
        "0x7f000001",
        "0x7f.1",
        "127.0.0.1.",
        "localhost",
        "localhost.",
        "LOCALHOST",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "0.0.0.0",
        "0",
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        "[fe80::1]",
        "[fe80::1%25lo]",
        "[fc00::1]",
        "[ff02::1]",
        "[2001:db8::1]",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "[::ffff:169.254.169.254]",
        "168.63.129.16",
        "192.0.0.192",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
    ],
)
def test_fetch_refuses_addresses_that_are_not_public(host: str) -> None:
    with pytest.raises(BadImageUrl) as refused:
        fetch(f"http://{host}:1/image.jpg", limit=LIMIT, allow_private=False)
    assert "127" not in refused.value.message
    # Refused before anything was asked of it, and not for want of an answer.
    assert not any(word in refused.value.message for word in ("reached", "status", "too long"))


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "0.0.0.0", "224.0.0.1", "168.63.129.16", "192.0.0.192", "fe80::1", "fd00:ec2::254"],
)
def test_fetch_refuses_metadata_and_multicast_even_where_private_is_allowed(address: str) -> None:
    with pytest.raises(BadImageUrl, match="public internet"):
        fetch("http://photos.example/", limit=LIMIT, allow_private=True, resolve=lambda *_: [address])


def test_fetch_refuses_a_name_of_which_one_address_is_private() -> None:
    with pytest.raises(BadImageUrl, match="not on the public internet"):
        fetch("http://mixed.example/", limit=LIMIT, allow_private=False, resolve=lambda *_: ["8.8.8.8", "10.0.0.1"])


def test_fetch_connects_to_the_address_that_it_checked() -> None:
    """A name that resolves to another address the second time gains nothing: it is resolved once."""
    answers = iter(["127.0.0.1", "10.255.255.1"])
    with serving(answering()) as port:
        url = f"http://rebinding.example:{port}/"
        assert fetch(url, limit=LIMIT, allow_private=True, resolve=lambda *_: [next(answers)]) == b"picture"
    assert next(answers) == "10.255.255.1"


def test_fetch_tries_the_next_address() -> None:
    with serving(answering()) as port:
        url = f"http://two.example:{port}/"
        assert fetch(url, limit=LIMIT, allow_private=True, resolve=lambda *_: ["127.0.0.9", "127.0.0.1"]) == b"picture"


def test_fetch_follows_redirects_and_checks_each() -> None:
    def respond(request: Request) -> Answer:
        if request.path == "/start":
            return Answer(302, headers={"Location": "/next"})
        if request.path == "/next":
            return Answer(307, headers={"Location": f"http://{request.headers['host']}/image.jpg"})
        if request.path == "/private":
            return Answer(301, headers={"Location": "http://169.254.169.254/metadata/instance"})
        if request.path == "/nonsense":
            return Answer(302, headers={"Location": "http://[bad"})
        if request.path == "/file":
            return Answer(302, headers={"Location": "file:///etc/passwd"})
        return Answer(302, headers={"Location": "/round"}) if request.path == "/round" else Answer(body=b"picture")

    with serving(respond) as port:
        assert local_fetch(f"http://127.0.0.1:{port}/start") == b"picture"
        with pytest.raises(BadImageUrl, match="public internet"):
            local_fetch(f"http://127.0.0.1:{port}/private")
        with pytest.raises(BadImageUrl, match="http://"):
            local_fetch(f"http://127.0.0.1:{port}/file")
        with pytest.raises(BadImageUrl, match="no URL"):
            local_fetch(f"http://127.0.0.1:{port}/nonsense")
        with pytest.raises(BadImageUrl, match="redirects more than 3 times"):
            local_fetch(f"http://127.0.0.1:{port}/round")


@pytest.mark.parametrize("status", [200, 201, 203, 206, 226, 299])
def test_fetch_takes_the_body_of_any_success(status: int) -> None:
    with serving(answering(status=status)) as port:
        assert local_fetch(f"http://127.0.0.1:{port}/") == b"picture"


@pytest.mark.parametrize("status", [200, 201, 202, 204, 205])
def test_fetch_refuses_a_success_without_content(status: int) -> None:
    with (
        serving(answering(b"", status)) as port,
        pytest.raises(BadImageUrl, match=f"status {status} and no content") as refused,
    ):
        local_fetch(f"http://127.0.0.1:{port}/")
    assert refused.value.answered == status


@pytest.mark.parametrize("status", [304, 400, 403, 404, 500])
def test_fetch_refuses_other_statuses(status: int) -> None:
    with serving(answering(b"", status)) as port, pytest.raises(BadImageUrl, match=str(status)):
        local_fetch(f"http://127.0.0.1:{port}/")


def test_fetch_takes_no_more_than_the_limit() -> None:
    with serving(answering(b"x" * LIMIT)) as port:
        assert len(local_fetch(f"http://127.0.0.1:{port}/")) == LIMIT
    with serving(answering(b"x" * (LIMIT + 1))) as port, pytest.raises(BadImageSize):
        local_fetch(f"http://127.0.0.1:{port}/")


def test_fetch_counts_where_no_length_is_declared() -> None:
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    with dripping(head, b"x" * LIMIT) as port, pytest.raises(BadImageSize):
        local_fetch(f"http://127.0.0.1:{port}/")


def test_fetch_inflates_nothing() -> None:
    bomb = answering(gzip.compress(b"x" * 10**6), Content_Encoding="gzip")
    with serving(bomb) as port, pytest.raises(BadImageUrl, match="compresses"):
        local_fetch(f"http://127.0.0.1:{port}/", limit=10**7)


@pytest.mark.parametrize(
    "label",
    [
        "",
        " ",
        "identity",
        "none",
        "None",
        "utf-8",
        "UTF8",
        "aws-chunked",
        "binary",
        "8bit",
        "image/jpeg",
        "none, utf-8",
        ",",
    ],
)
def test_fetch_takes_what_is_labelled_by_no_coding(label: str) -> None:
    with serving(answering(Content_Encoding=label)) as port:
        assert local_fetch(f"http://127.0.0.1:{port}/") == b"picture"


@pytest.mark.parametrize("label", ["gzip", "GZip", "x-gzip", "deflate", "br", "zstd", "gzip, none", "aws-chunked,gzip"])
def test_fetch_refuses_what_is_labelled_as_coded(label: str) -> None:
    with serving(answering(Content_Encoding=label)) as port, pytest.raises(BadImageUrl, match="compresses"):
        local_fetch(f"http://127.0.0.1:{port}/")


def test_fetch_refuses_a_body_that_ends_early() -> None:
    with serving(answering(b"half", Content_Length="8", Connection="close")) as port, pytest.raises(BadImageUrl):
        local_fetch(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize(
    ("first", "drip"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
    ids=["status", "headers", "sized", "unsized", "chunked"],
)
def test_fetch_ends_in_time_however_the_server_drips(first: bytes, drip: bytes) -> None:
    start = time.monotonic()
    with dripping(first, drip) as port:
        with pytest.raises(BadImageUrl, match="too long"):
            local_fetch(f"http://127.0.0.1:{port}/", seconds=0.6)
        assert time.monotonic() - start < 2


def test_fetch_ends_in_time_over_tls(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path, "127.0.0.1")
    tls = ssl.create_default_context(cafile=certificate)
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    with dripping(head, b"x", certificate) as port, pytest.raises(BadImageUrl, match="too long"):
        fetch(f"https://127.0.0.1:{port}/", limit=LIMIT, allow_private=True, seconds=0.6, tls=tls)


def test_fetch_ends_in_time_when_nothing_resolves_or_answers() -> None:
    def resolve_slowly(host: str, port: int) -> list[str]:
        time.sleep(0.5)
        return ["127.0.0.1"]

    with pytest.raises(BadImageUrl, match="too long"):
        fetch("http://slow.example/", limit=1, allow_private=True, seconds=0.2, resolve=resolve_slowly)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(BadImageUrl, match="too long"):
        local_fetch(f"http://127.0.0.1:{silent.getsockname()[1]}/", seconds=0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(BadImageUrl):
        local_fetch(f"https://127.0.0.1:{silent.getsockname()[1]}/", seconds=0.3)


def test_fetch_checks_certificates_by_name(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path, "photos.example")
    trusting = ssl.create_default_context(cafile=certificate)

    def get(host: str, tls: ssl.SSLContext | None) -> bytes:
        url = f"https://{host}:{port}/"
        return fetch(url, limit=LIMIT, allow_private=True, resolve=lambda *_: ["127.0.0.1"], tls=tls)

    with serving(answering(), certificate) as port:
        assert get("photos.example", trusting) == b"picture"
        with pytest.raises(BadImageUrl, match="certificate"):
            get("other.example", trusting)
        with pytest.raises(BadImageUrl, match="certificate"):
            get("photos.example", None)


def test_fetch_takes_no_proxy_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with serving(answering()) as port:
        assert local_fetch(f"http://127.0.0.1:{port}/") == b"picture"


def test_origin_is_the_one_that_would_be_asked() -> None:
    assert origin("HTTPS://Acct.example/a?b") == origin("https://acct.example:443/c")
    assert origin("http://127.0.0.1:10000/acct/a") == Origin("http", "127.0.0.1", 10000)
    for other in ("http://acct.example/", "https://acct.example:444/", "https://acct.example.evil/"):
        assert origin(other) != origin("https://acct.example/")
    for hidden in ("https://acct.example@evil.example/", "file:///etc/passwd", "acct.example/a"):
        with pytest.raises(BadImageUrl):
            origin(hidden)


def test_a_refusal_tells_what_the_host_answered() -> None:
    with serving(answering(status=403)) as port, pytest.raises(BadImageUrl) as caught:
        local_fetch(f"http://127.0.0.1:{port}/")
    assert caught.value.answered == 403


def test_redirects_can_be_refused() -> None:
    with serving(answering(status=302, Location="/there")) as port, pytest.raises(BadImageUrl, match="redirects"):
        fetch(f"http://127.0.0.1:{port}/", limit=LIMIT, allow_private=True, redirects=0)


def test_send_brings_what_is_sent_and_follows_no_redirect() -> None:
    asked: list[Request] = []

    def respond(request: Request) -> Answer:
        asked.append(request)
        return Answer(302, headers={"Location": "http://127.0.0.1:9/"})

    with serving(respond) as port:
        url = f"http://127.0.0.1:{port}/queue/messages?sig=x%2By"
        assert send(url, "POST", b"<message/>", {"x-ms-version": "1"}, allow_private=True) == 302
    (request,) = asked
    assert (request.method, request.path, request.body) == ("POST", "/queue/messages?sig=x%2By", b"<message/>")
    assert (request.headers["x-ms-version"], request.headers["host"]) == ("1", f"127.0.0.1:{port}")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://169.254.169.254/", "ftp://example.com/", "queue"])
def test_send_asks_no_host_that_fetch_would_not(url: str) -> None:
    with pytest.raises(BadImageUrl):
        send(url, "PUT", b"", {}, allow_private=False)
