"""The detector's head: a feature pyramid on the backbone's three scales, and what each of its cells says."""

import math
from collections.abc import Sequence
from typing import NamedTuple, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

STRIDES = (8, 16, 32)
# A score before training: so few cells answer for an object.
PRIOR = 0.01
# Before training a box reaches e times a cell's side to each side; the limit is that of a box of 55 cells.
REACH, MOST_REACH = 1.0, 4.0


class Grid(NamedTuple):
    """The cells of all scales in a row: their middles, (N, 2), and their sides, (N,), in pixels of the input."""

    centres: Tensor
    strides: Tensor

    @classmethod
    def of(cls, pixels: int) -> Self:
        """Of an input of pixels x pixels, the finest first."""
        centres, sides = [], []
        for stride in STRIDES:
            steps = (torch.arange(-(-pixels // stride)) + 0.5) * stride
            y, x = torch.meshgrid(steps, steps, indexing="ij")
            centres.append(torch.stack([x.flatten(), y.flatten()], 1))
            sides.append(torch.full((len(centres[-1]),), float(stride)))
        return cls(torch.cat(centres), torch.cat(sides))


class ConvBlock(nn.Module):
    """Convolution, batch norm, ReLU. One that several scales share keeps a norm for each."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1, scales: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.norms = nn.ModuleList(nn.BatchNorm2d(outputs) for _ in range(scales))

    def forward(self, value: Tensor, scale: int = 0) -> Tensor:
        return functional.relu(self.norms[scale](self.convolution(value)), inplace=True)


class BoxHead(nn.Module):
    """Features of three scales, finest first, (B, widths[i], H / 2**i, W / 2**i) -> logits (B, N, tags) and how far
    the box of each cell reaches left, up, right and down, (B, N, 4), as the logarithm of a number of cells.

    Scales exchange what they see from coarse to fine (FPN) and back (PAN); then two towers that all scales share.
    """

    def __init__(self, widths: Sequence[int], tags: int, width: int = 96, depth: int = 2) -> None:
        super().__init__()
        scales = len(widths)
        self.entries = nn.ModuleList(ConvBlock(each, width, 1) for each in widths)
        self.finer = nn.ModuleList(ConvBlock(width, width) for _ in range(scales - 1))
        self.shrinking = nn.ModuleList(ConvBlock(width, width, stride=2) for _ in range(scales - 1))
        self.coarser = nn.ModuleList(ConvBlock(width, width) for _ in range(scales - 1))
        self.naming = nn.ModuleList(ConvBlock(width, width, scales=scales) for _ in range(depth))
        self.placing = nn.ModuleList(ConvBlock(width, width, scales=scales) for _ in range(depth))
        self.tags, self.reach = nn.Conv2d(width, tags, 1), nn.Conv2d(width, 4, 1)
        for layer, first in ((self.tags, -math.log(1 / PRIOR - 1)), (self.reach, REACH)):
            nn.init.normal_(layer.weight, std=0.01)
            assert layer.bias is not None
            nn.init.constant_(layer.bias, first)

    def forward(self, features: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        logits, reaches = [], []
        for scale, value in enumerate(self.pyramid(features)):
            named = placed = value
            for naming, placing in zip(self.naming, self.placing, strict=True):
                named, placed = naming(named, scale), placing(placed, scale)
            logits.append(self.tags(named).flatten(2))
            reaches.append(self.reach(placed).flatten(2))
        return torch.cat(logits, 2).transpose(1, 2), torch.cat(reaches, 2).transpose(1, 2)

    def pyramid(self, features: Sequence[Tensor]) -> list[Tensor]:
        values = [entry(value) for entry, value in zip(self.entries, features, strict=True)]
        for scale in reversed(range(len(values) - 1)):
            values[scale] = self.finer[scale](values[scale] + functional.interpolate(values[scale + 1], scale_factor=2))
        for scale in range(len(values) - 1):
            values[scale + 1] = self.coarser[scale](values[scale + 1] + self.shrinking[scale](values[scale]))
        return values


def boxes_of(reaches: Tensor, grid: Grid) -> Tensor:
    """Reaches (B, N, 4) -> x1, y1, x2, y2 in pixels of the input."""
    distances = reaches.clamp(max=MOST_REACH).exp() * grid.strides[:, None]
    return torch.cat([grid.centres - distances[..., :2], grid.centres + distances[..., 2:]], -1)
