"""Where torch computes, and how it holds its memory."""

import ctypes

import torch

# glibc's M_MMAP_MAX and M_TRIM_THRESHOLD.
MMAP_MAX, TRIM_THRESHOLD, NEVER = -4, -1, 2**31 - 1


def ready() -> torch.device:
    """The GPU where there is one."""
    _keep_memory()
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def mixed(device: torch.device) -> torch.autocast:
    """On a GPU in bf16; a CPU gains nothing by it."""
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda")


def _keep_memory() -> None:
    """Let freed memory be used again: given back to the system and asked for again in every step, it takes 25 to 40 %
    of the time of a step.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(MMAP_MAX, 0)
        mallopt(TRIM_THRESHOLD, NEVER)
