"""Windows that slide over the trailing axes of an array: where they stand, and which entries they cover."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import NamedTuple

Sizes = tuple[int, ...]


class Slide(NamedTuple):
    """A window's size, its steps, what is added before and after each axis, and how far apart its entries are.

    A window is taken apart into its taps: all the entries that one place of the kernel meets are one plain slice.

    >>> slide = Slide(kernel=(2,), stride=(3,), padding=((0, 1),), dilation=(1,))
    >>> slide.places((10,))
    (4,)
    >>> slide.taps((4,))
    [((0,), (slice(0, 10, 3),)), ((1,), (slice(1, 11, 3),))]
    """

    kernel: Sizes
    stride: Sizes
    padding: tuple[tuple[int, int], ...]
    dilation: Sizes

    def size(self, shape: Sizes) -> Sizes:
        """The lengths of the axes that the window slides along, which are an array's last."""
        return shape[len(shape) - len(self.kernel) :]

    def padded(self, size: Sizes) -> Sizes:
        return tuple(n + low + high for n, (low, high) in zip(size, self.padding, strict=True))

    def inside(self, size: Sizes) -> tuple[slice, ...]:
        """Where the original is in what is padded."""
        return tuple(slice(low, low + n) for n, (low, _) in zip(size, self.padding, strict=True))

    def places(self, size: Sizes) -> Sizes:
        """How many windows fit along each axis."""
        each = zip(self.padded(size), self.kernel, self.stride, self.dilation, strict=True)
        return tuple((n - d * (k - 1) - 1) // s + 1 for n, k, s, d in each)

    @lru_cache(maxsize=256)  # noqa: B019  (a small tuple)
    def taps(self, count: Sizes) -> list[tuple[Sizes, tuple[slice, ...]]]:
        """Each place in the kernel, with what it meets in `count` windows along each axis."""
        return [
            (at, tuple(map(self._slice, at, self.dilation, self.stride, count)))
            for at in product(*map(range, self.kernel))
        ]

    @staticmethod
    def _slice(at: int, dilation: int, stride: int, count: int) -> slice:
        return slice(at * dilation, at * dilation + stride * (count - 1) + 1, stride)
