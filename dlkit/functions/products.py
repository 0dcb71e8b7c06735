"""Products of vectors, matrices, and tensors of any shape.

>>> from dlkit import tensor, zeros
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dlkit.autograd import rules
from dlkit.functions.rearrange import diagonal

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = ["addmm", "baddbmm", "bmm", "dot", "einsum", "inner", "matmul", "mm", "mv", "outer", "tensordot", "trace"]


def matmul(a: Tensor, b: Tensor) -> Tensor:
    """The product of matrices (..., n, k) and (..., k, m), shape (..., n, m); a vector counts as a row before, as a
    column behind, and leaves no axis in the result.

    Raises:
        ValueError: the lengths do not fit; the message says which.

    >>> matmul(tensor([[1.0, 2.0], [3.0, 4.0]]), tensor([1.0, 1.0]))
    tensor([3., 7.])
    """
    return rules.matmul(a, b)


def _ranks(name: str, *wanted: tuple[Tensor, int]) -> None:
    for x, n in wanted:
        if x.ndim != n:
            shapes = " and ".join(str(x.shape) for x, _ in wanted)
            raise ValueError(f"{name} of {shapes}: it wants {' and '.join(str(n) for _, n in wanted)} axes; see matmul")


def mm(a: Tensor, b: Tensor) -> Tensor:
    """The product of two matrices, (n, k) and (k, m).

    >>> mm(tensor([[1.0, 2.0]]), tensor([[3.0], [4.0]]))
    tensor([[11.]])
    """
    _ranks("mm", (a, 2), (b, 2))
    return rules.matmul(a, b)


def bmm(a: Tensor, b: Tensor) -> Tensor:
    """The products of equally many matrices, (batch, n, k) and (batch, k, m).

    >>> bmm(zeros(5, 2, 3), zeros(5, 3, 4)).shape
    (5, 2, 4)
    """
    _ranks("bmm", (a, 3), (b, 3))
    return rules.matmul(a, b)


def mv(a: Tensor, b: Tensor) -> Tensor:
    """The product of a matrix (n, k) and a vector (k).

    >>> mv(tensor([[1.0, 2.0]]), tensor([3.0, 4.0]))
    tensor([11.])
    """
    _ranks("mv", (a, 2), (b, 1))
    return rules.matmul(a, b)


def dot(a: Tensor, b: Tensor) -> Tensor:
    """The product of two vectors, a number.

    >>> dot(tensor([1.0, 2.0]), tensor([3.0, 4.0]))
    tensor(11.)
    """
    _ranks("dot", (a, 1), (b, 1))
    return rules.matmul(a, b)


def outer(a: Tensor, b: Tensor) -> Tensor:
    """All products of an entry of one vector and an entry of another, (n) and (m): shape (n, m).

    >>> outer(tensor([1.0, 2.0]), tensor([3.0, 4.0]))
    tensor([[3., 4.],
            [6., 8.]])
    """
    _ranks("outer", (a, 1), (b, 1))
    return rules.mul(rules.reshape(a, shape=(-1, 1)), b)


def inner(a: Tensor, b: Tensor) -> Tensor:
    """The products along the last axes, (..., k) and (..., k); of a number with a tensor, the tensor times the number.

    >>> inner(tensor([[1.0, 2.0], [3.0, 4.0]]), tensor([1.0, 1.0]))
    tensor([3., 7.])
    """
    return rules.mul(a, b) if not a.ndim or not b.ndim else tensordot(a, b, ([-1], [-1]))


def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """The sum of products over some axes of both.

    Args:
        a: one tensor.
        b: another.
        dims: how many, the last of `a` and the first of `b`; or two lists of axes.

    >>> tensordot(zeros(2, 3, 4), zeros(3, 4, 5)).shape
    (2, 5)
    """
    if isinstance(dims, int):
        dims = range(a.ndim - dims, a.ndim), range(dims)
    first, second = [d % a.ndim for d in dims[0]], [d % b.ndim for d in dims[1]]
    letters = list(string.ascii_letters)
    one, other = letters[: a.ndim], letters[a.ndim : a.ndim + b.ndim]
    for i, j in zip(first, second, strict=True):
        other[j] = one[i]
    kept = [c for i, c in enumerate(one) if i not in first] + [c for j, c in enumerate(other) if j not in second]
    names = ["".join(one), "".join(other)]
    return rules.einsum(*_spread(names, (a, b)), subscripts=f"{','.join(names)}->{''.join(kept)}")


def addmm(x: Tensor, a: Tensor, b: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * x + alpha * (a @ b), for matrices.

    >>> addmm(tensor([1.0]), tensor([[1.0, 2.0]]), tensor([[3.0], [4.0]]))
    tensor([[12.]])
    """
    _ranks("addmm", (a, 2), (b, 2))
    return _scaled(x, beta) + _scaled(rules.matmul(a, b), alpha)


