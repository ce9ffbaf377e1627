"""Which cells answer for which true boxes, and what their answers cost."""

import torch
from torch import Tensor
from torch.nn import functional

from training_job.detection.light.model import Grid

# Task-aligned assignment (TOOD, Feng et al. 2021): each box is answered for by the CELLS that are best at
# score x overlap ** SHARPNESS.
CELLS, SHARPNESS = 10, 6
BOX_WEIGHT = 2.0


def loss(logits: Tensor, boxes: Tensor, grid: Grid, true_boxes: Tensor, true_tags: Tensor) -> Tensor:
    """Logits (B, N, tags) and boxes (B, N, 4) against true boxes (B, M, 4) and tags (B, M), -1 where there is none.

    Boxes are x1, y1, x2, y2 in pixels. Quality focal loss on the scores (Li et al. 2020) plus generalised IoU of the
    boxes, weighted by the quality that is aimed at; both by what is aimed at in all.
    """
    with torch.no_grad():
        quality, which = assign(logits.sigmoid(), boxes, grid, true_boxes, true_tags)
        tags = true_tags.clamp(min=0).gather(1, which)
        aims = torch.zeros_like(logits).scatter_(2, tags[..., None], quality[..., None])
        total = aims.sum().clamp(min=1)
    focus = (aims - logits.detach().sigmoid()).abs() ** 2
    scores = (focus * functional.binary_cross_entropy_with_logits(logits, aims, reduction="none")).sum()
    answering = quality > 0
    wanted = true_boxes.gather(1, which[..., None].expand(-1, -1, 4))[answering]
    overlaps = generalised_iou(boxes[answering], wanted)
    return (scores + BOX_WEIGHT * ((1 - overlaps) * quality[answering]).sum()) / total


def assign(scores: Tensor, boxes: Tensor, grid: Grid, true_boxes: Tensor, true_tags: Tensor) -> tuple[Tensor, Tensor]:
    """The quality that each cell's score should tell, (B, N), 0 where it answers for nothing, and for which of the
    true boxes it answers, (B, N). Arguments as of `loss`, but scores in 0..1.
    """
    if not true_boxes.shape[1]:
        raise ValueError("A batch has room for one box or more")
    real = true_tags >= 0
    overlaps = iou(true_boxes[:, :, None], boxes[:, None])
    score = scores.transpose(1, 2).gather(1, true_tags.clamp(min=0)[..., None].expand(-1, -1, scores.shape[1]))
    candidates = _near(grid, true_boxes) & real[..., None]
    aligned = score * overlaps**SHARPNESS * candidates
    best = aligned.topk(min(CELLS, aligned.shape[2]), dim=2).indices
    chosen = torch.zeros_like(candidates).scatter_(2, best, True) & (aligned > 0)
    # A cell that several boxes chose answers for the one that it overlaps most.
    which = torch.where(chosen, overlaps, -1).argmax(1)
    chosen &= functional.one_hot(which, true_boxes.shape[1]).transpose(1, 2).bool()
    aligned, overlaps = aligned * chosen, overlaps * chosen
    strongest, closest = (values.amax(2, keepdim=True) for values in (aligned, overlaps))
    quality = (aligned / strongest.clamp(min=torch.finfo(aligned.dtype).tiny) * closest).amax(1)
    return quality, which


def iou(boxes: Tensor, others: Tensor) -> Tensor:
    """Intersection over union, (..., 4) with (..., 4) -> (...)."""
    both, union, _ = _areas(boxes, others)
    return both / union.clamp(min=1e-9)


def generalised_iou(boxes: Tensor, others: Tensor) -> Tensor:
    """IoU less the share of the smallest box around both that neither fills, (..., 4) with (..., 4) -> (...)."""
    both, union, around = _areas(boxes, others)
    return both / union.clamp(min=1e-9) - (around - union) / around.clamp(min=1e-9)


def _near(grid: Grid, true_boxes: Tensor) -> Tensor:
    """Whether a cell's centre lies in a box, (B, M, N). A box smaller than a cell is as large as that for this."""
    sizes = torch.maximum((true_boxes[..., 2:] - true_boxes[..., :2])[:, :, None], grid.strides[:, None])
    middles = (true_boxes[..., 2:] + true_boxes[..., :2])[:, :, None] / 2
    return ((grid.centres - middles).abs() * 2 < sizes).all(-1)


def _areas(boxes: Tensor, others: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Of the intersection, the union and the smallest box around both."""
    low, high = boxes[..., :2], boxes[..., 2:]
    other_low, other_high = others[..., :2], others[..., 2:]
    both = (torch.minimum(high, other_high) - torch.maximum(low, other_low)).clamp(min=0).prod(-1)
    around = (torch.maximum(high, other_high) - torch.minimum(low, other_low)).prod(-1)
    return both, (high - low).prod(-1) + (other_high - other_low).prod(-1) - both, around
