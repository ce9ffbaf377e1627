"""`ocellus model import`, on the running service."""

import json

import pytest

from cli import model
from cli.faults import FAILED
from local.service import RESOURCE_ID
from tests.commands import ocellus
from tests.importing.packages import classifier, zipped

LABELS = ["cog", "axle", "rivet"]


@pytest.fixture(autouse=True)
def environment(service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISION_TRAINING_ENDPOINT", service.endpoint)
    monkeypatch.setenv("VISION_TRAINING_KEY", service.training_key)


def test_a_package_and_a_bare_graph_become_iterations_that_can_be_published(training, project, tmp_path, capsys):
    package, graph, labels = tmp_path / "package.zip", tmp_path / "model.onnx", tmp_path / "names.txt"
    package.write_bytes(zipped(classifier(3), LABELS))
    graph.write_bytes(classifier(3, metadata=None).SerializeToString())
    labels.write_text("\n".join(LABELS))
    assert ocellus("model", "import", project.name, str(package), "--name", "Moved") == 0
    assert "Moved (" in capsys.readouterr().out
    said = ["--labels", str(labels), "--order", "Rgb", "--range", "0-1", "--mean", "0.4,0.4,0.4", "--fit", "crop"]
    assert ocellus("model", "import", project.id, str(graph), *said, "--json") == 0
    made = json.loads(capsys.readouterr().out)
    assert made["importedFrom"]["layout"] == "Probabilities"
    assert {each.name for each in training.get_iterations(project.id)} == {"Moved", made["name"]}
    training.publish_iteration(project.id, made["id"], "live", RESOURCE_ID)
    training.unpublish_iteration(project.id, made["id"])


def test_a_model_that_no_call_takes_is_told_what_to_do(project, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(model, "BODY_BYTES", 1_000)
    package = tmp_path / "package.zip"
    package.write_bytes(zipped(classifier(3), LABELS))
    assert ocellus("model", "import", project.id, str(package)) == FAILED
    assert "and 1,000 are the most. Bring its weights to float16" in capsys.readouterr().err


def test_what_can_not_be_imported_is_said_in_a_line(project, tmp_path, capsys):
    graph = tmp_path / "model.onnx"
    graph.write_bytes(b"no graph")
    for options, message in [
        ([str(tmp_path / "nowhere")], "can't be read"),
        ([str(graph)], "needs --labels"),
        ([str(graph), "--labels", str(graph)], "the service said: BadRequestInvalidModel: The model can't be taken"),
    ]:
        assert ocellus("model", "import", project.id, *options) == FAILED
        assert message in capsys.readouterr().err
