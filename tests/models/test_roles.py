"""The table of roles: complete, and with the rights of Azure's own roles."""

import json

import function_app  # noqa: F401 - it imports every operation
from functions.edge.decorators import operations
from shared.models.roles import ROLES, Role
from shared.settings import ROOT


def may(role: Role) -> set[str]:
    return {name for name, roles in ROLES.items() if role in roles}


def test_every_operation_is_in_the_table_once():
    assert sorted(operation.name for operation in operations) == sorted(ROLES)
    assert may(Role.CONTRIBUTOR) == ROLES.keys()


def test_a_reader_changes_nothing_and_a_predictor_does_nothing_else():
    reads = {operation.name for operation in operations if operation.method == "GET"} - {"export_project"}
    assert may(Role.READER) == reads | {"query_predictions"}
    assert may(Role.PREDICTOR) == {operation.name for operation in operations if operation.service == "prediction"}


def test_a_trainer_may_all_but_make_and_take_away_projects():
    assert ROLES.keys() - may(Role.TRAINER) == {"create_project", "delete_project", "import_project", "export_project"}


def test_who_labels_does_not_publish_and_who_publishes_does_not_train():
    published = {"publish_iteration", "unpublish_iteration", "export_iteration"}
    assert may(Role.DEPLOYMENT) >= published | may(Role.READER) | may(Role.PREDICTOR)
    assert may(Role.DEPLOYMENT).isdisjoint({"train_project", "create_tag", "delete_images", "update_project"})
    assert may(Role.LABELER).isdisjoint(published | may(Role.PREDICTOR) | {"train_project", "update_project"})
    assert may(Role.LABELER) >= may(Role.READER) | {"create_tag", "create_image_regions", "delete_images"}


def test_the_app_registration_has_these_roles_for_people_and_apps():
    registered = json.loads((ROOT / "infra" / "app-roles.json").read_text())
    assert [role["value"] for role in registered] == list(Role)
    assert len({role["id"] for role in registered}) == len(registered)
    assert all(role["isEnabled"] and set(role["allowedMemberTypes"]) == {"User", "Application"} for role in registered)
