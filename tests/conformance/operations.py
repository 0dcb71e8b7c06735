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

import dlkit
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
    "activations": " ".join(
        f"nn.functional.{name}"
        for name in """relu gelu silu softplus elu leaky_relu logsigmoid relu6 hardtanh hardsigmoid hardswish selu celu mish
        softsign glu prelu threshold softmin""".split()
    )
    + " softmax log_softmax",
    "layers": " ".join(
        f"nn.functional.{name}"
        for name in """linear conv1d conv2d conv_transpose1d conv_transpose2d max_pool1d max_pool2d avg_pool1d avg_pool2d
        adaptive_avg_pool1d adaptive_avg_pool2d layer_norm batch_norm group_norm instance_norm rms_norm embedding
        scaled_dot_product_attention dropout dropout2d pad normalize""".split()
    ),
    "losses": " ".join(
        f"nn.functional.{name}"
        for name in """cross_entropy nll_loss mse_loss l1_loss smooth_l1_loss huber_loss binary_cross_entropy
        binary_cross_entropy_with_logits kl_div gaussian_nll_loss poisson_nll_loss cosine_similarity
        cosine_embedding_loss margin_ranking_loss hinge_embedding_loss triplet_margin_loss soft_margin_loss
        pairwise_distance""".split()
    ),
}
NAMES = [name for theme in WANTED.values() for name in theme.split()]
LIBRARIES = ("numpy", "torch")
SMALL = 5000  # entries of all inputs: beyond it, no gradient of a gradient

# Where the database gives the inputs in another order than the function takes them.
ORDERED: dict[str, Callable[..., Any]] = {
    "where": lambda x, mask, other: dlkit.where(mask, x, other),
    "einsum": lambda operands, equation: dlkit.einsum(equation, *operands),
}

# torch's own tolerances times this; each with its reason.
LOOSER: dict[str, float] = {}


class Unsupported(Exception):
    """A sample that dlkit does not claim to compute, with the reason."""


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


def same(found: Any, expected: Any, looser: float, what: str) -> None:
    """Raise AssertionError where a result of dlkit's is not torch's, in type, shape or value."""
    if not isinstance(expected, torch.Tensor):
        assert found == expected, f"{what} is {found}, and torch's is {expected}"
        return
    assert isinstance(found, dlkit.Tensor), f"{what} is no tensor but {type(found).__name__}"
    have, want = (found.dtype.name, found.shape), (element_type(expected.dtype), tuple(expected.shape))
    assert have == want, f"{what} is {have}, and torch's is {want}"
    expected = expected.detach().to_dense()
    got = found.data if isinstance(found.data, torch.Tensor) else torch.from_numpy(np.array(found.data))
    if expected.dtype in (torch.float32, torch.float64):
        rtol, atol = (1.3e-6, 1e-5) if expected.dtype == torch.float32 else (1e-7, 1e-7)  # assert_close's own
        tolerance = {"rtol": rtol * looser, "atol": atol * looser}
    else:
        tolerance = {}
    torch.testing.assert_close(got, expected, equal_nan=True, msg=lambda said: f"{what}: {said}", **tolerance)


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


def same_gradients(found: list[Any], expected: Any, leaves: list[Any], looser: float, what: str) -> None:
    for i, (g, e, leaf) in enumerate(zip(found, expected, leaves, strict=True)):
        if e is None:
            assert g is None or not np.any(np.asarray(g.detach().tolist())), f"{what} {i} is not zero, and torch's is"
        elif g is None:
            assert not e.to_dense().any(), f"{what} {i} is missing"
        else:
            same(g, e.to(leaf.dtype), looser, f"{what} {i}")


# ---------------------------------------------------------------------------------------------------- one sample


class Reference:
    """What torch computes for a sample: values, gradients and their gradients, each when it is first asked for."""

    def __init__(self, entry: Any, sample: Any) -> None:
        self.sample = sample
        self.values = list(flat(entry.op(sample.input, *sample.args, **sample.kwargs)))
        self.leaves: list[torch.Tensor] = []
        self.twice = entry.supports_gradgrad
        self._found: dict[int, Any] = {}

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
    looser = LOOSER.get(name, 1.0)
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
        found = list(flat(function(*args, **kwargs)))
        assert len(found) == len(reference.values), f"{len(found)} results, and torch gives {len(reference.values)}"
        return found

    def lifted(weights: list[Any]) -> list[Any]:
        return [None if w is None else inputs.tensor(w) for w in weights]

    def zeroth() -> None:
        for i, (found, expected) in enumerate(zip(values(), reference.values, strict=True)):
            same(found, expected, looser, f"result {i}")

    def first() -> None:
        weights, expected = reference.order(1)
        found = values()
        total = weighed([found[i] for i in reference.wanted()], lifted(weights))
        same_gradients(gradients(total, leaves), expected, reference.leaves, looser, "the gradient of input")

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
        same_gradients(seconds, expected, theirs, looser, "the second gradient of input")

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
    return found or [d for d in (torch.int64,) if d in supported and not entry.supports_autograd]


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
        reference = Reference(entry, sample)
        leaves = leaves_of([sample.input, list(sample.args), list(sample.kwargs.values())])
        orders = asked(reference, entry, dtype, leaves)
        for library in libraries:
            try:
                with dlkit.use(library) if library != "numpy" else nullcontext():
                    wrong = check(name, reference, library, orders)
            except (NotImplementedError, Unsupported) as error:
                result.unsupported = str(error) or "not implemented"
                continue
            result.wrong.update({(library, order): said for order, said in wrong.items()})
    return result
