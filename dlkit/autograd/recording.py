"""Whether operations are recorded for gradients."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

_recording: ContextVar[bool] = ContextVar("dlkit_recording", default=True)


class set_grad_enabled:  # noqa: N801  (torch's name)
    """Record operations for gradients, or do not, while this is in force; as `with` or as a decorator."""

    def __init__(self, mode: bool) -> None:
        self.mode, self.before = mode, list[bool]()

    def __enter__(self) -> None:
        self.before.append(_recording.get())
        _recording.set(self.mode)

    def __exit__(self, *error: object) -> None:
        _recording.set(self.before.pop())

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.isgeneratorfunction(function):
            raise TypeError("no_grad has ended when a generator's body runs: write `with no_grad():` in the body")

        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            with set_grad_enabled(self.mode):
                return function(*args, **kwargs)

        return inside


def no_grad(function: Any = None) -> Any:
    """Record nothing: `with no_grad():`, or `@no_grad()` or `@no_grad` above a function."""
    return set_grad_enabled(False) if function is None else set_grad_enabled(False)(function)


def enable_grad(function: Any = None) -> Any:
    """Record again, within `no_grad`, in the same ways."""
    return set_grad_enabled(True) if function is None else set_grad_enabled(True)(function)


def is_grad_enabled() -> bool:
    return _recording.get()
