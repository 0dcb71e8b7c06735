"""What is wrong with the shapes of an operation that array libraries refuse, and what may have been meant."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from dlkit.autograd import backend

Shapes = Sequence[tuple[int, ...]]


def explained(name: str, error: Exception, arrays: Sequence[Any], options: dict[str, Any]) -> Exception:
    """An array library's error, as one of the operation."""
    kind = next(kind for kind in (IndexError, TypeError, ValueError, RuntimeError) if isinstance(error, kind))
    shapes = " and ".join(str(tuple(a.shape)) if backend.is_array(a) else repr(a) for a in arrays if a is not None)
    of_shapes = kind in (ValueError, RuntimeError)
    said = mend(name, [tuple(a.shape) for a in arrays if backend.is_array(a)], options) if of_shapes else ""
    return (ValueError if kind is RuntimeError else kind)(f"{name} of {shapes}: {said or error}")


def mend(name: str, shapes: Shapes, options: dict[str, Any]) -> str:
    """What people should know of an error in an operation; nothing, if shapes are not to blame.

    >>> mend("matmul", [(3, 5), (4, 5)], {})
    'the last axis of the first, 5, must be as long as the last but one of the second, 4: did you mean b.mT?'
    """
    return _KNOWN.get(name, _nothing)(shapes, options)


def _nothing(shapes: Shapes, options: dict[str, Any]) -> str:
    return ""


def _broadcast(shapes: Shapes, options: dict[str, Any]) -> str:
    """Where shapes cannot be made one."""
    for i in range(1, max(map(len, shapes), default=0) + 1):
        lengths = [shape[-i] for shape in shapes if len(shape) >= i]
        if len(set(lengths) - {1}) > 1:
            said = " and ".join(map(str, lengths))
            found = f"counted from the last, axis -{i} has the lengths {said}: they must be equal, or 1"
            return found + _column(shapes)
    return ""


def _column(shapes: Shapes) -> str:
    """A vector that might have been meant as a column."""
    for name, row, other in (("a", shapes[0], shapes[-1]), ("b", shapes[-1], shapes[0])):
        if len(row) == 1 and len(other) > 1 and other[-2] == row[0]:
            return f"; did you mean {name}[:, None], a column?"
    return ""


def _matmul(shapes: Shapes, options: dict[str, Any]) -> str:
    if len(shapes) < 2:
        return ""
    a, b = shapes
    if not a or not b:
        return "a number has no axis to be summed over: did you mean a * b?"
    inner = b[-2] if len(b) > 1 else b[0]
    if a[-1] == inner:
        return f"the axes before the matrices do not fit: {_broadcast([a[:-2], b[:-2]], options)}"
    which = "last but one" if len(b) > 1 else "only one"
    found = f"the last axis of the first, {a[-1]}, must be as long as the {which} of the second, {inner}"
    if len(b) > 1 and a[-1] == b[-1]:
        return f"{found}: did you mean b.mT?"
    return f"{found}: did you mean a.mT?" if len(a) > 1 and a[-2] == inner else found


def _reshape(shapes: Shapes, options: dict[str, Any]) -> str:
    shape, (have,) = options["shape"], map(math.prod, shapes)
    if -1 in shape:
        known = math.prod(n for n in shape if n != -1)
        return f"{have} entries cannot be shared out to {shape}: {have} is no multiple of {known}"
    return f"it has {have} entries, and {shape} would have {math.prod(shape)}: one length may be -1, and is found"


def _expand(shapes: Shapes, options: dict[str, Any]) -> str:
    (have,), want = shapes, options["shape"]
    if len(want) < len(have):
        return f"{want} has fewer axes, and none can be left out"
    for i in range(1, len(have) + 1):
        if have[-i] not in (1, want[-i]):
            return f"axis -{i} is {have[-i]} long and would be {want[-i]}, and only axes of length 1 can be repeated"
    return ""


def _cat(shapes: Shapes, options: dict[str, Any]) -> str:
    dim = options["dim"]
    if len({len(shape) for shape in shapes}) > 1:
        return "all need equally many axes: see stack() and unsqueeze()"
    for i, lengths in enumerate(zip(*shapes, strict=True)):
        if i != dim and len(set(lengths)) > 1:
            said = " and ".join(map(str, lengths))
            return f"put together along axis {dim}, they must agree in all others, and axis {i} has the lengths {said}"
    return ""


def _stack(shapes: Shapes, options: dict[str, Any]) -> str:
    return "put together along a new axis, all must have one shape: see cat()" if len(set(shapes)) > 1 else ""


def _einsum(shapes: Shapes, options: dict[str, Any]) -> str:
    lengths: dict[str, int] = {}
    for name, shape in zip(options["subscripts"].split("->")[0].split(","), shapes, strict=False):
        for letter, n in zip(name, shape, strict=False):
            if lengths.setdefault(letter, n) != n:
                return f"in {options['subscripts']!r}, {letter} is {lengths[letter]} long in one operand and {n} in another"
    return ""


_KNOWN: dict[str, Callable[[Shapes, dict[str, Any]], str]] = {
    **dict.fromkeys(("add", "sub", "mul", "div", "pow", "maximum", "where"), _broadcast),
    "matmul": _matmul,
    "einsum": _einsum,
    "reshape": _reshape,
    "expand": _expand,
    "cat": _cat,
    "stack": _stack,
}
