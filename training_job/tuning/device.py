"""Where torch computes, and how it holds its memory."""

import ctypes

import torch

# glibc's M_MMAP_MAX and M_TRIM_THRESHOLD.
MMAP_MAX, TRIM_THRESHOLD, NEVER = -4, -1, 2**31 - 1


def ready() -> torch.device:
    """The GPU where there is one."""
    _keep_memory()
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def mixed(device: torch.device, dense: bool = False) -> torch.autocast:
    """In bf16 on a GPU. On a CPU that has instructions for it, `dense` convolutions take two thirds of the time;
    those of a channel each take longer.
    """
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda" or (dense and _has_bf16()))


def _has_bf16() -> bool:
    has = torch.cpu.get_capabilities()
    return bool(has.get("avx512_bf16") or has.get("amx_bf16"))


def _keep_memory() -> None:
    """Let freed memory be used again: given back to the system and asked for again in every step, it takes 25 to 40 %
    of the time of a step.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(MMAP_MAX, 0)
        mallopt(TRIM_THRESHOLD, NEVER)
