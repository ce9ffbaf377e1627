"""The container of an exported model, by the commands of its Dockerfile: it answers what the service does."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest
from azure.cognitiveservices.vision.customvision.prediction import CustomVisionPredictionClient
from azure.cognitiveservices.vision.customvision.prediction.models import CustomVisionErrorException
from msgspec import Struct
from msgspec.structs import replace
from msrest.authentication import ApiKeyCredentials
from PIL import Image

from local.azurite import free_ports, is_free
from shared.models.training.model_spec import ModelTag
from shared.models.workspace.tags import TagType
from shared.packages import docker
from shared.prediction.model import Model
from shared.settings import ROOT
from tests import dockerfile
from tests.environments import make_environment, pip_command
from tests.functions.wire import Reply, Request, send
from tests.pictures import encoded, rectangles
from tests.prediction.classifiers import make_classifier
from tests.prediction.graphs import make_detector, make_detector_spec, make_spec
from tests.waiting import wait_for
from tests.web import Web
from tests.wheels import pack

REQUIREMENTS = docker.APP / "requirements.txt"
KINDS = [ModelTag(uuid4(), "red"), ModelTag(uuid4(), "grün"), ModelTag(uuid4(), "none", TagType.NEGATIVE)]
SPECS = {
    "classify": replace(make_spec(uuid4(), uuid4(), []), tags=KINDS),
    "detect": make_detector_spec(uuid4(), uuid4()),
}
GRAPHS = {"classify": make_classifier(0.02), "detect": make_detector()}
PICTURE = rectangles({"red": (0.1, 0.2, 0.3, 0.4), "blue": (0.5, 0.5, 0.5, 0.25)}, orientation=6)
FORM = "multipart/form-data; boundary=B"
BYTES, JSON = "application/octet-stream", "application/json"
HARNESS = ["", "/p", "/p/{verb}/iterations/a%20b"]
CLOUD = "/customvision/v3.1/Prediction/{project}/{verb}/iterations/a%20b"
KEY = "a key of ours"
FAILURE = (500, b"Error processing image")


def form(data: bytes, disposition: str = 'form-data; name="imageData"') -> bytes:
    """The SDKs send a picture as a part that looks like a field."""
    return b"--B\r\nContent-Disposition: " + disposition.encode() + b"\r\n\r\n" + data + b"\r\n--B--\r\n"


class Container(Struct, frozen=True):
    """One that runs, with what the service would answer in its place."""

    port: int
    verb: str
    served: Model
    health: Callable[[], int]

    def ask(self, path: str, body: bytes | None = PICTURE, kind: str = BYTES, **headers: str) -> Reply:
        """A POST, or a GET where there is no body; the path may name {verb} and {project}."""
        path = path.format(verb=self.verb, project=self.served.spec.project_id)
        given = [(name.replace("_", "-"), value) for name, value in {"Content_Type": kind, **headers}.items()]
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            return send(connection, Request("GET" if body is None else "POST", path, given, body))

    def expected(self, *, cloud: bool) -> list[dict[str, object]]:
        found: list[dict[str, object]] = msgspec.to_builtins(self.served.predict(PICTURE))
        if not cloud:
            found = [{"boundingBox": None, **each, "tagId": ""} for each in found]
            assert all(each.pop("tagType") for each in found)
        return found


def near(found: object) -> object:
    """The same, its numbers to 1e-6."""
    if isinstance(found, list):
        return [near(each) for each in found]
    if isinstance(found, Mapping):
        return {name: near(each) for name, each in found.items()}
    return pytest.approx(found, abs=1e-6) if isinstance(found, float) else found


class Built(Struct, frozen=True):
    """An image, and where the commands of its Python are."""

    stage: dockerfile.Stage
    commands: Path

    def run(self, *command: str, **settings: str) -> "subprocess.Popen[bytes]":
        variables = self.stage.environment | {"PATH": f"{self.commands}:/usr/bin:/bin"} | settings
        return subprocess.Popen(command, cwd=self.stage.folder, env=variables, stderr=subprocess.PIPE)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """By its Dockerfile, from the package of the classifier."""
    folder = tmp_path_factory.mktemp("container")
    python = make_environment(folder / "environment")
    pip_command(python)
    context = unpacked("classify", folder / "context")
    tools = dockerfile.Tools(python.parent, pack(folder / "wheels", REQUIREMENTS).environment)
    stage = dockerfile.build(context / "Dockerfile", context, folder / "image", tools, lambda: None)
    return Built(stage, python.parent)


def unpacked(verb: str, folder: Path) -> Path:
    for name, data in docker.files(SPECS[verb], GRAPHS[verb], "Linux").items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def ended(process: "subprocess.Popen[bytes]") -> int:
    with process:
        process.communicate()
    return process.returncode


@contextmanager
def running(built: Built, verb: str, folder: Path, **settings: str) -> Iterator[Container]:
    """What was built, with the model of that kind instead."""
    shutil.copytree(built.stage.folder, folder / "app")
    unpacked(verb, folder)
    image = replace(built, stage=replace(built.stage, folder=folder / "app"))
    (port,) = free_ports(1)
    settings = {"HOST": "127.0.0.1", "PORT": str(port), **settings}
    served = Model.load(GRAPHS[verb], msgspec.json.encode(SPECS[verb]))
    with image.run(*image.stage.command, **settings) as server:
        try:
            wait_for(lambda: not is_free(port))
            yield Container(port, verb, served, lambda: ended(image.run("sh", "-c", image.stage.health, **settings)))
        finally:
            log = stopped(server)
            assert b"Traceback" not in log, log.decode()
            assert server.returncode == 0


def stopped(server: "subprocess.Popen[bytes]") -> bytes:
    """As `docker stop` does; what it has logged."""
    server.terminate()
    try:
        return server.communicate(timeout=20)[1]
    except subprocess.TimeoutExpired:
        server.kill()
        raise


@pytest.fixture(scope="module")
def classifier(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    with running(built, "classify", tmp_path_factory.mktemp("classifier")) as container:
        yield container


@pytest.fixture(scope="module")
def detector(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """With a key, and for addresses inside."""
    settings = {"PREDICTION_KEY": KEY, "ALLOW_PRIVATE_URLS": "true"}
    with running(built, "detect", tmp_path_factory.mktemp("detector"), **settings) as container:
        yield container


def test_each_flavor_is_pinned_and_of_a_user_that_is_not_root() -> None:
    texts = {name: docker.files(SPECS["classify"], b"", name)["Dockerfile"].decode() for name in docker.PLATFORMS}
    bases = {flavor: re.findall(r"^FROM (.*)$", text, re.MULTILINE) for flavor, text in texts.items()}
    assert bases == {
        "Linux": ["python:3.11.14-slim-bookworm"],
        "ARM": ["--platform=linux/arm64 python:3.11.14-slim-bookworm"],
        "Windows": ["python:3.11.9-windowsservercore-ltsc2022"],
    }
    for text in texts.values():
        assert re.search(r"^USER (10001|ContainerUser)$", text, re.MULTILINE)
        assert text.count("HEALTHCHECK CMD") == 1


def test_the_packages_are_those_of_the_service() -> None:
    named = {line.partition("==")[0]: line for line in (ROOT / "requirements.txt").read_text().splitlines()}
    lines = REQUIREMENTS.read_text().splitlines()
    assert all("==" in line for line in lines)
    assert {name for name in (line.partition("==")[0] for line in lines) if name not in named} == {
        *("flask", "waitress", "msvc-runtime")
    }
    assert [line for line in lines if line.partition("==")[0] in named and line not in named.values()] == []


def test_it_tells_that_it_is_there(classifier: Container, detector: Container) -> None:
    for container in (classifier, detector):
        told = container.ask("/", None)
        assert (told.status, told.data) == (200, b"CustomVision.ai model host harness")
        assert container.health() == 0


@pytest.mark.parametrize("ending", ["image", "image/nostore"])
@pytest.mark.parametrize("place", [*HARNESS, CLOUD])
def test_every_path_of_a_picture(classifier: Container, detector: Container, place: str, ending: str) -> None:
    for container, key in ((classifier, "any"), (detector, KEY)):
        bodies = [
            (PICTURE, BYTES),
            (PICTURE, "image/jpeg"),
            (form(PICTURE), FORM),
            (form(PICTURE, 'form-data; name=file; filename="photo.jpg"'), FORM),
        ]
        for body, kind in bodies:
            reply = container.ask(f"{place}/{ending}", body, kind, Prediction_Key=key)
            check(container, reply, cloud=place == CLOUD)


def check(container: Container, reply: Reply, *, cloud: bool) -> None:
    """That it is the service's answer, or in the shape of the containers."""
    assert reply.status == 200, reply.data
    body = reply.body
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", body["created"])
    assert body["predictions"] == near(container.expected(cloud=cloud))
    spec = container.served.spec
    ids = [str(spec.project_id), str(spec.iteration_id)] if cloud else ["", ""]
    assert [body["project"], body["iteration"]] == ids
    assert UUID(body["id"]) if cloud else body["id"] == ""


