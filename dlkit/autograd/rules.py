"""The table: every primitive operation and, below it, the rule for its gradient.

A rule gets the gradient `g` of the result, the result `y`, and the inputs; it returns a gradient for each input, or a
function that computes it where that costs something. It is written with operators and primitives alone: on arrays it
trains, on Tensors the gradient has a graph itself. The engine undoes broadcasting and casting (`graph.fit`). No array
but `g` may be returned twice, nor any that is an input.
"""

from __future__ import annotations

import builtins
import math
from typing import Any

from dlkit.autograd import backend
from dlkit.autograd.backend import Array, xp
from dlkit.autograd.graph import Gradients, Part, Value, primitive, view
from dlkit.autograd.tensor import Tensor

__all__ = [
    "abs",
    "add",
    "clamp",
    "cos",
    "div",
    "erf",
    "exp",
    "expm1",
    "getitem",
    "log",
    "log1p",
    "matmul",
    "maximum",
    "mul",
    "neg",
    "pow",
    "relu",
    "sigmoid",
    "sign",
    "sin",
    "sqrt",
    "sub",
    "tanh",
    "where",
]

Axes = tuple[int, ...]

# ------------------------------------------------------------------------------------------------ arithmetic


@primitive
def add(a: Array, b: Array) -> Array:
    return a + b


@add.gradient
def add_gradient(g: Value, y: Value, a: Value, b: Value) -> Gradients:
    return g, g


@primitive
def sub(a: Array, b: Array) -> Array:
    return a - b


@sub.gradient
def sub_gradient(g: Value, y: Value, a: Value, b: Value) -> Gradients:
    return g, lambda: -g


@primitive
def mul(a: Array, b: Array) -> Array:
    return a * b


@mul.gradient
def mul_gradient(g: Value, y: Value, a: Value, b: Value) -> Gradients:
    return lambda: g * b, lambda: g * a


@primitive
def div(a: Array, b: Array) -> Array:
    return a / b


@div.gradient
def div_gradient(g: Value, y: Value, a: Value, b: Value) -> Gradients:
    return lambda: g / b, lambda: -g * a / (b * b)


@primitive
def neg(a: Array) -> Array:
    return -a


@neg.gradient
def neg_gradient(g: Value, y: Value, a: Value) -> Gradients:
    return (-g,)


@primitive
def pow(a: Array, b: Array) -> Array:
    return a**b


@pow.gradient
def pow_gradient(g: Value, y: Value, a: Value, b: Value) -> Gradients:
    if isinstance(b, (int, float)):
        return (lambda: g * (b * a ** (b - 1)) if b != 0 else g * 0.0, None)
    # Where the exponent is 0 the power is 1 whatever the base; where the base is 0 it stays 0, though log 0 is not finite.
    base = lambda: g * where(b == 0, 0.0, b * a ** where(b == 0, 1.0, b - 1))  # noqa: E731
    exponent = lambda: g * where((a == 0) & (b >= 0), 0.0, y * log(where((a == 0) & (b >= 0), 1.0, a)))  # noqa: E731
    return base, exponent


# ------------------------------------------------------------------------------------- functions of one number


@primitive
def exp(x: Array) -> Array:
    return xp(x).exp(x)


@exp.gradient
def exp_gradient(g: Value, y: Value, x: Value) -> Gradients:
    return (g * y,)


@primitive
def expm1(x: Array) -> Array:
    return xp(x).expm1(x)


@expm1.gradient
def expm1_gradient(g: Value, y: Value, x: Value) -> Gradients:
    return (g * (y + 1),)


@primitive
def log(x: Array) -> Array:
    return xp(x).log(x)


@log.gradient
def log_gradient(g: Value, y: Value, x: Value) -> Gradients:
    return (g / x,)


@primitive
def log1p(x: Array) -> Array:
    return xp(x).log1p(x)


@log1p.gradient
def log1p_gradient(g: Value, y: Value, x: Value) -> Gradients:
    return (g / (x + 1),)


@primitive
def sqrt(x: Array) -> Array:
    return xp(x).sqrt(x)


@sqrt.gradient
def sqrt_gradient(g: Value, y: Value, x: Value) -> Gradients:
    return (g / (y * 2),)


@primitive
def sin(x: Array) -> Array:
    return xp(x).sin(x)


@sin.gradient
def sin_gradient(g: Value, y: Value, x: Value) -> Gradients:
    return (g * cos(x),)


@primitive
def cos(x: Array) -> Array:
    return xp(x).cos(x)


@cos.gradient
def cos_gradient(g: Value, y: Value, x: Value) -> Gradients:
    return (-g * sin(x),)


@primitive
def tanh(x: Array) -> Array:
    return xp(x).tanh(x)


@tanh.gradient
def tanh_gradient(g: Value, y: Value, x: Value) -> Gradients:
    return (g * (1 - y * y),)


@primitive
def sigmoid(x: Array) -> Array:
    return xp(x).tanh(x * 0.5) * 0.5 + 0.5  # no overflow, and faster than 1 / (1 + exp(-x))