def baddbmm(x: Tensor, a: Tensor, b: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * x + alpha * (a @ b), for equally many matrices.

    >>> baddbmm(zeros(1), zeros(5, 2, 3), zeros(5, 3, 4)).shape
    (5, 2, 4)
    """
    _ranks("baddbmm", (a, 3), (b, 3))
    return _scaled(x, beta) + _scaled(rules.matmul(a, b), alpha)


def _scaled(x: Tensor, factor: float) -> Tensor:
    return x if factor == 1 else x * factor


def trace(x: Tensor) -> Tensor:
    """The sum of a matrix' diagonal.

    >>> trace(tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor(5.)
    """
    _ranks("trace", (x, 2))
    return rules.sum(diagonal(x), dim=(0,))


def einsum(equation: str, *operands: Any) -> Tensor:
    """Sums of products, by Einstein's convention: a letter names an axis, and what the result does not name is summed.

    Args:
        equation: such as `"ij,jk->ik"`. `...` stands for axes without a name; without `->`, the result has the letters
            that occur once, in the order of the alphabet. A letter twice in one operand is its diagonal.
        operands: tensors, or one list of them.

    Raises:
        ValueError: letters and axes do not fit.

    >>> einsum("ij,j", tensor([[1.0, 2.0], [3.0, 4.0]]), tensor([1.0, 1.0]))
    tensor([3., 7.])
    """
    xs = list(operands[0]) if len(operands) == 1 and isinstance(operands[0], (list, tuple)) else list(operands)
    given, arrow, result = equation.replace(" ", "").partition("->")
    names = given.split(",")
    if len(names) != len(xs):
        raise ValueError(f"einsum {equation!r} names {len(names)} operands, and there are {len(xs)}")
    spare = [c for c in string.ascii_letters if c not in equation]
    unnamed = ""
    for i, (name, x) in enumerate(zip(names, xs, strict=True)):
        if "..." in name:
            extra = "".join(spare[: x.ndim - len(name) + 3][::-1])  # from the right, so that shapes are broadcast
            names[i], unnamed = name.replace("...", extra), max(unnamed, extra, key=len)
        if len(names[i]) != x.ndim:
            raise ValueError(f"einsum {equation!r}: operand {i} is called {name!r} and has shape {x.shape}")
    if not arrow:
        every = "".join(names)
        result = "..." + "".join(sorted(c for c in set(every) - set(unnamed) if every.count(c) == 1))
    result = result.replace("...", unnamed)
    for i, name in enumerate(names):
        xs[i], names[i] = _without_twins(xs[i], name)
    return rules.einsum(*_spread(names, xs), subscripts=f"{','.join(names)}->{result}")


def _without_twins(x: Tensor, name: str) -> tuple[Tensor, str]:
    """The diagonal along axes of one letter, which then comes last."""
    while twins := [c for c in name if name.count(c) > 1]:
        c = twins[0]
        i = name.index(c)
        j = name.index(c, i + 1)
        x, name = diagonal(x, 0, i, j), name[:i] + name[i + 1 : j] + name[j + 1 :] + c
    return x, name


def _spread(names: Sequence[str], xs: Sequence[Tensor]) -> list[Tensor]:
    """Operands whose axes of one letter all have one length, where some were 1."""
    longest: dict[str, int] = {}
    for name, x in zip(names, xs, strict=True):
        for c, n in zip(name, x.shape, strict=True):
            longest[c] = n if longest.get(c, 1) == 1 else longest[c]
    shapes = [tuple(longest[c] if n == 1 else n for c, n in zip(name, x.shape)) for name, x in zip(names, xs)]  # noqa: B905
    return [x if x.shape == shape else rules.expand(x, shape=shape) for x, shape in zip(xs, shapes, strict=True)]
