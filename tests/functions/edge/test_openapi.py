"""The service's description of itself: valid, complete, and true of what the running service answers."""

from functools import partial
from operator import attrgetter
from uuid import UUID

import msgspec
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

import function_app  # noqa: F401 - it imports every operation
from functions.edge import openapi
from functions.edge.operation import PREDICTION, operations
from shared.errors import ServiceError
from shared.models.limits import Limits
from shared.settings import Settings

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    ignored_auth,
]
EXAMPLES = 8
NAME = attrgetter("name")


def test_every_operation_is_described_to_anybody(service):
    answer = requests.get(f"{service.endpoint}/customvision/openapi.json", timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    described = [each for path in answer.json()["paths"].values() for each in path.values()]
    assert {each["operationId"] for each in described} == {operation.name for operation in operations}
    assert len(described) == len(operations)


def test_its_address_takes_no_other_method(service):
    address = f"{service.endpoint}/CustomVision/OpenAPI.json"
    assert requests.head(address, timeout=10).headers["Content-Length"] > "1"
    assert requests.post(address, timeout=10).status_code == 405


def document(operations, settings):
    return msgspec.json.decode(msgspec.json.encode(openapi.document(operations, settings)))


def test_an_app_describes_what_it_serves():
    alone = document([operation for operation in operations if operation.api is PREDICTION], Settings())
    assert len(alone["paths"]) == 8
    assert all("/prediction/" in path for path in alone["paths"])


def test_the_description_is_openapi_with_this_installations_limits():
    described = document(operations, Settings(limits=Limits(page_size=7, tags_per_batch=3, training_budget_hours=9)))
    schemathesis.openapi.from_dict(described).validate()
    images = described["paths"]["/customvision/{version}/training/projects/{projectId}/images"]
    read, create = (
        {each.get("name"): each.get("schema") for each in images[it]["parameters"]} for it in ("get", "post")
    )
    assert read["take"] == {"type": "integer", "minimum": 0, "maximum": 7, "default": 50}
    assert create["tagIds"]["maxItems"] == 3
    train = described["paths"]["/customvision/{version}/training/projects/{projectId}/train"]["post"]["parameters"]
    (budget,) = (each["schema"] for each in train if each.get("name") == "reservedBudgetInHours")
    assert budget == {"type": "integer", "minimum": 0, "maximum": 9, "default": 0}


def test_a_list_of_ids_is_described_with_its_room_in_the_request_line():
    paths = document(operations, Settings())["paths"]
    place = "/customvision/{version}/training/projects/{projectId}/images"
    frame = len(f"/customvision/v3.4-preview/training/projects/{UUID(int=0)}/images?imageIds= HTTP/1.1\r\n")
    for path, method, rest in [
        (place, "delete", "DELETE "),
        (f"{place}/id", "get", f"GET /id&iterationId={UUID(int=0)}"),
        (f"{place}/metadata", "post", "POST /metadata"),
    ]:
        (ids,) = (each for each in paths[path][method]["parameters"] if each.get("name") == "imageIds")
        room = (8192 - frame - len(rest) + 1) // 37
        assert 210 < room < 220
        assert ids["schema"]["maxItems"] == room
        assert f"8,192 bytes has room for {room}" in ids["description"]
        assert ("up to 256 may stand in a JSON body" in ids["description"]) == (method == "delete")
        assert "414" in paths[path][method]["responses"]
    (few,) = (each for each in paths[f"{place}/tags"]["delete"]["parameters"] if each.get("name") == "imageIds")
    assert few["schema"]["maxItems"] == 64
    assert few["description"].startswith("Up to 64; where the query has none")


def test_tokens_are_described_with_the_roles_that_open_an_operation():
    entra = Settings(entra_tenant_id="t", entra_audience="a")
    path = "/customvision/{version}/training/projects/{projectId}"
    delete = document(operations, entra)["paths"][path]["delete"]
    assert delete["security"] == [{"trainingKey": []}, {"generalKey": []}, {"token": ["Contributor"]}]
    described = document(operations, msgspec.structs.replace(entra, allow_keys=False))
    schemathesis.openapi.from_dict(described).validate()
    assert described["components"]["securitySchemes"].keys() == {"token"}
    roles = [{"token": [role]} for role in ("Contributor", "Deployment", "Labeler", "Reader", "Trainer")]
    assert described["paths"][path]["get"]["security"] == roles
    assert document(operations, Settings())["components"]["securitySchemes"].keys() >= {"trainingKey", "predictionKey"}


def test_every_refusal_is_described():
    kinds = [ServiceError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    # A verb that a path does not take is of no operation.
    assert {kind.status for kind in kinds} - {405, 500} <= openapi.REFUSALS.keys()


@pytest.fixture(scope="module")
def described(service):
    # A list that is far too long is refused by its line.
    config = SchemathesisConfig.from_dict({"checks": {"negative_data_rejection": {"expected-statuses": ["4xx"]}}})
    return schemathesis.openapi.from_url(f"{service.endpoint}/customvision/openapi.json", config=config)


@pytest.fixture(scope="module")
def calling(service):
    """Makes the calls, by one connection for all."""
    with requests.Session() as session:
        yield partial(call, service, session)


@pytest.mark.parametrize("operation", operations, ids=NAME)
def test_valid_calls_are_answered_as_described(calling, described, places, operation):
    calling(described.find_operation_by_id(operation.name), GenerationMode.POSITIVE, CHECKS, places(operation))


# What takes nothing can't be given it wrongly.
@pytest.mark.parametrize("operation", [each for each in operations if each.parameters or each.versions], ids=NAME)
def test_calls_that_break_the_description_are_refused_as_described(calling, described, places, operation):
    sources = {parameter.source for parameter in operation.parameters.values()}
    # A part of any name is a picture, and one that can't be read is told in the answer, as a batch's bad entry is.
    told = sources & {"files", "picture", "package"} or 207 in operation.statuses
    checks = CHECKS if told else [*CHECKS, rejection_of_what_says_something]
    values = places(operation) if sources - {"path"} else {}
    calling(described.find_operation_by_id(operation.name), GenerationMode.NEGATIVE, checks, values)


def rejection_of_what_says_something(context, response, case):
    """A blank body is none, and none is what the description allows."""
    body = response.request.body
    if body and not body.strip():
        return None
    return negative_data_rejection(context, response, case)


def call(service, session, wanted, mode, checks, values):
    """Some calls made from the description, the same ones in every run."""
    in_path = {name: value for name, value in values.items() if f"{{{name}}}" in wanted.path}
    keys = {"Training-Key": service.training_key, "Prediction-Key": service.prediction_key}

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=wanted.as_strategy(generation_mode=mode, path_parameters=in_path))
    def answers(case):
        case.call_and_validate(headers=keys, checks=checks, session=session)

    answers()
