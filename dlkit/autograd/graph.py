"""Operations that leave a trace, and the walk back along it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any, TypeAlias, cast

import dlkit.autograd.tensor as tensors  # the two know each other: each is looked up when it is called
from dlkit.autograd import backend, recording
from dlkit.autograd.backend import Array

Value: TypeAlias = Any
"""An array, a number or a Tensor: the rules of primitives work on any of them."""
Gradients: TypeAlias = tuple[Any, ...]
"""For each input its gradient, None, or a function that computes it, called only if somebody wants it."""


class Primitive:
    """An operation: `forward` computes on arrays, `rule` takes a gradient back, on arrays and on Tensors alike.

    Called on Tensors it gives a Tensor that remembers where it came from; called on arrays it is `forward`.
    """

    def __init__(self, forward: Callable[..., Array], rule: Callable[..., Gradients], view: bool = False) -> None:
        functools.update_wrapper(self, rule)
        inputs = list(inspect.signature(rule).parameters.values())
        self.__signature__ = inspect.Signature([p for p in inputs if p.name not in ("g", "y", "saved")])
        self.forward, self.rule, self.view, self.name = forward, rule, view, rule.__name__

    def __repr__(self) -> str:
        return f"<operation {self.name}>"

    def run(self, arrays: Sequence[Any], options: dict[str, Any]) -> tuple[Array, Any]:
        """The result on arrays, and what the rule wants kept of the way there."""
        return self.forward(*arrays, **options), None

    def __call__(self, *inputs: Value, **options: Any) -> tensors.Tensor:
        lifted = tracked = False
        arrays: list[Any] = []
        for x in inputs:
            if isinstance(x, tensors.Tensor):
                lifted, tracked = True, tracked or x._requires_grad
                x = x.data
            arrays.append(x)
        if not lifted:  # a rule at work on arrays
            return cast("tensors.Tensor", self.run(arrays, options)[0])
        try:
            data, saved = self.run(arrays, options)
        except (ValueError, RuntimeError, TypeError, IndexError) as error:
            from dlkit.functions.mends import explained  # the functions need the engine first

            raise explained(self.name, error, arrays, options) from error
        out = tensors.Tensor(data)
        if self.view and backend.share(out.data, arrays[0]):
            out.version = inputs[0].version
        if tracked and recording.is_grad_enabled() and backend.is_float(out.data):
            out._requires_grad, out.seen = True, _versions(inputs)
            out.op, out.inputs, out.options, out.saved = self, inputs, options, saved
        return out


def rule(forward: Callable[..., Array], view: bool = False) -> Callable[[Callable[..., Gradients]], Primitive]:
    """Decorates the rule of an operation, a row of the table: `(g, y, *inputs, **options) -> Gradients`.

    `view` says that the result lies in the first input's memory.
    """
    return lambda rule: Primitive(forward, rule, view)


class Fused(Primitive):
    """Several operations in one: faster, with a rule on arrays alone, which may use what `forward` has found.

    `equivalent` is the same in primitives: what the tests compare with, and what gives higher-order gradients.
    """

    equivalent: Callable[..., tensors.Tensor]

    def run(self, arrays: Sequence[Any], options: dict[str, Any]) -> tuple[Array, Any]:
        return cast("tuple[Array, Any]", self.forward(*arrays, **options))


def fused(
    forward: Callable[..., tuple[Array, Any]], equivalent: Callable[..., tensors.Tensor]
) -> Callable[[Callable[..., Gradients]], Fused]:
    """Decorates the rule `(g, y, saved, *inputs, **options) -> Gradients` of a forward that returns `y, saved`."""

    def decorate(rule: Callable[..., Gradients]) -> Fused:
        made = Fused(forward, rule)
        made.equivalent = equivalent
        return made

    return decorate


@dataclass(frozen=True)
class Part:
    """A gradient that is zero but for `values` at `index`: many of them are added into one array of zeros."""

    values: Array
    index: Any


def _versions(inputs: Sequence[Value]) -> int:
    return sum([x.version[0] for x in inputs if isinstance(x, tensors.Tensor)])


@dataclass(slots=True)
class _Arrived:
    """What has arrived at a tensor so far. An `owned` sum is nobody else's: it may be added to in place."""

    tensor: tensors.Tensor
    gradient: Value = None
    owned: bool = False

    def add(self, g: Value, owned: bool) -> None:
        if isinstance(g, Part):
            if self.gradient is None:
                self.gradient = backend.zeros_like(self.tensor.data)
            elif not self.owned:
                self.gradient = backend.copy(self.gradient)
            backend.add_at(self.gradient, g.index, g.values)
            self.owned = True
        elif self.gradient is None:
            self.gradient, self.owned = g, owned
        elif self.owned:
            self.gradient += g
        else:
            self.gradient, self.owned = self.gradient + g, not isinstance(g, tensors.Tensor)


