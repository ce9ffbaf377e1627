"""The gate: an iteration is published when it is good enough on the gold set, and not otherwise."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock
from uuid import UUID, uuid4

import msgspec
import pytest
from msrest.exceptions import HttpOperationError

from cli import gate
from cli.faults import FAILED, NO
from cli.patience import INTERRUPTED
from local.azurite import free_ports
from local.service import RESOURCE_ID
from shared.models.training.model_spec import ModelTag
from tests.commands import ocellus
from tests.pictures import picture, rectangles
from tests.prediction.detectors import put_detector
from tests.prediction.graphs import COLOURS, DETECTION_DOMAIN

RED, BLUE = (0.125, 0.25, 0.25, 0.5), (0.75, 0.0, 0.25, 0.125)
KINDS = ("apple", "leaf")


@pytest.fixture(autouse=True)
def environment(service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISION_TRAINING_ENDPOINT", service.endpoint)
    monkeypatch.setenv("VISION_TRAINING_KEY", service.training_key)
    monkeypatch.setenv("VISION_PREDICTION_RESOURCE_ID", RESOURCE_ID)
    monkeypatch.setattr(gate, "POLL_SECONDS", 0.2)


@pytest.fixture(scope="module")
def project(training) -> Iterator[str]:
    """Apples and leaves, not trained yet."""
    made = training.create_project(f"gate {uuid4()}", classification_type="Multiclass")
    for kind in KINDS:
        tag = training.create_tag(made.id, kind)
        for seed in range(6):
            training.create_images_from_data(made.id, picture(kind, seed), tag_ids=[tag.id])
    yield made.id
    for iteration in training.get_iterations(made.id):
        if iteration.publish_name:
            training.unpublish_iteration(made.id, iteration.id)
    training.delete_project(made.id)


@pytest.fixture
def gold(tmp_path: Path) -> Callable[..., str]:
    """A folder of one picture a tag; what is given stands in for a tag's own picture."""

    def gold(**contents: bytes) -> str:
        for kind in KINDS:
            (tmp_path / kind).mkdir()
            (tmp_path / kind / "1.jpg").write_bytes(contents.get(kind) or picture(kind, 99))
        return str(tmp_path)

    return gold


def published(training, project: str) -> list[str]:
    return [iteration.publish_name for iteration in training.get_iterations(project) if iteration.publish_name]


def test_an_iteration_that_is_not_good_enough_is_not_published(training, project, gold, monkeypatch, capsys):
    wrong = gold(leaf=picture("apple", 98))
    options = ["--gold", wrong, "--threshold", "0.9", "--name", "live"]
    with monkeypatch.context() as ended:
        ended.setattr(gate, "_completed", Mock(side_effect=KeyboardInterrupt))
        assert ocellus("gate", project, *options) == INTERRUPTED
    (trained,) = training.get_iterations(project)
    said = capsys.readouterr().err
    assert f"ended by Ctrl-C. The same command with --iteration {trained.id} goes on with {trained.name}." in said
    assert ocellus("gate", project, *options, "--iteration", trained.name) == NO
    assert "accuracy 0.500 on 2 pictures, 0.900 needed; not published" in capsys.readouterr().out
    assert published(training, project) == []
    assert ocellus("gate", project, *options, "--iteration", trained.id, "--json") == NO
    verdict = msgspec.json.decode(capsys.readouterr().out, type=gate.Verdict)
    assert (verdict.score, verdict.published_as) == (0.5, None)


class Refusal(HttpOperationError):  # type: ignore[misc]  # the SDK has no hints
    def __init__(self, code: str) -> None:
        super(HttpOperationError, self).__init__(code)
        self.error = SimpleNamespace(code=code)


def test_a_training_that_is_under_way_is_waited_for(capsys):
    ended, under_way = (SimpleNamespace(name=name, status=name) for name in ("Completed", "Training"))
    trainer = Mock()
    trainer.train_project.side_effect = Refusal("BadRequestTrainingAlreadyInProgress")
    trainer.get_iterations.return_value = [ended, under_way]
    assert gate._begun(trainer, Mock()) is under_way
    assert "Training is in training already, and is waited for" in capsys.readouterr().err
    trainer.get_iterations.return_value = [ended]
    with pytest.raises(Refusal):
        gate._begun(trainer, Mock())


def test_one_that_is_good_enough_is_published_and_serves(training, prediction, project, gold, capsys):
    (trained,) = training.get_iterations(project)
    options = ["--gold", gold(), "--threshold", "1", "--name", "live", "--iteration", trained.id]
    assert ocellus("gate", project, *options) == 0
    assert "accuracy 1.000 on 2 pictures, 1.000 needed; published as live" in capsys.readouterr().out
    answer = prediction.classify_image_with_no_store(project, "live", picture("leaf", 97))
    assert (answer.iteration, answer.predictions[0].tag_name) == (trained.id, "leaf")


def test_where_nothing_has_changed_nothing_is_trained(training, project, gold, tmp_path, capsys):
    assert ocellus("gate", project, "--gold", gold(), "--threshold", "1", "--name", "live") == 0
    assert "what is published stays" in capsys.readouterr().out
    assert ocellus("gate", project, "--gold", str(tmp_path), "--threshold", "1", "--name", "live", "--json") == 0
    assert capsys.readouterr().out == "null\n"
    assert len(training.get_iterations(project)) == 1


