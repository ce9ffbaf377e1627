"""Our own detector as something to fine-tune: its backbone from the finest features on, and its head."""

from copy import deepcopy

import onnx
import torch
from torch import Tensor, nn

from shared.arrays import Floats
from training_job.detection.detector import Batch
from training_job.detection.light.learn import TrainerState
from training_job.detection.light.loss import loss
from training_job.detection.light.model import BoxHead, boxes_of
from training_job.detection.light.served_graph import detector
from training_job.graphs.backbones import sized
from training_job.graphs.running import session
from training_job.tuning.tunable import Group
from training_job.tuning.upper import Upper, frozen, last_seam


class Network(nn.Module):
    def __init__(self, upper: Upper, head: BoxHead) -> None:
        super().__init__()
        self.upper, self.head = upper, head

    def forward(self, finest: Tensor) -> tuple[Tensor, Tensor]:
        logits, reaches = self.head(self.upper(finest))
        return logits, reaches


class Light:
    """A `Detector` that begins with a head that has learned, on the backbone as it was."""

    def __init__(self, backbone: onnx.ModelProto, trainer: TrainerState) -> None:
        self.backbone, self.recipe, self.grid = backbone, trainer.recipe, trainer.grid
        seam, scales = last_seam(backbone), [output.name for output in backbone.graph.output]
        self.frozen = session(frozen(sized(backbone, self.recipe.pixels), [seam]))
        network = Network(Upper(backbone, [seam], scales), deepcopy(trainer.head)).to(trainer.device)
        # On a CPU a third faster than planes.
        self.module: Network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.preprocessing, self.views = trainer.recipe.preprocessing, trainer.recipe.views
        self.architecture = trainer.recipe.architecture

    def groups(self) -> list[Group]:
        return [
            Group(list(self.module.upper.parameters()), self.recipe.backbone_rate),
            Group(list(self.module.head.parameters()), self.recipe.tuned_rate),
        ]

    def see(self, pixels: Floats) -> Floats:
        # 10 ms of a core, where a step takes 130 for each view: not worth keeping, and each epoch has views of its own.
        finest: Floats = self.frozen.run(None, {"pixels": pixels})[0]
        return finest

    def loss(self, batch: Batch) -> Tensor:
        logits, reaches = self.module(batch.seen.contiguous(memory_format=torch.channels_last))
        boxes = boxes_of(reaches.float(), self.grid)
        return loss(logits.float(), boxes, self.grid, batch.boxes * self.recipe.pixels, batch.tags)

    def graph(self) -> onnx.ModelProto:
        head = deepcopy(self.module.head).cpu().eval()
        backbone = sized(self.backbone, self.recipe.served)
        return detector(self.module.upper.written(backbone), head, self.recipe)
