"""Thousands of wrong requests to the running service: none makes it fail, and each answer is a documented one.

FUZZ_SEED and FUZZ_REQUESTS make other runs; a failure prints the request and its seed.
"""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from random import Random
from typing import NamedTuple
from uuid import uuid4

import msgspec
import pytest
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import ImageRegionCreateEntry

from function_app import app
from functions.edge.openapi import document
from functions.edge.operation import Answer, Operation, operations
from local.host.functions import index
from local.host.routes import RouteTable
from local.network.protocol import HEADERS_BYTES
from local.service import Service
from shared.models.limits import REQUEST_LINE_BYTES
from shared.settings import Settings
from tests.functions.edge.fuzz import World, request
from tests.functions.flows import train, upload
from tests.functions.wire import Reply, Request, send
from tests.pictures import picture

SEED = os.environ.get("FUZZ_SEED", "1")
REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "5000"))
CONNECTIONS = 4
# What an operation may destroy is not what the others need; no training begins, as that takes minutes of the machine.
PLACES = {
    "barren": "delete_project train_project",
    "boxed": "create_image_regions delete_image_regions get_image_region_proposals",
    "falling": "update_project delete_tag delete_images delete_iteration publish_iteration "
    "unpublish_iteration delete_prediction create_images_from_predictions",
}
PLACE_OF = {name: place for place, names in PLACES.items() for name in names.split()}


class Findings(NamedTuple):
    """How often each operation gave each status, and what was wrong."""

    seen: Counter[tuple[str, int]]
    faults: list[str]


class Fuzz:
    """An attack on the service; request n of a seed is the same in every run, but for the ids that it names."""

    def __init__(self, service: Service, worlds: dict[str, World]) -> None:
        self.service = service
        self.worlds = worlds
        self.routes = RouteTable(index(app))
        self.operations = {operation.function: operation for operation in operations}
        self.documented = documented()

    def run(self, share: int) -> Findings:
        """Send every CONNECTIONS-th request."""
        found = Findings(Counter(), [])
        connection = HTTPConnection("127.0.0.1", self.service.port, timeout=60)
        for number in range(share, REQUESTS, CONNECTIONS):
            random = Random(f"{SEED}:{number}")
            operation = random.choice(operations)
            sent = request(operation, self.worlds[PLACE_OF.get(operation.name, "lasting")], random)
            reached = self.reached(sent)
            try:
                reply = send(connection, sent)
                found.seen[reached.name if reached else "", reply.status] += 1
                fault = self.fault(sent, reached, reply)
            except (OSError, HTTPException) as error:
                fault = f"no answer: {error!r}"
                connection.close()
            if fault:
                found.faults.append(f"seed {SEED}, request {number} for {operation.name}: {fault}\n  {shown(sent)}")
        connection.close()
        return found

    def reached(self, sent: Request) -> Operation | None:
        """The operation that a request comes to, which may be another than it was made for."""
        found = self.routes.find(sent.method, sent.target.partition("?")[0])
        return self.operations.get(found[0].name) if found else None

    def fault(self, sent: Request, operation: Operation | None, reply: Reply) -> str | None:
        """What is wrong with an answer."""
        allowed = self.documented[operation.name] if operation else {204, 404, 405}
        allowed = outgrown(sent) or allowed
        if reply.status not in allowed:
            return f"{reply.status} is not among {sorted(allowed)}: {reply.data[:300]!r}"
        if reply.status >= 400:
            fits = is_refusal(reply) or sent.method == "HEAD"
            return None if fits else f"{reply.status} with neither shape of errors: {reply.data[:300]!r}"
        return misfit(operation, reply) if operation and sent.method != "HEAD" else None


def documented() -> dict[str, set[int]]:
    paths = document(operations, Settings())["paths"]
    assert isinstance(paths, dict)
    described = [each for path in paths.values() for each in path.values()]
    return {each["operationId"]: {int(status) for status in each["responses"]} for each in described}


def shown(sent: Request) -> str:
    body = f"{len(sent.body)} bytes {sent.body[:300]!r}" if sent.body is not None else "no body"
    headers = [(name, value[:80]) for name, value in sent.headers if not name.endswith("-Key")]
    return f"{sent.method} {sent.target[:600]} {headers} {body}{' chunked' if sent.chunked else ''}"


def is_refusal(reply: Reply) -> bool:
    """Whether it is an error in the shape of the service or of its gateway."""
    try:
        told = msgspec.json.decode(reply.data, type=dict[str, str | dict[str, str]])
    except msgspec.MsgspecError:
        return False
    error = told.get("error", told)
    fits = isinstance(error, dict) and error.keys() == {"code", "message"} and len(error["message"]) > 10
    return fits and reply.headers["content-type"].startswith("application/json")


