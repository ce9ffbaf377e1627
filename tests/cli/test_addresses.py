"""Endpoints as people copy them."""

import pytest

from cli import addresses
from cli.faults import CommandError


@pytest.mark.parametrize(
    "text", ["https://vision.example.com", "https://vision.example.com/", "http://127.0.0.1:7071/behind/a/gateway"]
)
def test_an_endpoint_has_no_slash_at_its_end(text: str):
    assert addresses.endpoint(text, "ENDPOINT") == text.rstrip("/")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("vision.example.com", "ENDPOINT is a URL, such as https://vision.example.com, not 'vision.example.com'"),
        ("https://", "ENDPOINT is a URL"),
        ("https://a.example/customvision/v3.3/training", "ends before the API's own path: https://a.example"),
        ("https://a.example/b/customvision/v3.1/prediction/", "ends before the API's own path: https://a.example/b"),
        ("https://a.example:444/Portal/", "ends before the API's own path: https://a.example:444"),
        ("https://a.example/?code=1", "ends before the API's own path: https://a.example"),
    ],
)
def test_what_is_none_says_what_it_should_be(text: str, says: str):
    with pytest.raises(CommandError) as refused:
        addresses.endpoint(text, "ENDPOINT")
    assert says in str(refused.value)
