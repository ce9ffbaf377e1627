"""Bodies in the shapes that programs written for Custom Vision send, to the running service."""

import gzip
import json
from base64 import b64encode
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from tests.pictures import picture

API = "/customvision/v3.3/training"
FORM = "application/x-www-form-urlencoded"
SHAPES = {
    "single quotes": ("{{'url' : '{url}'}}", "application/json"),
    "bare key": ("{{Url: '{url}'}}", "application/json"),
    "JSON that is called a form": ('{{"url": "{url}"}}', FORM),
    "trailing comma": ('{{"Url": "{url}",}}', ""),
    "form": ("Url={quoted}", FORM),
    "form with more": ("a=b&url={quoted}&url2=", f"{FORM}; charset=utf-8"),
    "XML": ("<ImageUrl><Url>{escaped}</Url></ImageUrl>", "application/xml"),
    "XML of a namespace": (
        '<?xml version="1.0"?>\r\n<ImageUrl xmlns="http://schemas.datacontract.org/2004/07/A">'
        "<Url> {escaped} </Url></ImageUrl>",
        "text/xml",
    ),
}


@pytest.mark.parametrize(("body", "content_type"), SHAPES.values(), ids=SHAPES)
def test_an_address_comes_in_any_shape(ask, trained, web, body, content_type):
    web.pages["/apple.jpg?a=1&b=2"] = picture("apple", 3)
    url = f"{web.address}/apple.jpg?a=1&b=2"
    quoted = urlencode({"": url})[1:]
    sent = body.format(url=url, quoted=quoted, escaped=url.replace("&", "&amp;")).encode()
    reply = ask(
        "POST", f"{API}/projects/{trained.project.id}/quicktest/url?store=false", sent, Content_Type=content_type
    )
    assert (reply.status, reply.body.get("message")) == (200, None)
    assert reply.body["predictions"][0]["tagName"] == "apple"


@pytest.mark.parametrize(
    "body",
    [
        "<ImageUrl><Url>http://a",
        "<ImageUrl/>",
        '<!DOCTYPE a [<!ENTITY b "c">]><ImageUrl><Url>&b;</Url></ImageUrl>',
        "<ImageUrl><Url>" + "a" * 70_000 + "</Url></ImageUrl>",
        "url=" + "a" * 70_000,
        "{'url': 'http://a'",
    ],
)
def test_an_address_in_no_shape_is_refused(ask, trained, body):
    for content_type in ("text/xml", FORM):
        path = f"{API}/projects/{trained.project.id}/quicktest/url"
        reply = ask("POST", path, body.encode(), Content_Type=content_type)
        assert (reply.status, reply.body["code"]) == (400, "BadRequest")


@pytest.mark.parametrize("kind", ["files", "raw", "parts"])
def test_compressed_bodies_are_read(ask, project, kind):
    data, path, content_type = picture("apple", 1), f"{API}/projects/{project.id}/images", "application/octet-stream"
    if kind == "files":
        data = json.dumps({"images": [{"name": "a", "contents": b64encode(data).decode()}]}).encode()
        path, content_type = f"{path}/files", "application/json"
    if kind == "parts":
        data = b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n%b\r\n--B--\r\n' % data
        content_type = "multipart/form-data; boundary=B"
    reply = ask("POST", path, gzip.compress(data), Content_Type=content_type, Content_Encoding="gzip")
    assert (reply.status, reply.body["isBatchSuccessful"]) == (200, True)
    assert ask("POST", path, data, Content_Type=content_type, Content_Encoding="br").status == 415


def test_a_compressed_body_keeps_to_the_limits(ask, project):
    path = f"{API}/projects/{project.id}/images"
    reply = ask("POST", path, gzip.compress(bytes(7_000_000)), Content_Encoding="gzip")
    assert (reply.status, reply.body["images"][0]["status"]) == (207, "ErrorImageSize")
    bomb = ask("POST", path, gzip.compress(bytes(101 * 1024 * 1024), 1), Content_Encoding="gzip")
    assert (bomb.status, bomb.body["error"]["code"]) == (413, "413")


def test_what_belongs_in_the_query_may_come_in_a_json_body(ask, trained):
    name = f"body {uuid4()}"
    told = {"Name": name, "description": "d", "classificationType": "multiclass", "targetExportPlatforms": ["ONNX"]}
    reply = ask("POST", f"{API}/projects", json.dumps(told).encode(), Content_Type="application/json")
    project = reply.body
    try:
        assert (reply.status, project["name"], project["description"]) == (200, name, "d")
        assert (project["settings"]["classificationType"], project["settings"]["targetExportPlatforms"]) == (
            "Multiclass",
            ["ONNX"],
        )
        tags = f"{API}/projects/{project['id']}/tags"
        assert ask("POST", tags, b"{'name': 'apple', 'type': 'Negative'}").body["type"] == "Negative"
        assert ask("POST", f"{tags}?name=leaf", b'{"name": "other"}').body["name"] == "leaf"
        assert ask("POST", tags, b"name=root&description=d", Content_Type=FORM).body["name"] == "root"
        assert (
            ask("POST", f"{API}/projects/import", b'{"token": "none"}').body["code"] != "BadRequestRequiredParamIsNull"
        )
        publish = f"{API}/projects/{trained.project.id}/iterations/{trained.iteration.id}/publish"
        published = ask(
            "POST", publish, json.dumps({"publishName": name, "predictionId": "r", "overwrite": True}).encode()
        )
        assert (published.status, published.data) == (200, b"true")
        assert ask("DELETE", publish).status == 204
    finally:
        assert ask("DELETE", f"{API}/projects/{project['id']}").status == 204


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"name": null}', b'{"name": {"a": 1}}', b"[]", b"{", b'{"description": "d"}']
)
def test_a_name_that_is_nowhere_is_missed(ask, project, body):
    reply = ask("POST", f"{API}/projects/{project.id}/tags", body)
    assert (reply.status, reply.body["code"]) == (400, "BadRequestRequiredParamIsNull")
