"""The benchmark of the GPT compares loops that train alike."""

from __future__ import annotations

import pytest
import torch

from benchmarks import gpt
from dlkit.train import devices
from tests.gpu.places import PLACES, on

TINY = gpt.PLANS["tiny"]


def compared(device: str, precision: str) -> gpt.Result:
    return gpt.compare(TINY, devices.pick(device), precision, compiled=False, rounds=2)


@PLACES
@pytest.mark.parametrize(("precision", "tolerance"), [("fp32", 1e-4), ("bf16", 1e-2)])
def test_all_ways_end_at_one_loss(device: str, precision: str, tolerance: float) -> None:
    """And below that of guessing."""
    result = on(device, compared, precision)
    assert result.losses["Loop"] == pytest.approx(result.losses["by hand"], rel=tolerance)
    assert result.losses["again"] == pytest.approx(result.losses["by hand"], rel=tolerance)
    assert result.losses["Loop"] < 5.5  # log(256) = 5.545
    assert all(len(rates) == 2 and min(rates) > 0 for rates in result.rates.values())
    assert result.ratios("by hand") == [1.0, 1.0]


@PLACES
def test_operations_are_those_of_the_formula(device: str) -> None:
    """6 a parameter and token, and 12 a layer, width and position of attention, of which the backward pass may compute a part anew.

    PyTorch's counter does not know the CPU's kernel of attention.
    """
    config = TINY.config
    weights = sum(parameter.numel() for parameter in gpt.GPT(config).parameters() if parameter.dim() > 1) - config.context * config.width
    attention = 12 * config.layers * config.width * config.context
    counted = on(device, compared, "fp32").flops / TINY.tokens
    least = 6 * weights + (attention if device == "cuda" else 0)
    assert least <= counted <= 6 * weights + attention * 7 / 6


def test_a_cpu_s_figure_is_called_so(capsys: pytest.CaptureFixture[str]) -> None:
    allowed = torch.backends.cuda.matmul.allow_tf32
    gpt.main(["--device", "cpu", "--rounds", "2"])
    devices.tf32(allowed)
    said = capsys.readouterr().out
    assert "NO FIGURE OF A GPU" in said
    assert said.count("tokens/s") == 3
    assert "MFU unknown" in said
