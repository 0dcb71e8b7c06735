"""Arguments with a few allowed values."""

from typing import TypeVar

T = TypeVar("T")


def one_of(value: T, *allowed: T) -> T:
    """The value, if it is allowed.

    >>> one_of("tset", "train", "test")
    Traceback (most recent call last):
    ValueError: 'tset' is none of 'train', 'test'
    """
    if value not in allowed:
        raise ValueError(f"{value!r} is none of {', '.join(map(repr, allowed))}")
    return value
