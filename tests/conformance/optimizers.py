"""The suite's optimizers: ten steps with every setting that torch tests its own with, parameter for parameter.

    run(name)       ->  one Result a setting, array library and element type
    refusals(name)  ->  what torch refuses, and how dlkit answers
    rows()          ->  the table's lines

A setting that dlkit refuses with NotImplementedError is unsupported, and has not passed.
"""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

import dlkit
from dlkit import optim
from dlkit.optim.options import FLAGS
from tests.conformance import databases

NAMES = ("SGD", "Adagrad", "RMSprop", "Adadelta", "Adam", "AdamW", "Muon")
LIBRARIES = ("numpy", "torch")
DTYPES = ("float32", "float64")
STEPS = 10
SHAPES: list[tuple[int, ...]] = [(4, 3), (7,), (), (300, 250)]  # the last is larger than a block
MATRICES: list[tuple[int, ...]] = [(6, 4), (5, 12), (16, 16), (33, 20)]  # all that Muon takes


@dataclass
class Result:
    """One setting: `wrong` says in what a parameter differs; empty where all agree."""

    name: str
    setting: str
    library: str
    dtype: str
    wrong: str = ""
    unsupported: str = ""

    @property
    def passed(self) -> bool:
        return not self.wrong and not self.unsupported


def settings(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """torch's own settings, each also with the flags that say how torch shall compute."""
    entry = databases.optimizers()[name]
    for setting in databases.settings(entry):
        yield setting.desc, dict(setting.kwargs)
        for flag in entry.supported_impls:
            if not (
                flag == "foreach" and isinstance(setting.kwargs.get("lr"), torch.Tensor)
            ):  # torch itself refuses that
                yield f"{setting.desc}, {flag}", {**setting.kwargs, flag: True}


def run(name: str) -> Iterator[Result]:
    for setting, options in settings(name):
        for library in LIBRARIES:
            for dtype in DTYPES:
                result = Result(name, setting, library, dtype)
                try:
                    result.wrong = _difference(name, options, library, dtype)
                except NotImplementedError as error:
                    result.unsupported = str(error)
                yield result


def _difference(name: str, options: dict[str, Any], library: str, dtype: str) -> str:
    """Ten steps on random gradients, with two groups of which one has another rate; once, a parameter has no gradient."""
    rng = np.random.default_rng(0)
    first = [np.asarray(rng.normal(size=shape), dtype) for shape in (MATRICES if name == "Muon" else SHAPES)]
    theirs = [torch.tensor(a, requires_grad=True) for a in first]
    ours = [dlkit.Tensor(a.copy() if library == "numpy" else torch.tensor(a), requires_grad=True) for a in first]
    reference, optimizer = (
        kind([{"params": leaves[:2]}, {"params": leaves[2:], "lr": 0.05}], **options)
        for kind, leaves in ((getattr(torch.optim, name), theirs), (getattr(optim, name), ours))
    )
    for step in range(STEPS):
        for i, (p, q) in enumerate(zip(theirs, ours, strict=True)):
            g = np.asarray(rng.normal(size=p.shape), dtype)
            none = step == 3 and i == 1
            p.grad = None if none else torch.tensor(g)
            q.grad = None if none else dlkit.Tensor(g if library == "numpy" else torch.tensor(g))
        for made in (reference, optimizer):
            made.step()
    for i, (p, q) in enumerate(zip(theirs, ours, strict=True)):
        if q.dtype != dtype:
            return f"parameter {i} has become {q.dtype}"
        if not np.allclose(q.numpy(), p.detach().numpy(), **_tolerance(name, library, dtype)):
            return f"parameter {i} differs by up to {np.abs(q.numpy() - p.detach().numpy()).max():.2e}"
    return ""


def _tolerance(name: str, library: str, dtype: str) -> dict[str, float]:
    """Rounding; for Muon that of bfloat16, in which sums are rounded, on NumPy not always to the same side."""
    if name == "Muon":
        return {"rtol": 0.0, "atol": (0.05 * 2**-5 if library == "numpy" else 1e-6)}
    return {"rtol": 1e-5, "atol": 1e-6} if dtype == "float32" else {"rtol": 1e-13, "atol": 1e-14}


@dataclass
class Refusal:
    """Settings that torch refuses: the type of error that each library gives, empty for none."""

    name: str
    setting: str
    torch: str
    dlkit: str
    message: str = ""


def refusals(name: str) -> Iterator[Refusal]:
    entry = databases.optimizers()[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = entry.optim_error_inputs_func("cpu", torch.float32)
    for case in cases:
        given = case.optimizer_error_input
        params = [torch.zeros(2, 2)] if given.params is None else given.params
        if any(p.is_complex() for p in _leaves(params)):
            continue  # dlkit has no complex numbers at all
        answer, message = "", ""
        try:
            getattr(optim, name)(_lifted(params, {}), **given.kwargs)
        except Exception as error:  # any that comes is the answer
            answer, message = type(error).__name__, str(error)
        yield Refusal(name, re.sub(r"\\", "", given.desc), case.error_type.__name__, answer, message)


def _leaves(params: Any) -> list[torch.Tensor]:
    if isinstance(params, torch.Tensor):
        return [params]
    parts = params.values() if isinstance(params, dict) else params
    return [leaf for part in parts if not isinstance(part, (str, float)) for leaf in _leaves(part)]


def _lifted(params: Any, seen: dict[int, dlkit.Tensor]) -> Any:
    """torch's parameters as dlkit's; the same one twice is the same tensor twice."""
    if isinstance(params, torch.Tensor):
        return seen.setdefault(id(params), dlkit.Tensor(params.detach().numpy(), requires_grad=True))
    if isinstance(params, dict):
        return {key: _lifted(value, seen) for key, value in params.items()}
    if isinstance(params, (list, tuple)):
        return type(params)(_lifted(value, seen) for value in params)
    return params


def arguments(kind: Any) -> dict[str, Any]:
    """An optimizer's arguments and their defaults, but for the flags that say how torch shall compute."""
    ours = {name: p.default for name, p in inspect.signature(kind).parameters.items() if p.kind != p.VAR_KEYWORD}
    return {name: value for name, value in ours.items() if name not in FLAGS}


def rows() -> list[str]:
    """Lines of a table in Markdown: optimizer, settings, passed, unsupported and why."""
    lines = ["| optimizer | settings | passed | unsupported |", "|---|---|---|---|"]
    for name in NAMES:
        results = list(run(name))
        reasons = sorted({r.unsupported.partition(": ")[2] for r in results if r.unsupported})
        unsupported = f"{sum(bool(r.unsupported) for r in results)}" + (f" ({'; '.join(reasons)})" if reasons else "")
        lines.append(f"| {name} | {len(results)} | {sum(r.passed for r in results)} | {unsupported} |")
    return lines
