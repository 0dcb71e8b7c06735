"""Recurrent networks: a whole layer over all steps as one operation, with backpropagation through time by hand.

Products with the inputs, and gradients of weights, are one large product each, not one a step. A cell is two functions.
A step forward gets the parts of its input, `a`, and of the old state, `own`, in the gates; it writes the open gates
into `a` and the new state into `new`. A step back gets the gradient `g` of the new state; it writes that of `a` into
`da`, that of `own` into `down` (which is `da` but for a GRU), and returns what comes to the old state past the weights.
"""

from __future__ import annotations

from typing import Any

from dlkit import equivalents
from dlkit.autograd import backend
from dlkit.autograd.backend import Array, xp
from dlkit.autograd.fused import flat
from dlkit.autograd.graph import Gradients, fused


def _sigmoid(x: Array) -> None:
    x *= 0.5
    xp(x).tanh(x, out=x)
    x *= 0.5
    x += 0.5


def _tanh(a: Array, own: Array, old: Array, new: Array) -> None:
    a += own
    xp(a).tanh(a, out=a)
    new[...] = a


def _tanh_back(g: Array, a: Array, own: Array, old: Array, new: Array, da: Array, down: Array) -> Array:
    da[...] = g * (1 - a * a)
    return backend.zeros_like(g)


def _relu(a: Array, own: Array, old: Array, new: Array) -> None:
    a += own
    a *= a > 0
    new[...] = a


def _relu_back(g: Array, a: Array, own: Array, old: Array, new: Array, da: Array, down: Array) -> Array:
    da[...] = g * (a > 0)
    return backend.zeros_like(g)


def _gru(a: Array, own: Array, old: Array, new: Array) -> None:
    h = old.shape[1]
    gates, n = a[:, : 2 * h], a[:, 2 * h :]
    gates += own[:, : 2 * h]
    _sigmoid(gates)
    n += gates[:, :h] * own[:, 2 * h :]
    xp(n).tanh(n, out=n)
    new[...] = n + gates[:, h:] * (old - n)


def _gru_back(g: Array, a: Array, own: Array, old: Array, new: Array, da: Array, down: Array) -> Array:
    h = old.shape[1]
    r, z, n = a[:, :h], a[:, h : 2 * h], a[:, 2 * h :]
    past = g * z
    dn = (g - past) * (1 - n * n)
    da[:, :h] = dn * own[:, 2 * h :] * (r * (1 - r))
    da[:, h : 2 * h] = (old - n) * past * (1 - z)
    da[:, 2 * h :] = dn
    down[:, : 2 * h] = da[:, : 2 * h]
    down[:, 2 * h :] = dn * r
    return past


def _lstm(a: Array, own: Array, old: Array, new: Array) -> None:
    h = old.shape[1] // 2
    i, f, n, o = (a[:, k * h : (k + 1) * h] for k in range(4))
    a += own
    _sigmoid(a[:, : 2 * h])
    xp(n).tanh(n, out=n)
    _sigmoid(o)
    new[:, h:] = f * old[:, h:] + i * n
    new[:, :h] = o * xp(new).tanh(new[:, h:])


def _lstm_back(g: Array, a: Array, own: Array, old: Array, new: Array, da: Array, down: Array) -> Array:
    h = old.shape[1] // 2
    i, f, n, o = (a[:, k * h : (k + 1) * h] for k in range(4))
    t = xp(new).tanh(new[:, h:])
    dc = g[:, h:] + g[:, :h] * o * (1 - t * t)
    for k, part in enumerate((dc * n * i * (1 - i), dc * old[:, h:] * f * (1 - f), dc * i * (1 - n * n))):
        da[:, k * h : (k + 1) * h] = part
    da[:, 3 * h :] = g[:, :h] * t * o * (1 - o)
    past = backend.zeros_like(g)
    past[:, h:] = dc * f
    return past


CELLS = {"tanh": (_tanh, _tanh_back), "relu": (_relu, _relu_back), "gru": (_gru, _gru_back), "lstm": (_lstm, _lstm_back)}


def _recurrent(
    x: Array, state: Array, w: Array, u: Array, b: Array, c: Array, *, cell: str
) -> tuple[Array, tuple[Array, Array]]:
    gates = (flat(x) @ w.T).reshape(*x.shape[:2], w.shape[0])
    if b is not None:
        gates += b
    owns, y = backend.empty(gates.shape, x), backend.empty((len(x), *state.shape), x)
    for t in range(len(x)):
        xp(x).matmul(state[:, : u.shape[1]], u.T, out=owns[t])
        if c is not None:
            owns[t] += c
        CELLS[cell][0](gates[t], owns[t], state, y[t])
        state = y[t]
    return y, (gates, owns)


@fused(_recurrent, equivalents.recurrent)
def recurrent(
    g: Array, y: Array, saved: Any, x: Array, state: Array, w: Array, u: Array, b: Array, c: Array, *, cell: str
) -> Gradients:
    """All states (steps, n, ...) from inputs (steps, n, features) and the first state (n, ...). The weights are those
    of the input `w` and of the state `u`, with biases `b` and `c`. An LSTM's state is [h, c] side by side."""
    gates, owns = saved
    da, carry = backend.empty(gates.shape, g), backend.zeros_like(state)
    down = backend.empty(gates.shape, g) if cell == "gru" else da
    before = xp(y).concat([state[None], y[:-1]])
    for t in reversed(range(len(x))):
        carry = CELLS[cell][1](g[t] + carry, gates[t], owns[t], before[t], y[t], da[t], down[t])
        carry[:, : u.shape[1]] += down[t] @ u
    return (
        lambda: (flat(da) @ w).reshape(x.shape),
        carry,
        lambda: flat(da).T @ flat(x),
        lambda: flat(down).T @ flat(before[..., : u.shape[1]]),
        lambda: flat(da).sum(0),
        lambda: flat(down).sum(0),
    )
