"""Routes are found by the rules of the real host."""

import pytest

from local.host.functions import Binding, HostedFunction
from local.host.routes import RouteError, RouteTable


def function(name: str, route: str, methods: list[str] | None = None) -> HostedFunction:
    trigger = Binding(type="httpTrigger", name="req", direction="IN", route=route, methods=methods)
    return HostedFunction(name, trigger, lambda req: req)


def find(template: str, path: str) -> dict[str, str] | None:
    found = RouteTable([function("only", template)]).find("GET", path)
    return found and found[1]


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("", "/", {}),
        ("", "/a", None),
        ("a/b", "/a/b", {}),
        ("a/b", "/A/B/", {}),
        ("a/b", "//a///b", {}),
        ("a/b", "/a", None),
        ("a/b", "/a/./x/../b", {}),
        ("a/b", "/../../a/b", {}),
        ("a/{x}", "/a/Bc", {"x": "Bc"}),
        ("a/{x}", "/a", None),
        ("a/{x}", "/a/b%20c%C3%A9", {"x": "b cé"}),
        ("a/{x}", "/a/b%2520", {"x": "b%20"}),
        ("a/{x}", "/a/b%2Fc", {"x": "b%2Fc"}),
        ("a/{*x}", "/a", {}),
        ("a/{*x}", "/a/b/c", {"x": "b/c"}),
        ("a/{*x}", "/b/c", None),
        ("{x}/b", "/a/b", {"x": "a"}),
        ("{x}/b", "/a/c", None),
        ("{x}/{y}", "/a/b", {"x": "a", "y": "b"}),
    ],
)
def test_template(template: str, path: str, values: dict[str, str] | None) -> None:
    assert find(template, path) == values


def test_the_first_function_by_name_wins_over_the_more_specific_route() -> None:
    table = RouteTable([function("b_literal", "a/known"), function("A_any", "a/{x}")])
    found = table.find("GET", "/a/known")
    assert found is not None
    assert (found[0].name, found[1]) == ("A_any", {"x": "known"})


def test_a_route_of_another_method_is_passed_over() -> None:
    table = RouteTable([function("a", "x", ["POST"]), function("b", "x", ["get"]), function("c", "x")])
    names = [found[0].name for method in ("GET", "POST", "DELETE", "BREW") if (found := table.find(method, "/x"))]
    assert names == ["b", "a", "c", "c"]


def test_prefix_stands_before_every_route() -> None:
    table = RouteTable([function("a", "x")], prefix="api")
    assert table.find("GET", "/api/x") is not None
    assert table.find("GET", "/x") is None


@pytest.mark.parametrize(
    "template", ["{", "a/{x", "a/{x=1}", "{x:int}", "a/{x?}", "{x}.{y}", "v{x}", "{*x}/a", "{**x}"]
)
def test_template_that_cannot_be_read_is_refused(template: str) -> None:
    with pytest.raises(RouteError, match="local host does not know"):
        RouteTable([function("only", template)])
