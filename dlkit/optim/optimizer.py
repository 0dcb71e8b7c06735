"""What optimizers have in common: groups of parameters with options of their own, a state, and the walk of a step."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from dlkit.autograd import Tensor, backend, enable_grad, no_grad
from dlkit.autograd.backend import Array
from dlkit.optim import options

Group = dict[str, Any]
State = dict[str, Any]

BLOCK = 1 << 16  # entries: the few arrays of an update, of this length, fit into a processor's own cache


class Optimizer:
    """Moves parameters against their gradients; a subclass says how far, in `update`.

    Args:
        params: parameters, or pairs of a name and a parameter, or groups: dicts `{"params": [...], ...}` with options
            of their own.
        defaults: the options, for groups that do not give them.
        flags: torch's `foreach`, `fused` and `capturable`, which say how torch computes and change no result here.

    Raises:
        TypeError: what is no tensor, or an option that the optimizer does not have.
        ValueError: no parameters, one given twice, one that is no leaf, or an option out of its range.
        NotImplementedError: `differentiable=True`; a step writes in place and is no part of a graph.
    """

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any], **flags: Any) -> None:
        self.defaults = defaults
        self.state: defaultdict[Tensor, State] = defaultdict(dict)
        self.param_groups: list[Group] = []
        self.stepped = False  # a schedule wants to know
        who = type(self).__name__
        options.known(who, flags, [*defaults])
        if flags.get("differentiable"):
            raise NotImplementedError(f"{who}: a step writes in place, so differentiable=True is not possible")
        if isinstance(params, (Tensor, dict)):
            raise TypeError(f"{who} takes a list of parameters or of groups, not one {type(params).__name__} by itself")
        if not (given := list(params)):
            raise ValueError(f"{who} got an empty list of parameters (an iterator gives its parameters only once)")
        for group in given if isinstance(given[0], dict) else [{"params": given}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: Group) -> None:
        """Optimize more parameters, with options of their own."""
        who = type(self).__name__
        if not isinstance(param_group, dict) or "params" not in param_group:
            raise TypeError(f'{who}: a group is a dict {{"params": [...], ...}}, not {param_group!r}')
        options.known(who, param_group, [*self.defaults])
        taken = [p for group in self.param_groups for p in group["params"]]
        params, names = options.parameters(who, param_group["params"], taken)
        if taken and bool(names) != ("param_names" in self.param_groups[0]):
            raise ValueError(f"{who}: either the parameters of all groups have names, or none has")
        group = {**self.defaults, **param_group, "params": params, **({"param_names": names} if names else {})}
        options.checked(who, group)
        self.param_groups.append(group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients, or fill them with zeros."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none or p.grad is None:
                    p.grad = None
                else:
                    p.grad = Tensor(backend.zeros_like(p.grad.data))

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move every parameter that has a gradient.

        Args:
            closure: computes the loss and its gradients anew; the step returns what it returns.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with no_grad():
            for group in self.param_groups:
                group["lr"] = float(group["lr"])  # a NumPy float64 would spread
                for p in group["params"]:
                    if p.grad is not None:
                        p.changed(f"a step of {type(self).__name__}")  # a graph that has used it must know
                        self.update(p.data, p.grad.data, self.state[p], group)
        self.stepped = True
        return loss

    def update(self, param: Array, grad: Array, state: State, group: Group) -> None:
        """Write the new value into the array of a parameter, given its gradient; `state` is kept for the next step."""
        raise NotImplementedError(f"{type(self).__name__} does not say how a parameter changes: define update()")

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` needs to go on from here. As in torch, parameters are counted, and arrays are the
        optimizer's own: a step changes them."""
        params = [p for group in self.param_groups for p in group["params"]]
        place = {p: i for i, p in enumerate(params)}
        state = {
            place[p]: {key: Tensor(value) if backend.is_array(value) else value for key, value in kept.items()}
            for p, kept in self.state.items()
        }
        groups = [{**group, "params": [place[p] for p in group["params"]]} for group in self.param_groups]
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a copy of a `state_dict`, this optimizer's or torch's.

        Raises:
            ValueError: it belongs to other groups, or to parameters of other shapes.
        """
        sizes = [len(group["params"]) for group in self.param_groups]
        saved = [len(group["params"]) for group in state_dict["param_groups"]]
        if sizes != saved:
            raise ValueError(
                f"the state has groups of {saved} parameters, this optimizer of {sizes}: they must be the same"
            )
        params = [p for group in self.param_groups for p in group["params"]]
        numbers = [number for group in state_dict["param_groups"] for number in group["params"]]
        loaded: defaultdict[Tensor, State] = defaultdict(dict)
        for number, p in zip(numbers, params, strict=True):
            for key, value in state_dict["state"].get(number, {}).items():
                if value is not None:
                    loaded[p][key] = int(value) if key == "step" else _kept(key, value, p)
        for group, old in zip(self.param_groups, state_dict["param_groups"], strict=True):
            group |= {key: value for key, value in old.items() if key != "params"}
        self.state = loaded

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            shown = [f"    {key}: {value}" for key, value in sorted(group.items()) if key not in options.LABELS]
            lines += [f"Parameter group {i}", *shown]
        return "\n".join([*lines, ")"])


def _kept(key: str, value: Any, p: Tensor) -> Array:
    """A copy of an array of state, of its parameter's library, element type and device."""
    array = value.data if isinstance(value, Tensor) else value
    if tuple(array.shape) != p.shape:
        raise ValueError(f"the state's {key} has shape {tuple(array.shape)}, its parameter {p.shape}")
    return backend.copy(backend.cast(backend.like(array, p.data), p.dtype))


def blocks(*arrays: Array) -> Iterator[tuple[Array, ...]]:
    """Arrays of one shape, piece by piece. An update goes over its arrays a dozen times: when they are large, it is
    faster to do so while a piece is in the processor's cache, and temporary arrays stay small."""
    if math.prod(arrays[0].shape) <= BLOCK or not all(map(_in_a_row, arrays)):
        yield arrays
        return
    flat = [a.reshape(-1) for a in arrays]
    for start in range(0, len(flat[0]), BLOCK):
        yield tuple(a[start : start + BLOCK] for a in flat)


def _in_a_row(a: Array) -> bool:
    """Whether the entries lie in the processor's memory one after the other, so that pieces of them are views."""
    return bool(a.flags.c_contiguous if backend.is_numpy(a) else a.device.type == "cpu" and a.is_contiguous())


def descent(p: Array, g: Array, group: Group) -> Array:
    """The gradient of what is minimized: with the other sign to maximize, and with that of weight decay's penalty."""
    g = -g if group["maximize"] else g
    decay = 0.0 if group.get("decoupled_weight_decay") else group["weight_decay"]
    return g + decay * p if decay else g


def count(state: State, param: Array, *names: str) -> int:
    """The number of this step of a parameter, whose state has arrays of these names, at first of zeros."""
    for name in names:
        if name not in state:
            state[name] = backend.zeros_like(param)
    state["step"] = state.get("step", 0) + 1
    return int(state["step"])
