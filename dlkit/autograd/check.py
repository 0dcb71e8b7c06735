"""Gradients held to differences: what the rules say against what the function does when its inputs move a little."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

import dlkit.functions as ops
from dlkit.autograd import backend, graph
from dlkit.autograd.tensor import Tensor

SMALL = 64  # entries: up to here one is moved at a time, beyond it all of them in a few random directions
EPSILON = 1e-6


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
    rows = list(_directions(y.shape, y.data))
    found = [_gradients(y, leaves, Tensor(v), create_graph=False) for _, v in rows]
    for number, x in enumerate(leaves):
        for place, step in _directions(x.shape, x.data):
            moved = _moved(f, inputs, x, step)
            for (entry, v), gradients in zip(rows, found, strict=True):
                rule, slope = (float((a * b).sum()) for a, b in ((gradients[number].data, step), (moved, v)))
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
    v = ops.randn_like(_row(f(*inputs)).detach())
    v.requires_grad = True

    def gradient(*inputs: Any) -> tuple[Tensor, ...]:
        leaves = [x for x in inputs[:-1] if isinstance(x, Tensor) and x.requires_grad]
        return tuple(_gradients(_row(f(*inputs[:-1])), leaves, inputs[-1], create_graph=True))

    return gradcheck(gradient, [*inputs, v], atol, rtol)


def _row(outputs: Any) -> Tensor:
    """All that a function returns, in a row."""
    every = outputs if isinstance(outputs, tuple) else (outputs,)
    return ops.cat([ops.reshape(y, -1) for y in every])


def _gradients(y: Tensor, leaves: Sequence[Tensor], v: Tensor, create_graph: bool) -> list[Tensor]:
    walked = graph.walk([y], [v], True, create_graph) if y.requires_grad else ()
    found = {t.tick: g if isinstance(g, Tensor) else Tensor(g) for t, g, _ in walked}
    return [found.get(x.tick, Tensor(backend.zeros_like(x.data))) for x in leaves]


def _moved(f: Callable[..., Any], inputs: Sequence[Any], x: Tensor, step: Any) -> Any:
    """How fast the result changes when `x` moves along a direction."""
    still, found = x.data, []
    for sign in (1, -1):
        x.data = still + step * (sign * EPSILON)
        found.append(_row(f(*inputs)).data)
    x.data = still
    return (found[0] - found[1]) / (2 * EPSILON)


def _directions(shape: tuple[int, ...], like: Any) -> Iterator[tuple[Any, Any]]:
    """Each entry by itself, with its place; of many, three random directions."""
    n = int(np.prod(shape))
    for k in range(n if n <= SMALL else 3):
        step = np.eye(1, n, k) if n <= SMALL else np.random.standard_normal(n) / n**0.5
        yield (
            tuple(map(int, np.unravel_index(k, shape))) if n <= SMALL else f"direction {k}",
            backend.like(step.reshape(shape), like),
        )
