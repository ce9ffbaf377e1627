"""The roles that operations name: they have the rights of Azure's own."""

import function_app  # noqa: F401 - it imports every operation
from functions.edge.operation import PREDICTION, TRAINING, operations
from shared.models.access.roles import Role

ROLES = {each.name: each.roles for each in operations if each.api in (TRAINING, PREDICTION)}


def may(role: Role) -> set[str]:
    return {name for name, roles in ROLES.items() if role in roles}


def test_a_contributor_may_call_everything():
    assert all(Role.CONTRIBUTOR in operation.roles for operation in operations)


def test_a_reader_changes_nothing_and_a_predictor_does_nothing_else():
    reads = {each.name for each in operations if each.method == "GET" and each.name in ROLES} - {"export_project"}
    assert may(Role.READER) == reads | {"query_predictions"}
    assert may(Role.PREDICTOR) == {operation.name for operation in operations if operation.api is PREDICTION}


def test_a_trainer_may_all_but_make_and_take_away_projects():
    assert ROLES.keys() - may(Role.TRAINER) == {"create_project", "delete_project", "import_project", "export_project"}


def test_who_labels_does_not_publish_and_who_publishes_does_not_train():
    published = {"publish_iteration", "unpublish_iteration", "export_iteration"}
    assert may(Role.DEPLOYMENT) >= published | may(Role.READER) | may(Role.PREDICTOR)
    assert may(Role.DEPLOYMENT).isdisjoint({"train_project", "create_tag", "delete_images", "update_project"})
    assert may(Role.LABELER).isdisjoint(published | may(Role.PREDICTOR) | {"train_project", "update_project"})
    assert may(Role.LABELER) >= may(Role.READER) | {"create_tag", "create_image_regions", "delete_images"}