@pytest.mark.parametrize("place", [*HARNESS, CLOUD])
def test_every_path_of_a_url(detector: Container, web: Web, place: str) -> None:
    for name, ending in (("url", "url"), ("Url", "url/nostore")):
        body = json.dumps({name: web.serve(PICTURE)}).encode()
        reply = detector.ask(f"{place}/{ending}", body, JSON, Prediction_Key=KEY)
        check(detector, reply, cloud=place == CLOUD)


def test_addresses_inside_are_refused_where_nobody_allowed_them(classifier: Container, web: Web) -> None:
    for url in (web.serve(PICTURE), "http://169.254.169.254/", "http://localhost:1/", "file:///etc/passwd", "none"):
        body = json.dumps({"url": url}).encode()
        reply = classifier.ask(f"{CLOUD}/url", body, JSON)
        assert (reply.status, reply.body["code"]) == (400, "BadRequestImageUrl"), url
        reply = classifier.ask("/url", body, JSON)
        assert (reply.status, reply.data) == FAILURE


def test_a_client_of_the_cloud_needs_another_endpoint_alone(detector: Container, web: Web) -> None:
    def client(key: str) -> CustomVisionPredictionClient:
        credentials = ApiKeyCredentials(in_headers={"Prediction-key": key})
        return CustomVisionPredictionClient(f"http://127.0.0.1:{detector.port}", credentials)

    project = detector.served.spec.project_id
    with client(KEY) as sdk:
        answers = [
            sdk.detect_image(project, "a b", PICTURE),
            sdk.detect_image_with_no_store(project, "a b", PICTURE),
            sdk.detect_image_url(project, "a b", web.serve(PICTURE)),
        ]
        boxes = [(each["tagId"], each["boundingBox"]) for each in detector.expected(cloud=True)]
        for answer in answers:
            found = [(each.tag_id, each.bounding_box.serialize()) for each in answer.predictions]
            assert found == [(tag, near(box)) for tag, box in boxes]
        with pytest.raises(CustomVisionErrorException) as refused:
            sdk.detect_image(project, "a b", b"no picture")
        assert refused.value.error.code == "BadRequestImageFormat"
    with client("another") as sdk, pytest.raises(CustomVisionErrorException, match="UNAUTHORIZED"):
        sdk.detect_image(project, "a b", PICTURE)


