"""Recurrent layers over all steps as one operation each, with backpropagation through time by hand.

Products with the inputs, and gradients of weights, are one large product each, not one a step. A cell is two functions.
A step forward gets the parts of its input, `a`, and of the old state, `own`, in the gates; it writes the open gates
into `a` and the new state into `new`. A step back gets the gradient `g` of the new state; it writes that of `a` into
`da`, that of `own` into `down` (for an LSTM the same array), and returns what comes to the old state past the weights.
"""

from __future__ import annotations

from typing import Any

from dlkit import equivalents
from dlkit.autograd import backend
from dlkit.autograd.backend import Array, xp
from dlkit.autograd.fused import flat
from dlkit.autograd.graph import Gradients, fused


def _gates(a: Array, number: int) -> list[Array]:
    h = a.shape[1] // number
    return [a[:, i * h : (i + 1) * h] for i in range(number)]


def _sigmoid(x: Array) -> None:
    x *= 0.5
    xp(x).tanh(x, out=x)
    x *= 0.5
    x += 0.5


def _gru(a: Array, own: Array, old: Array, new: Array) -> None:
    (r, z, n), h = _gates(a, 3), old.shape[1]
    a[:, : 2 * h] += own[:, : 2 * h]
    _sigmoid(a[:, : 2 * h])
    n += r * own[:, 2 * h :]
    xp(n).tanh(n, out=n)
    new[...] = n + z * (old - n)


def _gru_back(g: Array, a: Array, own: Array, old: Array, new: Array, da: Array, down: Array) -> Array:
    (r, z, n), (dr, dz, dn), h = _gates(a, 3), _gates(da, 3), old.shape[1]
    past = g * z
    dn[...] = (g - past) * (1 - n * n)
    dz[...] = (old - n) * (past - past * z)
    dr[...] = dn * own[:, 2 * h :] * (r - r * r)
    down[...] = da
    down[:, 2 * h :] *= r
    return past


def _lstm(a: Array, own: Array, old: Array, new: Array) -> None:
    (i, f, n, o), (_, c), (h, memory) = _gates(a, 4), _gates(old, 2), _gates(new, 2)
    a += own
    _sigmoid(a[:, : 2 * h.shape[1]])
    xp(n).tanh(n, out=n)
    _sigmoid(o)
    memory[...] = f * c + i * n
    h[...] = o * xp(c).tanh(memory)


def _lstm_back(g: Array, a: Array, own: Array, old: Array, new: Array, da: Array, down: Array) -> Array:
    (i, f, n, o), (di, df, dn, do), (_, c), (dh, dc) = _gates(a, 4), _gates(da, 4), _gates(old, 2), _gates(g, 2)
    t = xp(new).tanh(new[:, dh.shape[1] :])
    do[...] = dh * t * (o - o * o)
    dc = dc + dh * o * (1 - t * t)
    di[...] = dc * n * (i - i * i)
    df[...] = dc * c * (f - f * f)
    dn[...] = dc * i * (1 - n * n)
    return xp(g).concat([dh * 0, dc * f], axis=1)


CELLS = {"gru": (_gru, _gru_back), "lstm": (_lstm, _lstm_back)}


def _recurrent(x: Array, state: Array, w: Array, u: Array, b: Array, c: Array, *, cell: str) -> tuple[Array, Any]:
    a = (flat(x) @ w.T).reshape(*x.shape[:2], -1)
    if b is not None:
        a += b
    own, y, columns = backend.empty(a.shape, x), backend.empty((len(x), *state.shape), x), backend.contiguous(u.T)
    for t in range(len(x)):
        xp(x).matmul(state[:, : u.shape[1]], columns, out=own[t])
        if c is not None:
            own[t] += c
        CELLS[cell][0](a[t], own[t], state, y[t])
        state = y[t]
    return y, (a, own)


@fused(_recurrent, equivalents.recurrent)
def recurrent(
    g: Array, y: Array, saved: Any, x: Array, state: Array, w: Array, u: Array, b: Array, c: Array, *, cell: str
) -> Gradients:
    """All states (steps, n, ...) from inputs (steps, n, features) and the first state (n, ...). The weights are those
    of the input `w` and of the state `u`, with biases `b` and `c`. An LSTM's state is [h, c] side by side."""
    a, own = saved
    old, carry, da = xp(y).concat([state[None], y[:-1]]), backend.zeros_like(state), backend.empty(a.shape, g)
    down = backend.empty(a.shape, g) if cell == "gru" else da
    for t in reversed(range(len(x))):
        carry = CELLS[cell][1](g[t] + carry, a[t], own[t], old[t], y[t], da[t], down[t])
        carry[:, : u.shape[1]] += down[t] @ u
    return (
        lambda: (flat(da) @ w).reshape(x.shape),
        carry,
        lambda: flat(da).T @ flat(x),
        lambda: flat(down).T @ flat(old[..., : u.shape[1]]),
        lambda: flat(da).sum(0),
        lambda: flat(down).sum(0),
    )
