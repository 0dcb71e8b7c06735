"""Every rule with a gradient: the suite notices when it is wrong."""

from __future__ import annotations

import pytest

from tests.conformance import databases

databases.need()
from tests.conformance import modules, planted  # noqa: E402

# Nobody asks `op_db` about a whole recurrent layer, nor about moving to another library: the tests of layers and of
# rules do.
ELSEWHERE = {"recurrent", "move"}


@pytest.mark.parametrize("cap", [4, pytest.param(databases.CAP, marks=pytest.mark.slow)])
def test_every_planted_mistake_is_noticed(cap: int) -> None:
    count, silent, unasked = planted.missed(cap)
    assert not silent
    assert unasked <= ELSEWHERE
    assert count > 150


@pytest.mark.parametrize("i", range(6))
def test_mistakes_in_recurrent_layers_are_noticed(i: int) -> None:
    for mistake in planted.MISTAKES.values():
        with planted.instead(planted.rules()["recurrent"], planted.but(i, mistake)):
            for layer in ("nn.GRU", "nn.LSTM"):
                assert modules.faults(modules.run(layer, 4 if i != 1 else 20)), layer