def test_a_key_that_is_set_guards_every_path_but_the_first(detector: Container) -> None:
    for place in (*HARNESS, CLOUD, "/nowhere"):
        for key in ("", "another", "gr\xfcn"):
            assert detector.ask(f"{place}/image", Prediction_Key=key).status == 401
    assert detector.ask(f"{CLOUD}/image").body["error"]["code"] == "401"
    assert detector.ask(f"{CLOUD}/image", Ocp_Apim_Subscription_Key=KEY).status == 200


WRONG = {
    "BadRequestImageFormat": [
        (b"", BYTES),
        (b"no picture", BYTES),
        (PICTURE[:-500], BYTES),
        (encoded(Image.new("RGB", (9, 9)), "TIFF"), BYTES),
    ],
    "BadRequestImageSizeBytes": [(PICTURE + bytes(4 * 1024 * 1024), BYTES), (form(bytes(5 * 1024 * 1024)), FORM)],
    "BadRequestImageDimensions": [
        (encoded(Image.new("1", (10_241, 500)), "PNG"), BYTES),
        (encoded(Image.new("1", (9_000, 9_000)), "PNG"), BYTES),
    ],
    "BadRequestImageAspectRatio": [(encoded(Image.new("1", (2_000, 50)), "PNG"), BYTES)],
    "BadRequestImageBatch": [
        (form(PICTURE)[:-9], FORM),
        (PICTURE, FORM),
        (form(PICTURE), "multipart/form-data"),
        (form(PICTURE)[:-7] + form(PICTURE), FORM),
        (b"--B\r\n\r\n\r\n--B--\r\n", FORM),
    ],
}


@pytest.mark.parametrize("code", WRONG)
def test_what_is_no_picture_is_answered_by_its_error(classifier: Container, code: str) -> None:
    for body, kind in WRONG[code]:
        reply = classifier.ask(f"{CLOUD}/image", body, kind)
        assert (reply.status, reply.body["code"]) == (400, code), reply.data
        assert len(reply.body["message"]) > 20
        reply = classifier.ask("/image", body, kind)
        assert (reply.status, reply.data) == FAILURE


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"{}", b'{"url": 1}', b"\xff", b"[" * 100_000])
def test_what_names_no_url_is_answered_by_its_error(classifier: Container, body: bytes) -> None:
    reply = classifier.ask(f"{CLOUD}/url", body, JSON)
    assert (reply.status, reply.body["code"]) == (400, "BadRequest"), reply.data
    assert (reply := classifier.ask("/p/url", body, JSON)).status == 500
    assert reply.data == FAILURE[1]


def test_the_other_kind_and_what_is_not_there_are_refused(classifier: Container) -> None:
    reply = classifier.ask(CLOUD.replace("{verb}", "detect") + "/image")
    assert (reply.status, reply.body["code"]) == (400, "BadRequestOperationNotSupported")
    assert "call classify instead" in reply.body["message"]
    assert classifier.ask("/p/detect/iterations/a/image").status == 500
    assert classifier.ask("/customvision/v3.0/training/projects").body["error"]["code"] == "404"
    reply = classifier.ask("/image", None)
    assert (reply.status, sorted(reply.headers["allow"].split(", "))) == (405, ["OPTIONS", "POST"])
    assert classifier.ask("/image", b"", Content_Length=str(17 * 1024 * 1024)).status == 413