def walk(
    roots: Sequence[tensors.Tensor], seeds: Sequence[Value], retain_graph: bool, create_graph: bool
) -> Iterator[tuple[tensors.Tensor, Value, bool]]:
    """Every tensor behind the roots with its complete gradient, the youngest first, and whether the gradient is owned.

    A tensor is younger than what it was made from. So when the youngest that waits is taken, all that was made from
    it has been passed, and its gradient is complete: no recursion, no sorting beforehand.
    """
    waiting: dict[int, _Arrived] = {}
    ticks: list[int] = []

    def arrive(t: tensors.Tensor, g: Value, owned: bool = False) -> None:
        if t.tick not in waiting:
            waiting[t.tick] = _Arrived(t)
            heappush(ticks, -t.tick)
        waiting[t.tick].add(g, owned)

    for root, seed in zip(roots, seeds, strict=True):
        g = _seed(root, seed)
        arrive(root, g if create_graph else g.data)
    while ticks:
        arrived = waiting.pop(-heappop(ticks))
        t, g, owned = arrived.tensor, arrived.gradient, arrived.owned
        for hook in t.hooks or ():
            changed = hook(g if isinstance(g, tensors.Tensor) else tensors.Tensor(g))
            if changed is not None:
                g, owned = changed if create_graph else changed.data, False
        yield t, g, owned
        if t.op is None:
            continue
        inputs = _inputs(t)
        if create_graph and isinstance(t.op, Fused):
            arrive(t.op.equivalent(*inputs, **t.options), g)  # younger than all that waits: it is taken apart next
            continue
        for x, gx in zip(inputs, _gradients(t, g, inputs, create_graph), strict=False):
            if gx is None or not (isinstance(x, tensors.Tensor) and x._requires_grad):
                continue
            gx = gx() if callable(gx) else gx
            if isinstance(gx, Part):
                arrive(x, gx)
            else:
                fitted = fit(gx, x)
                arrive(x, fitted, owned=fitted is not g and not create_graph and backend.owns(fitted))
        if not retain_graph:
            t.inputs, t.saved, t.options = None, None, {}


def _gradients(t: tensors.Tensor, g: Value, inputs: Sequence[Value], create_graph: bool) -> Gradients:
    op = cast("Primitive", t.op)
    if create_graph:
        return op.rule(g, t, *inputs, **t.options)
    arrays = [x.data if isinstance(x, tensors.Tensor) else x for x in inputs]
    if isinstance(op, Fused):
        return op.rule(g, t.data, t.saved, *arrays, **t.options)
    return op.rule(g, t.data, *arrays, **t.options)


def _inputs(t: tensors.Tensor) -> tuple[Value, ...]:
    """What a tensor was made from, if that is still as it was."""
    name = t.op.name if t.op else ""
    if t.inputs is None:
        raise RuntimeError(
            f"the graph behind this result of {name} is freed: a backward has passed through it. Compute the value "
            f"again, or pass the first time with retain_graph=True"
        )
    if t.seen != _versions(t.inputs):
        raise RuntimeError(
            f"an input of {name} was changed in place after {name} had used it, and its gradient would be wrong. "
            f"Change it after backward, or change a copy: x = x.clone()"
        )
    return t.inputs


def _seed(root: tensors.Tensor, seed: Value) -> tensors.Tensor:
    if not root.requires_grad:
        raise RuntimeError(
            "there is no graph to go back along: no tensor that this was computed from has requires_grad=True, or it was computed under no_grad()"
        )
    if seed is None:
        if root.numel() != 1:
            raise RuntimeError(
                f"a gradient goes back from one number, and this tensor has shape {root.shape}: reduce it, as with "
                f".sum() or .mean(), or give `gradient`, one weight for each entry"
            )
        return tensors.Tensor(backend.ones_like(root.data))
    if not isinstance(seed, tensors.Tensor):
        seed = tensors.Tensor(backend.like(seed, root.data))
    if seed.shape != root.shape:
        raise RuntimeError(f"`gradient` has shape {seed.shape}, the tensor {root.shape}: they must be the same")
    return cast("tensors.Tensor", seed if seed.dtype == root.dtype else seed.to(root.dtype))


def fit(g: Value, x: tensors.Tensor) -> Value:
    """A gradient with the shape and element type of its input: what was broadcast on the way there is summed here, for
    all rules."""
    if g.shape != x.data.shape:
        lead = g.ndim - x.ndim
        axes = (*range(lead), *(i + lead for i, n in enumerate(x.shape) if n == 1 and g.shape[i + lead] != 1))
        g = backend.xp(g).sum(g, axis=axes) if not isinstance(g, tensors.Tensor) else g.sum(axes)
        g = g.reshape(x.shape)
    if g.dtype != x.data.dtype:
        g = g.to(x.dtype) if isinstance(g, tensors.Tensor) else backend.cast(g, backend.dtype(x.data))
    return g
