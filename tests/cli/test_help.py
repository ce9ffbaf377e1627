"""The help of each command fits on a screen of 80 columns."""

from collections.abc import Iterator

import pytest
import typer
from typer.core import TyperGroup

from cli.commands import app
from tests.commands import ocellus


def commands(group: object, *names: str) -> Iterator[tuple[str, ...]]:
    yield names
    if isinstance(group, TyperGroup):
        for name, command in group.commands.items():
            yield from commands(command, *names, name)


@pytest.mark.parametrize("names", list(commands(typer.main.get_command(app))), ids=" ".join)
def test_nothing_is_cut_off(names, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    assert ocellus(*names, "--help") == 0
    said = capsys.readouterr().out
    assert " ".join(["Usage: ocellus", *names]) in said
    assert "…" not in said
