"""More room at the ends of axes.

>>> from dlkit import tensor
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

import dlkit.autograd.tensor as tensors
from dlkit.autograd import backend, rules

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = ["pad"]

_NUMPYS = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """Entries added before and behind the last axes, or, where a number is negative, taken away.

    Args:
        input: any shape.
        pad: how many before and behind the last axis, then before and behind the last but one, and so on.
        mode: `"constant"` adds `value`; `"reflect"` mirrors the axis at its ends, which are not repeated;
            `"replicate"` repeats the ends; `"circular"` goes on at the other end.
        value: 0 where none is given.

    Raises:
        RuntimeError: an odd count of numbers, more than there are axes, or more entries than an axis can mirror.
        NotImplementedError: another mode.

    >>> pad(tensor([1.0, 2.0, 3.0]), (1, 2), value=9.0)
    tensor([9., 1., 2., 3., 9., 9.])
    >>> pad(tensor([[1.0, 2.0, 3.0]]), (1, 1), mode="reflect")
    tensor([[2., 1., 2., 3., 2.]])
    """
    if len(pad) % 2 or len(pad) > 2 * input.ndim:
        raise RuntimeError(f"pad={tuple(pad)} of {input.shape}: two numbers an axis, for {input.ndim} axes at most")
    ends = dict(enumerate(zip(pad[0::2], pad[1::2], strict=True), start=1))
    sides = [ends.get(input.ndim - i, (0, 0)) for i in range(input.ndim)]
    if mode == "constant":
        return _constant(input, sides, value or 0.0)
    if mode not in _NUMPYS:
        raise NotImplementedError(f"pad with mode={mode!r}: it is 'constant', 'reflect', 'replicate' or 'circular'")
    x = input
    for i, (before, behind) in enumerate(sides):
        if before or behind:
            n = x.shape[i]
            if max(before, behind) > {"reflect": n - 1, "circular": n}.get(mode, math.inf):
                raise RuntimeError(f"pad by {(before, behind)}, mode={mode!r}: the axis has only {n} entries")
            row, more = np.arange(n), (max(0, before), max(0, behind))
            if mode == "circular":  # goes on with what is left; the others with what was there
                row = row[max(0, -before) : n - max(0, -behind)]
            places = np.pad(row, more, mode=_NUMPYS[mode])  # type: ignore[call-overload]
            if mode != "circular":
                places = places[max(0, -before) : len(places) - max(0, -behind)]
            x = rules.getitem(x, index=(*(slice(None),) * i, backend.like(places, x.data)))
    return x


def _constant(x: Tensor, sides: Sequence[tuple[int, int]], value: float) -> Tensor:
    inside = tuple(slice(max(0, -a), n - max(0, -b)) for n, (a, b) in zip(x.shape, sides, strict=True))
    if any(a < 0 or b < 0 for a, b in sides):
        x = rules.getitem(x, index=inside)
    room = [(max(0, a), max(0, b)) for a, b in sides]
    shape = tuple(a + n + b for n, (a, b) in zip(x.shape, room, strict=True))
    if shape == x.shape:
        return rules.cast(x, dtype=x.dtype)
    middle = tuple(slice(a, a + n) for n, (a, _) in zip(x.shape, room, strict=True))
    y = rules.put(x, index=middle, shape=shape)
    if value == 0:
        return y
    frame = backend.full(shape, value, x.data)
    frame[middle] = 0
    return y + tensors.Tensor(frame)
