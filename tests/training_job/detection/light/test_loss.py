"""Which cells answer for which boxes, and that a better answer costs less."""

import pytest
import torch

from training_job.detection.light.loss import assign, generalised_iou, iou, loss
from training_job.detection.light.model import Grid, boxes_of

GRID = Grid.of(64)
CELLS = 8 * 8 + 4 * 4 + 2 * 2
NONE = torch.zeros(1, 1, 4), torch.full((1, 1), -1)


def answers(tags: int = 2, score: float = 0.5) -> tuple[torch.Tensor, torch.Tensor]:
    """Each cell says a box of its own size, and the same score for each tag: scores (1, N, tags), boxes (1, N, 4)."""
    half = GRID.strides[:, None] / 2
    return torch.full((1, CELLS, tags), score), torch.cat([GRID.centres - half, GRID.centres + half], 1)[None]


@pytest.mark.parametrize(
    ("box", "other", "plain", "generalised"),
    [
        ((0, 0, 2, 2), (0, 0, 2, 2), 1, 1),
        ((0, 0, 2, 2), (1, 0, 3, 2), 1 / 3, 1 / 3),
        ((0, 0, 1, 1), (3, 0, 4, 1), 0, -1 / 2),
        ((0, 0, 2, 2), (1, 1, 3, 3), 1 / 7, 1 / 7 - 2 / 9),
    ],
)
def test_overlaps(box, other, plain, generalised):
    pair = torch.tensor(box, dtype=torch.float32), torch.tensor(other, dtype=torch.float32)
    assert iou(*pair).item() == pytest.approx(plain)
    assert generalised_iou(*pair).item() == pytest.approx(generalised)


def test_the_grid_has_the_cells_of_all_scales():
    assert GRID.centres.shape == (CELLS, 2)
    assert GRID.centres[[0, 1, 8, 64, -1]].tolist() == [[4, 4], [12, 4], [4, 12], [8, 8], [48, 48]]
    assert GRID.strides.unique().tolist() == [8, 16, 32]


def test_boxes_reach_from_their_cells():
    reaches = torch.zeros(1, CELLS, 4)
    reaches[0, 64] = torch.tensor([1.0, 0.5, 0.25, 2]).log()
    assert boxes_of(reaches, GRID)[0, 64].tolist() == pytest.approx([-8, 0, 12, 40])


def test_without_boxes_no_cell_answers():
    quality, _ = assign(*answers(), GRID, *NONE)
    assert quality.sum() == 0


def test_the_cell_that_says_the_box_answers_for_it_with_full_quality():
    box = torch.tensor([[[16.0, 0, 32, 16]]])
    quality, which = assign(*answers(), GRID, box, torch.tensor([[1]]))
    best = int(quality.argmax())
    assert (GRID.centres[best].tolist(), GRID.strides[best].item()) == ([24, 8], 16)
    assert quality.max().item() == pytest.approx(1)
    assert which[0, best] == 0
    inside = ((GRID.centres > torch.tensor([16, 0])) & (GRID.centres < torch.tensor([32, 16]))).all(1)
    assert quality[0, ~inside].max() < 0.001


def test_a_cell_answers_for_the_box_that_it_overlaps_most():
    boxes = torch.tensor([[[0.0, 0, 64, 64], [0, 0, 32, 32], [0, 0, 0, 0]]])
    quality, which = assign(*answers(), GRID, boxes, torch.tensor([[0, 1, -1]]))
    coarse = 64 + 16
    assert which[0, coarse] == 1
    assert quality[0, coarse] == pytest.approx(1)
    assert set(which[quality > 0].tolist()) == {0, 1}


def test_a_box_smaller_than_a_cell_is_answered_for():
    quality, _ = assign(*answers(), GRID, torch.tensor([[[0.5, 0.5, 3.5, 3.5]]]), torch.tensor([[0]]))
    assert quality[0, 0] > 0


def test_what_is_right_costs_less():
    box, tag = torch.tensor([[[16.0, 0, 32, 16]]]), torch.tensor([[1]])
    _, boxes = answers()
    cell = 64 + 1

    def cost(logit: float, shift: float = 0) -> float:
        logits = torch.full((1, CELLS, 2), -6.0)
        logits[0, cell, 1] = logit
        return loss(logits, boxes + shift, GRID, box, tag).item()

    assert cost(6) < 0.2 < 1 < cost(-6)
    assert cost(6) < cost(6, shift=3) < cost(6, shift=6)


def test_on_background_only_scores_cost():
    _, boxes = answers()
    quiet, loud = (loss(torch.full((1, CELLS, 2), score), boxes, GRID, *NONE) for score in (-8.0, 0.0))
    assert 0 <= quiet.item() < 0.01 < loud.item()
