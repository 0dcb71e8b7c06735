"""The suite: what dlkit's functions compute, held to torch's own on the inputs that torch tests itself with.

    run(name)  ->  one Result a sample: for each array library and order, that it agrees, or in what it differs

Order 0 is the value, with its element type and shape; order 1 the gradient for a random cotangent, as training computes
it, on arrays; order 2 the gradient of the gradient, with respect to inputs and cotangent, through `create_graph=True`.
A sample that dlkit refuses with NotImplementedError is unsupported, and has not passed.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

import dlkit
import dlkit.nn.functional
from tests.conformance import databases

WANTED = {
    "arithmetic": """add sub mul div pow neg abs sign reciprocal square sqrt rsqrt exp expm1 exp2 log log2 log1p sin cos tan
        tanh sigmoid erf floor ceil round trunc remainder floor_divide maximum minimum clamp where lerp logaddexp xlogy
        __radd__ __rsub__ __rmul__ __rdiv__ __rpow__ __rmatmul__""",
    "comparisons": "eq ne lt le gt ge isnan isinf isfinite logical_and logical_or logical_not",
    "reductions": """sum mean prod amax amin max min var std var_mean logsumexp cumsum cumprod argmax argmin all any
        count_nonzero norm linalg.norm linalg.vector_norm""",
    "products of matrices": "matmul mm bmm mv addmm baddbmm einsum dot outer inner tensordot trace",
    "shapes": """reshape view view_as permute movedim transpose t T mT squeeze unsqueeze expand expand_as broadcast_to
        broadcast_tensors flatten unflatten ravel cat stack hstack vstack split chunk unbind tensor_split narrow select
        diagonal diag meshgrid flip roll repeat tile repeat_interleave tril triu""",
    "indices and order": """__getitem__ index_select gather take_along_dim index_put index_add index_fill scatter
        scatter_add masked_fill masked_select nonzero topk sort argsort nn.functional.one_hot""",
    "new tensors": """arange linspace eye full full_like zeros ones zeros_like ones_like new_zeros new_ones new_full clone
        contiguous to float double long bool""",
    "activations": """softmax log_softmax nn.functional.relu nn.functional.gelu nn.functional.silu nn.functional.softplus
        nn.functional.elu nn.functional.leaky_relu nn.functional.logsigmoid nn.functional.relu6 nn.functional.hardtanh
        nn.functional.hardsigmoid nn.functional.hardswish nn.functional.selu nn.functional.celu nn.functional.mish
        nn.functional.softsign nn.functional.glu nn.functional.prelu nn.functional.threshold nn.functional.softmin""",
    "layers": """nn.functional.linear nn.functional.conv1d nn.functional.conv2d nn.functional.conv_transpose1d
        nn.functional.conv_transpose2d nn.functional.max_pool1d nn.functional.max_pool2d nn.functional.avg_pool1d
        nn.functional.avg_pool2d nn.functional.adaptive_avg_pool1d nn.functional.adaptive_avg_pool2d
        nn.functional.layer_norm nn.functional.batch_norm nn.functional.group_norm nn.functional.instance_norm
        nn.functional.rms_norm nn.functional.embedding nn.functional.scaled_dot_product_attention
        nn.functional.dropout nn.functional.dropout2d nn.functional.pad nn.functional.normalize""",
    "losses": """nn.functional.cross_entropy nn.functional.nll_loss nn.functional.mse_loss nn.functional.l1_loss
        nn.functional.smooth_l1_loss nn.functional.huber_loss nn.functional.binary_cross_entropy
        nn.functional.binary_cross_entropy_with_logits nn.functional.kl_div nn.functional.gaussian_nll_loss
        nn.functional.poisson_nll_loss nn.functional.cosine_similarity nn.functional.cosine_embedding_loss
        nn.functional.margin_ranking_loss nn.functional.hinge_embedding_loss nn.functional.triplet_margin_loss
        nn.functional.soft_margin_loss nn.functional.pairwise_distance""",
}
NAMES = [name for theme in WANTED.values() for name in theme.split()]
LIBRARIES = ("numpy", "torch")
SMALL = 5000  # entries of all inputs: beyond it, no gradient of a gradient

# Where the database gives the inputs in another order than the function takes them.
ORDERED: dict[str, Callable[..., Any]] = {
    "where": lambda x, mask, other: dlkit.where(mask, x, other),
    "einsum": lambda operands, equation: dlkit.einsum(equation, *operands),
    "nn.functional.embedding": lambda table, index, **options: dlkit.nn.functional.embedding(index, table, **options),
}

# Random: torch's generator draws other numbers than NumPy's, so what is left out is found with an input of ones, must be
# whole channels and about as many as p says, and the rest is compared.
CHANCE: dict[str, Callable[[int], int] | None] = {  # for so many axes, how many a channel has
    "nn.functional.dropout": None,
    "nn.functional.dropout2d": lambda n: n - 2,
}


class Unsupported(Exception):
    """A sample that dlkit does not claim to compute, with the reason."""


def refused(name: str, sample: Any) -> None:
    """What cannot be compared, though dlkit computes something."""
    if sample.kwargs.get("dropout_p"):
        raise Unsupported("dropout within attention: torch's generator draws other numbers")


@dataclass
class Result:
    """One sample in one element type: `wrong[library, order]` says in what it differs; empty where it agrees."""

    name: str
    variant: str
    dtype: str
    number: int
    wrong: dict[tuple[str, int], str] = field(default_factory=dict)
    unsupported: str = ""

    @property
    def passed(self) -> bool:
        return not self.unsupported and not any(self.wrong.values())


def ours(name: str) -> Callable[..., Any]:
    """dlkit's function of that name: looked up when it is needed, so that what is not written yet is only unsupported."""
    if name in ORDERED:
        return ORDERED[name]
    found: Any = dlkit
    for part in name.split("."):
        found = getattr(found, part, None)
    if callable(found):
        return found  # type: ignore[no-any-return]
    method = getattr(dlkit.Tensor, name, None)
    if isinstance(method, property):
        return method.fget  # type: ignore[return-value]
    if hasattr(dlkit.Tensor(0.0), name):
        return lambda x, *args, **kwargs: getattr(x, name)(*args, **kwargs)
    raise Unsupported(f"dlkit has no {name}")


