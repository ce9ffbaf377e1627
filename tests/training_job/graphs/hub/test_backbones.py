"""Backbones of a hub: their graphs say what torch says, are made once, and refusals say what to do."""

import json
import logging
import re
import shutil
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor

from shared.arrays import Floats
from shared.learning.classifier_recipe import OF_HUB
from shared.learning.layers import Layer
from tests.training_job.graphs.hub.tiny import DEVIATION, KINDS, MEAN, PIXELS
from training_job.graphs.classifier import widths_of
from training_job.graphs.hub import backbones
from training_job.graphs.hub.backbones import KNOWN, Prepared, chosen, find, prepare
from training_job.graphs.hub.source import CONFIGURATION, PINNED, PREPROCESSING, WEIGHTS, HubUnavailable


@pytest.fixture(scope="module")
def prepared(
    backbone_folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Prepared]]:
    """A folder of backbones, and what of a hub is in it."""
    folder = tmp_path_factory.mktemp("backbones")
    return folder, {kind: prepare(folder, str(path)) for kind, path in backbone_folders.items()}


def pictures(count: int) -> Tensor:
    return torch.rand(count, 1, 3, PIXELS, PIXELS, generator=torch.Generator().manual_seed(0)) * 255


def seen(folder: Path, kind: str, pixels: Tensor) -> dict[Layer, Floats]:
    """The layers by torch and numpy, from what transformers answers."""
    names = {"dinov2": "Dinov2Model", "dinov3": "DINOv3ViTModel", "siglip2": "SiglipVisionModel"}
    module = getattr(import_module("transformers"), names.get(kind, "ConvNextV2Model")).from_pretrained(folder).eval()
    shift, scale = (torch.tensor(values).reshape(3, 1, 1) for values in (MEAN, DEVIATION))
    with torch.no_grad():
        answer = module(pixel_values=(pixels / 255 - shift) / scale, output_hidden_states=True)
    # The states begin with what the blocks are given; of four stages and of three blocks it is the third's answer.
    first = {"dinov2": 1, "dinov3": 5}.get(kind, 0)
    last, middle = (places(each, first) for each in (answer.last_hidden_state, answer.hidden_states[3]))
    middle = middle - middle.mean(1, keepdims=True)
    middle = middle / np.sqrt(middle.var(1, keepdims=True) + 1e-5)
    return {
        Layer.MEAN: joined(answer.pooler_output[0].numpy(), last.mean(0)),
        Layer.POWER: joined(np.sqrt((last**2).mean(0))),
        Layer.MIDDLE: joined(middle.mean(0), middle.std(0)),
    }


def places(state: Tensor, first: int) -> Floats:
    """(places, width)."""
    values: Floats = state[0].numpy()
    return values.reshape(len(values), -1).T if values.ndim == 3 else values[first:]


def joined(*parts: Floats) -> Floats:
    units = np.concatenate([part / np.linalg.norm(part) for part in parts])
    return units / np.linalg.norm(units)


@pytest.mark.parametrize("kind", KINDS)
def test_the_graph_says_what_torch_says(
    kind: str, backbone_folders: dict[str, Path], prepared: tuple[Path, dict[str, Prepared]]
) -> None:
    # As the service runs it: nothing that is the same for all pictures is left to be folded.
    path = prepared[1][kind].path
    graph = onnxruntime.InferenceSession(str(path), disabled_optimizers=["ConstantFolding"])
    others = []
    for pixels in pictures(2):
        answers = dict(zip(Layer, graph.run(list(Layer), {"pixels": pixels.numpy()}), strict=True))
        for layer, expected in seen(backbone_folders[kind], kind, pixels).items():
            assert answers[layer][0] == pytest.approx(expected, abs=1e-4)
            assert np.linalg.norm(answers[layer]) == pytest.approx(1, abs=1e-5)
        others.append(np.concatenate([answers[layer][0] for layer in Layer]))
    assert np.abs(others[0] - others[1]).max() > 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_the_graph_has_the_interface_of_our_own(kind: str, prepared: tuple[Path, dict[str, Prepared]]) -> None:
    model, of = onnx.load(prepared[1][kind].path), prepared[1][kind]
    onnx.checker.check_model(model)
    assert of.pixels == PIXELS
    assert OF_HUB.fullmatch(of.name)
    assert of.name.startswith(f"{kind}-")
    assert [(each.domain, each.version) for each in model.opset_import] == [("", 13)]
    assert {node.op_type for node in model.graph.node}.isdisjoint({"If", "Shape", "Resize", "Constant", "Cast"})
    assert list(widths_of(model)) == list(Layer)


def test_a_black_picture_is_seen_as_something(prepared: tuple[Path, dict[str, Prepared]]) -> None:
    for of in prepared[1].values():
        answers = onnxruntime.InferenceSession(str(of.path)).run(
            None, {"pixels": np.zeros((1, 3, PIXELS, PIXELS), np.float32)}
        )
        assert all(np.isfinite(answer).all() for answer in answers)


