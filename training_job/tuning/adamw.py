"""Torch's AdamW without torch's compiler: each of these methods would load that first, to be left out of what it
compiles, which takes 3 s of a CPU. Nothing here is compiled.
"""

from inspect import unwrap

import torch


class AdamW(torch.optim.AdamW):
    add_param_group = unwrap(torch.optim.AdamW.add_param_group)
    load_state_dict = unwrap(torch.optim.AdamW.load_state_dict)
    state_dict = unwrap(torch.optim.AdamW.state_dict)
    step = torch.no_grad()(unwrap(torch.optim.AdamW.step))
    zero_grad = unwrap(torch.optim.AdamW.zero_grad)
