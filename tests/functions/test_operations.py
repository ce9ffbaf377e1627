"""Every operation of the SDK is served, and shown to succeed and to fail through the SDK itself; so are our own.

Under customvision/ stand the operations of the SDK, under ocellus/ those of our own.
"""

import re

import pytest

from functions.edge.operation import OLD_VERSIONS, aliases, operations
from functions.edge.parameters import camel
from tests.functions.operations import CLIENTS, SDK, TESTS, call, cases, table

TABLE = table()
THEIRS = [each for each in operations if each.route.startswith(SDK)]
OURS = [each for each in operations if each.route.startswith("ocellus/v1/")]


def test_the_sdk_has_sixty_operations():
    assert [sum(row.service == service for row in TABLE) for service in ("training", "prediction")] == [52, 8]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_an_operation_is_served_and_tested(row):
    assert row.route, "no handler"
    assert row.successes, "no test shows it succeed"
    assert row.failures, "no test shows it fail"


@pytest.mark.parametrize("operation", THEIRS, ids=lambda operation: operation.name)
def test_an_operation_takes_what_the_sdk_sends_and_answers_what_it_takes(operation):
    wanted = call(CLIENTS[operation.api.name], operation.name)
    query = {each.name: each.required for each in operation.parameters.values() if each.source == "query"}
    assert (operation.method, camel(operation.path)) == (wanted.method, wanted.path)
    assert set(query) >= wanted.query
    assert {name for name, required in query.items() if required} <= wanted.required
    assert set(operation.statuses) == wanted.statuses


def test_what_is_served_is_an_operation_of_the_sdk():
    assert {(each.api.name, each.name) for each in THEIRS} == {(row.service, row.name) for row in TABLE}


def test_what_else_is_served_is_our_own():
    assert len(THEIRS) + len(OURS) == len(operations)
    assert {each.name for each in OURS} >= {"get_me"}
    assert not {each.name for each in OURS} & {each.name for each in THEIRS}


@pytest.mark.parametrize("operation", OURS, ids=lambda operation: operation.name)
def test_an_operation_of_our_own_is_tested(operation):
    module = operation.handler.__module__.removeprefix("functions.ocellus.")
    tests = re.findall(
        rf"^def test_{operation.name}_(\w+)", (TESTS / "ocellus" / f"test_{module}.py").read_text(), re.M
    )
    assert [name for name in tests if not name.startswith("refuses")], "no test shows it succeed"
    assert [name for name in tests if name.startswith("refuses")], "no test shows it fail"


def test_a_path_of_version_2_is_an_alias_of_an_operation():
    names = {each.name for each in operations}
    assert {each.alias_of for each in aliases} <= names
    assert not {each.name for each in aliases} & names
    assert {each.versions for each in aliases} == {OLD_VERSIONS}


def test_one_function_serves_an_operation():
    assert len({each.function for each in operations}) == len(operations)
    assert len({(each.method, each.route) for each in operations}) == len(operations)


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
