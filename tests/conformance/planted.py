"""Wrong gradients, planted one at a time: the suite must fail for each, or it would not have seen that mistake.

    python -m tests.conformance.planted     plants every one, and says which the suite has not noticed

Which samples can notice a mistake in a rule is found by running them once and writing down whose gradients they ask for.
"""

from __future__ import annotations

import collections
import contextlib
import importlib
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from dlkit.autograd.graph import Part, Primitive
from tests.conformance import databases

TABLES = ("rules", "fused", "windows", "recurrent")
Gradient = tuple[str, int]  # a rule, and which of its gradients

MISTAKES: dict[str, Callable[[Any], Any]] = {
    "half as much again": lambda g: g * 1.5,
    "with the other sign": lambda g: -g,
    "forgotten": lambda g: g * 0.0,
}
ZERO = {"step"}  # rules whose gradient is zero: one more is their mistake
SYMMETRIC = {"add"}  # two gradients that may be exchanged
TRIES = 60  # samples that are asked at most


@cache
def rules() -> dict[str, Primitive]:
    """Every row of the tables by its name."""
    found: dict[str, Primitive] = {}
    for table in TABLES:
        with contextlib.suppress(ImportError):
            module = importlib.import_module(f"dlkit.autograd.{table}")
            found |= {p.name: p for p in vars(module).values() if isinstance(p, Primitive)}
    return found


@contextlib.contextmanager
def instead(primitive: Primitive, change: Callable[[tuple[Any, ...]], tuple[Any, ...]]) -> Iterator[None]:
    """A rule whose gradients, each a function, are changed while this is in force."""
    right = primitive.rule

    def wrong(*inputs: Any, **options: Any) -> tuple[Any, ...]:
        gradients = right(*inputs, **options)
        later = tuple(None if g is None else g if callable(g) else (lambda g=g: g) for g in gradients)
        return change(later)

    primitive.rule = wrong
    try:
        yield
    finally:
        primitive.rule = right


def but(i: int, mistake: Callable[[Any], Any]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """All gradients as they are, but the i-th with a mistake."""

    def of(value: Any) -> Any:
        return Part(mistake(value.values), value.index) if isinstance(value, Part) else mistake(value)

    def change(gradients: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple((lambda g=g: of(g())) if j == i and g is not None else g for j, g in enumerate(gradients))

    return change


def exchanged(gradients: tuple[Any, ...]) -> tuple[Any, ...]:
    return (gradients[1], gradients[0], *gradients[2:])


def witnesses(cap: int) -> dict[Gradient, list[tuple[Any, ...]]]:
    """For each gradient of each rule the samples that ask for it: the arguments of `operations.compared`."""
    import torch

    from tests.conformance import operations

    found: dict[Gradient, list[tuple[Any, ...]]] = collections.defaultdict(list)
    asked: set[Gradient] = set()

    def noting(name: str) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
        def note(i: int, g: Any) -> Any:
            asked.add((name, i))
            return g()

        return lambda gradients: tuple(
            None if g is None else (lambda i=i, g=g: note(i, g)) for i, g in enumerate(gradients)
        )

    with contextlib.ExitStack() as stack:
        for name, primitive in rules().items():
            stack.enter_context(instead(primitive, noting(name)))
        for name in operations.NAMES:
            for entry in databases.operations()[name]:
                if torch.float64 in operations.dtypes(entry) and entry.supports_autograd:
                    for number, sample in enumerate(databases.samples(entry, torch.float64, cap)):
                        asked.clear()
                        arguments = (name, entry, torch.float64, number, sample, ("numpy",))
                        if operations.compared(*arguments).passed:
                            for gradient in asked:
                                found[gradient].append(arguments)
    return found


def noticed(primitive: Primitive, change: Callable[..., Any], samples: list[tuple[Any, ...]]) -> bool:
    """Whether one of these samples fails with the mistake."""
    from tests.conformance import operations

    with instead(primitive, change):
        return any(not operations.compared(*arguments).passed for arguments in samples[:TRIES])


def plants(seen: dict[Gradient, Any]) -> Iterator[tuple[str, Gradient, Callable[..., Any]]]:
    """Every mistake: what it is, where, and how the gradients change."""
    for name, i in sorted(seen):
        if i > 2:  # as many inputs as one likes: the third is as the fourth
            continue
        mistakes = {"one more": lambda g: g + 1} if name in ZERO else MISTAKES
        for what, mistake in mistakes.items():
            yield what, (name, i), but(i, mistake)
        if i == 1 and (name, 0) in seen and name not in SYMMETRIC:
            yield "exchanged", (name, i), exchanged


def missed(cap: int) -> tuple[int, list[str], set[str]]:
    """How many mistakes were planted, those that nothing has noticed, and the rules that no sample has asked."""
    seen = witnesses(cap)
    silent, count = [], 0
    for what, (name, i), change in plants(seen):
        count += 1
        if not noticed(rules()[name], change, seen[name, i]):
            silent.append(f"{name}, gradient {i}: {what}")
    return count, silent, set(rules()) - {name for name, _ in seen}


def main() -> int:
    if databases.missing():
        print(f"nothing planted: {databases.missing()}", file=sys.stderr)
        return 2
    start = time.process_time()
    count, silent, unasked = missed(databases.CAP)
    print(
        f"{len(rules())} rules, {count} mistakes planted, {count - len(silent)} noticed, {time.process_time() - start:.0f} s"
    )
    print(*silent, sep="\n")
    print("no sample asks for a gradient of:", ", ".join(sorted(unasked)) or "none")
    return 1 if silent else 0


if __name__ == "__main__":
    raise SystemExit(main())
