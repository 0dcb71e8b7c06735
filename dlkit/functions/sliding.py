"""Windows that slide over the trailing axes of an array: where they stand, and which entries they cover.

A window is taken apart into its taps: all the entries that one place of the kernel meets are one plain slice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

Sizes = Sequence[int]
Pads = Sequence[tuple[int, int]]
"""For each axis, how many entries are added before and after."""


def places(size: Sizes, kernel: Sizes, stride: Sizes, padding: Pads, dilation: Sizes) -> tuple[int, ...]:
    """How many windows fit along each axis.

    >>> places((28,), (5,), (2,), [(0, 0)], (1,))
    (12,)
    """
    each = zip(size, kernel, stride, padding, dilation, strict=True)
    return tuple((n + low + high - d * (k - 1) - 1) // s + 1 for n, k, s, (low, high), d in each)


def taps(
    kernel: Sizes, stride: Sizes, dilation: Sizes, count: Sizes
) -> Iterator[tuple[tuple[int, ...], tuple[slice, ...]]]:
    """Each place in the kernel, with the slices of what it meets in `count` windows along each axis.

    >>> list(taps((2,), (3,), (1,), (4,)))
    [((0,), (slice(0, 10, 3),)), ((1,), (slice(1, 11, 3),))]
    """
    for at in product(*map(range, kernel)):
        starts = [a * d for a, d in zip(at, dilation, strict=True)]
        each = zip(starts, stride, count, strict=True)
        yield at, tuple(slice(start, start + s * (n - 1) + 1, s) for start, s, n in each)


def inside(size: Sizes, padding: Pads) -> tuple[object, ...]:
    """The index of the original within a padded array."""
    return (..., *(slice(low, low + n) for n, (low, _) in zip(size, padding, strict=True)))


def padded(size: Sizes, padding: Pads) -> tuple[int, ...]:
    return tuple(n + low + high for n, (low, high) in zip(size, padding, strict=True))
