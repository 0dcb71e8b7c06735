"""Recurrent networks over whole sequences.

Sources: Elman 1990, "Finding Structure in Time"; Hochreiter and Schmidhuber 1997, "Long Short-Term Memory", with the
forget gate of Gers, Schmidhuber and Cummins 2000; Cho et al. 2014, "Learning Phrase Representations using RNN
Encoder-Decoder", for the GRU.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from dlkit.autograd import Tensor, backend
from dlkit.nn import functional, init
from dlkit.nn.module import Module, refuse
from dlkit.nn.parameter import Parameter, empty

GATES = {"tanh": 1, "relu": 1, "gru": 3, "lstm": 4}
LAYERS: dict[str, Callable[..., Any]] = {
    "tanh": functional.rnn_tanh,
    "relu": functional.rnn_relu,
    "gru": functional.gru,
    "lstm": functional.lstm,
}


class _Recurrent(Module):
    """Layers of one kind of cell, in one direction or in both."""

    cell: str

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if min(input_size, hidden_size, num_layers) <= 0:
            raise ValueError(f"sizes are positive: {input_size=}, {hidden_size=}, {num_layers=}")
        if not 0 <= dropout <= 1:
            raise ValueError(f"dropout is a probability, between 0 and 1, not {dropout}")
        if proj_size:
            raise NotImplementedError("proj_size is not supported: put a Linear behind the layer")
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout, self.bidirectional = bias, batch_first, dropout, bidirectional
        directions, rows = 2 if bidirectional else 1, GATES[self.cell] * hidden_size
        for layer in range(num_layers):
            features = input_size if layer == 0 else hidden_size * directions
            for end in self._ends(layer):
                shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, features), "weight_hh": (rows, hidden_size)}
                shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)} if bias else {}
                for name, shape in shapes.items():
                    setattr(self, name + end, empty(*shape, device=device, dtype=dtype))
        self.reset_parameters()

    def _ends(self, layer: int) -> list[str]:
        """How the names of a layer's parameters end, one for each direction."""
        return [f"_l{layer}", f"_l{layer}_reverse"][: 2 if self.bidirectional else 1]

    def reset_parameters(self) -> None:
        """All uniform within plus or minus 1 / sqrt(hidden_size)."""
        bound = 1 / math.sqrt(self.hidden_size)
        for p in self.parameters():
            init.uniform_(p, -bound, bound)

    def flatten_parameters(self) -> None:
        """Nothing: torch puts the weights side by side on a GPU here."""

    def _run(self, input: Tensor, states: tuple[Tensor, ...] | None) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The outputs, and the last state of every layer and direction; a state is one tensor or, of an LSTM, two."""
        if input.ndim not in (2, 3) or input.shape[-1] != self.input_size:
            axes = "(batch, steps, {0})" if self.batch_first else "(steps, batch, {0})"
            refuse(self, f"{axes.format(self.input_size)} or (steps, {self.input_size})", input)
        single = input.ndim == 2  # no batch: make one
        x = input.reshape((input.shape[0], 1, input.shape[1])) if single else input
        batch_first = self.batch_first and not single
        shape = (self.num_layers * len(self._ends(0)), x.shape[0 if batch_first else 1], self.hidden_size)
        parts = 2 if self.cell == "lstm" else 1
        if states is None:
            states = (Tensor(backend.full(shape, 0.0, x.data)),) * parts
        else:
            check_states(self, (shape[0], shape[2]) if single else shape, parts, states)
            states = tuple(s.reshape(shape) for s in states)
        params = [p for weights in self.all_weights for p in weights]
        how = (self.bias, self.num_layers, self.dropout, self.training, self.bidirectional, batch_first)
        y, *lasts = LAYERS[self.cell](x, states if parts == 2 else states[0], params, *how)
        if single:
            y, lasts = y.reshape((y.shape[0], y.shape[2])), [h.reshape((shape[0], shape[2])) for h in lasts]
        return y, tuple(lasts)

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters, a list for each layer and direction."""
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")[: 4 if self.bias else 2]
        return [
            [getattr(self, n + end) for n in names] for layer in range(self.num_layers) for end in self._ends(layer)
        ]

    def extra_repr(self) -> str:
        said = f"{self.input_size}, {self.hidden_size}"
        usual = {"num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0, "bidirectional": False}
        return said + "".join(f", {k}={getattr(self, k)}" for k, v in usual.items() if getattr(self, k) != v)


def check_states(layer: Module, wanted: tuple[int, ...], parts: int, states: tuple[Tensor, ...]) -> None:
    """Refuse states of another shape, or one where two belong."""
    if len(states) != parts or any(s.shape != wanted for s in states):
        given = " and ".join(str(s.shape) for s in states)
        raise RuntimeError(
            f"{layer!r} takes {'two states' if parts == 2 else 'a state'} of shape {wanted}, not {given}"
        )


class RNN(_Recurrent):
    """h_t = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh), in one layer or several.

    Shapes: input (steps, batch, input_size), or (batch, steps, input_size) with `batch_first`, or (steps, input_size);
    states (num_layers * directions, batch, hidden_size) -> outputs as the input, with directions * hidden_size features,
    and the last states. weight_ih_l0 (hidden_size, input_size), weight_hh_l0 (hidden_size, hidden_size), biases
    (hidden_size); further layers have l1, l2, ..., the other direction has names that end in `_reverse`.

    Args:
        num_layers: each layer's outputs are the next one's inputs.
        nonlinearity: `"tanh"` or `"relu"`.
        dropout: the probability of dropout between layers.
        bidirectional: go through the steps backwards, too, and put the outputs side by side.

    Raises:
        RuntimeError: an input or a state of another shape.

    >>> from dlkit import ones
    >>> output, h = RNN(3, 4, num_layers=2)(ones(5, 1, 3))
    >>> output.shape, h.shape
    ((5, 1, 4), (2, 1, 4))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"nonlinearity is 'tanh' or 'relu', not {nonlinearity!r}")
        self.cell = self.nonlinearity = nonlinearity
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype
        )

    def forward(self, input: Tensor, hx: Tensor | None = None) -> tuple[Tensor, Tensor]:
        output, (last,) = self._run(input, None if hx is None else (hx,))
        return output, last


class GRU(_Recurrent):
    """A gated recurrent unit: r, z = sigmoid(...), n = tanh(W_in x + b_in + r * (W_hn h + b_hn)), h' = (1-z)*n + z*h.

    Shapes and arguments: as `RNN`, with weights of 3 * hidden_size rows: those of r, z, n.

    >>> from dlkit import ones
    >>> output, h = GRU(3, 4, bidirectional=True)(ones(5, 1, 3))
    >>> output.shape, h.shape
    ((5, 1, 8), (2, 1, 4))
    """

    cell = "gru"

    def forward(self, input: Tensor, hx: Tensor | None = None) -> tuple[Tensor, Tensor]:
        output, (last,) = self._run(input, None if hx is None else (hx,))
        return output, last


class LSTM(_Recurrent):
    """Long short-term memory: i, f, o = sigmoid(...), g = tanh(...), c' = f*c + i*g, h' = o * tanh(c').

    Shapes and arguments: as `RNN`, with weights of 4 * hidden_size rows: those of i, f, g, o; the state is a pair (h, c).
    `proj_size` is not supported.

    >>> from dlkit import ones
    >>> output, (h, c) = LSTM(3, 4, batch_first=True)(ones(2, 5, 3))
    >>> output.shape, h.shape, c.shape
    ((2, 5, 4), (1, 2, 4), (1, 2, 4))
    """

    cell = "lstm"

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        output, (h, c) = self._run(input, hx)
        return output, (h, c)
