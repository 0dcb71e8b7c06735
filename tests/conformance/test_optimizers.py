"""Optimizers against torch's, in every setting that torch tests its own with."""

from __future__ import annotations

import pytest

from tests.conformance import databases

databases.need()

import torch  # noqa: E402

from dlkit import optim  # noqa: E402
from tests.conformance import optimizers  # noqa: E402

OURS_ALONE = {  # what torch warns of or takes, and dlkit refuses or takes; the reason in words
    "a param group cannot have duplicate parameters": ("UserWarning", "ValueError"),
    "lr as Tensor doesn't work with foreach & not capturable": ("ValueError", ""),  # a flag is ignored
    "betas must be either both floats or both Tensors": ("ValueError", ""),  # each becomes a number
    "betas[0] as a Tensor is not supported for capturable=False and foreach=True": ("ValueError", ""),
}


@pytest.mark.parametrize("name", optimizers.NAMES)
def test_ten_steps_are_torchs(name: str) -> None:
    results = list(optimizers.run(name))
    assert not [r for r in results if r.wrong]
    assert {r.setting.rpartition(", ")[2] for r in results if r.unsupported} <= {"differentiable"}
    assert len(results) == 4 * len(list(optimizers.settings(name)))
    assert sum(r.passed for r in results) >= 20


@pytest.mark.parametrize("name", optimizers.NAMES)
def test_what_torch_refuses_is_refused(name: str) -> None:
    cases = list(optimizers.refusals(name))
    assert len(cases) >= 6
    for case in cases:
        assert (case.torch, case.dlkit) == OURS_ALONE.get(case.setting, (case.torch, case.torch)), case


@pytest.mark.parametrize("name", optimizers.NAMES)
def test_arguments_and_defaults_are_torchs(name: str) -> None:
    assert optimizers.arguments(getattr(optim, name)) == optimizers.arguments(getattr(torch.optim, name))


def test_the_table_has_a_line_for_each() -> None:
    lines = optimizers.rows()
    assert len(lines) == 2 + len(optimizers.NAMES)
    assert lines[2] == "| SGD | 140 | 104 | 36 (a step writes in place, so differentiable=True is not possible) |"
