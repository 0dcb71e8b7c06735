"""The suite, layers: each built by both libraries from what torch tests it with, with the same parameters.

    run(name)  ->  one Sample each: for each array library, that it agrees with torch, or in what it differs
    rows()     ->  a row a layer: how many samples passed, failed, are not supported, and why
    section()  ->  the same as a section of a Markdown page

Compared are the keys of the state_dict, the results, the gradients of all inputs and parameters for a random cotangent,
and the buffers afterwards; in training and in evaluation, in float32 and float64.
"""

from __future__ import annotations

import collections
import copy
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import numpy as np
import torch

import dlkit
from dlkit import nn
from tests.conformance import databases
from tests.conformance.operations import (
    LIBRARIES,
    Inputs,
    Unsupported,
    flat,
    gradients,
    noise,
    same,
    same_gradients,
    weighed,
)

DTYPES = (torch.float32, torch.float64)
NAMES = [
    name for name in (databases.layers() if not databases.missing() else ()) if hasattr(nn, name.partition(".")[2])
]


@dataclass
class Sample:
    """One sample: `wrong[library]` says in what it differs; empty where it agrees."""

    name: str
    dtype: str
    training: bool
    number: int
    wrong: dict[str, str] = field(default_factory=dict)
    unsupported: str = ""

    @property
    def passed(self) -> bool:
        return not self.unsupported and not any(self.wrong.values())


# ------------------------------------------------------------------------------------------ from torch to dlkit

# What a layer is built from, where a sample gives another layer as an argument.
BUILT = {
    torch.nn.LayerNorm: lambda m: (m.normalized_shape, m.eps, m.elementwise_affine, m.bias is not None),
    torch.nn.TransformerEncoderLayer: lambda m: _transformer(m),
    torch.nn.TransformerDecoderLayer: lambda m: _transformer(m),
}


def _transformer(m: Any) -> tuple[Any, ...]:
    attention, width = m.self_attn, m.linear1.out_features
    activation = m.activation.__name__
    flags = (m.norm1.eps, attention.batch_first, m.norm_first, m.linear1.bias is not None)
    return (attention.embed_dim, attention.num_heads, width, m.dropout.p, activation, *flags)


def lift(inputs: Inputs, value: Any) -> Any:
    """An argument of torch's as dlkit's: also a layer, and a function of torch's by its name."""
    if isinstance(value, torch.nn.Module):
        if type(value) not in BUILT:
            raise Unsupported(f"{type(value).__name__} as an argument")
        return getattr(nn, type(value).__name__)(*BUILT[type(value)](value))
    if isinstance(value, (list, tuple)):
        return type(value)(lift(inputs, part) for part in value)
    if callable(value) and not isinstance(value, (torch.Tensor, type)) and hasattr(value, "__name__"):
        return getattr(nn.functional, value.__name__)
    return inputs.lift(value)


# ---------------------------------------------------------------------------------------------------- one sample


class Reference:
    """What torch computes for a sample: results, gradients, and buffers before and after."""

    def __init__(self, entry: Any, sample: Any, dtype: torch.dtype, training: bool) -> None:
        self.built, self.given = sample.constructor_input, sample.forward_input
        torch.manual_seed(0)
        self.layer = entry.module_cls(*self.built.args, **self.built.kwargs).to(dtype).train(training)
        self.before = {key: t.detach().clone() for key, t in self.layer.state_dict().items()}
        self.values = list(flat(self.layer(*self.given.args, **self.given.kwargs)))
        self.outputs = [v for v in self.values if isinstance(v, torch.Tensor) and v.requires_grad]
        self.weights = [noise(v, i) for i, v in enumerate(self.outputs)]
        self.found: dict[int, Any] = {}

    def gradients(self, leaves: list[torch.Tensor]) -> list[Any]:
        new = [leaf for leaf in leaves if id(leaf) not in self.found]
        if new and self.outputs:
            found = torch.autograd.grad(self.outputs, new, self.weights, allow_unused=True, retain_graph=True)
            self.found |= {id(leaf): g for leaf, g in zip(new, found, strict=True)}
        return [self.found.get(id(leaf)) for leaf in leaves]

    @cached_property
    def exact(self) -> Reference:
        """The same in float64: what both are held to where a sum in float32 cancels."""
        other = copy.copy(self)
        other.layer, self.twins = copy.deepcopy(self.layer).double(), {}
        other.layer.load_state_dict(self.before)
        args, kwargs = self._double(self.given.args), self._double(self.given.kwargs)
        other.values = list(flat(other.layer(*args, **kwargs)))
        other.outputs = [v for v in other.values if isinstance(v, torch.Tensor) and v.requires_grad]
        other.weights, other.found = [weight.double() for weight in self.weights], {}
        self.twins |= {id(p): q for p, q in zip(self.layer.parameters(), other.layer.parameters(), strict=True)}
        return other

    def _double(self, value: Any) -> Any:
        if isinstance(value, (tuple, list)):
            return type(value)(map(self._double, value))
        if isinstance(value, dict):
            return {key: self._double(v) for key, v in value.items()}
        if not isinstance(value, torch.Tensor) or not value.is_floating_point():
            return value
        twin = value.detach().double().requires_grad_(value.requires_grad)
        return self.twins.setdefault(id(value), twin)


