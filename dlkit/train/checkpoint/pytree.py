"""A tree of Python values as JSON and a table of tensors, and back: a checkpoint without pickle, which could run code."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from typing import Any

from torch import Tensor

KEYS: dict[Any, str] = {dict: "dict", OrderedDict: "dict", defaultdict: "dict", Counter: "counter"}


def flatten(value: Any, tensors: dict[str, Tensor], where: str = "state") -> Any:
    """The value as JSON; its tensors go into the table, each under the path where it stands.

    >>> table = {}; flatten({0: (1.5, Tensor([1.0]))}, table)
    {'dict': [[0, {'tuple': [1.5, {'tensor': 'state.0.1'}]}]]}
    >>> table
    {'state.0.1': tensor([1.])}

    Raises:
        TypeError: a value that is neither number, text, None, tensor nor a tuple, list or dictionary of such.
    """
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, Tensor):
        tensors[where] = value
        return {"tensor": where}
    if type(value) is list:
        return [flatten(each, tensors, f"{where}.{index}") for index, each in enumerate(value)]
    if type(value) is tuple:
        return {"tuple": [flatten(each, tensors, f"{where}.{index}") for index, each in enumerate(value)]}
    if type(value) in KEYS:
        pairs = [[flatten(key, tensors, where), flatten(each, tensors, f"{where}.{key}")] for key, each in value.items()]
        return {KEYS[type(value)]: pairs}
    raise TypeError(f"{where} is a {type(value).__name__}: a checkpoint holds numbers, text, tensors, and tuples, lists and dictionaries of them")


def unflatten(value: Any, tensors: dict[str, Tensor]) -> Any:
    """What `flatten` was given.

    >>> table = {}; unflatten(flatten([Counter(a=2), {"b": (None,)}], table), table)
    [Counter({'a': 2}), {'b': (None,)}]
    """
    if isinstance(value, list):
        return [unflatten(each, tensors) for each in value]
    if not isinstance(value, dict):
        return value
    ((kind, inside),) = value.items()
    if kind == "tensor":
        return tensors[inside]
    if kind == "tuple":
        return tuple(unflatten(each, tensors) for each in inside)
    pairs = {unflatten(key, tensors): unflatten(each, tensors) for key, each in inside}
    return Counter(pairs) if kind == "counter" else pairs


def tensor_names(value: Any) -> list[str]:
    """Where tensors stand in what `flatten` gave.

    >>> tensor_names(flatten([1, {"b": Tensor()}], {}))
    ['state.1.b']
    """
    if isinstance(value, dict) and "tensor" in value:
        return [value["tensor"]]
    inside = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
    return [name for each in inside for name in tensor_names(each)]
