"""The optimizer goes where torch's own goes, and on from a state of it."""

import torch
from torch import Tensor, nn

from training_job.tuning.adamw import AdamW


def steps(optimizer: torch.optim.Optimizer, weights: nn.Parameter, targets: Tensor) -> None:
    for target in targets:
        optimizer.zero_grad()
        torch.autograd.backward((weights - target).square().sum())
        optimizer.step()


def test_it_steps_as_torch_s_own_does_and_goes_on_from_its_state() -> None:
    targets = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
    here, theirs = nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(3))
    own = AdamW([{"params": [here], "lr": 0.1}], weight_decay=0.01, fused=True)
    torchs = torch.optim.AdamW([{"params": [theirs], "lr": 0.1}], weight_decay=0.01, fused=True)
    steps(own, here, targets[:3])
    steps(torchs, theirs, targets[:3])
    assert torch.equal(here, theirs)
    assert not torch.equal(here, torch.ones(3))
    again = AdamW([here], weight_decay=0.5, fused=True)
    again.load_state_dict(torchs.state_dict())
    torchs.load_state_dict(own.state_dict())
    steps(again, here, targets[3:])
    steps(torchs, theirs, targets[3:])
    assert torch.equal(here, theirs)
