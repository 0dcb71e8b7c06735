"""Functions that are called before and after a module's `forward`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Entry = tuple[Callable[..., Any], bool]
"""A hook, and whether it is given the keyword arguments."""


class Handle:
    """Takes a hook away again, by `remove()` or at the end of a `with`."""

    def __init__(self, hooks: list[Entry], entry: Entry) -> None:
        self.hooks, self.entry = hooks, entry

    def remove(self) -> None:
        self.hooks[:] = [other for other in self.hooks if other is not self.entry]

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *error: Any) -> None:
        self.remove()


def add(hooks: list[Entry], hook: Callable[..., Any], prepend: bool, with_kwargs: bool) -> Handle:
    entry = (hook, with_kwargs)
    hooks.insert(0 if prepend else len(hooks), entry)
    return Handle(hooks, entry)


def call(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`forward` with the hooks around it. What a hook returns, unless it is None, takes the place of what it was given."""
    for hook, with_kwargs in list(module._before):
        changed = hook(module, args, kwargs) if with_kwargs else hook(module, args)
        if changed is None:
            continue
        if with_kwargs:
            args, kwargs = changed
        else:
            args = changed if isinstance(changed, tuple) else (changed,)
    result = module.forward(*args, **kwargs)
    for hook, with_kwargs in list(module._after):
        changed = hook(module, args, kwargs, result) if with_kwargs else hook(module, args, result)
        result = result if changed is None else changed
    return result
