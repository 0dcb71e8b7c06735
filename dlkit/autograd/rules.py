"""The table: every primitive operation, what it computes on arrays, and below it the rule for its gradient.

A rule gets the gradient `g` of the result, the result `y`, and the inputs; it returns a gradient for each input, or a
function that computes it where that costs something, or None. It is written with operators and primitives alone: on
arrays it trains, on Tensors the gradient has a graph itself. The engine undoes broadcasting and casting (`graph.fit`).
No array but `g` may be returned twice, nor any that is an input.
"""

from __future__ import annotations

import builtins
import math
from typing import Any

import dlkit.autograd.tensor as tensors
from dlkit.autograd import backend
from dlkit.autograd.backend import Array, meet, xp
from dlkit.autograd.graph import Gradients, Part, Value, rule

Axes = tuple[int, ...]
Shape = tuple[int, ...]

# ------------------------------------------------------------------------------------------------ arithmetic


@rule(meet(lambda a, b: a + b))
def add(g: Value, y: Value, a: Value, b: Value) -> Gradients:
    return g, g


@rule(meet(lambda a, b: a - b))
def sub(g: Value, y: Value, a: Value, b: Value) -> Gradients:
    return g, lambda: -g


@rule(meet(lambda a, b: a * b))
def mul(g: Value, y: Value, a: Value, b: Value) -> Gradients:
    return lambda: g * b, lambda: g * a


@rule(meet(lambda a, b: a / b, fraction=True))
def div(g: Value, y: Value, a: Value, b: Value) -> Gradients:
    return lambda: g / b, lambda: -g * a / (b * b)


@rule(lambda a: -a)
def neg(g: Value, y: Value, a: Value) -> Gradients:
    return (-g,)


@rule(meet(lambda a, b: a**b))
def pow(g: Value, y: Value, a: Value, b: Value) -> Gradients:
    if isinstance(b, (int, float)):
        return lambda: g * (b * a ** (b - 1)) if b else g * 0.0, None
    # With exponent 0 the power is 1, whatever the base. A base of 0 stays 0, though log 0 is not finite.
    still = (b >= 0) & (a == 0)
    return (
        lambda: g * where(b == 0, 0.0, b * a ** where(b == 0, 1.0, b - 1)),
        lambda: g * where(still, 0.0, y * log(where(still, 1.0, a))),
    )


# ------------------------------------------------------------------------------------- functions of one number


@rule(lambda x: xp(x).exp(x))
def exp(g: Value, y: Value, x: Value) -> Gradients:
    return (g * y,)


@rule(lambda x: xp(x).expm1(x))
def expm1(g: Value, y: Value, x: Value) -> Gradients:
    return (g * (y + 1),)


@rule(lambda x: xp(x).log(x))
def log(g: Value, y: Value, x: Value) -> Gradients:
    return (g / x,)


@rule(lambda x: xp(x).log1p(x))
def log1p(g: Value, y: Value, x: Value) -> Gradients:
    return (g / (x + 1),)


@rule(lambda x: xp(x).sqrt(x))
def sqrt(g: Value, y: Value, x: Value) -> Gradients:
    return (g / (y * 2),)


@rule(lambda x: xp(x).sin(x))
def sin(g: Value, y: Value, x: Value) -> Gradients:
    return (g * cos(x),)


@rule(lambda x: xp(x).cos(x))
def cos(g: Value, y: Value, x: Value) -> Gradients:
    return (-g * sin(x),)


@rule(lambda x: xp(x).tanh(x))
def tanh(g: Value, y: Value, x: Value) -> Gradients:
    return (g * (1 - y * y),)


@rule(lambda x: xp(x).tanh(x * 0.5) * 0.5 + 0.5)  # no overflow, and faster than 1 / (1 + exp(-x))
def sigmoid(g: Value, y: Value, x: Value) -> Gradients:
    return (g * (y * (1 - y)),)


