"""Modules that hold other modules, and those that only change a shape."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, Self, overload

from dlkit.nn.module import Module


class _Numbered(Module):
    """Modules with the names 0, 1, 2, ..."""

    def _set(self, modules: Iterable[Any]) -> None:
        """Be these modules."""
        for name in list(self._kinds):
            delattr(self, name)
        for i, module in enumerate(modules):
            self.add_module(str(i), module)

    def __len__(self) -> int:
        return len(self._kinds)

    def __iter__(self) -> Iterator[Any]:
        return iter([getattr(self, name) for name in self._kinds])

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name.isdigit()]

    def _name(self, index: int) -> str:
        n = len(self)
        if not -n <= index < n:
            raise IndexError(f"{type(self).__name__} has {n} modules, and none is number {index}")
        return list(self._kinds)[index]

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return self._some(list(self._kinds)[index])
        return getattr(self, self._name(index))

    def _some(self, names: list[str]) -> Any:
        found: Any = type(self)
        return found([getattr(self, name) for name in names])

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, self._name(index), module)

    def __delitem__(self, index: int | slice) -> None:
        gone = list(self._kinds)[index] if isinstance(index, slice) else [self._name(index)]
        self._set([getattr(self, name) for name in list(self._kinds) if name not in gone])

    def append(self, module: Module) -> Self:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Any]) -> Self:
        """Add modules at the end."""
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Any:
        """Add a module before the one of this number."""
        modules = list(self)
        modules.insert(index, module)
        self._set(modules)
        return self

    def __iadd__(self, modules: Iterable[Any]) -> Self:
        return self.extend(modules)


class Sequential(_Numbered):
    """Modules one after the other: the result of each is the input of the next.

    Args:
        args: the modules; or one OrderedDict of names and modules.

    >>> from dlkit import nn
    >>> net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    >>> net[1], len(net[:2]), list(net.state_dict())
    (ReLU(), 2, ['0.weight', '0.bias', '2.weight', '2.bias'])
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        only = args[0] if len(args) == 1 and isinstance(args[0], Mapping) else None
        for name, module in only.items() if only is not None else enumerate(args):
            self.add_module(str(name), module)

    def _some(self, names: list[str]) -> Sequential:
        return type(self)({name: getattr(self, name) for name in names})

    def forward(self, input: Any) -> Any:
        for module in self:
            input = module(input)
        return input


class ModuleList(_Numbered):
    """A list of modules, whose parameters belong to the module that it is an attribute of.

    >>> from dlkit import nn
    >>> layers = nn.ModuleList(nn.Linear(2, 2) for _ in range(3))
    >>> len(layers), layers[-1]
    (3, Linear(in_features=2, out_features=2, bias=True))
    """

    def __init__(self, modules: Iterable[Any] = ()) -> None:
        super().__init__()
        self.extend(modules or ())

    def _shown(self) -> list[tuple[str, str]]:
        """Neighbors that look the same stand together."""
        shown: list[tuple[str, str]] = []
        for text, group in groupby(super()._shown(), key=lambda pair: pair[1]):
            names = [name for name, _ in group]
            alone = len(names) == 1
            shown.append((names[0], text) if alone else (f"{names[0]}-{names[-1]}", f"{len(names)} x {text}"))
        return shown


class ModuleDict(Module):
    """A dictionary of modules, whose parameters belong to the module that it is an attribute of.

    >>> from dlkit import nn
    >>> list(nn.ModuleDict({"relu": nn.ReLU(), "linear": nn.Linear(2, 2)}).state_dict())
    ['linear.weight', 'linear.bias']
    """

    def __init__(self, modules: Any = None) -> None:
        super().__init__()
        self.update(modules or {})

    def __getitem__(self, key: str) -> Any:
        if key not in self._kinds:
            raise KeyError(key)
        return getattr(self, key)

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._kinds)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._kinds))

    def __contains__(self, key: object) -> bool:
        return key in self._kinds

    def keys(self) -> list[str]:
        return list(self._kinds)

    def values(self) -> list[Any]:
        return [self[key] for key in self]

    def items(self) -> list[tuple[str, Any]]:
        return [(key, self[key]) for key in self]

    def update(self, modules: Any) -> None:
        """Add modules, given as a dictionary or as pairs of a name and a module."""
        for key, module in modules.items() if hasattr(modules, "items") else modules:
            self[key] = module

    def pop(self, key: str) -> Any:
        """Take a module out."""
        module = self[key]
        del self[key]
        return module

    def clear(self) -> None:
        """Take all modules out."""
        for key in self:
            del self[key]
