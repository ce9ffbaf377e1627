"""Domains through the SDK."""

from uuid import uuid4

from tests.functions.flows import refused


def test_get_domains_lists_custom_visions_own(training):
    domains = {domain.name: domain for domain in training.get_domains() if domain.type == "Classification"}
    assert str(domains["General"].id) == "ee85a74c-405e-4adc-bb47-ffa8ca0c9f31"
    assert domains["General (compact)"].exportable
    assert not domains["General [A2]"].exportable
    assert len(training.get_domains()) == 18


def test_a_domain_lists_what_can_be_exported_and_nothing_else(training):
    platforms = {domain.name: domain.exportable_platforms for domain in training.get_domains()}
    assert {name for name, there in platforms.items() if there == ["ONNX"]} == {
        *("General (compact)", "General (compact) [S1]", "Food (compact)", "Landmarks (compact)", "Retail (compact)")
    }
    assert all(domain.exportable == bool(domain.exportable_platforms) for domain in training.get_domains())


def test_get_domain(training):
    assert training.get_domain("b30a91ae-e3c1-4f73-a81e-c270bff27c39").name == "Retail"


def test_get_domain_refuses_an_unknown_id(training):
    with refused("NotFoundDomain"):
        training.get_domain(uuid4())