# ------------------------------------------------------------------------------------------ from torch to dlkit


@dataclass
class Inputs:
    """A sample's values for both sides, and the pairs of leaves that have gradients."""

    library: str
    leaves: list[tuple[Any, Any]] = field(default_factory=list)
    seen: dict[int, Any] = field(default_factory=dict)

    def lift(self, value: Any) -> Any:
        """A value of torch's as dlkit's: tensors become tensors, element types their names."""
        if isinstance(value, torch.Tensor):
            return self.tensor(value)
        if isinstance(value, torch.Size):
            return tuple(value)
        if isinstance(value, (list, tuple)):
            return type(value)(map(self.lift, value))
        if isinstance(value, slice):
            return slice(*map(self.lift, (value.start, value.stop, value.step)))
        if isinstance(value, torch.dtype):
            return np.dtype(element_type(value))
        if isinstance(value, torch.device):
            return str(value)
        if isinstance(value, torch.memory_format):
            return None  # how entries lie in memory: no value depends on it
        if isinstance(value, (torch.layout, complex, torch.Generator)):
            raise Unsupported(f"{type(value).__name__} {value}")
        return value

    def tensor(self, value: torch.Tensor) -> dlkit.Tensor:
        if id(value) not in self.seen:
            element_type(value.dtype)
            if value.layout != torch.strided:
                raise Unsupported("a sparse tensor")
            raw = value.detach().resolve_conj().resolve_neg().clone()
            made = dlkit.Tensor(raw.numpy() if self.library == "numpy" else raw, requires_grad=value.requires_grad)
            self.seen[id(value)] = made
            if value.requires_grad:
                self.leaves.append((value, made))
        return self.seen[id(value)]  # type: ignore[no-any-return]


def element_type(dtype: torch.dtype) -> str:
    name = str(dtype).removeprefix("torch.")
    if dtype.is_complex or name == "bfloat16":
        raise Unsupported(f"element type {name}")
    return name


