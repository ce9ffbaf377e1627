"""Every operation of the SDK is served, and shown to succeed and to fail through the SDK itself."""

import pytest

from functions.edge import decorators
from functions.edge.parameters import camel
from tests.functions.operations import CLIENTS, call, cases, table

TABLE = table()


def test_the_sdk_has_sixty_operations():
    assert [sum(row.service == service for row in TABLE) for service in ("training", "prediction")] == [52, 8]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_an_operation_is_served_and_tested(row):
    assert row.route, "no handler"
    assert row.successes, "no test shows it succeed"
    assert row.failures, "no test shows it fail"


@pytest.mark.parametrize("operation", decorators.operations, ids=lambda operation: operation.name)
def test_an_operation_takes_what_the_sdk_sends_and_answers_what_it_takes(operation):
    wanted = call(CLIENTS[operation.service], operation.name)
    query = {each.name: each.required for each in operation.parameters.values() if each.source == "query"}
    assert (operation.method, camel(operation.path)) == (wanted.method, wanted.path)
    assert set(query) >= wanted.query
    assert {name for name, required in query.items() if required} <= wanted.required
    assert set(operation.statuses) == wanted.statuses


def test_what_is_served_is_an_operation_of_the_sdk():
    assert {(each.service, each.name) for each in decorators.operations} <= {(row.service, row.name) for row in TABLE}


def test_a_path_of_version_2_is_an_alias_of_an_operation():
    names = {each.name for each in decorators.operations}
    assert {each.alias_of for each in decorators.aliases} <= names
    assert not {each.name for each in decorators.aliases} & names
    assert {each.versions for each in decorators.aliases} == {decorators.OLD_VERSIONS}


def test_one_function_serves_an_operation():
    assert len({(each.service, each.name) for each in decorators.operations}) == len(decorators.operations)
    assert len({(each.service, each.method, each.path) for each in decorators.operations}) == len(decorators.operations)


def test_cases_are_found_by_how_a_test_calls():
    source = """
def test_one(training):
    training.get_tags()
    with refused("A"), other():
        training.delete_tag()

def test_two(prediction):
    for call in (prediction.classify_image, prediction.detect_image):
        with pytest.raises(ValueError):
            call()

def test_three(training):
    make(training)
    with refused("A"):
        make(training)

def make(training):
    training.get_tag()

def nobody(training):
    training.update_tag()
"""
    assert [case[:2] for case in cases("file", source)] == [
        ("get_tags", "success"),
        ("delete_tag", "failure"),
        ("classify_image", "failure"),
        ("detect_image", "failure"),
        ("get_tag", "success"),
        ("get_tag", "failure"),
    ]