def compare(name: str, reference: Reference, dtype: torch.dtype, training: bool, library: str) -> None:
    """Raise AssertionError in what dlkit differs."""
    inputs = Inputs(library)
    built, given = reference.built, reference.given
    args = [lift(inputs, value) for value in built.args]
    layer = getattr(nn, name.partition(".")[2])(*args, **{k: lift(inputs, v) for k, v in built.kwargs.items()})
    layer.to(np.dtype(str(dtype).removeprefix("torch."))).train(training)
    keys = list(layer.state_dict())
    assert keys == list(reference.before), f"the keys are {keys}, and torch's are {list(reference.before)}"
    layer.load_state_dict(reference.before)
    inputs.leaves.clear()  # those of the constructor are no inputs
    args = [lift(inputs, value) for value in given.args]
    kwargs = {key: lift(inputs, value) for key, value in given.kwargs.items()}
    found = list(flat(layer(*args, **kwargs)))
    assert len(found) == len(reference.values), f"{len(found)} results, and torch gives {len(reference.values)}"
    for i, (mine, theirs) in enumerate(zip(found, reference.values, strict=True)):
        same(mine, theirs, f"result {i}", lambda i=i: reference.exact.values[i])
    for key, theirs in reference.layer.state_dict().items():
        exact = lambda key=key: reference.exact.layer.state_dict()[key]  # noqa: E731
        same(layer.state_dict()[key], theirs, f"afterwards {key}", exact)
    outputs = [mine for mine, v in zip(found, reference.values, strict=True) if any(v is o for o in reference.outputs)]
    if not outputs:
        return
    own, others = dict(layer.named_parameters()), dict(reference.layer.named_parameters())
    leaves = [*(mine for _, mine in inputs.leaves), *own.values()]
    theirs = [*(theirs for theirs, _ in inputs.leaves), *(others[key] for key in own)]
    made = gradients(weighed(outputs, [inputs.tensor(w) for w in reference.weights]), leaves)
    names = [*(f"input {i}" for i in range(len(inputs.leaves))), *own]
    for key, g, expected, leaf in zip(names, made, reference.gradients(theirs), theirs, strict=True):
        exact = lambda leaf=leaf: reference.exact.gradients([reference.twins[id(leaf)]])  # noqa: E731
        same_gradients([g], [expected], [leaf], f"the gradient of {key},", exact)


def run(name: str, cap: int | None = None) -> Iterator[Sample]:
    """The samples of a layer; of each element type and mode not many more than `cap`, from all of the list."""
    torch.set_num_threads(1)  # they are small: threads would only wait for each other
    entry = databases.layers()[name]
    for dtype in DTYPES:
        for training in (True, False):
            every = list(enumerate(databases.layer_samples(entry, dtype, training)))
            for number, sample in every[:: max(1, len(every) // cap)] if cap else every:
                result = Sample(name, str(dtype).removeprefix("torch."), training, number)
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    _each(result, entry, sample, dtype, training)
                yield result


def _each(result: Sample, entry: Any, sample: Any, dtype: torch.dtype, training: bool) -> None:
    for library in LIBRARIES:
        reference = Reference(entry, sample, dtype, training)  # anew: a forward changes its buffers
        try:
            with dlkit.use(library):
                compare(result.name, reference, dtype, training, library)
            result.wrong[library] = ""
        except (Unsupported, NotImplementedError) as refused:
            result.unsupported = " ".join(str(refused).split())
        except Exception as error:
            result.wrong[library] = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


# ----------------------------------------------------------------------------------------------------- the table

HEAD = ("layer", "samples", "passed", "differ", "unsupported", "why")


@cache
def results(name: str, cap: int | None = None) -> tuple[Sample, ...]:
    """What `run` gives, computed once."""
    return tuple(run(name, cap))


def faults(found: Iterable[Sample]) -> list[str]:
    """What differs, for people."""
    return [
        f"{s.name} {s.dtype} training={s.training} sample {s.number}, {library}: {said}"
        for s in found
        for library, said in s.wrong.items()
        if said
    ]


def rows() -> list[tuple[str, ...]]:
    """For each layer its name, samples, passed, failed, not supported, and the reasons; as `HEAD` says."""
    made = []
    for name in NAMES:
        found = results(name)
        passed, refused = sum(r.passed for r in found), [r.unsupported for r in found if r.unsupported]
        why = "; ".join(reason for reason, _ in collections.Counter(refused).most_common())
        counts = (len(found), passed, len(found) - passed - len(refused), len(refused))
        made.append((f"`{name}`", *map(str, counts), why))
    return made


def section() -> list[str]:
    """The table as lines of Markdown."""
    table = rows()
    total, passed, failed, refused = (sum(int(row[i]) for row in table) for i in range(1, 5))
    return [
        "## Layers of `dlkit.nn`\n",
        f"Layers are built by both libraries with the same parameters, from what torch tests its own with (`module_db`), in "
        f"training and in evaluation. **{len(table)} layers, {total} samples: {passed} passed ({passed / total:.2%}), "
        f"{refused} unsupported, {failed} differ.**\n",
        f"| {' | '.join(HEAD)} |",
        "|---|--:|--:|--:|--:|---|",
        *(f"| {' | '.join(row)} |" for row in table),
        "",
    ]
