"""The Bicep files: they parse, fit together, and keep to the rules of docs/security.md."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.infra.reading import BICEP, FILES, Template, faults, parse, read, walk

TEMPLATES = [read(path) for path in FILES]
MAIN = next(template for template in TEMPLATES if template.path.name == "main.bicep")
MODULES = {template.path: template for template in TEMPLATES if template is not MAIN}
PARAMETERS = BICEP / "main.bicepparam"
ACCOUNT = "Microsoft.Storage/storageAccounts"
# What would put a secret into a deployment's history.
SECRETS = re.compile(r"listKeys|listSecrets|listAccountSas|listServiceSas|connectionString\(|AccountKey", re.IGNORECASE)
# The only default of a secret: one that Azure makes up.
MADE_UP = "newGuid()"

by_file = pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.path.name)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_parses(path: Path) -> None:
    assert not faults(parse(path.read_text()))


def test_a_fault_is_seen() -> None:
    assert faults(parse("resource a 'Microsoft.X/y@2024-01-01' = {\n  name: \n  tags tags\n}\n"))


@by_file
def test_nothing_is_declared_for_nothing(template: Template) -> None:
    text = template.path.read_text()
    names = [*template.params, *template.variables]
    assert [name for name in names if len(re.findall(rf"\b{name}\b", text)) < 2] == []


def test_every_module_is_used() -> None:
    assert {module.path for module in MAIN.modules} == set(MODULES)


@pytest.mark.parametrize("module", MAIN.modules, ids=lambda module: module.symbol)
def test_a_module_gets_what_it_declares(module) -> None:
    declared = MODULES[module.path].params
    required = {name for name, param in declared.items() if param.default is None}
    assert required <= set(module.params) <= set(declared)


@pytest.mark.parametrize("module", MAIN.modules, ids=lambda module: module.symbol)
def test_an_output_that_is_read_is_there(module) -> None:
    text = MAIN.path.read_text()
    read_outputs = set(re.findall(rf"\b{module.symbol}!?\.outputs\.(\w+)", text))
    assert read_outputs <= set(MODULES[module.path].outputs)


@by_file
def test_storage_takes_identities_over_tls_only(template: Template) -> None:
    for account in template.of_type(ACCOUNT):
        properties = account.body["properties"]
        assert isinstance(properties, dict)
        expected = {
            "allowSharedKeyAccess": False,
            "allowBlobPublicAccess": False,
            "minimumTlsVersion": "TLS1_2",
            "supportsHttpsTrafficOnly": True,
            "defaultToOAuthAuthentication": True,
        }
        assert {name: properties.get(name) for name in expected} == expected


def test_there_are_the_accounts_that_these_rules_are_about() -> None:
    assert sum(len(template.of_type(ACCOUNT)) for template in TEMPLATES) == 3


@pytest.mark.parametrize(
    ("kind", "place", "expected"),
    [
        ("Microsoft.Web/sites", "properties.httpsOnly", True),
        ("Microsoft.Web/sites", "properties.siteConfig.minTlsVersion", "1.2"),
        ("Microsoft.Web/sites/basicPublishingCredentialsPolicies", "properties.allow", False),
        ("Microsoft.KeyVault/vaults", "properties.enableRbacAuthorization", True),
        ("Microsoft.EventGrid/topics", "properties.disableLocalAuth", True),
        ("Microsoft.EventGrid/topics", "properties.minimumTlsVersionAllowed", "1.2"),
        ("Microsoft.ContainerRegistry/registries", "properties.adminUserEnabled", False),
        ("Microsoft.Insights/components", "properties.DisableLocalAuth", True),
        ("Microsoft.OperationalInsights/workspaces", "properties.features.disableLocalAuth", True),
        ("Microsoft.Storage/storageAccounts/blobServices/containers", "properties.publicAccess", "None"),
    ],
)
def test_a_kind_of_resource_is_closed(kind: str, place: str, expected: object) -> None:
    found = [dict(walk(resource.body)) for template in TEMPLATES for resource in template.of_type(kind)]
    assert found
    assert {values.get(place) for values in found} == {expected}


def test_nothing_is_set_that_flex_consumption_refuses() -> None:
    (site,) = (site for template in TEMPLATES for site in template.of_type("Microsoft.Web/sites"))
    assert not [path for path, _ in walk(site.body) if path.endswith("ftpsState")]


def test_an_app_that_denies_by_default_does_not_share_its_rules_with_its_deployment_endpoint() -> None:
    (site,) = (site for template in TEMPLATES for site in template.of_type("Microsoft.Web/sites"))
    rules = dict(walk(site.body))["properties.siteConfig"]
    assert isinstance(rules, dict)
    assert "'Deny'" in str(rules["ipSecurityRestrictionsDefaultAction"])
    assert rules["scmIpSecurityRestrictionsUseMain"] is False
    assert "scmIpSecurityRestrictions" not in rules
    # Closed to the internet only where deployments come through a private endpoint, which each app has then.
    assert rules["scmIpSecurityRestrictionsDefaultAction"] == "publicAccess ? 'Allow' : 'Deny'"
    targets = {target["id"] for target in private_endpoints() if target["group"] == "sites"}
    assert targets == {f"{name}.outputs.id" for name in ("training", "prediction", "camera")}


def test_private_endpoints_are_made_few_at_a_time_and_one_of_a_service() -> None:
    (template,) = (template for path, template in MODULES.items() if path.name == "private-endpoints.bicep")
    (size,) = {
        int(re.fullmatch(r"@batchSize\((\d+)\)", decorator)[1])  # type: ignore[index]
        for resource in template.resources
        if resource.type.startswith("Microsoft.Network/privateEndpoints")
        for decorator in resource.decorators or ["@batchSize(1000)"]
    }
    services = [target["id"].replace("hostAccountId", "id") for target in private_endpoints()]
    batches = [services[start : start + size] for start in range(0, len(services), size)]
    assert [batch for batch in batches if len(set(batch)) < len(batch)] == []


def private_endpoints() -> list[dict[str, str]]:
    (endpoints,) = (module for module in MAIN.modules if module.symbol == "endpoints")
    targets = endpoints.params["targets"]
    assert isinstance(targets, list)
    return [{name: str(value) for name, value in target.items()} for target in targets]


def test_what_runs_in_the_private_network_gets_out_by_the_gateway() -> None:
    apps, endpoints = (BICEP / "modules" / "network.bicep").read_text().split("addressPrefix: cidrSubnet")[1:]
    assert "defaultOutboundAccess: false" in apps
    assert "defaultOutboundAccess: false" in endpoints
    assert "natGateway: { id: gateway.id }" in apps
    assert "natGateway" not in endpoints


def test_the_guide_registers_the_providers_of_all_resources() -> None:
    text = (BICEP.parent.parent / "docs" / "deploy.md").read_text()
    (listed,) = re.findall(r"^for name in (Microsoft\.[^;]+); do az provider register", text, re.MULTILINE)
    used = {resource.type.split("/")[0] for template in TEMPLATES for resource in template.resources}
    # These are registered everywhere.
    assert used - {"Microsoft.Authorization", "Microsoft.Resources"} == set(listed.replace("\\\n", " ").split())


@by_file
def test_no_secret_is_read_shown_or_written_down(template: Template) -> None:
    assert not SECRETS.search(template.path.read_text())
    secrets = {name for name, param in template.params.items() if param.secure}
    assert {template.params[name].default for name in secrets} <= {None, MADE_UP}
    for name, text in template.outputs.items():
        assert not secrets & set(re.findall(r"\w+", text)), name


def test_a_key_is_made_once() -> None:
    (key,) = (resource for template in TEMPLATES for resource in template.of_type("Microsoft.KeyVault/vaults/secrets"))
    assert "@onlyIfNotExists()" in key.decorators


@by_file
def test_versions_are_of_releases_and_agree(template: Template) -> None:
    versions: dict[str, set[str]] = {}
    for each in TEMPLATES:
        for resource in each.resources:
            versions.setdefault(resource.type, set()).add(resource.version)
    for resource in template.resources:
        assert len(versions[resource.type]) == 1, resource.type
        # Diagnostic settings have never had another.
        assert "preview" not in resource.version or resource.type == "Microsoft.Insights/diagnosticSettings"


@by_file
def test_what_takes_tags_is_tagged(template: Template) -> None:
    untagged = ("Microsoft.Authorization", "Microsoft.Consumption", "Microsoft.Insights/diagnosticSettings")
    for resource in template.resources:
        child = resource.parent or "parent" in resource.body
        if not resource.existing and not child and not resource.type.startswith(untagged):
            assert "tags" in resource.body, resource.symbol


@pytest.mark.parametrize("name", ["training", "prediction", "camera", "job"])
def test_azd_finds_the_resource_of_a_service(name: str) -> None:
    azure = (BICEP.parent.parent / "azure.yaml").read_text()
    assert f"\n  {name}:\n" in azure
    tagged = [module.params.get("service") for module in MAIN.modules] + ["job"]
    assert tagged.count(name) == 1


def test_the_parameters_file_sets_what_main_declares() -> None:
    given = set(re.findall(r"^param (\w+) = ", PARAMETERS.read_text(), re.MULTILINE))
    required = {name for name, param in MAIN.params.items() if param.default is None}
    assert required <= given <= set(MAIN.params)


def test_the_values_of_the_parameters_file_parse() -> None:
    # The grammar is of Bicep alone, where what assigns a value is called var.
    text = PARAMETERS.read_text().replace("using 'main.bicep'", "").replace("\nparam ", "\nvar ")
    assert not faults(parse(text))


def test_the_workbook_is_json_that_asks_our_tables() -> None:
    workbook = json.loads((BICEP / "workbook.json").read_text())
    queries = [item["content"]["query"] for item in workbook["items"] if "query" in item["content"]]
    assert {query.split("\n")[0] for query in queries} == {"AppRequests", "AppMetrics", "AppExceptions"}


@pytest.mark.skipif(not shutil.which("bicep"), reason="there is no Bicep compiler on PATH")
def test_the_compiler_takes_it() -> None:
    done = subprocess.run(["bicep", "build", str(MAIN.path), "--stdout"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
