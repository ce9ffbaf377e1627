"""The light detector as something to fine-tune: torch goes on where the frozen part ends, and what it learns is
served.
"""

from collections.abc import Sequence

import numpy as np
import onnx
import pytest
import torch
from msgspec.structs import replace

from tests.training_job.detection.scenes import example
from training_job.detection.batches import batches
from training_job.detection.detector_recipe import RECIPE
from training_job.detection.light.detector import Light
from training_job.detection.light.learn import begin
from training_job.graphs.running import session
from training_job.tuning.adamw import AdamW
from training_job.tuning.upper import Upper, frozen, last_seam

NARROW = replace(RECIPE, width=32)


def features(backbone: onnx.ModelProto, pixels: np.ndarray) -> Sequence[np.ndarray]:
    found: Sequence[np.ndarray] = session(backbone).run(None, {"pixels": pixels})
    return found


def upper_of(backbone: onnx.ModelProto) -> Upper:
    return Upper(backbone, [last_seam(backbone)], [output.name for output in backbone.graph.output])


def lower_of(backbone: onnx.ModelProto) -> onnx.ModelProto:
    return frozen(backbone, [last_seam(backbone)])


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (1, 3, 320, 320)).astype(np.float32)


@pytest.fixture
def light(backbone: onnx.ModelProto) -> Light:
    widths = [output.type.tensor_type.shape.dim[1].dim_value for output in backbone.graph.output]
    return Light(backbone, begin(widths, 2, NARROW))


def test_both_parts_say_what_the_whole_says(backbone: onnx.ModelProto, pixels: np.ndarray) -> None:
    (finest,) = features(lower_of(backbone), pixels)
    with torch.no_grad():
        upper = upper_of(backbone)(torch.from_numpy(finest))
    for whole, part in zip(features(backbone, pixels), upper, strict=True):
        assert part.numpy() == pytest.approx(whole, abs=1e-3)


def test_what_was_learned_is_written_into_the_graph(backbone: onnx.ModelProto, pixels: np.ndarray) -> None:
    upper = upper_of(backbone)
    with torch.no_grad():
        for kernel in upper.kernels.values():
            kernel.mul_(1.01)
        (finest,) = features(lower_of(backbone), pixels)
        learned = upper(torch.from_numpy(finest))
    for whole, written, part in zip(
        features(backbone, pixels), features(upper.written(backbone), pixels), learned, strict=True
    ):
        assert part.numpy() == pytest.approx(written, abs=1e-3)
        assert (np.abs(written - whole).max() > 0.01) == (part is not learned[0])


def test_a_step_changes_all_but_the_frozen_part(light: Light) -> None:
    before = {name: weight.clone() for name, weight in light.module.state_dict().items()}
    optimizer = AdamW([{"params": group.parameters, "lr": group.rate} for group in light.groups()])
    (batch,) = batches(light, [example(seed) for seed in range(4)], np.arange(4), size=4, seed=0)
    assert batch.seen.shape == (4, 40, 40, 40)
    light.loss(batch).backward()
    optimizer.step()
    learned = {name for name, weight in light.module.state_dict().items() if not torch.equal(weight, before[name])}
    assert learned >= {name for name in before if name.startswith("upper") or name.endswith("convolution.weight")}
    whole, tuned = (
        {weight.name: weight for weight in model.graph.initializer} for model in (light.backbone, light.graph())
    )
    lower = {weight.name for weight in lower_of(light.backbone).graph.initializer}
    assert {name for name in whole if whole[name] != tuned[name]} == set(light.module.upper.kernels)
    assert lower.isdisjoint(light.module.upper.kernels)