@sigmoid.gradient
def sigmoid_gradient(g: Value, y: Value, x: Value) -> Gradients:
    return (g * (y * (1 - y)),)


@primitive
def erf(x: Array) -> Array:
    return backend.erf(x)


@erf.gradient
def erf_gradient(g: Value, y: Value, x: Value) -> Gradients:
    return (g * (exp(-x * x) * (2 / math.sqrt(math.pi))),)


@primitive
def abs(x: Array) -> Array:
    return xp(x).abs(x)


@abs.gradient
def abs_gradient(g: Value, y: Value, x: Value) -> Gradients:
    return (g * sign(x),)


@primitive
def sign(x: Array) -> Array:
    return xp(x).sign(x)


@sign.gradient
def sign_gradient(g: Value, y: Value, x: Value) -> Gradients:
    return (g * 0.0,)


@primitive
def relu(x: Array) -> Array:
    return xp(x).maximum(x, 0)


@relu.gradient
def relu_gradient(g: Value, y: Value, x: Value) -> Gradients:
    return (g * (y > 0),)


# -------------------------------------------------------------------------------------------------- choosing


@primitive
def maximum(a: Array, b: Array) -> Array:
    return xp(a, b).maximum(a, b)


@maximum.gradient
def maximum_gradient(g: Value, y: Value, a: Value, b: Value) -> Gradients:
    half = g * ((a == b) * 0.5)  # equal ones share
    return lambda: where(a > b, g, half), lambda: where(b > a, g, half)


@primitive
def clamp(x: Array, low: Array, high: Array) -> Array:
    x = x if low is None else xp(x).maximum(x, low)
    return x if high is None else xp(x).minimum(x, high)


@clamp.gradient
def clamp_gradient(g: Value, y: Value, x: Value, low: Value, high: Value) -> Gradients:
    # Where the bounds cross, the upper one wins; on a bound, the number itself counts as inside.
    under = x < low if low is not None else x != x
    over = x > high if high is not None else x != x
    crossed = low > high if low is not None and high is not None else False
    inside = (under == over) & (crossed == False) if crossed is not False else ~(under | over)  # noqa: E712
    return (
        lambda: g * inside,
        lambda: g * (under & ~over & (low <= high if high is not None else under)),
        lambda: g * (over | crossed),
    )


@primitive
def where(mask: Array, a: Array, b: Array) -> Array:
    return xp(mask).where(mask, a, b)


@where.gradient
def where_gradient(g: Value, y: Value, mask: Value, a: Value, b: Value) -> Gradients:
    return None, lambda: where(mask, g, 0.0), lambda: where(mask, 0.0, g)


# -------------------------------------------------------------------------------------------------- reducing


def _spread(g: Value, x: Value, dim: Axes, keepdim: bool) -> Value:
    """What a reduction over `dim` has made small, in the shape of its input again."""
    if not keepdim:
        g = reshape(g, tuple(1 if i in dim else n for i, n in enumerate(x.shape)))
    return expand(g, tuple(x.shape))


@primitive
def sum(x: Array, *, dim: Axes, keepdim: bool = False) -> Array:
    return xp(x).sum(x, axis=dim, keepdims=keepdim)


@sum.gradient
def sum_gradient(g: Value, y: Value, x: Value, *, dim: Axes, keepdim: bool = False) -> Gradients:
    return (_spread(g, x, dim, keepdim),)


@primitive
def amax(x: Array, *, dim: Axes, keepdim: bool = False) -> Array:
    return xp(x).max(x, axis=dim, keepdims=keepdim)


@amax.gradient
def amax_gradient(g: Value, y: Value, x: Value, *, dim: Axes, keepdim: bool = False) -> Gradients:
    largest = (x == _spread(y, x, dim, keepdim)) * 1.0  # equal ones share
    return (_spread(g, x, dim, keepdim) * (largest / sum(largest, dim=dim, keepdim=True)),)


@primitive
def cumsum(x: Array, *, dim: int) -> Array:
    return xp(x).cumulative_sum(x, axis=dim)


@cumsum.gradient
def cumsum_gradient(g: Value, y: Value, x: Value, *, dim: int) -> Gradients:
    return (flip(cumsum(flip(g, dim=(dim,)), dim=dim), dim=(dim,)),)


# ------------------------------------------------------------------------------------------ products of matrices


@primitive
def matmul(a: Array, b: Array) -> Array:
    return a @ b


@matmul.gradient
def matmul_gradient(g: Value, y: Value, a: Value, b: Value) -> Gradients:
    row = reshape(a, (1, -1)) if a.ndim == 1 else a
    column = reshape(b, (-1, 1)) if b.ndim == 1 else b
    g = reshape(g, (*g.shape[: g.ndim + (b.ndim > 1) - 1], 1)) if b.ndim == 1 else g
    g = reshape(g, (*g.shape[:-1], 1, g.shape[-1])) if a.ndim == 1 else g

    def second() -> Value:
        found = row.mT @ g
        return reshape(found, found.shape[:-1]) if b.ndim == 1 else found

    return lambda: g @ column.mT, second


