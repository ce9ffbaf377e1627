"""The roles, as the registration of an app in Entra ID names them."""

import json

from shared.models.access.roles import Role
from shared.settings import ROOT


def test_the_app_registration_has_these_roles_for_people_and_apps():
    registered = json.loads((ROOT / "infra" / "app-roles.json").read_text())
    assert [role["value"] for role in registered] == list(Role)
    assert len({role["id"] for role in registered}) == len(registered)
    assert all(role["isEnabled"] and set(role["allowedMemberTypes"]) == {"User", "Application"} for role in registered)
