"""A pretrained transformer as something to fine-tune: its own criterion, and its backbone slower than the rest."""

from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from shared.arrays import Floats
from training_job.detection.augmentation import Augmentation
from training_job.detection.detector import Batch
from training_job.detection.detector_recipe import Recipe
from training_job.detection.transformer import pretrained
from training_job.detection.transformer.served_graph import served
from training_job.tuning.tunable import Group

SEED = 0
# What the authors of both fine-tune with, or less, as batches are smaller here; not measured on real weights.
RATE, BACKBONE_RATE = 1e-4, 1e-5


class Transformer:
    """A `Detector`. Raises HubUnavailable."""

    def __init__(self, wanted: str, cache: Path, tags: int, recipe: Recipe, device: torch.device) -> None:
        found = pretrained.find(wanted, cache)
        torch.manual_seed(SEED)
        self.module = pretrained.load(found, tags).to(device)
        self.preprocessing, self.recipe = found.preprocessing, recipe
        self.views = Augmentation(found.preprocessing, mirrored=recipe.mirrored)
        self.architecture = f"{found.architecture} from {found.source.name}"

    def groups(self) -> list[Group]:
        parts: dict[bool, list[nn.Parameter]] = {True: [], False: []}
        for name, parameter in self.module.named_parameters():
            if parameter.requires_grad:
                parts[name.startswith("model.backbone.")].append(parameter)
        return [Group(parts[True], BACKBONE_RATE), Group(parts[False], RATE)]

    def see(self, pixels: Floats) -> Floats:
        return pixels

    def loss(self, batch: Batch) -> Tensor:
        """Hungarian matching, and denoising of true boxes that were made noisy, as in pretraining."""
        corners = batch.boxes
        middles = torch.cat([corners[..., :2] + corners[..., 2:], 2 * (corners[..., 2:] - corners[..., :2])], -1) / 2
        labels = [
            {"class_labels": tags[tags >= 0], "boxes": boxes[tags >= 0]}
            for tags, boxes in zip(batch.tags, middles, strict=True)
        ]
        cost = self.module(pixel_values=batch.seen / 255, labels=labels).loss
        assert isinstance(cost, Tensor)
        return cost

    def graph(self) -> onnx.ModelProto:
        return served(self.module, self.preprocessing, self.recipe)