@rule(backend.erf)
def erf(g: Value, y: Value, x: Value) -> Gradients:
    return (g * (exp(-x * x) * (2 / math.sqrt(math.pi))),)


@rule(lambda x: xp(x).abs(x))
def abs(g: Value, y: Value, x: Value) -> Gradients:
    return (g * step(x, how="sign"),)


@rule(lambda x, *, how: getattr(xp(x), how)(x))  # "sign", "floor", "ceil", "round", "trunc"
def step(g: Value, y: Value, x: Value, *, how: str) -> Gradients:
    return (g * 0.0,)


@rule(lambda x: xp(x).maximum(x, xp(x).zeros_like(x)) + xp(x).log1p(xp(x).exp(-xp(x).abs(x))))  # log(1 + exp(x))
def softplus(g: Value, y: Value, x: Value) -> Gradients:
    return (g * sigmoid(x),)


@rule(lambda x: xp(x).maximum(x, 0))
def relu(g: Value, y: Value, x: Value) -> Gradients:
    return (g * (y > 0),)


# -------------------------------------------------------------------------------------------------- choosing


@rule(meet(lambda a, b: xp(a, b).maximum(a, b)))
def maximum(g: Value, y: Value, a: Value, b: Value) -> Gradients:
    half = g * (a == b) * 0.5  # equal ones share
    return lambda: where(a > b, g, half), lambda: where(b > a, g, half)


@rule(lambda mask, a, b: meet(lambda a, b: xp(mask).where(mask, a, b))(a, b))
def where(g: Value, y: Value, mask: Value, a: Value, b: Value) -> Gradients:
    return None, lambda: where(mask, g, 0.0), lambda: where(mask, 0.0, g)


# -------------------------------------------------------------------------------------------------- reducing


def _spread(g: Value, x: Value, dim: Axes, keepdim: bool) -> Value:
    """What a reduction over `dim` has made small, in the shape of its input again."""
    if not keepdim:
        g = reshape(g, shape=tuple(1 if i in dim else n for i, n in enumerate(x.shape)))
    return expand(g, shape=tuple(x.shape))


@rule(lambda x, *, dim, keepdim=False: xp(x).sum(x, axis=dim, keepdims=keepdim))
def sum(g: Value, y: Value, x: Value, *, dim: Axes, keepdim: bool = False) -> Gradients:
    return (_spread(g, x, dim, keepdim),)


@rule(lambda x, *, dim, keepdim=False: xp(x).max(x, axis=dim, keepdims=keepdim))
def amax(g: Value, y: Value, x: Value, *, dim: Axes, keepdim: bool = False) -> Gradients:
    largest = x == _spread(y, x, dim, keepdim)  # equal ones share
    return (div(_spread(g, x, dim, keepdim) * largest, sum(largest, dim=dim, keepdim=True)),)


@rule(lambda x, *, dim: xp(x).cumulative_sum(x, axis=dim))
def cumsum(g: Value, y: Value, x: Value, *, dim: int) -> Gradients:
    return (flip(cumsum(flip(g, dim=(dim,)), dim=dim), dim=(dim,)),)


# ------------------------------------------------------------------------------------------ products of matrices


@rule(lambda a, b: a @ b)
def matmul(g: Value, y: Value, a: Value, b: Value) -> Gradients:
    row = reshape(a, shape=(1, -1)) if a.ndim == 1 else a
    column = reshape(b, shape=(-1, 1)) if b.ndim == 1 else b
    lead = tuple(g.shape)[: g.ndim - (a.ndim > 1) - (b.ndim > 1)]
    g = reshape(g, shape=(*lead, row.shape[-2], column.shape[-1]))

    def second() -> Value:
        found = row.mT @ g
        return reshape(found, shape=tuple(found.shape)[:-1]) if b.ndim == 1 else found

    return lambda: g @ column.mT, second


