"""Recurrent networks in primitives: a loop over the steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlkit.autograd import rules
from dlkit.equivalents.dense import linear

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor


def _gru(a: Tensor, own: Tensor, h: Tensor) -> Tensor:
    k = h.shape[1]
    r = rules.sigmoid(a[:, :k] + own[:, :k])
    z = rules.sigmoid(a[:, k : 2 * k] + own[:, k : 2 * k])
    n = rules.tanh(a[:, 2 * k :] + r * own[:, 2 * k :])
    return (1 - z) * n + z * h


def _lstm(a: Tensor, own: Tensor, state: Tensor) -> Tensor:
    k = state.shape[1] // 2
    gates = a + own
    i, f, o = (rules.sigmoid(gates[:, j * k : (j + 1) * k]) for j in (0, 1, 3))
    c = f * state[:, k:] + i * rules.tanh(gates[:, 2 * k : 3 * k])
    return rules.cat(o * rules.tanh(c), c, dim=1)


CELLS = {
    "tanh": lambda a, own, h: rules.tanh(a + own),
    "relu": lambda a, own, h: rules.relu(a + own),
    "gru": _gru,
    "lstm": _lstm,
}


def recurrent(
    x: Tensor, state: Tensor, w: Tensor, u: Tensor, b: Tensor | None, c: Tensor | None, *, cell: str
) -> Tensor:
    """The states after each step: (steps, n, ...) from inputs (steps, n, features) and a first state (n, ...).

    Gates open by what the input and the state say, w x + b and u h + c. An LSTM's state is [h, c] side by side.
    """
    states = []
    for now in x:
        state = CELLS[cell](linear(now, w, b), linear(state[:, : u.shape[1]], u, c), state)
        states.append(state)
    return rules.stack(*states, dim=0)
