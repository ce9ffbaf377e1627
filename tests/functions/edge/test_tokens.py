"""A second instance of the running service, as Azure has it: keys from a vault by managed identity, and tokens."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
import requests
from azure.cognitiveservices.vision.customvision.prediction import CustomVisionPredictionClient
from azure.cognitiveservices.vision.customvision.prediction.models import (
    CustomVisionErrorException as PredictionError,
)
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from msrest.authentication import BasicTokenAuthentication

from tests.access.issuer import AUDIENCE, TENANT, issuing
from tests.access.vault import Vault, identity
from tests.functions.flows import refused
from tests.functions.hosting import hosted
from tests.pictures import picture
from tests.servers import make_certificate, serving


@pytest.fixture(scope="module")
def guarded(service, tmp_path_factory) -> Iterator[SimpleNamespace]:
    certificate, vault = make_certificate(Path(tmp_path_factory.mktemp("vault")), "127.0.0.1"), Vault()
    with (
        serving(vault.respond, certificate) as vault_port,
        serving(identity) as identity_port,
        issuing(certificate) as issuer,
    ):
        settings = {
            **service.settings(),
            "SERVICES": "training,prediction",
            "KEY_VAULT_URL": f"https://127.0.0.1:{vault_port}",
            "REQUESTS_CA_BUNDLE": str(certificate),
            "SSL_CERT_FILE": str(certificate),
            "LIMITS": '{"trainingsPerSecond": 1}',
            "IDENTITY_ENDPOINT": f"http://127.0.0.1:{identity_port}/token",
            "IDENTITY_HEADER": "header",
            "ENTRA_TENANT_ID": TENANT,
            "ENTRA_AUDIENCE": AUDIENCE,
            "ENTRA_AUTHORITY": issuer.address,
        }
        with hosted(settings) as address:
            yield SimpleNamespace(address=address, settings=settings, vault=vault, issuer=issuer)


def signed_in(guarded, *roles):
    """The SDK's client of both services, with a token in place of a key."""
    credentials = BasicTokenAuthentication({"access_token": guarded.issuer.token(*roles)})
    return (
        CustomVisionTrainingClient(guarded.address, credentials),
        CustomVisionPredictionClient(guarded.address, credentials),
    )


def get(guarded, path="projects", **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.get(f"{guarded.address}/customvision/v3.3/training/{path}", headers=headers, timeout=30)


def test_the_sdk_works_by_token_as_far_as_its_roles_go(guarded, trained):
    training, prediction = signed_in(guarded, "Reader")
    assert training.get_project(trained.project.id).id == trained.project.id
    with refused("ForbiddenUserInsufficientCapability", "Reader"):
        training.create_tag(trained.project.id, "more")
    with pytest.raises(PredictionError) as caught:
        prediction.classify_image(trained.project.id, "live", picture("apple", 1))
    assert caught.value.error.code == "ForbiddenUserInsufficientCapability"


def test_who_predicts_differs_from_who_trains_and_publishes(guarded, trained):
    project, iteration = trained.project.id, trained.iteration.id
    deployer, _ = signed_in(guarded, "Deployment")
    labeler, _ = signed_in(guarded, "Labeler")
    nobody, predictor = signed_in(guarded, "Predictor")
    with refused("ForbiddenUserInsufficientCapability", "Contributor, Deployment, Trainer"):
        labeler.publish_iteration(project, iteration, "by token", "resource")
    assert deployer.publish_iteration(project, iteration, "by token", "resource")
    try:
        assert predictor.classify_image_with_no_store(project, "by token", picture("apple", 1)).predictions
        for refuses in (nobody.get_projects, lambda: deployer.train_project(project)):
            with refused("ForbiddenUserInsufficientCapability"):
                refuses()
    finally:
        deployer.unpublish_iteration(project, iteration)


def test_get_me_tells_a_token_by_its_object_id_and_its_roles(guarded):
    def me(token):
        headers = {"Authorization": f"Bearer {token}"}
        return requests.get(f"{guarded.address}/ocellus/v1/me", headers=headers, timeout=30)

    told = me(guarded.issuer.token("Trainer", "Reader", "Of another app", oid="trainer")).json()
    assert (told["actor"], told["roles"]) == ("oid trainer", ["Reader", "Trainer"])
    assert told["limits"]["trainingsPerSecond"] == 1
    assert me(guarded.issuer.token("Predictor")).json()["roles"] == ["Predictor"]
    stranger = me(guarded.issuer.token("Of another app"))
    assert (stranger.status_code, stranger.json()["code"]) == (403, "ForbiddenUserInsufficientCapability")
    assert me("x").status_code == 401


def test_a_token_that_does_not_fit_is_401_in_the_gateways_shape(guarded):
    for token in ("", "x", guarded.issuer.token("Reader", aud="other"), "a" * 20_000):
        reply = get(guarded, Authorization=f"Bearer {token}")
        assert (reply.status_code, reply.json()["error"]["code"]) == (401, "401")
        assert f"{AUDIENCE}/.default" in reply.json()["error"]["message"]
    assert get(guarded, Authorization=f"bearer  {guarded.issuer.token('Reader')}").status_code == 200


def test_where_there_is_a_key_the_key_counts(guarded):
    token = f"Bearer {guarded.issuer.token('Reader')}"
    assert get(guarded, Training_Key="wrong", Authorization=token).status_code == 401
    assert get(guarded, "projects", Training_Key="one", Authorization="Bearer x").status_code == 200
    without = get(guarded)
    assert without.status_code == 401
    assert "or a token" in without.json()["error"]["message"]


def test_a_caller_has_a_rate_of_its_own(guarded):
    address = f"{guarded.address}/customvision/v3.3/training/projects/{uuid4()}/train"

    def train(token):
        return requests.post(address, headers={"Authorization": f"Bearer {token}"}, timeout=30).status_code

    often, other = guarded.issuer.token("Trainer"), guarded.issuer.token("Trainer", oid="other")
    assert {train(often) for _ in range(5)} == {404, 429}
    assert train(other) == 404


def test_an_installation_may_take_tokens_only(guarded):
    with hosted({**guarded.settings, "SERVICES": "training", "ALLOW_KEYS": "false"}) as address:
        strict = SimpleNamespace(address=address)
        token = f"Bearer {guarded.issuer.token('Reader')}"
        assert get(strict, Training_Key="one").status_code == 401
        assert "Access token is missing" in get(strict).json()["error"]["message"]
        assert get(strict, Training_Key="one", Authorization=token).status_code == 200


def test_tokens_open_nothing_where_no_tenant_is_set(guarded, ask):
    token = f"Bearer {guarded.issuer.token('Contributor')}"
    reply = ask("GET", "/customvision/v3.3/training/projects", Training_Key="", Authorization=token)
    assert reply.status == 401
    assert "or a token" not in reply.body["error"]["message"]


def test_the_vault_may_fail_and_keys_may_change_under_a_running_service(guarded, eventually):
    vault = guarded.vault
    assert get(guarded, Training_Key="two").status_code == 200
    vault.down = True
    assert get(guarded, Training_Key="new").status_code == 401
    assert get(guarded, Training_Key="two").status_code == 200
    vault.secrets["training-key-2"], vault.down = "new", False
    eventually(lambda: get(guarded, Training_Key="new").status_code == 200)
    assert get(guarded, Training_Key="two").status_code == 401
    assert get(guarded, Training_Key="one").status_code == 200


def test_the_description_names_tokens(guarded):
    described = requests.get(f"{guarded.address}/customvision/openapi.json", timeout=30).json()
    assert described["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