def test_the_graph_is_made_once_and_then_without_torch_or_hub(
    prepared: tuple[Path, dict[str, Prepared]], backbone_folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, found = prepared
    written = found["dinov2"].path.stat().st_mtime_ns
    monkeypatch.setitem(import_module("sys").modules, "transformers", None)
    assert prepare(folder, str(backbone_folders["dinov2"])) == found["dinov2"]
    assert find(folder, found["dinov2"].name, "") == found["dinov2"]
    assert found["dinov2"].path.stat().st_mtime_ns == written
    with pytest.raises(HubUnavailable, match="needs transformers: pip install -r training_job/detectors-requirements"):
        prepare(folder / "other", str(backbone_folders["dinov2"]))


def test_one_that_a_model_was_trained_with_is_found_by_its_name(
    prepared: tuple[Path, dict[str, Prepared]], backbone_folders: dict[str, Path], tmp_path: Path
) -> None:
    name = prepared[1]["convnextv2"].name
    assert find(tmp_path, name, f"dinov2-small, {backbone_folders['convnextv2']}").path.exists()
    with pytest.raises(HubUnavailable, match=f"{name} is none of those that LARGE_CLASSIFIER names; add it there"):
        find(tmp_path / "empty", name, "dinov2-small")


def test_other_weights_have_another_name(
    prepared: tuple[Path, dict[str, Prepared]], backbone_folders: dict[str, Path], tmp_path: Path
) -> None:
    copy = changed(backbone_folders["dinov2"], tmp_path / "dino v2+", PREPROCESSING, image_mean=[0.5, 0.5, 0.5])
    other = prepare(tmp_path, str(copy)).name
    assert other != prepared[1]["dinov2"].name
    assert re.fullmatch(r"dino-v2--[0-9a-f]{8}", other)


def changed(folder: Path, to: Path, name: str, **changes: object) -> Path:
    """A copy of the folder with other values in one of its JSON files."""
    shutil.copytree(folder, to)
    values: Mapping[str, object] = json.loads((to / name).read_text())
    (to / name).write_text(json.dumps({**values, **changes}))
    return to


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        (CONFIGURATION, {"model_type": "resnet"}, "is of type resnet; name one of dinov2, dinov3_vit, siglip"),
        (CONFIGURATION, {"model_type": None}, "is not that of one of dinov2"),
        (CONFIGURATION, {"num_hidden_layers": 4}, "lack encoder.layer.3.* as config.json describes it"),
        (PREPROCESSING, {"image_std": [1]}, "is not that of one of dinov2"),
        (PREPROCESSING, {"do_normalize": False}, "wants pictures prepared in a way that is not known here"),
        (PREPROCESSING, {"crop_size": {"height": 72, "width": 72}}, "wants pictures prepared in a way"),
        (PREPROCESSING, {"crop_size": {"height": 64, "width": 96}}, "wants pictures prepared in a way"),
    ],
)
def test_what_is_not_known_is_refused(
    name: str, changes: dict[str, object], reason: str, backbone_folders: dict[str, Path], tmp_path: Path
) -> None:
    copy = changed(backbone_folders["dinov2"], tmp_path / "copy", name, **changes)
    with pytest.raises(HubUnavailable, match=reason):
        prepare(tmp_path, str(copy))


def test_a_size_that_has_no_places_is_refused(backbone_folders: dict[str, Path], tmp_path: Path) -> None:
    larger = {"height": 2 * PIXELS, "width": 2 * PIXELS}
    copy = changed(backbone_folders["siglip2"], tmp_path / "copy", PREPROCESSING, size=larger)
    with pytest.raises(HubUnavailable, match="wants pictures prepared in a way that is not known here"):
        prepare(tmp_path, str(copy))


def test_weights_in_a_pickle_are_refused(backbone_folders: dict[str, Path], tmp_path: Path) -> None:
    copy = shutil.copytree(backbone_folders["dinov2"], tmp_path / "copy")
    (copy / WEIGHTS).rename(copy / "pytorch_model.bin")
    with pytest.raises(HubUnavailable, match=r"lacks model.safetensors; weights in other formats are not read"):
        prepare(tmp_path, str(copy))


@pytest.mark.parametrize("wanted", KNOWN)
def test_without_a_network_the_reason_says_what_else_can_be_done(
    wanted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(HubUnavailable, match=r"can't be had from its hub: .* into a folder and name that as LARGE_"):
        prepare(tmp_path, wanted)
    assert KNOWN[wanted].licence in caplog.text


def test_known_backbones_are_pinned_and_named_after_their_revision(tmp_path: Path) -> None:
    for wanted, known in KNOWN.items():
        pinned = PINNED.fullmatch(known.pinned)
        assert pinned
        name = f"{wanted}-{pinned['revision'][:8]}"
        (tmp_path / "classifiers").mkdir(exist_ok=True)
        (tmp_path / "classifiers" / f"{name}.onnx").touch()
        assert prepare(tmp_path, wanted).name == name


def test_a_name_without_its_revision_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HubUnavailable, match=r"LARGE_CLASSIFIER is dinov2-small, .* with its revision, owner/name@"):
        prepare(tmp_path, "facebook/dinov2-small")


def test_several_are_named_by_commas() -> None:
    assert chosen("") == chosen(" , ") == []
    assert chosen("dinov2-small, /a folder/here,") == ["dinov2-small", "/a folder/here"]
    assert set(backbones.BACKBONES.known) == set(KNOWN)
