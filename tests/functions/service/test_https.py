"""`./run --https`: the unchanged SDK, which trusts the authority, works with all of it."""

import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import Image, ImageUrlCreateBatch, ImageUrlCreateEntry
from azure.storage.blob import ContainerClient
from msrest.authentication import ApiKeyCredentials

from local.service import Options, Service, running
from shared.settings import ROOT, child_environment
from tests.functions.flows import import_project, upload
from tests.pictures import picture

PROGRAM = """
import os
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from msrest.authentication import ApiKeyCredentials

credentials = ApiKeyCredentials(in_headers={"Training-key": os.environ["VISION_TRAINING_KEY"]})
print(len(CustomVisionTrainingClient(os.environ["VISION_TRAINING_ENDPOINT"], credentials).get_domains()))
"""


@pytest.fixture(scope="module")
def secure(tmp_path_factory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("secure"), options=Options(https=True)) as service:
        yield service


@pytest.fixture(scope="module")
def authority(secure) -> str:
    assert secure.certificates
    return str(secure.certificates.authority)


@pytest.fixture(scope="module")
def trainer(secure, authority) -> CustomVisionTrainingClient:
    assert secure.endpoint.startswith("https://127.0.0.1:")
    credentials = ApiKeyCredentials(in_headers={"Training-key": secure.training_key})
    client = CustomVisionTrainingClient(secure.endpoint, credentials)
    client.config.connection.verify = authority
    return client


@pytest.fixture(scope="module")
def project(trainer):
    project = trainer.create_project("fruit", classification_type="Multiclass")
    upload(trainer, project.id, "apple", range(3))
    return project


@pytest.fixture
def image(trainer, project) -> Image:
    return trainer.get_images(project.id)[0]


def test_pictures_come_by_https_too(secure, authority, trainer, project):
    images = trainer.get_images(project.id)
    assert len(images) == 3
    for image in images:
        for uri in (image.original_image_uri, image.resized_image_uri, image.thumbnail_uri):
            assert uri.startswith(f"{secure.endpoint}/")
            assert requests.get(uri, verify=authority, timeout=20).content[:2] == b"\xff\xd8"


def test_a_range_of_a_picture(authority, image):
    whole = requests.get(image.original_image_uri, verify=authority, timeout=20).content
    part = requests.get(image.original_image_uri, verify=authority, timeout=20, headers={"Range": "bytes=2-11"})
    assert (part.status_code, part.content) == (206, whole[2:12])


def test_who_does_not_trust_the_authority_gets_nothing(secure, image):
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(image.original_image_uri, timeout=20)
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(image.original_image_uri.replace("https:", "http:"), timeout=20)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_the_strictest_check_of_a_certificate_passes(secure, authority, host):
    trusting = ssl.create_default_context(cafile=authority)
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    address = f"https://{host}:{secure.port}/customvision/openapi.json"
    with urllib.request.urlopen(address, context=trusting, timeout=20) as answer:
        assert answer.status == 200
        # It would hold every port of this host name to HTTPS, other programs' too.
        assert answer.headers["Strict-Transport-Security"] is None


def test_a_program_with_the_environment_alone(secure):
    assert secure.certificates
    environment = child_environment(
        VISION_TRAINING_ENDPOINT=secure.endpoint,
        VISION_TRAINING_KEY=secure.training_key,
        REQUESTS_CA_BUNDLE=str(secure.certificates.bundle),
    )
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, int(done.stdout) > 5) == (0, True), done.stderr


def test_images_move_by_their_addresses(trainer, project):
    copy = trainer.create_project("copy", classification_type="Multiclass")
    entries = [ImageUrlCreateEntry(url=image.original_image_uri) for image in trainer.get_images(project.id)]
    summary = trainer.create_images_from_urls(copy.id, ImageUrlCreateBatch(images=entries))
    assert [each.status for each in summary.images] == ["OK"] * 3


def test_a_project_moves_by_its_token(secure, trainer, project):
    token = trainer.export_project(project.id).token
    assert token.startswith(f"{secure.endpoint}/")
    copy = import_project(trainer, token)
    assert trainer.get_image_count(copy.id) == 3


def test_a_cameras_picture_arrives(secure, eventually):
    with ContainerClient.from_connection_string(secure.connection_string, "uploads") as uploads:
        uploads.upload_blob("nowhere/1.jpg", picture("apple", 1))
    told = Path(secure.data / "events.jsonl")
    eventually(lambda: told.is_file() and "nowhere/1.jpg" in told.read_text())
