"""Where half-sized numbers are used."""

import pytest
import torch

from training_job.tuning import device


@pytest.mark.parametrize(
    ("has", "dense", "expected"),
    [
        ({"avx512_bf16": True}, True, torch.bfloat16),
        ({"amx_bf16": True}, True, torch.bfloat16),
        ({"avx512_bf16": True}, False, torch.float32),
        ({"avx512_bf16": False}, True, torch.float32),
        ({}, True, torch.float32),
    ],
)
def test_a_cpu_takes_bf16_where_that_is_faster(
    has: dict[str, bool], dense: bool, expected: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: has)
    with device.mixed(torch.device("cpu"), dense):
        made = torch.nn.functional.conv2d(torch.ones(1, 2, 4, 4), torch.ones(2, 2, 3, 3))
    assert made.dtype == expected
