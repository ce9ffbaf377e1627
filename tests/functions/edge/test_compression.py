"""Long answers are compressed for those who ask for it, and say the same."""

import gzip
import json

import azure.functions as func
import pytest

from functions.edge import compression
from functions.edge.compression import LONG, compressed
from shared.storage.account.store import Store
from tests.storage.making import add_images

TEXT = b"long " * LONG


def request(accepted: str | None) -> func.HttpRequest:
    return func.HttpRequest("GET", "/", headers={"Accept-Encoding": accepted} if accepted is not None else {}, body=b"")


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        (None, None),
        ("", None),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "gzip"),
        ("br;q=1.0, GZIP;q=0.2", "gzip"),
        ("deflate,x-gzip", "gzip"),
        ("*", "gzip"),
        ("identity, *;q=0.5", "gzip"),
        ("gzip;q=0", None),
        ("gzip ; q = 0.000", None),
        ("gzip;q=0, *", None),
        ("*;q=0", None),
        ("*;q=0, gzip;q=0.1", "gzip"),
        ("identity", None),
        ("br, deflate", None),
        ("gzipped", None),
        ("not-gzip", None),
        ("gzip;q=no", None),
        (",;=," * 2_000, None),
    ],
)
def test_who_reads_gzip_gets_it(accepted, coding):
    data, headers = compressed(request(accepted), TEXT, {})
    assert headers.get("Content-Encoding") == coding
    assert headers["Vary"] == "Accept-Encoding"
    assert (gzip.decompress(data) if coding else data) == TEXT


def test_a_short_answer_stays_as_it_is():
    assert compressed(request("gzip"), TEXT[:LONG], {"A": "b"}) == (TEXT[:LONG], {"A": "b"})
    assert compressed(request("gzip"), b"", {}) == (b"", {})


def test_what_else_an_answer_varies_by_is_kept():
    given = {"Vary": "Origin"}
    assert compressed(request("gzip"), TEXT, given)[1]["Vary"] == "Origin, Accept-Encoding"
    assert given == {"Vary": "Origin"}


def test_a_page_of_images_comes_compressed_and_says_the_same(ask, project, storage: Store):
    add_images(storage, project.id, 60)
    path = f"/customvision/v3.3/training/projects/{project.id}/images?take=60"
    plain, packed = ask("GET", path), ask("GET", path, Accept_Encoding="gzip, br")
    assert (plain.status, packed.status) == (200, 200)
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["content-type"] == plain.headers["content-type"]
    assert int(packed.headers["content-length"]) == len(packed.data) < len(plain.data) / 4
    assert [each["id"] for each in json.loads(gzip.decompress(packed.data))] == [each["id"] for each in plain.body]
    head = ask("HEAD", path, None, Accept_Encoding="gzip")
    assert (head.data, head.headers["content-encoding"]) == (b"", "gzip")


def test_refusals_and_short_answers_come_as_they_are(ask, project):
    for path in (f"projects/{project.id}", "projects/none"):
        reply = ask("GET", f"/customvision/v3.3/training/{path}", Accept_Encoding="gzip")
        assert "content-encoding" not in reply.headers
        assert reply.body


def test_the_description_comes_compressed(ask):
    reply = ask("GET", "/customvision/openapi.json", Accept_Encoding="gzip")
    assert json.loads(gzip.decompress(reply.data))["openapi"] == "3.1.0"
    assert len(reply.data) > compression.LONG
