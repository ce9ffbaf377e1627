"""Where a fetch goes: addresses as callers and servers write them, read as browsers do, and checked at each hop."""

import pytest

from shared.errors import BadImageUrl
from shared.fetch import fetch
from tests.fetching import LIMIT, answering, dripping, local_fetch
from tests.servers import Answer, Request, serving


@pytest.mark.parametrize(
    ("location", "asked"),
    [
        ("/café/写真.jpg".encode(), "/caf%C3%A9/%E5%86%99%E7%9C%9F.jpg"),
        ("/Å.jpg".encode(), "/%C3%85.jpg"),
        ("?name=写 真".encode(), "/a/start?name=%E5%86%99%20%E7%9C%9F"),
        ("/café.jpg?q=ü".encode("latin-1"), "/caf%E9.jpg?q=%FC"),
        ("/写真.jpg".encode("shift_jis"), "/%8E%CA%90%5E.jpg"),
        ("/é".encode() + "é".encode("latin-1"), "/%C3%A9%E9"),
        (b"/caf%C3%A9 a%2Fb%20c.jpg", "/caf%C3%A9%20a%2Fb%20c.jpg"),
        (b"/100%.jpg", "/100%.jpg"),
        (b"next.jpg", "/a/next.jpg"),
        (b"../b/./c.jpg", "/b/c.jpg"),
        (b"?sig=x%2By%3D", "/a/start?sig=x%2By%3D"),
        (b"/a|b[1]{2}.jpg?c|d[1]", "/a|b[1]%7B2%7D.jpg?c|d[1]"),
        (b'/a\\b"<c>.jpg', "/a/b%22%3Cc%3E.jpg"),
        (b"/a\tb.jpg \t", "/ab.jpg"),
        (b"/a.jpg#part", "/a.jpg"),
        (b"//127.0.0.1:{port}/host.jpg", "/host.jpg"),
        (b"HTTP://127.0.0.1:{port}/upper.jpg", "/upper.jpg"),
        (b"http:\\\\127.0.0.1:{port}\\back.jpg", "/back.jpg"),
        (b"http:relative.jpg", "/a/relative.jpg"),
    ],
)
def test_fetch_is_redirected_as_browsers_are(location: bytes, asked: str) -> None:
    def respond(request: Request) -> Answer:
        if request.path == "/a/start":
            where = location.replace(b"{port}", str(port).encode())
            return Answer(302, headers={"Location": where.decode("latin-1")})
        paths.append(request.path)
        return Answer(body=b"picture")

    paths: list[str] = []
    with serving(respond) as port:
        assert local_fetch(f"http://127.0.0.1:{port}/a/start") == b"picture"
    assert paths == [asked]


def test_fetch_is_redirected_to_a_host_of_any_script() -> None:
    def respond(request: Request) -> Answer:
        hosts.append(request.headers["host"])
        where = f"http://bücher.example:{port}/".encode().decode("latin-1")
        return Answer(302, headers={"Location": where}) if len(hosts) == 1 else Answer(body=b"picture")

    hosts: list[str] = []
    with serving(respond) as port:
        url = f"http://写真.example:{port}/"
        assert fetch(url, limit=LIMIT, allow_private=True, resolve=lambda *_: ["127.0.0.1"]) == b"picture"
    assert hosts == [f"xn--g7qs82g.example:{port}", f"xn--bcher-kva.example:{port}"]


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/",
        "//169.254.169.254/",
        "\\\\169.254.169.254\\",
        "/\t/169.254.169.254/",
        "http:\\\\169.254.169.254",
        "http://2852039166/",
        "http://0xa9.254.0376.254/",
        "http://①⑥⑨.254。169.254/",
        "http://%31%36%39.254.169.254/",
        "http://169.254.169.254\\@photos.example/",
        "http://169.254.169.254#@photos.example/",
        "http://[::ffff:a9fe:a9fe]/",
    ],
)
def test_fetch_is_redirected_to_no_address_that_it_may_not_ask(location: str) -> None:
    where = location.encode().decode("latin-1")
    with serving(answering(status=302, Location=where)) as port, pytest.raises(BadImageUrl, match="public internet"):
        local_fetch(f"http://127.0.0.1:{port}/")
    with pytest.raises(BadImageUrl):
        local_fetch(location, seconds=1)


@pytest.mark.parametrize(
    "location", ["http://caf\xe9.example/", "http://", "mailto:a@b.example", "http://u:p@127.0.0.1/"]
)
def test_fetch_refuses_to_be_redirected_to_what_is_no_web_address(location: str) -> None:
    with serving(answering(status=302, Location=location)) as port, pytest.raises(BadImageUrl, match="URL"):
        local_fetch(f"http://127.0.0.1:{port}/")


def test_fetch_refuses_two_locations_that_differ() -> None:
    def head(*locations: str) -> bytes:
        lines = "".join(f"Location: {location}\r\n" for location in locations)
        return f"HTTP/1.1 302 Found\r\n{lines}Content-Length: 0\r\nConnection: close\r\n\r\n".encode()

    with dripping(head("/a", "/b"), b"x") as port, pytest.raises(BadImageUrl, match="several"):
        local_fetch(f"http://127.0.0.1:{port}/")
    with serving(answering()) as there, dripping(head(*2 * [f"http://127.0.0.1:{there}/"]), b"x") as port:
        assert local_fetch(f"http://127.0.0.1:{port}/") == b"picture"


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/café/写 真.jpg?größe=ü", "/caf%C3%A9/%E5%86%99%20%E7%9C%9F.jpg?gr%C3%B6%C3%9Fe=%C3%BC"),
        ("/caf%C3%A9%20a%2Fb.jpg?sig=x%2By", "/caf%C3%A9%20a%2Fb.jpg?sig=x%2By"),
        ("/a|b[1].jpg#part \n", "/a|b[1].jpg"),
        ("?name=a b", "/?name=a%20b"),
        ("\\a\\..\\b.jpg\u00a0\u3000", "/b.jpg"),
    ],
)
def test_fetch_reads_an_address_as_browsers_do(path: str, asked: str) -> None:
    paths: list[str] = []

    def respond(request: Request) -> Answer:
        paths.append(request.path)
        return Answer(body=b"picture")

    with serving(respond) as port:
        assert local_fetch(f"\t HTTP://127.0.0.1:{port}{path}") == b"picture"
    assert paths == [asked]
