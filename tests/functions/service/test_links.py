"""Addresses of pictures and packages: they work from where the caller came, and no caller decides over another's."""

import json
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

import pytest
from azure.cognitiveservices.vision.customvision.training.models import (
    ImageFileCreateBatch,
    ImageFileCreateEntry,
    ImageUrlCreateBatch,
    ImageUrlCreateEntry,
    PredictionQueryToken,
)

from local.service import RESOURCE_ID
from tests.functions import wire
from tests.pictures import picture


@pytest.fixture
def image_path(trained) -> str:
    return f"/customvision/v3.3/training/projects/{trained.project.id}/images/tagged?take=1"


def original(service, path, *hosts) -> str:
    headers = [("Training-Key", service.training_key), *(("Host", host) for host in hosts)]
    with closing(HTTPConnection("127.0.0.1", service.port, timeout=20)) as connection:
        answer = wire.send(connection, wire.Request("GET", path, headers))
    assert answer.status == 200, answer.data
    (image,) = answer.body
    assert {urlsplit(image[f"{kind}ImageUri"]).netloc for kind in ("original", "resized")} == {
        urlsplit(image["thumbnailUri"]).netloc
    }
    return image["originalImageUri"]


def test_pictures_are_where_the_service_is(service, training, trained, web):
    for image in training.get_tagged_images(trained.project.id):
        for uri in (image.original_image_uri, image.resized_image_uri, image.thumbnail_uri):
            assert uri.startswith(f"{service.endpoint}/devstoreaccount1/images/{trained.project.id}/")
            assert web.get(uri)[:2] == b"\xff\xd8"


def test_new_images_are_there_too(service, training, project, web):
    data = [picture("apple", 1), picture("apple", 2), picture("apple", 3)]
    created = [
        training.create_images_from_data(project.id, data[0]),
        training.create_images_from_files(
            project.id, ImageFileCreateBatch(images=[ImageFileCreateEntry(name="a", contents=data[1])])
        ),
        training.create_images_from_urls(
            project.id, ImageUrlCreateBatch(images=[ImageUrlCreateEntry(url=web.serve(data[2]))])
        ),
    ]
    for summary, original in zip(created, data, strict=True):
        (result,) = summary.images
        assert result.image.original_image_uri.startswith(f"{service.endpoint}/")
        assert web.get(result.image.original_image_uri) == original


def test_every_other_answer_says_so_too(service, training, trained, prediction):
    training.publish_iteration(trained.project.id, trained.iteration.id, "links", RESOURCE_ID)
    prediction.classify_image(trained.project.id, "links", picture("apple", 71))
    training.unpublish_iteration(trained.project.id, trained.iteration.id)
    query = PredictionQueryToken(order_by="Newest", max_count=1)
    (stored,) = training.query_predictions(trained.project.id, query).results
    (judged,) = training.get_image_performances(trained.project.id, trained.iteration.id, take=1)
    for uri in (stored.original_image_uri, stored.thumbnail_uri, judged.thumbnail_uri):
        assert uri.startswith(f"{service.endpoint}/devstoreaccount1/")
    assert training.export_project(trained.project.id).token.startswith(f"{service.endpoint}/devstoreaccount1/exports/")


@pytest.mark.parametrize(
    "host",
    ["localhost:7071", "ocellus", "ocellus:80", "vision.example.com", "192.168.1.5:9000", "[::1]", "[fe80::1]:7071"],
)
def test_an_address_has_the_host_that_the_caller_asked(service, image_path, host):
    assert original(service, image_path, host).startswith(f"http://{host}/devstoreaccount1/images/")


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example/path",
        "user@evil.example",
        "evil.example?",
        "evil.example#",
        'evil"><script>',
        "evil.example:port",
        "evil.example:123456",
        "[::1",
        "::1",
        "a b",
        "\xe9vil.example",
        "..",
    ],
)
def test_a_host_that_is_none_leads_nobody_astray(service, image_path, host):
    assert original(service, image_path, host).startswith(f"{service.endpoint}/devstoreaccount1/images/")


def test_two_hosts_are_none(service, image_path):
    assert original(service, image_path, "one.example", "two.example").startswith(service.endpoint)


def test_what_one_caller_says_no_other_sees(service, training, trained, image_path):
    asked = f"/customvision/v3.3/training/projects/{trained.project.id}"
    assert "evil.example" in original(service, image_path, "evil.example")
    assert original(service, image_path, f"127.0.0.1:{service.port}").startswith(service.endpoint)
    export = wire.ask(service, "GET", f"{asked}/export", Training_Key=service.training_key, Host="evil.example")
    assert export.body["token"].startswith("http://evil.example/")
    token = export.body["token"].replace("http://evil.example", service.endpoint)
    copy = training.import_project(token)
    assert copy.status == "Importing"
    training.delete_project(copy.id)


def test_the_service_reads_its_own_addresses_by_any_name(service, training, trained, project, ask):
    """It need not reach itself by the name that the caller has for it."""
    host = "nowhere.invalid"
    root = f"/customvision/v3.3/training/projects/{trained.project.id}"
    ((image,), export) = (ask("GET", f"{root}{path}", Host=host).body for path in ("/images/tagged?take=1", "/export"))
    body = json.dumps({"images": [{"url": image["originalImageUri"]}]}).encode()
    path = f"/customvision/v3.3/training/projects/{project.id}/images/urls"
    assert ask("POST", path, body, Host=host, Content_Type="application/json").body["images"][0]["status"] == "OK"
    assert ask("POST", path, body, Content_Type="application/json").body["images"][0]["status"] == "ErrorSource"
    path = f"{root}/quicktest/url?iterationId={trained.iteration.id}&store=false"
    body = json.dumps({"url": image["originalImageUri"]}).encode()
    assert ask("POST", path, body, Host=host, Content_Type="application/json").body["predictions"]
    query = urlencode({"token": export["token"]})
    copy = ask("POST", f"/customvision/v3.3/training/projects/import?{query}", Host=host).body
    assert copy["status"] == "Importing"
    training.delete_project(copy["id"])


def test_forwarded_headers_are_anybodys_word(service, image_path):
    reply = wire.ask(
        service,
        "GET",
        image_path,
        Training_Key=service.training_key,
        X_Forwarded_Host="evil.example",
        X_Forwarded_Proto="https",
        Forwarded="host=evil.example;proto=https",
    )
    assert reply.body[0]["originalImageUri"].startswith(service.endpoint)
