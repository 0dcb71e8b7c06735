"""The state of a module as a dictionary of tensors, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dlkit.autograd import Tensor, backend, no_grad
from dlkit.autograd.backend import Array

if TYPE_CHECKING:
    from dlkit.nn.module import Module


class IncompatibleKeys(NamedTuple):
    """Which keys of a module a state lacks, and which it has that the module lacks."""

    missing_keys: list[str]
    unexpected_keys: list[str]


def tensors(module: Module, prefix: str = "") -> dict[str, Tensor]:
    """The parameters and persistent buffers of a module by their paths, shared ones under each of their names: for every
    module first its parameters, then its buffers, then the modules in it."""
    found: dict[str, Tensor] = {}
    for path, part in module.named_modules(prefix.removesuffix("."), remove_duplicate=False):
        start = f"{path}." if path else ""
        found |= {start + name: p for name, p in part._members("parameter")}
        found |= {start + name: b for name, b in part._members("buffer") if name not in part._fleeting}
    return found


def load(module: Module, state: Mapping[str, Any], strict: bool, assign: bool) -> IncompatibleKeys:
    """Copy the numbers of a state into the tensors of a module; `assign` takes over the arrays themselves."""
    if not isinstance(state, Mapping):
        raise TypeError(f"a state is a dictionary of names and tensors, not a {type(state).__name__}")
    own = tensors(module)
    keys = IncompatibleKeys([key for key in own if key not in state], [key for key in state if key not in own])
    arrays = {key: _array(key, state[key]) for key in own if key in state}
    faults = [f"missing: {key}" for key in keys.missing_keys] if strict else []
    faults += [f"unexpected: {key}" for key in keys.unexpected_keys] if strict else []
    faults += [
        f"shape of {key}: the module has {own[key].shape}, the state {tuple(array.shape)}"
        for key, array in arrays.items()
        if own[key].shape != tuple(array.shape)
    ]
    if faults:
        raise RuntimeError(f"the state does not fit this {type(module).__name__}:\n  " + "\n  ".join(faults))
    with no_grad():
        for key, array in arrays.items():
            if assign:
                own[key].data = array
            else:
                own[key].copy_(array)
    return keys


def _array(key: str, value: Any) -> Array:
    """A tensor of ours, one of torch's, an array, or a number, as an array."""
    if isinstance(value, Tensor):
        return value.data
    if not backend.is_array(value) and not hasattr(value, "detach"):
        if not isinstance(value, (int, float, list, tuple)):
            raise TypeError(f"the state has a {type(value).__name__} under {key!r}, where a tensor belongs")
        return np.asarray(value)
    if backend.is_numpy(value):
        return value
    value = value.detach()  # a torch.nn.Parameter is no plain tensor, and it has a graph
    return value.float() if str(value.dtype) == "torch.bfloat16" else value.data
