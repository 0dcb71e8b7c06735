"""The one door to torch's own test databases: which inputs every operation, layer and optimizer is tested with.

They are torch's private business and may change with any release: this file alone imports `torch.testing._internal`, and
only from the release that it was written for. Anywhere else `missing()` says why, tests skip with that reason, and the
command that writes the table fails with it.

    torch ships:  operations()   name, variants, sample inputs, of about 700 functions       (op_db)
                  layers()       constructor and forward inputs of about 110 modules         (module_db)
                  optimizers()   settings of 15 optimizers                                   (optim_db)
"""

from __future__ import annotations

import random
import warnings
from functools import cache
from itertools import islice
from typing import Any

import numpy as np
import pytest

RELEASE = "2.13.0"
CAP = 200  # samples an entry: max_pool2d alone would give 1,440


@cache
def missing() -> str:
    """Why the databases cannot be read here; empty where they can."""
    try:
        import torch
    except ImportError as error:
        return f"no torch: {error}"
    if torch.__version__.partition("+")[0] != RELEASE:
        return f"torch {torch.__version__} is installed, and its databases are read as release {RELEASE} has them"
    try:
        import expecttest  # noqa: F401  (all that torch.testing._internal wants beside NumPy)
    except ImportError as error:
        return f"torch's databases need a package: {error}"
    return ""


def need() -> None:
    """Skip the tests of a module, saying why, where the databases cannot be read."""
    if missing():
        pytest.skip(f"NOT COMPARED WITH TORCH: {missing()}", allow_module_level=True)


def _load(module: str, name: str) -> list[Any]:
    if missing():
        raise RuntimeError(missing())
    from importlib import import_module

    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = list(getattr(import_module(f"torch.testing._internal.{module}"), name))
    # Its import forbids, for the whole process, to set what `torch.backends` holds: other tests do.
    torch.backends.flags_frozen.__globals__["__allow_nonbracketed_mutation_flag"] = True
    return found


@cache
def operations() -> dict[str, list[Any]]:
    """Name -> its entries (`OpInfo`), one a variant, such as `div` with each rounding mode."""
    found: dict[str, list[Any]] = {}
    for entry in _load("common_methods_invocations", "op_db"):
        found.setdefault(entry.name, []).append(entry)
    return found


def samples(entry: Any, dtype: Any, cap: int = CAP) -> list[Any]:
    """The sample inputs (`.input`, `.args`, `.kwargs`) of one entry of `operations()`, the same ones at each call."""
    import torch

    needs_gradient = entry.supports_autograd and dtype.is_floating_point
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        random.seed(0)
        np.random.seed(0)
        torch.manual_seed(0)
        # Not `entry.sample_inputs`, which looks through the whole stack at each call for the test that is running.
        return list(islice(entry.sample_inputs_func(entry, "cpu", dtype, needs_gradient), cap))


@cache
def layers() -> dict[str, Any]:
    """Name, such as `nn.Linear` -> its entry (`ModuleInfo`)."""
    return {entry.name: entry for entry in _load("common_modules", "module_db")}


def layer_samples(entry: Any, dtype: Any, training: bool) -> list[Any]:
    """The inputs of one entry of `layers()`: each has `.constructor_input` and `.forward_input`, with args and kwargs."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(0)
        return list(entry.module_inputs_func(entry, device="cpu", dtype=dtype, requires_grad=True, training=training))


@cache
def optimizers() -> dict[str, Any]:
    """Name, such as `SGD` -> its entry (`OptimizerInfo`)."""
    return {entry.optim_cls.__name__: entry for entry in _load("common_optimizers", "optim_db")}


def settings(entry: Any) -> list[Any]:
    """The settings of one entry of `optimizers()`: each has `.kwargs` and a `.desc`."""
    return list(entry.optim_inputs_func(device="cpu"))