def outgrown(sent: Request) -> set[int]:
    """What the host itself answers to a line or headers of this size; empty where they are no larger than it takes."""
    if len(f"{sent.method} {sent.target} HTTP/1.1\r\n") > REQUEST_LINE_BYTES:
        return {414}
    size = sum(len(f"{name}: {value}\r\n") for name, value in sent.headers)
    return {431} if size > HEADERS_BYTES else set()


def misfit(operation: Operation, reply: Reply) -> str | None:
    """Why a success is not what the handler says it returns."""
    kind = operation.result
    if getattr(kind, "__origin__", None) is Answer:
        kind = kind.__args__[0]  # type: ignore[attr-defined]
    if kind is bytes or kind in (None, type(None)):
        return None
    try:
        msgspec.json.decode(reply.data, type=kind)
    except msgspec.MsgspecError as error:
        return str(error)
    return None


@pytest.fixture(scope="module")
def findings(service, training, web) -> Findings:
    pictures = [picture("apple", seed, (64, 64)) for seed in range(8)]
    keys = {"training": service.training_key, "prediction": service.prediction_key}
    known = {
        "domain_id": [domain.id for domain in training.get_domains()],
        "url": [web.serve(pictures[0]), web.serve(b"no picture"), f"{web.address}/absent.jpg"],
        "classification_type": ["Multiclass", "multilabel"],
        "type": ["Regular", "negative"],
        "platform": ["ONNX", "tensorflow"],
        "target_export_platform": ["", "", "ONNX"],
        "export_model_container_uri": [""],
        "notification_queue_uri": [""],
        "flavor": ["", "ONNX12"],
    }
    lasting, falling = (classifier(training) for _ in range(2))
    training.publish_iteration(lasting["project_id"][0], lasting["iteration_id"][0], "fuzz name", "resource")
    barren = {"project_id": [training.create_project(f"barren {uuid4()}").id for _ in range(10)]}
    worlds = {"lasting": lasting, "falling": falling, "barren": lasting | barren, "boxed": detector(training)}
    fuzz = Fuzz(service, {name: World(keys, known | values, pictures) for name, values in worlds.items()})
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        seen, faults = zip(*threads.map(fuzz.run, range(CONNECTIONS)), strict=True)
    return Findings(sum(seen, Counter()), [fault for share in faults for fault in share])


def classifier(training: CustomVisionTrainingClient) -> dict[str, list[str]]:
    """A trained project with something of everything; of tags and images, one is deleted."""
    domain = next(domain for domain in training.get_domains() if domain.exportable)
    project = training.create_project(f"fuzz {uuid4()}", domain_id=domain.id, classification_type="Multiclass")
    tags = [upload(training, project.id, kind, range(8)) for kind in ("apple", "leaf")]
    gone = training.create_tag(project.id, "gone")
    training.delete_tag(project.id, gone.id)
    pictures = training.get_images(project.id)
    images = [image.id for image in pictures]
    iteration = train(training, project.id)
    stored = [training.quick_test_image(project.id, picture("apple", seed)).id for seed in range(50, 54)]
    training.delete_images(project.id, images[:1])
    return {
        "project_id": [project.id],
        "tag_id": [*(tag.id for tag in tags), gone.id],
        "image_id": images,
        "iteration_id": [iteration.id, iteration.id, iteration.id, str(uuid4())],
        "id": stored,
        "path": [image.original_image_uri for image in pictures],
        "published_name": ["fuzz name"],
    }


def detector(training: CustomVisionTrainingClient) -> dict[str, list[str]]:
    """A project of boxes."""
    domain = next(domain for domain in training.get_domains() if domain.type == "ObjectDetection")
    project = training.create_project(f"boxed {uuid4()}", domain_id=domain.id)
    tag = training.create_tag(project.id, "apple")
    images = []
    for seed in range(8):
        summary = training.create_images_from_data(project.id, picture("apple", seed))
        images.append(summary.images[0].image.id)
    box = {"left": 0.1, "top": 0.1, "width": 0.5, "height": 0.5}
    entries = [ImageRegionCreateEntry(image_id=image, tag_id=tag.id, **box) for image in images]
    created = training.create_image_regions(project.id, regions=entries).created
    return {
        "project_id": [project.id],
        "tag_id": [tag.id],
        "image_id": images,
        "region_id": [region.region_id for region in created],
    }


def test_no_request_makes_it_fail(findings):
    faults = findings.faults
    assert not faults, f"{len(faults)} of {REQUESTS} requests:\n" + "\n".join(faults[:20])
    assert findings.seen.total() == REQUESTS


@pytest.mark.skipif(REQUESTS < 5_000, reason="too few requests to reach all")
@pytest.mark.parametrize("statuses", [range(200, 300), [400]], ids=["done", "refused"])
def test_the_requests_reach_what_operations_do(findings, statuses):
    reached = {name for name, status in findings.seen if name and status in statuses}
    assert len(reached) > 0.8 * len(operations)
