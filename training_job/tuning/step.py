"""One step of a fine-tuning."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from training_job.tuning import device

MOST_GRADIENT = 10.0


def step(module: nn.Module, optimizer: torch.optim.Optimizer, compute: Callable[[], Tensor]) -> float:
    """Down from the loss that is computed; answers what it was before."""
    with device.mixed(next(module.parameters()).device):
        loss = compute()
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    nn.utils.clip_grad_norm_(module.parameters(), MOST_GRADIENT)
    optimizer.step()
    return loss.item()
