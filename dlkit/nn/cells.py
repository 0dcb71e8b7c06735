"""Single steps of recurrent networks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from dlkit.autograd import Tensor, backend
from dlkit.nn import functional, init
from dlkit.nn.module import Module, refuse
from dlkit.nn.parameter import Parameter, empty
from dlkit.nn.recurrent import GATES, check_states

CELLS: dict[str, Callable[..., Any]] = {
    "tanh": functional.rnn_tanh_cell,
    "relu": functional.rnn_relu_cell,
    "gru": functional.gru_cell,
    "lstm": functional.lstm_cell,
}


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

    def _step(self, input: Tensor, states: tuple[Tensor, ...] | None) -> Any:
        """The new state, of an LSTM a pair."""
        if input.ndim not in (1, 2) or input.shape[-1] != self.input_size:
            refuse(self, f"(batch, {self.input_size}) or ({self.input_size},)", input)
        parts, shape = 2 if self.cell == "lstm" else 1, (*input.shape[:-1], self.hidden_size)
        if states is None:
            states = (Tensor(backend.full(shape, 0.0, input.data)),) * parts
        check_states(self, shape, parts, states)
        state = states if parts == 2 else states[0]
        return CELLS[self.cell](input, state, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)

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
        state: Tensor = self._step(input, None if hx is None else (hx,))
        return state

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
        state: Tensor = self._step(input, None if hx is None else (hx,))
        return state


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
        h, c = self._step(input, hx)
        return h, c