def flat(value: Any) -> Iterator[Any]:
    """What a function has returned, one by one."""
    if isinstance(value, (list, tuple)) and not isinstance(value, torch.Size):
        for part in value:
            yield from flat(part)
    else:
        yield value


# ---------------------------------------------------------------------------------------------------- comparing


def same(found: Any, expected: Any, what: str, exact: Callable[[], Any] | None = None) -> None:
    """Raise AssertionError where a result of dlkit's is not torch's, in type, shape or value.

    float32 results that differ by more than torch's tolerance are both held to torch's own in float64 (`exact`): from
    that, dlkit's may be four times as far as torch's, beside the tolerance. So sums that cancel are no fault of either.
    """
    if not isinstance(expected, torch.Tensor):
        assert found == expected, f"{what} is {found}, and torch's is {expected}"
        return
    assert isinstance(found, dlkit.Tensor), f"{what} is no tensor but {type(found).__name__}"
    have, want = (found.dtype.name, found.shape), (element_type(expected.dtype), tuple(expected.shape))
    assert have == want, f"{what} is {have}, and torch's is {want}"
    expected = expected.detach().to_dense()
    got = found.data if isinstance(found.data, torch.Tensor) else torch.from_numpy(np.array(found.data))
    try:
        torch.testing.assert_close(got, expected, equal_nan=True, msg=lambda said: f"{what}: {said}")
    except AssertionError:
        truth = exact() if exact and expected.dtype == torch.float32 else None
        if truth is None or truth.dtype != torch.float64:
            raise
        away, allowed = (got - truth).abs(), (expected - truth).abs().max() * 4 + 1e-5 + 1.3e-6 * truth.abs()
        if not (away <= allowed).all():
            raise


def noise(like: Any, seed: int) -> torch.Tensor:
    """A random cotangent."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(like.shape, generator=generator, dtype=like.dtype)


def weighed(outputs: list[Any], weights: list[Any]) -> dlkit.Tensor:
    """One number: its gradients are those of the outputs with the weights as cotangents."""
    total: Any = 0.0
    for output, weight in zip(outputs, weights, strict=True):
        total = total + (output * weight).sum()
    return total  # type: ignore[no-any-return]


def gradients(total: dlkit.Tensor, leaves: list[Any], again: bool = False) -> list[Any]:
    """dlkit's gradients; None for a leaf that the total does not depend on."""
    for leaf in leaves:
        leaf.grad = None
    if total.requires_grad:
        total.backward(create_graph=again)
    found = [leaf.grad for leaf in leaves]
    for leaf in leaves:
        leaf.grad = None
    return found


def same_gradients(found: list[Any], expected: Any, leaves: list[Any], what: str, exact: Any = None) -> None:
    for i, (g, e, leaf) in enumerate(zip(found, expected, leaves, strict=True)):
        if g is None or e is None:  # no gradient is one of zeros
            some = g if e is None else e
            zeros = torch.zeros(leaf.shape, dtype=leaf.dtype)
            there = torch.from_numpy(np.array(some.detach().tolist())) if isinstance(some, dlkit.Tensor) else some
            if there is not None:
                side = "torch's" if g is not None else "dlkit's"
                said = f"{what} {i}: {side} is missing, and the other is not zero"
                torch.testing.assert_close(there.detach().to_dense().to(leaf.dtype), zeros, msg=said)
        else:
            same(g, e.to(leaf.dtype), f"{what} {i}", (lambda i=i: exact()[i]) if exact else None)


# ---------------------------------------------------------------------------------------------------- one sample


def left_out(name: str, sample: Any, library: str) -> torch.Tensor:
    """The factors that dlkit's dropout draws for a sample: 0, or 1 / (1 - p), the same in a whole channel."""
    inputs = Inputs(library)
    ones = inputs.tensor(torch.ones_like(sample.input))
    factors = torch.from_numpy(np.array(drawn(ours(name), [ones], sample.kwargs).detach().tolist()))
    p = sample.kwargs.get("p", 0.5) if sample.kwargs.get("training", True) else 0.0
    kept = factors != 0
    assert torch.equal(factors[kept], torch.full_like(factors[kept], 1 / (1 - p) if p < 1 else 0.0))
    channels = kept.reshape(*kept.shape[: kept.ndim - CHANCE[name](kept.ndim)], -1) if CHANCE[name] else kept
    assert CHANCE[name] is None or bool((channels == channels[..., :1]).all()), "a channel is left out in part"
    some = channels[..., 0] if CHANCE[name] else channels
    far = 5 * (p * (1 - p) / max(1, some.numel())) ** 0.5  # five deviations
    assert abs(some.double().mean().item() - (1 - p)) <= far, f"{some.double().mean()} are kept, with p={p}"
    return factors.to(sample.input.dtype)


