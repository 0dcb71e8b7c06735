"""Reverse-mode automatic differentiation: a tensor remembers the operation that made it, and `backward` walks back.

A node is data: the tensor itself, with its operation, inputs and options. A rule (`rules.py`) captures nothing, so
nothing points in a circle, and memory is freed as soon as the walk has passed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, TypeAlias

import numpy as np

from dlkit.autograd import backend, graph, recording
from dlkit.autograd.backend import Array
from dlkit.autograd.graph import Primitive, Value
from dlkit.functions.handle import Handle
from dlkit.functions.methods import Methods

Hook: TypeAlias = "Callable[[Tensor], Tensor | None]"

_clock = count()


class Tensor(Methods):
    """An array of numbers that can take part in a graph of operations.

    Args:
        data: an array, kept as it is and not copied; or numbers and lists of them, which become float32.
        requires_grad: whether `backward` shall find a gradient for it.

    Raises:
        TypeError: `requires_grad` of integers or booleans.

    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """

    __slots__ = (
        "__weakref__",
        "_requires_grad",
        "data",
        "grad",
        "hooks",
        "inputs",
        "op",
        "options",
        "retains_grad",
        "saved",
        "seen",
        "tick",
        "version",
    )

    def __init__(self, data: Any, requires_grad: bool = False) -> None:
        if isinstance(data, np.generic):
            data = np.asarray(data)  # NumPy's arithmetic makes scalars of arrays of shape (): those cannot be changed
        self.data: Array = data if backend.is_array(data) else backend.native(backend.asarray(data))
        self.grad: Tensor | None = None
        self.op: Primitive | None = None  # what made it; None for a leaf
        self.inputs: tuple[Value, ...] | None = ()  # what it was made from; None once a backward has passed
        self.options: dict[str, Any] = {}
        self.saved: Any = None  # what a fused operation keeps for its gradient
        self.seen = 0  # the versions of the inputs, added up
        self.version = [0]  # how often it was changed in place; shared with its views
        self.hooks: list[Hook] | None = None
        self.retains_grad = False
        self.tick = next(_clock)  # a node is younger than its inputs
        self._requires_grad = False
        if requires_grad:
            self.requires_grad = True

    @property
    def requires_grad(self) -> bool:
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if wanted and not backend.is_float(self.data):
            raise TypeError(
                f"a tensor of {self.dtype} has no gradient, only one of floats has: make it one with .float()"
            )
        if not wanted and self.op is not None:
            raise RuntimeError(
                f"the result of {self.op.name} depends on tensors that require a gradient: use .detach()"
            )
        self._requires_grad = wanted

    @property
    def is_leaf(self) -> bool:
        return self.op is None

    def detach(self) -> Tensor:
        """The same memory, without the graph."""
        out = Tensor(self.data)
        out.version = self.version
        return out

    def register_hook(self, hook: Hook) -> Handle:
        """Call `hook(gradient)` when this tensor's gradient is complete; what it returns, if anything, takes the
        gradient's place. What this returns has a method `remove`."""
        self.hooks = [*(self.hooks or ()), hook]
        return Handle(self, hook)

    def retain_grad(self) -> None:
        """Let `backward` put a `.grad` on this tensor though it is no leaf."""
        self.retains_grad = True

    def changed(self, how: str) -> None:
        """Called before every change in place: refused where a graph would not notice it."""
        if self.op is not None or (self.requires_grad and recording.is_grad_enabled()):
            what = f"the result of {self.op.name}" if self.op else "a leaf that requires a gradient"
            raise RuntimeError(
                f"{how} in place would change {what}, and the graph would compute a wrong gradient. Write "
                f"`x = x + y` instead of `x += y`, or, for a step of an optimizer, do it `with no_grad():`"
            )
        self.version[0] += 1

    def backward(self, gradient: Value = None, retain_graph: bool = False, create_graph: bool = False) -> None:
        """Add the gradient of this value to the `.grad` of every leaf that it was computed from.

        Args:
            gradient: of a final scalar with respect to this tensor, same shape; 1 where this is a scalar.
            retain_graph: keep the graph, so that `backward` can pass once more.
            create_graph: make gradients that have a graph of their own (and keep this one).

        Raises:
            RuntimeError: no graph, one that is freed, or no `gradient` for a value that is no scalar.

        >>> x = Tensor([3.0], requires_grad=True)
        >>> (x * x).backward(Tensor([10.0]))
        >>> x.grad
        tensor([60.])
        """
        for t, g, owned in graph.walk([self], [gradient], retain_graph or create_graph, create_graph):
            if t.op is None or t.retains_grad:
                _accumulate(t, g, owned and t.op is None)


def _accumulate(t: Tensor, g: Value, owned: bool) -> None:
    if t.grad is not None:
        t.grad = t.grad + g
    else:
        t.grad = g.clone() if isinstance(g, Tensor) else Tensor(g if owned else backend.copy(g))


def grad(
    outputs: Tensor,
    inputs: Sequence[Tensor] | Tensor,
    grad_outputs: Value = None,
    retain_graph: bool = False,
    create_graph: bool = False,
) -> tuple[Tensor, ...]:
    """Gradients of a value with respect to some tensors, without touching any `.grad`.

    Raises:
        RuntimeError: as `backward`; or an input that the output does not depend on.

    >>> x = Tensor([2.0], requires_grad=True)
    >>> (slope,) = grad((x**3).sum(), x, create_graph=True)
    >>> grad(slope.sum(), x)
    (tensor([12.]),)
    """
    wanted = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    found: dict[int, Value] = {}
    for t, g, owned in graph.walk([outputs], [grad_outputs], retain_graph or create_graph, create_graph):
        if any(t is x for x in wanted):
            found[t.tick] = g if owned or create_graph else backend.copy(g)
    if missing := [i for i, x in enumerate(wanted) if x.tick not in found]:
        raise RuntimeError(f"the output does not depend on input {missing[0]}: nothing leads from it there")
    return tuple(g if isinstance(g, Tensor) else Tensor(g) for g in (found[x.tick] for x in wanted))
