"""Fingerprints: equal for what holds the same, different for every change, and silent where they cannot know."""

from __future__ import annotations

import array
import threading
from collections.abc import Callable
from typing import Any

import pytest

from hooks.values import fingerprint


class Box:
    def __init__(self, inside: Any) -> None:
        self.inside = inside

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("nobody shall ask")


class Slots:
    __slots__ = ("a", "b")


def slots() -> Slots:
    made = Slots()
    made.a = [1]
    return made


def change(value: Any, how: Callable[[Any], object]) -> bool:
    before = fingerprint(value)
    assert before is not None
    assert fingerprint(value) == before
    how(value)
    return fingerprint(value) != before


def test_every_change_shows() -> None:
    assert change([1, 2], lambda x: x.append(3))
    assert change({"a": [1]}, lambda x: x["a"].append(2))
    assert change({1, 2}, lambda x: x.add(3))
    assert change(Box([Box(1)]), lambda x: setattr(x.inside[0], "inside", 2))
    assert change(slots(), lambda x: x.a.append(2))
    assert change(slots(), lambda x: setattr(x, "b", None))
    assert change(array.array("d", [1.0]), lambda x: x.append(2.0))
    assert change(bytearray(b"ab"), lambda x: x.append(1))
    assert change([0.0], lambda x: x.__setitem__(0, -0.0))
    assert change([True], lambda x: x.__setitem__(0, 1))


def test_what_a_function_keeps() -> None:
    kept: list[int] = []

    def note(x: int, seen: list[int] = [1]) -> None:  # noqa: B006
        seen.append(x)
        kept.append(x)

    assert change(note, lambda f: f(1))


def test_arrays() -> None:
    numpy = pytest.importorskip("numpy")
    assert change(numpy.zeros((2, 3)), lambda x: x.__setitem__((0, 1), 1))
    assert fingerprint(numpy.zeros((2, 3))) != fingerprint(numpy.zeros((3, 2)))
    assert fingerprint(numpy.array([object()])) is None
    assert fingerprint(numpy.random.default_rng(0)) is None


def test_rings_end() -> None:
    ring: list[Any] = [1]
    ring.append(ring)
    assert fingerprint(ring) is not None


@pytest.mark.parametrize("value", [iter([1]), (x for x in [1]), threading.Lock(), list(range(10_000)) and [[x] for x in range(10_000)], bytearray(40_000_000)], ids=["iterator", "generator", "lock", "many", "large"])
def test_it_says_nothing_of_what_it_cannot_know(value: object) -> None:
    assert fingerprint(value) is None
