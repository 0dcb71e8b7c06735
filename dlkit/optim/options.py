"""What may be said to an optimizer: names of options, their ranges, and the parameters themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import Any

from dlkit.autograd import Tensor

FLAGS = frozenset({"foreach", "fused", "capturable", "differentiable"})  # how torch shall compute, not what
LABELS = frozenset({"params", "param_names", "name", "initial_lr"})  # what a group may carry besides options
RATES = ("lr", "momentum", "weight_decay", "eps", "alpha", "rho", "lr_decay", "initial_accumulator_value")


def known(who: str, given: Iterable[str], names: Collection[str]) -> None:
    """Refuse an option that the optimizer does not have."""
    for name in given:
        if name not in names and name not in FLAGS and name not in LABELS:
            near = get_close_matches(name, names, 1)
            raise TypeError(
                f"{who} has no option {name!r}"
                + (f": did you mean {near[0]!r}?" if near else f"; it has {', '.join(names)}")
            )


def number(who: str, name: str, value: Any) -> float:
    """An option as a Python number. Those are weak: a NumPy float64 would turn every float32 into one of its kind."""
    try:
        return float(value.item() if hasattr(value, "item") else value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{who}: {name} must be one number, not {value!r}") from error


def checked(who: str, group: dict[str, Any]) -> None:
    """Make the numbers of a group Python's, and refuse those out of range."""
    for name in RATES:
        if name in group:
            value = group[name] = number(who, name, group[name])
            if not (value >= 0 and (name != "rho" or value <= 1)):
                raise ValueError(
                    f"{who}: {name}={value}, and it must be at least 0{' and at most 1' * (name == 'rho')}"
                )
    if "betas" in group:
        group["betas"] = tuple(number(who, "each of betas", beta) for beta in group["betas"])
        if len(group["betas"]) != 2 or not all(0 <= beta < 1 for beta in group["betas"]):
            raise ValueError(f"{who}: betas={group['betas']}, and they must be two numbers from 0 to below 1")


def parameters(who: str, given: Any, taken: Collection[Tensor]) -> tuple[list[Tensor], list[str]]:
    """The parameters of a group, and their names where they have some, each looked at."""
    if isinstance(given, (set, frozenset)):
        raise TypeError(f"{who}: a set has another order in every run, and state is kept by order: give a list")
    items = [given] if isinstance(given, Tensor) else list(given)
    names = [item[0] for item in items if isinstance(item, tuple)]
    if names and len(names) < len(items):
        raise ValueError(f"{who}: either all parameters have names, or none has")
    found: list[Tensor] = []
    seen = set(taken)
    for i, p in enumerate(item[1] if isinstance(item, tuple) else item for item in items):
        if not isinstance(p, Tensor):
            raise TypeError(f"{who}: parameter {i} is a {type(p).__name__}, not a Tensor")
        if p.op is not None:
            raise ValueError(
                f"{who}: parameter {i}, of shape {p.shape}, is the result of {p.op.name}, not a leaf. Give the tensor "
                f"that it was computed from, or cut it loose first: p = p.detach(); p.requires_grad = True"
            )
        if p in seen:
            raise ValueError(
                f"{who}: parameter {i}, of shape {p.shape}, is given twice, and each step would move it twice"
            )
        seen.add(p)
        found.append(p)
    return found, names
