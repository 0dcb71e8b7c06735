"""The library of *Deep Learning That Runs*. Importing it needs NumPy alone.

`import dlkit as torch` runs a model that was written for torch: the engine, its functions and `nn` are reached from here,
each loaded when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlkit.autograd import Tensor as Tensor

_PACKAGES = ("autograd", "data", "functions", "models", "nn", "optim", "plot", "train")


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        return import_module(f"dlkit.{name}")
    if name == "linalg":
        return import_module("dlkit.functions.linalg")
    for package in ("dlkit.autograd", "dlkit.functions"):
        module = import_module(package)
        if name in module.__all__:
            return getattr(module, name)
    raise AttributeError(f"dlkit has no {name!r}", name=name)


def device(name: Any) -> str:
    """A device's name: devices are strings here, `"cpu"`, `"cuda"` or `"cuda:0"`.

    >>> device("cpu")
    'cpu'
    """
    return str(name)