def test_a_picture_that_is_refused_counts_as_wrong(training, project, gold, capsys):
    (trained,) = training.get_iterations(project)
    options = ["--gold", gold(leaf=b"no picture"), "--threshold", "0.6", "--name", "live", "--iteration", trained.id]
    assert ocellus("gate", project, *options) == NO
    captured = capsys.readouterr()
    assert "accuracy 0.500" in captured.out
    assert "counts as wrong: BadRequestImage" in captured.err


def test_a_gold_set_of_other_tags_is_refused(training, project, tmp_path, capsys):
    (tmp_path / "pear").mkdir()
    (tmp_path / "pear" / "1.jpg").write_bytes(picture("leaf", 1))
    (trained,) = training.get_iterations(project)
    options = ["--gold", str(tmp_path), "--threshold", "0", "--name", "live", "--iteration", trained.id]
    assert ocellus("gate", project, *options) == FAILED
    assert "tags that the project has not: pear" in capsys.readouterr().err


def test_it_says_what_the_environment_lacks(project, gold, monkeypatch, capsys):
    monkeypatch.delenv("VISION_TRAINING_KEY")
    assert ocellus("gate", project, "--gold", gold(), "--threshold", "1", "--name", "live") == FAILED
    assert "VISION_TRAINING_TOKEN" in capsys.readouterr().err


def test_a_project_or_an_iteration_that_is_not_there_is_said(training, project, gold, capsys):
    given = ["--gold", gold(), "--threshold", "1", "--name", "live"]
    assert ocellus("gate", str(uuid4()), *given) == FAILED
    assert "there is no project '" in capsys.readouterr().err
    name = training.get_project(project).name
    assert ocellus("gate", name, "--iteration", "none", *given) == FAILED
    assert f"there is no iteration of {name} 'none'; there are" in capsys.readouterr().err


def test_a_wrong_key_is_said(project, gold, monkeypatch, capsys):
    monkeypatch.setenv("VISION_TRAINING_KEY", "wrong")
    assert ocellus("gate", project, "--gold", gold(), "--threshold", "1", "--name", "live") == FAILED
    assert "the service said: it does not know this key or token" in capsys.readouterr().err


def test_an_endpoint_that_is_no_url_is_said(project, gold, monkeypatch, capsys):
    monkeypatch.setenv("VISION_TRAINING_ENDPOINT", "localhost:7071")
    assert ocellus("gate", project, "--gold", gold(), "--threshold", "1", "--name", "live") == FAILED
    assert "VISION_TRAINING_ENDPOINT is a URL" in capsys.readouterr().err


def test_a_service_that_is_not_there_is_said(project, gold, monkeypatch, capsys):
    (port,) = free_ports(1)
    monkeypatch.setenv("VISION_TRAINING_ENDPOINT", f"http://127.0.0.1:{port}")
    assert ocellus("gate", project, "--gold", gold(), "--threshold", "1", "--name", "live") == FAILED
    assert f"http://127.0.0.1:{port} can't be reached" in capsys.readouterr().err


def test_a_bad_gold_set_is_named_before_anything_is_trained(training, project, tmp_path, capsys):
    options = ["--gold", str(tmp_path / "nowhere"), "--threshold", "1", "--name", "live"]
    before = len(training.get_iterations(project))
    training.create_images_from_data(project, picture("leaf", 50), tag_ids=[training.get_tags(project)[0].id])
    assert ocellus("gate", project, *options) == FAILED
    assert f"there is no folder {tmp_path / 'nowhere'}" in capsys.readouterr().err
    assert len(training.get_iterations(project)) == before


@pytest.mark.parametrize(("truth", "score", "code"), [(RED, "1.000", 0), (BLUE, "0.000", 1)])
def test_a_detector_is_judged_by_its_boxes(training, storage, tmp_path, capsys, truth, score, code):
    project = training.create_project(f"gate {uuid4()}", domain_id=str(DETECTION_DOMAIN))
    tags = [ModelTag(UUID(training.create_tag(project.id, name).id), name) for name in COLOURS]
    iteration = put_detector(storage, UUID(project.id), tags)
    (tmp_path / "1.jpg").write_bytes(rectangles({"red": RED}))
    box = dict(zip(("left", "top", "width", "height"), truth, strict=True))
    listed = {"train": [{"image": "1.jpg", "regions": [{"tag": "red", **box}]}]}
    (tmp_path / "regions.json").write_text(json.dumps(listed))
    options = ["--gold", str(tmp_path), "--threshold", "0.5", "--name", "live", "--iteration", str(iteration.id)]
    assert ocellus("gate", project.id, *options) == code
    assert f"mAP@0.5 {score} on 1 pictures" in capsys.readouterr().out
    if code == 0:
        training.unpublish_iteration(project.id, str(iteration.id))
    else:
        with pytest.raises(HttpOperationError):
            training.unpublish_iteration(project.id, str(iteration.id))