def drawn(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """A function of chance, with the same chance at each call."""
    dlkit.manual_seed(0)
    return function(*args, **kwargs)


class Reference:
    """What torch computes for a sample: values, gradients and their gradients, each when it is first asked for."""

    def __init__(self, entry: Any, sample: Any, library: str) -> None:
        self.entry, self.sample, self.library = entry, sample, library
        if entry.name in CHANCE:
            self.values = [sample.input * left_out(entry.name, sample, library)]
        else:
            with sdpa_kernel(SDPBackend.MATH):  # the others have no gradient of a gradient
                self.values = list(flat(entry.op(sample.input, *sample.args, **sample.kwargs)))
        self.leaves: list[torch.Tensor] = []
        self._found: dict[int, Any] = {}
        self._exact: Reference | None = None

    def exact(self) -> Reference:
        """The same in float64, for the same cotangents."""
        if self._exact is None:
            twins = {id(leaf): leaf.detach().double().requires_grad_() for leaf in self.leaves}

            def double(x: torch.Tensor) -> torch.Tensor:
                return twins[id(x)] if id(x) in twins else x.double() if x.is_floating_point() else x

            self._exact = Reference(
                self.entry,
                self.sample.transform(lambda x: double(x) if isinstance(x, torch.Tensor) else x),
                self.library,
            )
            self._exact.leaves = [twins[id(leaf)] for leaf in self.leaves]
            weights = [w.double() for w in self.order(1)[0]] if self.wanted() else []
            outputs = [self._exact.values[i] for i in self.wanted()]
            if weights:
                self._exact._found[1] = (
                    weights,
                    torch.autograd.grad(outputs, self._exact.leaves, weights, allow_unused=True, retain_graph=True),
                )
        return self._exact

    def wanted(self) -> list[int]:
        """Which of the results have a gradient."""
        return [i for i, v in enumerate(self.values) if isinstance(v, torch.Tensor) and v.requires_grad]

    def order(self, n: int) -> Any:
        if n not in self._found:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._found[n] = self._first() if n == 1 else self._second()
        return self._found[n]

    def _first(self) -> Any:
        outputs = [self.values[i] for i in self.wanted()]
        weights = [noise(v, i) for i, v in enumerate(outputs)]
        return weights, torch.autograd.grad(outputs, self.leaves, weights, allow_unused=True, retain_graph=True)

    def _second(self) -> Any:
        outputs = [self.values[i] for i in self.wanted()]
        weights = [noise(v, i).requires_grad_() for i, v in enumerate(outputs)]
        first = torch.autograd.grad(outputs, self.leaves, weights, allow_unused=True, create_graph=True)
        again = [noise(g, 100 + i) if g is not None and g.requires_grad else None for i, g in enumerate(first)]
        pairs = [(g, w) for g, w in zip(first, again, strict=True) if w is not None]
        if not pairs:
            return weights, again, None
        grads, cotangents = zip(*pairs, strict=True)
        return weights, again, torch.autograd.grad(grads, [*self.leaves, *weights], cotangents, allow_unused=True)


def check(name: str, reference: Reference, library: str, orders: tuple[int, ...]) -> dict[int, str]:
    """For each order what is wrong, or the empty string."""
    inputs = Inputs(library)
    sample = reference.sample
    args = inputs.lift((sample.input, *sample.args))
    kwargs = {key: inputs.lift(value) for key, value in sample.kwargs.items()}
    reference.leaves = [theirs for theirs, _ in inputs.leaves]
    leaves = [mine for _, mine in inputs.leaves]
    for value in reference.values:
        if isinstance(value, torch.Tensor):
            element_type(value.dtype)
    function = ours(name)
    wrong: dict[int, str] = {}

    def values() -> list[Any]:
        found = list(flat(drawn(function, args, kwargs)))
        assert len(found) == len(reference.values), f"{len(found)} results, and torch gives {len(reference.values)}"
        return found

    def lifted(weights: list[Any]) -> list[Any]:
        return [None if w is None else inputs.tensor(w) for w in weights]

    def zeroth() -> None:
        for i, (found, expected) in enumerate(zip(values(), reference.values, strict=True)):
            same(found, expected, f"result {i}", lambda i=i: reference.exact().values[i])

    def first() -> None:
        weights, expected = reference.order(1)
        found = values()
        total = weighed([found[i] for i in reference.wanted()], lifted(weights))
        exact = None if name in CHANCE else lambda: reference.exact().order(1)[1]
        same_gradients(gradients(total, leaves), expected, reference.leaves, "the gradient of input", exact)

    def second() -> None:
        weights, again, expected = reference.order(2)
        if expected is None:
            return
        found = values()
        mine = lifted(weights)
        total = weighed([found[i] for i in reference.wanted()], mine)
        grads = gradients(total, [*leaves, *mine], again=True)[: len(leaves)]
        pairs = [(g, w) for g, w in zip(grads, lifted(again), strict=True) if g is not None and w is not None]
        total = weighed(*map(list, zip(*pairs, strict=True))) if pairs else dlkit.Tensor(0.0)
        theirs = [*reference.leaves, *weights]
        if any(e is not None and e.isnan().any() for e in expected):
            return  # as a norm at 0: torch's own gradient of a gradient is nan there, and it does not test it
        seconds = gradients(total, [*leaves, *mine])
        same_gradients(seconds, expected, theirs, "the second gradient of input")

    for order in orders:
        try:
            (zeroth, first, second)[order]()
            wrong[order] = ""
        except (NotImplementedError, Unsupported):
            raise
        except Exception as error:
            wrong[order] = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    return wrong


def asked(reference: Reference, entry: Any, dtype: torch.dtype, leaves: list[torch.Tensor]) -> tuple[int, ...]:
    """The orders that a sample can be compared at."""
    if not reference.wanted() or not leaves:
        return (0,)
    small = sum(leaf.numel() for leaf in leaves) <= SMALL
    return (0, 1, 2) if dtype == torch.float64 and entry.supports_gradgrad and small else (0, 1)


def leaves_of(value: Any) -> list[torch.Tensor]:
    return [v for v in flat(value) if isinstance(v, torch.Tensor) and v.requires_grad]


def dtypes(entry: Any) -> list[torch.dtype]:
    supported = entry.supported_dtypes("cpu")
    found = [d for d in (torch.float32, torch.float64) if d in supported]
    return found or [d for d in (torch.int64,) if d in supported]


def run(name: str, cap: int = databases.CAP, libraries: tuple[str, ...] = LIBRARIES) -> Iterator[Result]:
    """Every sample of an operation, in every variant and element type."""
    for entry in databases.operations()[name]:
        for dtype in dtypes(entry):
            for number, sample in enumerate(databases.samples(entry, dtype, cap)):
                yield compared(name, entry, dtype, number, sample, libraries)


def compared(name: str, entry: Any, dtype: torch.dtype, number: int, sample: Any, libraries: tuple[str, ...]) -> Result:
    result = Result(name, entry.variant_test_name, str(dtype).removeprefix("torch."), number)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        leaves = leaves_of([sample.input, list(sample.args), list(sample.kwargs.values())])
        reference = None
        for library in libraries:
            try:
                refused(name, sample)
                if reference is None or name in CHANCE:
                    reference = Reference(entry, sample, library)
                orders = asked(reference, entry, dtype, leaves)
                with dlkit.use(library) if library != "numpy" else nullcontext():
                    wrong = check(name, reference, library, orders)
            except (NotImplementedError, Unsupported) as error:
                result.unsupported = str(error) or "not implemented"
                continue
            result.wrong.update({(library, order): said for order, said in wrong.items()})
    return result
