"""A transformer learns by its own criterion, and is served as what it is in torch."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from shared.exporting.graph.selection import LOWEST_SCORE
from shared.exporting.graph.subject import METADATA
from shared.imaging.boxes import suppress
from tests.training_job.detection.scenes import SHAPES, example
from tests.training_job.detection.transformer.tiny import PIXELS
from training_job.detection.batches import batches
from training_job.detection.detector import Batch
from training_job.detection.detector_recipe import RECIPE
from training_job.detection.judge import Found
from training_job.detection.transformer.detector import BACKBONE_RATE, RATE, Transformer
from training_job.graphs.running import session
from training_job.tuning.adamw import AdamW

TAGS = len(SHAPES)


def loaded(folder: Path) -> Transformer:
    return Transformer(str(folder), folder / "unused", TAGS, RECIPE, torch.device("cpu"))


def seen(transformer: Transformer, seeds: Sequence[int], count: int) -> list[Batch]:
    """Batches of views of scenes, so many in each."""
    examples = [example(seed) for seed in seeds]
    return list(batches(transformer, examples, np.arange(len(examples)), count, seed=0))


def learned(transformer: Transformer, rate: float, given: Sequence[Batch]) -> list[float]:
    """The losses, a step for each batch."""
    optimizer = AdamW(transformer.module.parameters(), lr=rate)
    transformer.module.train()
    losses = []
    for batch in given:
        cost = transformer.loss(batch)
        optimizer.zero_grad()
        torch.autograd.backward(cost)
        torch.nn.utils.clip_grad_norm_(transformer.module.parameters(), 1.0)
        optimizer.step()
        losses.append(cost.item())
    return losses


def test_a_few_steps_lower_the_loss(folder: Path) -> None:
    transformer = loaded(folder)
    losses = learned(transformer, 2e-3, seen(transformer, range(8), 4) * 8)
    assert np.mean(losses[-4:]) < 0.9 * np.mean(losses[:4])


def test_true_boxes_are_told_by_middle_and_size_and_padding_is_left_out(folder: Path) -> None:
    transformer, given = loaded(folder), []
    transformer.module.register_forward_pre_hook(lambda module, _, named: given.append(named), with_kwargs=True)
    transformer.module.train()
    boxes = torch.tensor([[[0.1, 0.2, 0.5, 1.0], [0, 0, 0, 0]], [[0, 0, 0, 0], [0, 0, 0, 0]]])
    transformer.loss(Batch(torch.full((2, 3, PIXELS, PIXELS), 255.0), boxes, torch.tensor([[1, -1], [-1, -1]])))
    labels = given[0]["labels"]
    assert given[0]["pixel_values"].min() == given[0]["pixel_values"].max() == 1
    assert labels[0]["class_labels"].tolist() == [1]
    assert labels[0]["boxes"][0].tolist() == pytest.approx([0.3, 0.6, 0.4, 0.8])
    assert [len(labels[1][part]) for part in ("class_labels", "boxes")] == [0, 0]


def test_background_alone_teaches_lower_scores(folder: Path) -> None:
    transformer = loaded(folder)
    batch, *_ = seen(transformer, range(4), 4)
    background = batch._replace(boxes=torch.zeros(4, 1, 4), tags=torch.full((4, 1), -1))
    losses = learned(transformer, 1e-3, [background] * 10)
    assert 0 < losses[-1] < losses[0]


def test_true_boxes_are_denoised_while_it_learns(folder: Path) -> None:
    transformer = loaded(folder)
    batch, *_ = seen(transformer, range(2), 2)
    outputs = []
    transformer.module.register_forward_hook(lambda module, given, output: outputs.append(output))
    transformer.module.train()
    transformer.loss(batch)
    assert outputs[0].denoising_meta_values["dn_num_group"] >= 1
    assert any("_dn_" in name for name in outputs[0].loss_dict)


def test_it_learns_in_mixed_precision(folder: Path) -> None:
    transformer = loaded(folder)
    batch, *_ = seen(transformer, range(2), 2)
    transformer.module.train()
    with torch.autocast("cpu", torch.bfloat16):
        cost = transformer.loss(batch)
    torch.autograd.backward(cost)
    assert torch.isfinite(cost)
    gradients = [each.grad for each in transformer.module.parameters() if each.grad is not None]
    assert all(torch.isfinite(gradient).all() for gradient in gradients)


def test_the_backbone_learns_more_slowly_than_the_rest(folder: Path) -> None:
    transformer = loaded(folder)
    backbone, rest = transformer.groups()
    assert (backbone.rate, rest.rate) == (BACKBONE_RATE, RATE)
    groups = [{id(each) for each in group.parameters} for group in (backbone, rest)]
    inside = transformer.module.get_submodule("model.backbone")
    assert groups[0] == {id(each) for each in inside.parameters() if each.requires_grad}
    assert not groups[0] & groups[1]
    learning = {id(each) for each in transformer.module.parameters() if each.requires_grad}
    assert groups[0] | groups[1] == learning


@pytest.fixture
def sighted(folder: Path) -> Transformer:
    """One that sees a lot in every picture."""
    transformer = loaded(folder)
    torch.manual_seed(1)
    for name, parameter in transformer.module.named_parameters():
        if "class_embed" in name or "score_head" in name:
            torch.nn.init.normal_(parameter, std=0.5)
    return transformer


def by_torch(transformer: Transformer, pixels: torch.Tensor) -> Found:
    """What is found by torch and our own suppression in pixels (1, 3, H, W), RGB 0..255."""
    with torch.no_grad():
        output = transformer.module.eval()(pixel_values=pixels / 255)
    (x, y, width, height), scores = output.pred_boxes[0].numpy().T, output.logits.sigmoid()[0].numpy()
    boxes = np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], 1).clip(0, 1)
    found: list[tuple[int, int]] = []
    for tag in range(TAGS):
        cells = np.flatnonzero(scores[:, tag] > LOWEST_SCORE)
        kept = suppress(boxes[cells], scores[cells, tag], RECIPE.overlap, RECIPE.boxes)
        found += [(cell, tag) for cell in cells[kept].tolist()]
    best = sorted(found, key=lambda each: -scores[each])[: RECIPE.boxes]
    places, tags = (np.array(part) for part in zip(*best, strict=True))
    return Found(boxes[places], tags, scores[places, tags])


def test_the_graph_and_torch_agree(sighted: Transformer) -> None:
    running = session(sighted.graph())
    random = torch.Generator().manual_seed(0)
    pictures = [batch.seen for batch in seen(sighted, range(8), 1)]
    pictures += [torch.rand(1, 3, PIXELS, PIXELS, generator=random) * 255 for _ in range(4)]
    for pixels in pictures:
        boxes, tags, scores = running.run(None, {"data": pixels.numpy()})
        expected = by_torch(sighted, pixels)
        assert (np.diff(scores) <= 0).all()
        assert scores.shape == tags.shape == (1, len(expected.scores))
        assert len(expected.scores) > 3
        # Two boxes of the same score but for the rounding may change places.
        rows, others = (np.column_stack(each) for each in ((boxes[0], tags[0], scores[0]), expected))
        differences = np.abs(rows[:, None] - others[None]).max(axis=2)
        assert differences.min(axis=0).max() < 1e-3
        assert differences.min(axis=1).max() < 1e-3


def test_the_graph_is_as_every_detector_s_and_leaves_the_module_as_it_was(sighted: Transformer) -> None:
    sighted.module.train()
    before = {name: value.clone() for name, value in sighted.module.state_dict().items()}
    model = sighted.graph()
    assert sighted.module.training
    assert all(torch.equal(value, before[name]) for name, value in sighted.module.state_dict().items())
    assert {entry.key: entry.value for entry in model.metadata_props} == METADATA
    running = session(model)
    assert [(each.name, each.shape) for each in running.get_inputs()] == [("data", [1, 3, PIXELS, PIXELS])]
    outputs = {each.name: (each.type, each.shape) for each in running.get_outputs()}
    assert outputs == {
        "detected_boxes": ("tensor(float)", [1, "n", 4]),
        "detected_classes": ("tensor(int64)", [1, "n"]),
        "detected_scores": ("tensor(float)", [1, "n"]),
    }
