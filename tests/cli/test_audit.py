"""The audit trail on the command line."""

import json

from cli.faults import FAILED
from tests.commands import ocellus


def test_the_trail_is_read_on_the_command_line(training, project, service, capsys, monkeypatch):
    for name, value in service.settings().items():
        monkeypatch.setenv(name, value)
    training.delete_project(project.id)
    assert ocellus("audit", "--project", project.id, "--json") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["operation"], line["stage"]) for line in lines] == [
        ("delete_project", "Begun"),
        ("delete_project", "Done"),
    ]
    assert ocellus("audit", "--project", project.id) == 0
    [begun, done] = capsys.readouterr().out.splitlines()
    assert f" delete_project Begun by {lines[0]['actor']}: " in begun
    assert " delete_project Done by " in done


def test_days_in_the_wrong_order_are_refused(capsys):
    assert ocellus("audit", "--from", "2026-11-21", "--to", "2026-11-01") == FAILED
    assert "2026-11-21 is after 2026-11-01" in capsys.readouterr().err
