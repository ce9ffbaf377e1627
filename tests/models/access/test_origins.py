"""The setting CORS_ORIGINS: what an origin is."""

import pytest

from shared.models.access.origins import read_origins
from shared.settings import Settings


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("", set()),
        (" , ", set()),
        ("*", {"*"}),
        ("https://shop.example", {"https://shop.example"}),
        (" HTTPS://Shop.Example , http://localhost:3000,", {"https://shop.example", "http://localhost:3000"}),
        ("http://[::1]:8080,http://127.0.0.1:80800", {"http://[::1]:8080", "http://127.0.0.1:80800"}),
        ("capacitor://localhost,chrome-extension://abcdef", {"capacitor://localhost", "chrome-extension://abcdef"}),
        ("http://shop.example:443", {"http://shop.example:443"}),
    ],
)
def test_read_origins(text, origins):
    assert read_origins(text) == origins


@pytest.mark.parametrize(
    "text",
    [
        "shop.example",
        "https://shop.example/",
        "https://shop.example/page",
        "https://shop.example:443",
        "http://shop.example:80",
        "https://*.shop.example",
        "https://münchen.example",
        "https://shop.example https://other.example",
        "null",
        "https://",
        "https://shop.example:port",
    ],
)
def test_what_no_browser_sends_is_refused(text):
    with pytest.raises(ValueError, match=r"CORS_ORIGINS has '.+', which no browser sends"):
        Settings(cors_origins=f"https://a.example,{text}")


def test_all_and_some_is_refused():
    with pytest.raises(ValueError, match="lists others beside"):
        read_origins("*, https://shop.example")