@primitive
def einsum(*operands: Array, subscripts: str) -> Array:
    return backend.einsum(subscripts, *operands)


@einsum.gradient
def einsum_gradient(g: Value, y: Value, *operands: Value, subscripts: str) -> Gradients:
    sources, result = subscripts.split("->")
    names = sources.split(",")

    def of(i: int) -> Value:
        """The product of `g` with the other operands. An axis that only this one has was summed: it is spread again."""
        others = [n for j, n in enumerate(names) if j != i]
        known = "".join(c for c in names[i] if c in result + "".join(others))
        part = einsum(
            g, *(x for j, x in enumerate(operands) if j != i), subscripts=",".join([result, *others]) + "->" + known
        )
        shape = operands[i].shape
        return expand(
            reshape(part, tuple(n if c in known else 1 for c, n in zip(names[i], shape, strict=True))), tuple(shape)
        )

    return tuple((lambda i=i: of(i)) for i in range(len(operands)))


# ------------------------------------------------------------------------------------------------------ shapes


@view
def reshape(x: Array, shape: tuple[int, ...]) -> Array:
    return xp(x).reshape(x, shape)


@reshape.gradient
def reshape_gradient(g: Value, y: Value, x: Value, shape: tuple[int, ...]) -> Gradients:
    return reshape(g, tuple(x.shape)), None


@view
def permute(x: Array, dims: Axes) -> Array:
    return xp(x).permute_dims(x, dims)


@permute.gradient
def permute_gradient(g: Value, y: Value, x: Value, dims: Axes) -> Gradients:
    return permute(g, tuple(sorted(range(len(dims)), key=lambda i: dims[i] % len(dims)))), None


@view
def expand(x: Array, shape: tuple[int, ...]) -> Array:
    return xp(x).broadcast_to(x, shape)


@expand.gradient
def expand_gradient(g: Value, y: Value, x: Value, shape: tuple[int, ...]) -> Gradients:
    return g, None  # the engine sums it


@primitive
def flip(x: Array, *, dim: Axes) -> Array:
    return xp(x).flip(x, axis=dim)


@flip.gradient
def flip_gradient(g: Value, y: Value, x: Value, *, dim: Axes) -> Gradients:
    return (flip(g, dim=dim),)


@primitive
def pad(x: Array, *, widths: tuple[tuple[int, int], ...], value: float = 0.0) -> Array:
    """Entries before and after, for every axis."""
    shape = tuple(n + before + after for n, (before, after) in zip(x.shape, widths, strict=True))
    out = backend.full(shape, value, x)
    out[_inside(x, widths)] = x
    return out


@pad.gradient
def pad_gradient(g: Value, y: Value, x: Value, *, widths: tuple[tuple[int, int], ...], value: float = 0.0) -> Gradients:
    return (g[_inside(x, widths)],)


def _inside(x: Value, widths: tuple[tuple[int, int], ...]) -> tuple[slice, ...]:
    return tuple(slice(before, before + n) for n, (before, _) in zip(x.shape, widths, strict=True))


@primitive
def cat(*xs: Array, dim: int) -> Array:
    return xp(*xs).concat(xs, axis=dim)


@cat.gradient
def cat_gradient(g: Value, y: Value, *xs: Value, dim: int) -> Gradients:
    ends = [builtins.sum(x.shape[dim] for x in xs[: i + 1]) for i in range(len(xs))]
    before = (slice(None),) * (dim % y.ndim)
    return tuple(
        (lambda x=x, end=end: g[(*before, slice(end - x.shape[dim], end))]) for x, end in zip(xs, ends, strict=True)
    )


@primitive
def stack(*xs: Array, dim: int) -> Array:
    return xp(*xs).stack(xs, axis=dim)


@stack.gradient
def stack_gradient(g: Value, y: Value, *xs: Value, dim: int) -> Gradients:
    before = (slice(None),) * (dim % y.ndim)
    return tuple((lambda i=i: g[(*before, i)]) for i in range(len(xs)))


@view
def getitem(x: Array, *, index: Any) -> Array:
    return x[index]


@getitem.gradient
def getitem_gradient(g: Value, y: Value, x: Value, *, index: Any) -> Gradients:
    return (put(g, index=index, shape=tuple(x.shape)) if isinstance(g, Tensor) else Part(g, index),)


@primitive
def put(values: Array, *, index: Any, shape: tuple[int, ...]) -> Array:
    """Zeros with `values` added at an index: what takes a gradient back through `x[index]`."""
    out = backend.full(shape, 0.0, values)
    backend.add_at(out, index, values)
    return out


@put.gradient
def put_gradient(g: Value, y: Value, values: Value, *, index: Any, shape: tuple[int, ...]) -> Gradients:
    return (g[index],)


@primitive
def cast(x: Array, *, dtype: Any) -> Array:
    return backend.cast(x, dtype)


@cast.gradient
def cast_gradient(g: Value, y: Value, x: Value, *, dtype: Any) -> Gradients:
    return (g,)