@rule(lambda *xs, subscripts: backend.einsum(subscripts, *xs))
def einsum(g: Value, y: Value, *xs: Value, subscripts: str) -> Gradients:
    names = subscripts.split("->")[0].split(",")
    result = subscripts.split("->")[1]

    def of(i: int) -> Value:
        """The product of `g` with the other inputs. An axis that only this one has was summed: it is spread again."""
        others = [name for j, name in enumerate(names) if j != i]
        known = "".join(c for c in names[i] if c in result + "".join(others))
        wanted = ",".join([result, *others]) + "->" + known
        part = einsum(g, *(x for j, x in enumerate(xs) if j != i), subscripts=wanted)
        lengths = dict(zip(names[i], xs[i].shape, strict=True))
        part = reshape(part, shape=tuple(n if c in known else 1 for c, n in lengths.items()))
        return expand(part, shape=tuple(xs[i].shape))

    return tuple((lambda i=i: of(i)) for i in range(len(xs)))


# ------------------------------------------------------------------------------------------------------ shapes


@rule(lambda x, *, shape: xp(x).reshape(x, shape), view=True)
def reshape(g: Value, y: Value, x: Value, *, shape: Shape) -> Gradients:
    return (reshape(g, shape=tuple(x.shape)),)


@rule(lambda x, *, dims: xp(x).permute_dims(x, dims), view=True)
def permute(g: Value, y: Value, x: Value, *, dims: Axes) -> Gradients:
    return (permute(g, dims=tuple(sorted(range(len(dims)), key=dims.__getitem__))),)


@rule(lambda x, *, shape: xp(x).broadcast_to(x, shape), view=True)
def expand(g: Value, y: Value, x: Value, *, shape: Shape) -> Gradients:
    return (g,)  # the engine sums it


@rule(lambda x, *, dim: backend.copy(xp(x).flip(x, axis=dim)))  # NumPy's is a view
def flip(g: Value, y: Value, x: Value, *, dim: Axes) -> Gradients:
    return (flip(g, dim=dim),)


@rule(lambda *xs, dim: xp(*xs).concat(xs, axis=dim))
def cat(g: Value, y: Value, *xs: Value, dim: int) -> Gradients:
    ends = [builtins.sum(x.shape[dim] for x in xs[: i + 1]) for i in range(len(xs))]
    parts = [slice(end - x.shape[dim], end) for x, end in zip(xs, ends, strict=True)]
    return tuple((lambda part=part: g[(*(slice(None),) * dim, part)]) for part in parts)


@rule(lambda *xs, dim: xp(*xs).stack(xs, axis=dim))
def stack(g: Value, y: Value, *xs: Value, dim: int) -> Gradients:
    return tuple((lambda i=i: g[(*(slice(None),) * dim, i)]) for i in range(len(xs)))


@rule(lambda x, *, index: x[index], view=True)
def getitem(g: Value, y: Value, x: Value, *, index: Any) -> Gradients:
    return (put(g, index=index, shape=tuple(x.shape)) if isinstance(g, tensors.Tensor) else Part(g, index),)


def _put(values: Array, *, index: Any, shape: Shape) -> Array:
    """Zeros with `values` added at an index: what takes a gradient back through `x[index]`."""
    out = backend.full(shape, 0.0, values)
    backend.add_at(out, index, values)
    return out


@rule(_put)
def put(g: Value, y: Value, values: Value, *, index: Any, shape: Shape) -> Gradients:
    return (g[index],)


@rule(lambda x, *, dtype: backend.cast(x, dtype, copy=True))
def cast(g: Value, y: Value, x: Value, *, dtype: Any) -> Gradients:
    return (g,)


@rule(lambda x, *, device, library=None: backend.native(x, library or "torch", device))
def move(g: Value, y: Value, x: Value, *, device: str, library: str | None = None) -> Gradients:
    raw = x.data if isinstance(x, tensors.Tensor) else x
    return (move(g, device=backend.device(raw), library="numpy" if backend.is_numpy(raw) else "torch"),)
