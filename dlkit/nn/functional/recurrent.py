"""Recurrent networks: cells for one step, and layers over all steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import dlkit.autograd.tensor as tensors
from dlkit import equivalents
from dlkit.autograd import backend, rules
from dlkit.autograd.recurrent import CELLS, recurrent
from dlkit.functions.draw import draw

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = ["gru", "gru_cell", "lstm", "lstm_cell", "rnn_relu", "rnn_relu_cell", "rnn_tanh", "rnn_tanh_cell"]


def _steps(cell: str, *inputs: Any) -> Tensor:
    return (recurrent if cell in CELLS else equivalents.recurrent)(*inputs, cell=cell)


def _cell(cell: str, x: Tensor, state: Tensor, *weights: Tensor | None) -> Tensor:
    if x.ndim == 1:
        return _cell(cell, x.reshape(1, -1), state.reshape(1, -1), *weights)[0]
    return _steps(cell, x.reshape(1, *x.shape), state, *weights)[0]


def rnn_tanh_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """One step: tanh(w_ih x + b_ih + w_hh h + b_hh), for x (n, features) and h (n, hidden)."""
    return _cell("tanh", input, hx, w_ih, w_hh, b_ih, b_hh)


def rnn_relu_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """One step: relu(w_ih x + b_ih + w_hh h + b_hh)."""
    return _cell("relu", input, hx, w_ih, w_hh, b_ih, b_hh)


def gru_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """One step of a gated recurrent unit (Cho et al., 2014), whose weights have the rows of r, z and n, in this order:

    r = sigmoid(x_r + h_r), z = sigmoid(x_z + h_z), n = tanh(x_n + r * h_n), and the state is (1 - z) * n + z * h.
    """
    return _cell("gru", input, hx, w_ih, w_hh, b_ih, b_hh)


def lstm_cell(
    input: Tensor,
    hx: Sequence[Tensor],
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """One step of an LSTM (Hochreiter and Schmidhuber, 1997), whose weights have the rows of i, f, g and o:

    c = sigmoid(f) * c + sigmoid(i) * tanh(g), and h = sigmoid(o) * tanh(c). Takes and returns (h, c).
    """
    state = _cell("lstm", input, rules.cat(*hx, dim=hx[0].ndim - 1), w_ih, w_hh, b_ih, b_hh)
    hidden = w_hh.shape[1]
    return state[..., :hidden], state[..., hidden:]


def rnn_tanh(
    input: Tensor,
    hx: Tensor,
    params: Sequence[Tensor],
    has_biases: bool = True,
    num_layers: int = 1,
    dropout: float = 0.0,
    train: bool = False,
    bidirectional: bool = False,
    batch_first: bool = False,
) -> tuple[Tensor, Tensor]:
    """Layers of `rnn_tanh_cell` over all steps: `gru` with another cell."""
    return _layers("tanh", input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)


def rnn_relu(
    input: Tensor,
    hx: Tensor,
    params: Sequence[Tensor],
    has_biases: bool = True,
    num_layers: int = 1,
    dropout: float = 0.0,
    train: bool = False,
    bidirectional: bool = False,
    batch_first: bool = False,
) -> tuple[Tensor, Tensor]:
    """Layers of `rnn_relu_cell` over all steps: `gru` with another cell."""
    return _layers("relu", input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)


def gru(
    input: Tensor,
    hx: Tensor,
    params: Sequence[Tensor],
    has_biases: bool = True,
    num_layers: int = 1,
    dropout: float = 0.0,
    train: bool = False,
    bidirectional: bool = False,
    batch_first: bool = False,
) -> tuple[Tensor, Tensor]:
    """Layers of gated recurrent units over all steps.

    Args:
        input: (steps, n, features), or (n, steps, features) with `batch_first`.
        hx: the first state of each layer (layers * directions, n, hidden).
        params: for each layer, and in it for each direction: w_ih, w_hh, and with `has_biases` b_ih, b_hh.
        dropout: so much of what goes from one layer to the next is dropped, in training.
        bidirectional: a second direction goes from the last step to the first; the outputs stand side by side.

    Returns:
        The states of the last layer (steps, n, hidden * directions), and the last states of all (like `hx`).
    """
    return _layers("gru", input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)


def lstm(
    input: Tensor,
    hx: Sequence[Tensor],
    params: Sequence[Tensor],
    has_biases: bool = True,
    num_layers: int = 1,
    dropout: float = 0.0,
    train: bool = False,
    bidirectional: bool = False,
    batch_first: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:
    """Layers of LSTM cells over all steps: `gru` with another cell; `hx` is (h, c), and the last (h, c) are returned."""
    state = rules.cat(*hx, dim=2)
    y, last = _layers("lstm", input, state, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)
    hidden = params[1].shape[1]
    return y, last[..., :hidden], last[..., hidden:]


def _layers(
    cell: str,
    x: Tensor,
    first: Tensor,
    params: Sequence[Tensor],
    biases: bool,
    layers: int,
    dropout: float,
    train: bool,
    both: bool,
    batch_first: bool,
) -> tuple[Tensor, Tensor]:
    if x.ndim != 3:
        raise RuntimeError(f"{cell} of {x.shape}: the input has 3 axes, (steps, n, features) or (n, steps, features)")
    x = x.transpose(0, 1) if batch_first else x
    each, ways = (4 if biases else 2), (2 if both else 1)
    last = []
    for layer in range(layers):
        outputs = []
        for way in range(ways):
            number = layer * ways + way
            weights: list[Any] = [*params[each * number : each * (number + 1)], None, None][:4]
            states = _steps(cell, _turned(x, way), first[number], *weights)
            last.append(states[-1])
            hidden = weights[1].shape[1]
            outputs.append(_turned(states if states.shape[2] == hidden else states[..., :hidden], way))
        x = outputs[0] if len(outputs) == 1 else rules.cat(*outputs, dim=2)
        if dropout and train and layer < layers - 1:
            kept = draw("uniform", x.shape, x.data) >= dropout
            x = x * tensors.Tensor(backend.cast(kept, x.dtype) / (1.0 - dropout if dropout < 1.0 else 1.0))
    return x.transpose(0, 1) if batch_first else x, rules.stack(*last, dim=0)


def _turned(x: Tensor, way: int) -> Tensor:
    return rules.flip(x, dim=(0,)) if way else x
