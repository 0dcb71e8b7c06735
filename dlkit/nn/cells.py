"""Single steps of recurrent networks."""

from __future__ import annotations

import math
from typing import Any

from dlkit.autograd import Tensor, backend
from dlkit.functions import cat
from dlkit.nn import functional, init
from dlkit.nn.module import Module, refuse
from dlkit.nn.parameter import Parameter, empty
from dlkit.nn.recurrent import GATES, _refuse_states


class _Cell(Module):
    cell: str
    weight_ih: Parameter
    weight_hh: Parameter
    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        rows = GATES[self.cell] * hidden_size
        self.weight_ih = empty(rows, input_size, device=device, dtype=dtype)
        self.weight_hh = empty(rows, hidden_size, device=device, dtype=dtype)
        self.register_parameter("bias_ih", empty(rows, device=device, dtype=dtype) if bias else None)
        self.register_parameter("bias_hh", empty(rows, device=device, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """All uniform within plus or minus 1 / sqrt(hidden_size)."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size else 0.0
        for p in self.parameters():
            init.uniform_(p, -bound, bound)

    def _step(self, input: Tensor, states: tuple[Tensor, ...] | None) -> Tensor:
        """The new state, both parts of an LSTM's side by side."""
        if input.ndim not in (1, 2) or input.shape[-1] != self.input_size:
            refuse(self, f"(batch, {self.input_size}) or ({self.input_size},)", input)
        parts = 2 if self.cell == "lstm" else 1
        shape = (*input.shape[:-1], self.hidden_size)
        if states is None:
            state = Tensor(backend.full((*shape[:-1], parts * self.hidden_size), 0.0, input.data))
        else:
            if len(states) != parts or any(s.shape != shape for s in states):
                _refuse_states(self, shape, parts, states)
            state = cat(states, -1) if parts == 2 else states[0]
        batch = 1 if input.ndim == 1 else input.shape[0]
        x, first = input.reshape((1, batch, self.input_size)), state.reshape((batch, parts * self.hidden_size))
        weights = (self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        return functional.recurrent(x, first, *weights, self.cell).reshape(state.shape)

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else f", bias={self.bias}")


class RNNCell(_Cell):
    """One step of an `RNN`.

    Shapes: input (batch, input_size), state (batch, hidden_size) -> the new state; the batch may be left out.
    weight_ih (hidden_size, input_size), weight_hh (hidden_size, hidden_size), biases (hidden_size).

    >>> from dlkit import ones
    >>> RNNCell(3, 4)(ones(2, 3)).shape
    (2, 4)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"nonlinearity is 'tanh' or 'relu', not {nonlinearity!r}")
        self.cell = self.nonlinearity = nonlinearity
        super().__init__(input_size, hidden_size, bias, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        return self._step(input, None if hx is None else (hx,))

    def extra_repr(self) -> str:
        return super().extra_repr() + ("" if self.cell == "tanh" else f", nonlinearity={self.cell}")


class GRUCell(_Cell):
    """One step of a `GRU`.

    Shapes: as `RNNCell`, with weights of 3 * hidden_size rows.

    >>> from dlkit import ones
    >>> GRUCell(3, 4)(ones(2, 3)).shape
    (2, 4)
    """

    cell = "gru"

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        return self._step(input, None if hx is None else (hx,))


class LSTMCell(_Cell):
    """One step of an `LSTM`.

    Shapes: as `RNNCell`, with weights of 4 * hidden_size rows; the state is a pair (h, c).

    >>> from dlkit import ones
    >>> h, c = LSTMCell(3, 4)(ones(2, 3))
    >>> h.shape, c.shape
    ((2, 4), (2, 4))
    """

    cell = "lstm"

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        state = self._step(input, hx)
        return state[..., : self.hidden_size], state[..., self.hidden_size :]
