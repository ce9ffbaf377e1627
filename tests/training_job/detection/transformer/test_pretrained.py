"""Where a pretrained detector comes from, and what is refused, with a reason that says what to do."""

import json
import shutil
import sys
from importlib import import_module
from pathlib import Path

import pytest
import torch

from shared.models.training.preprocessing import Interpolation, Preprocessing
from training_job.detection.transformer import pretrained
from training_job.detection.transformer.pretrained import Pretrained, find, load
from training_job.graphs.hub.source import CONFIGURATION, PINNED, PREPROCESSING, WEIGHTS, HubUnavailable, Source

REVISION = "0123456789abcdef0123456789abcdef01234567"


def found(folder: Path) -> Pretrained:
    return find(str(folder), folder / "unused")


def test_a_folder_is_loaded_with_its_weights_and_heads_for_the_projects_tags(folder: Path) -> None:
    of = found(folder)
    source = Source("detector", folder.name, folder)
    assert of == Pretrained(source, folder.name, Preprocessing(96, 96, Interpolation.BILINEAR))
    weights = {
        name: value for name, value in load(of, 3).state_dict().items() if not name.endswith("num_batches_tracked")
    }
    stored = import_module("safetensors.torch").load_file(folder / WEIGHTS)
    heads = {name for name in weights if any(part in name for part in pretrained.OF_TAGS)}
    kept = set(stored) & set(weights) - heads
    assert len(kept) > 100
    assert all(torch.equal(weights[name], stored[name]) for name in kept)
    assert {len(weights[name]) for name in heads} == {3, 4}
    # The first scores are low, however few tags there are.
    for name in heads:
        if name.endswith("bias"):
            assert weights[name].sigmoid().numpy() == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize("wanted", sorted(pretrained.KNOWN.values()))
def test_known_detectors_are_pinned(wanted: str) -> None:
    assert PINNED.fullmatch(wanted)


@pytest.mark.parametrize(
    "wanted",
    [
        "ustc-community/dfine-small-coco",
        "ustc-community/dfine-small-coco@main",
        f"ustc-community/dfine-small-coco@{REVISION[:7]}",
        f"dfine-small-coco@{REVISION}",
        "/nowhere/at/all",
    ],
)
def test_neither_an_unpinned_name_nor_a_missing_folder_is_loaded(wanted: str, tmp_path: Path) -> None:
    with pytest.raises(HubUnavailable, match="with its revision, owner/name@ and the 40 digits of a commit"):
        find(wanted, tmp_path)


@pytest.mark.parametrize("wanted", ["dfine-small", f"someone/something@{REVISION}"])
def test_without_a_network_the_reason_says_what_else_can_be_done(
    wanted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(HubUnavailable, match=r"can't be had from its hub: .* Put its config.json, .* into a folder"):
        find(wanted, tmp_path)


def test_what_was_downloaded_before_needs_no_network(
    d_fine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    kept = tmp_path / "models--someone--something" / "snapshots" / REVISION
    shutil.copytree(d_fine, kept)
    of = find(f"someone/something@{REVISION}", tmp_path)
    assert (of.source.name, of.source.folder) == (f"someone/something@{REVISION}", kept)


@pytest.mark.parametrize("package", ["transformers", "huggingface_hub"])
def test_a_missing_package_is_named(
    package: str, d_fine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(HubUnavailable, match=f"needs {package}: pip install -r training_job/detectors-requirem"):
        load(found(d_fine), 2) if package == "transformers" else find("dfine-small", tmp_path)


def changed(folder: Path, to: Path, name: str, **changes: object) -> Path:
    """A copy of the folder with other values in one of its JSON files."""
    shutil.copytree(folder, to)
    values = json.loads((to / name).read_text())
    (to / name).write_text(json.dumps({**values, **changes}))
    return to


def test_weights_in_a_pickle_are_refused(d_fine: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(d_fine, tmp_path / "copy")
    (copy / WEIGHTS).unlink()
    torch.save({}, copy / "pytorch_model.bin")
    with pytest.raises(HubUnavailable, match=r"lacks model.safetensors; weights in other formats are not read"):
        found(copy)


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        (CONFIGURATION, {"architectures": ["DetrForObjectDetection"]}, "name one of DFineForObjectDetection, "),
        (CONFIGURATION, {"architectures": ["RTDetrV2ForObjectDetection"]}, "name one of DFineForObjectDetec"),
        (CONFIGURATION, {"backbone_config": {"model_type": "timm_backbone"}}, "name one of DFineForObjectDet"),
        (CONFIGURATION, {"backbone_config": None}, r"config.json is not that of one of DFineForObjectDetec"),
        (PREPROCESSING, {"size": {"shortest_edge": 800}}, r"preprocessor_config.json is not that of"),
        (PREPROCESSING, {"do_normalize": True}, "in a way that is not known"),
        (PREPROCESSING, {"do_rescale": False}, "in a way that is not known"),
        (PREPROCESSING, {"resample": 0}, "in a way that is not known"),
        (PREPROCESSING, {"size": {"height": 100, "width": 96}}, "in a way that is not known"),
    ],
)
def test_what_is_no_known_detector_is_refused(
    d_fine: Path, tmp_path: Path, name: str, changes: dict[str, object], reason: str
) -> None:
    with pytest.raises(HubUnavailable, match=reason):
        found(changed(d_fine, tmp_path / "copy", name, **changes))


@pytest.mark.parametrize("changes", [{"decoder_layers": 3}, {"d_model": 64}, {"d_model": "wide"}])
def test_weights_that_do_not_fit_the_configuration_are_refused(
    d_fine: Path, tmp_path: Path, changes: dict[str, object]
) -> None:
    of = found(changed(d_fine, tmp_path / "copy", CONFIGURATION, **changes))
    with pytest.raises(HubUnavailable, match=r"lack .* as config.json describes it|can't be read: "):
        load(of, 2)


def test_weights_that_were_cut_off_are_refused(d_fine: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(d_fine, tmp_path / "copy")
    (copy / WEIGHTS).write_bytes((d_fine / WEIGHTS).read_bytes()[:5000])
    with pytest.raises(HubUnavailable, match="can't be read: "):
        load(found(copy), 2)
