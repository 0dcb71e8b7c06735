"""Gradients held to differences: what the rules say against what the function does when its inputs move a little."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

import dlkit.functions as ops
from dlkit.autograd import backend, graph
from dlkit.autograd.tensor import Tensor

SMALL = 64  # entries: up to here one is moved at a time, beyond it all of them in a few random directions


def gradcheck(f: Callable[..., Any], inputs: Sequence[Any], atol: float = 1e-5, rtol: float = 1e-3) -> bool:
    """Hold the gradients of a function to central differences.

    The whole Jacobian is compared where input and result have up to 64 entries; elsewhere, its product with random
    vectors.

    Args:
        f: from the inputs to a tensor, or a tuple of them.
        inputs: float64 tensors where a gradient is wanted, and anything else where it is not.
        atol: how far a derivative may be from the difference,
        rtol: and so many times the difference farther.

    Returns:
        True.

    Raises:
        AssertionError: a derivative differs; the message says of which entry of the result, by which entry of which
            input, what the rule gives, and what the difference.
        TypeError: an input that wants a gradient and is not float64, in which differences are too rough.

    >>> x = Tensor(np.array([1.0, 2.0]), requires_grad=True)
    >>> gradcheck(lambda x: (x * x).sum(), [x])
    True
    """
    leaves = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]
    if rough := [x.dtype.name for x in leaves if x.dtype != np.float64]:
        raise TypeError(f"gradcheck of {rough[0]}: differences need float64, as in x.double()")
    y = _row(f(*inputs))
    backward = [(entry, v, _gradients(y, leaves, Tensor(v), False)) for entry, v in _directions(y.data)]
    for number, x in enumerate(leaves):
        for place, step in _directions(x.data):
            moved = _moved(f, inputs, x, step)
            for entry, v, gradients in backward:
                rule, slope = float((gradients[number].data * step).sum()), float((moved * v).sum())
                if not abs(rule - slope) <= atol + rtol * abs(slope):
                    raise AssertionError(
                        f"the derivative of entry {entry} of the result by entry {place} of input {number}, whose "
                        f"shape is {x.shape}, is {rule:.6g} by the rule, and {slope:.6g} by differences"
                    )
    return True


def gradgradcheck(f: Callable[..., Any], inputs: Sequence[Any], atol: float = 1e-5, rtol: float = 1e-3) -> bool:
    """Hold the gradients of the gradients to differences of the gradients: as `gradcheck`, once more.

    >>> x = Tensor(np.array([1.0, 2.0]), requires_grad=True)
    >>> gradgradcheck(lambda x: x**3, [x])
    True
    """
    v = Tensor(ops.randn_like(_row(f(*inputs))).data, requires_grad=True)
    leaves = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]
    return gradcheck(lambda *xs: tuple(_gradients(_row(f(*xs[:-1])), leaves, v, True)), [*inputs, v], atol, rtol)


def _row(outputs: Any) -> Tensor:
    """All that a function returns, in a row."""
    return ops.cat([ops.reshape(y, -1) for y in (outputs if isinstance(outputs, tuple) else (outputs,))])


def _gradients(y: Tensor, leaves: Sequence[Tensor], v: Tensor, create_graph: bool) -> list[Tensor]:
    walked = graph.walk([y], [v], True, create_graph) if y.requires_grad else ()
    found = {t.tick: g if isinstance(g, Tensor) else Tensor(g) for t, g, _ in walked}
    return [found.get(x.tick, Tensor(backend.zeros_like(x.data))) for x in leaves]


def _moved(f: Callable[..., Any], inputs: Sequence[Any], x: Tensor, step: Any) -> Any:
    """How fast the result changes when `x` moves along a direction."""
    still, ends = x.data, []
    for epsilon in (1e-6, -1e-6):
        x.data = still + step * epsilon
        ends.append(_row(f(*inputs)).data)
    x.data = still
    return (ends[0] - ends[1]) / 2e-6


def _directions(like: Any) -> Iterator[tuple[Any, Any]]:
    """Each entry by itself, with its place; of many, three random directions."""
    shape, n = tuple(like.shape), int(np.prod(like.shape))
    for k in range(n if n <= SMALL else 3):
        step = np.eye(1, n, k) if n <= SMALL else np.random.standard_normal(n) / n**0.5
        place = tuple(map(int, np.unravel_index(k, shape))) if n <= SMALL else f"direction {k}"
        yield place, backend.like(step.reshape(shape), like)
