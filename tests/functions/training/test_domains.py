"""Domains through the SDK."""

from uuid import uuid4

from tests.functions.flows import refused


def test_get_domains_lists_custom_visions_own(training):
    domains = {domain.name: domain for domain in training.get_domains() if domain.type == "Classification"}
    assert str(domains["General"].id) == "ee85a74c-405e-4adc-bb47-ffa8ca0c9f31"
    assert domains["General (compact)"].exportable
    assert len(training.get_domains()) == 18


def test_every_domain_lists_what_can_be_exported_and_nothing_else(training, ask):
    assert all(domain.exportable for domain in training.get_domains())
    domain, *others = ask("GET", "/customvision/v3.3/training/domains").body
    flavors = domain["exportableFlavors"]
    assert domain["exportablePlatforms"] == list(flavors)
    assert flavors["ONNX"] == [None, "ONNX10", "ONNX12", "ONNXFloat16"]
    assert flavors["DockerFile"] == ["Linux", "ARM", "Windows"]
    assert flavors.keys().isdisjoint({"VAIDK", "IVS"})
    assert all(each["exportableFlavors"] == flavors for each in others)


def test_get_domain(training):
    assert training.get_domain("b30a91ae-e3c1-4f73-a81e-c270bff27c39").name == "Retail"


def test_get_domain_refuses_an_unknown_id(training):
    with refused("NotFoundDomain"):
        training.get_domain(uuid4())
