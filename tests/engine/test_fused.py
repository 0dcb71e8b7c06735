"""Compound operations agree with their equivalents in primitives, and with torch: values, gradients, their gradients."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from dlkit import Tensor, equivalents, grad
from dlkit.autograd import fused, recurrent, windows
from dlkit.autograd.backend import to_numpy
from dlkit.autograd.graph import Fused
from dlkit.functions.sliding import Slide
from dlkit.nn import functional

LIBRARIES = ("numpy", "torch")
SLIDE = Slide((3, 2), (2, 1), ((1, 2), (0, 1)), (1, 2))
PLAIN = Slide((3, 2), (2, 1), ((0, 0), (0, 0)), (1, 1))


def numbers(*shape: int, seed: int = 0, dtype: str = "float64") -> np.ndarray:
    return np.asarray(np.random.default_rng([seed, *shape]).standard_normal(shape), dtype)


def tensor(a: Any, library: str, requires_grad: bool = False) -> Tensor:
    a = np.array(a)
    return Tensor(a if library == "numpy" else torch.from_numpy(a), requires_grad)


CASES: dict[str, tuple[Fused, list[Any], dict[str, Any]]] = {
    "linear": (fused.linear, [numbers(2, 3, 4), numbers(5, 4), numbers(5)], {}),
    "linear without bias": (fused.linear, [numbers(4), numbers(5, 4), None], {}),
    "softmax": (fused.softmax, [numbers(3, 4)], {"dim": 0}),
    "log_softmax": (fused.log_softmax, [numbers(3, 4)], {"dim": 1}),
    "nll_of_logits": (fused.nll_of_logits, [numbers(3, 4), np.array([3, 0, 3])], {}),
    "normalize": (fused.normalize, [numbers(3, 4, 5), numbers(4, 1), numbers(4, 1)], {"dim": (0, 2), "eps": 1e-3}),
    "normalize, not centered": (fused.normalize, [numbers(3, 4), None, None], {"dim": (1,), "eps": 0.1, "center": False}),
    "attention": (fused.attention, [numbers(2, 3, 4), numbers(2, 5, 4, seed=1), numbers(2, 5, 3), None, None], {"scale": 0.5}),
    "attention with all": (
        fused.attention,
        [numbers(2, 3, 4), numbers(2, 5, 4, seed=1), numbers(2, 5, 3), numbers(3, 5), 1.5 * (numbers(2, 3, 5) > 0)],
        {"scale": 0.5},
    ),
    "conv": (windows.conv, [numbers(2, 4, 6, 5), numbers(6, 2, 3, 2), numbers(6)], {"slide": SLIDE, "groups": 2}),
    "conv along one axis": (
        windows.conv,
        [numbers(2, 3, 7), numbers(4, 3, 2), None],
        {"slide": Slide((2,), (2,), ((0, 0),), (1,)), "groups": 1},
    ),
    "conv_transpose": (
        windows.conv_transpose,
        [numbers(2, 6, 4, 4), numbers(6, 2, 3, 2)],
        {"size": (7, 5), "slide": SLIDE, "groups": 2},
    ),
    "max_pool": (windows.max_pool, [numbers(2, 3, 7, 5)], {"slide": PLAIN}),
    "max_pool of equal ones": (windows.max_pool, [np.round(numbers(2, 3, 7, 5))], {"slide": PLAIN}),
    **{
        cell: (
            recurrent.recurrent,
            [numbers(3, 2, 4), numbers(2, 5 * n // k), numbers(5 * n, 4), numbers(5 * n, 5), numbers(5 * n), numbers(5 * n)],
            {"cell": cell},
        )
        for cell, n, k in (("gru", 3, 3), ("lstm", 4, 2))
    },
}  # fmt: skip


def orders(call: Callable[..., Tensor], inputs: list[Any]) -> list[np.ndarray]:
    """The value, its gradient for a random cotangent, and the gradient of the sum of squares of that."""
    leaves = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]
    y = call(*inputs)
    weight = tensor(numbers(*y.shape, seed=5), "numpy" if isinstance(y.data, np.ndarray) else "torch")
    first = grad(y, leaves, weight)
    z = call(*inputs)
    again = grad(z, leaves, weight, create_graph=True)
    total: Any = sum(((g * g).sum() for g in again), start=(z * 0.0).sum())
    second = grad(total, leaves)
    return [to_numpy(t.data) for t in (y, *first, *again, *second)]


def leaf(a: Any, library: str) -> Any:
    return a if a is None else tensor(a, library, requires_grad=np.asarray(a).dtype.kind == "f")


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", CASES)
def test_an_operation_is_its_equivalent(name: str, library: str) -> None:
    op, arrays, options = CASES[name]
    if name == "attention with all":  # the last input is no leaf
        inputs = [*(leaf(a, library) for a in arrays[:-1]), tensor(arrays[-1], library)]
    else:
        inputs = [leaf(a, library) for a in arrays]
    before = [None if x is None else np.array(to_numpy(x.data)) for x in inputs]
    found = orders(lambda *xs: op(*xs, **options), inputs)
    wanted = orders(lambda *xs: op.equivalent(*xs, **options), inputs)
    for f, w in zip(found, wanted, strict=True):
        np.testing.assert_allclose(f, w, rtol=1e-9, atol=1e-9)
    for x, b in zip(inputs, before, strict=True):
        assert x is None or np.array_equal(to_numpy(x.data), b), "an input was changed"


def test_every_operation_has_a_case() -> None:
    found = {op.name for module in (fused, recurrent, windows) for op in vars(module).values() if isinstance(op, Fused)}
    assert found == {op.name for op, _, _ in CASES.values()}


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", CASES)
def test_float32_stays(name: str, library: str) -> None:
    op, arrays, options = CASES[name]
    single = [a.astype("float32") if a is not None and a.dtype.kind == "f" else a for a in arrays]
    inputs = [leaf(a, library) for a in single]
    y = op(*inputs, **options)
    y.sum().backward()
    assert y.dtype == np.float32
    assert {x.grad.dtype for x in inputs if x is not None and x.grad is not None} == {np.dtype("float32")}


@pytest.mark.parametrize("name", ["linear", "conv", "conv_transpose", "gru"])
def test_gradients_wait_until_they_are_wanted(name: str) -> None:
    op, arrays, options = CASES[name]
    y, saved = op.run(arrays, options)
    found = op.rule(np.ones_like(y), y, saved, *arrays, **options)
    assert sum(callable(g) for g in found) >= len(found) - 1  # a GRU finds its first state's on the way


def triangle(n: int, m: int) -> np.ndarray:
    return np.tri(n, m, dtype=bool)


WITH_TORCH: list[tuple[str, list[Any], dict[str, Any]]] = [
    ("linear", [numbers(2, 3, 4), numbers(5, 4), numbers(5)], {}),
    ("conv1d", [numbers(2, 4, 9), numbers(6, 2, 3), numbers(6)], {"padding": "same", "groups": 2, "dilation": 3}),
    ("conv1d", [numbers(2, 4, 9), numbers(6, 4, 4), None], {"padding": "same", "dilation": 2}),
    ("conv2d", [numbers(2, 4, 9, 8), numbers(6, 4, 3, 2), numbers(6)], {"stride": (2, 3), "padding": (1, 0)}),
    ("conv2d", [numbers(4, 9, 8), numbers(4, 1, 3, 2)], {"groups": 4, "padding": "valid"}),
    ("conv_transpose1d", [numbers(2, 4, 5), numbers(4, 3, 3), numbers(3)], {"stride": 2, "output_padding": 1}),
    ("conv_transpose2d", [numbers(2, 4, 5, 4), numbers(4, 3, 3, 2), numbers(6)],
     {"stride": (2, 1), "padding": 1, "groups": 2, "dilation": 2, "output_padding": (1, 1)}),
    ("max_pool1d", [numbers(2, 3, 9)], {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}),
    ("max_pool2d", [numbers(2, 3, 9, 8)], {"kernel_size": (3, 2), "stride": 1, "dilation": 2}),
    ("max_pool2d", [numbers(3, 9, 8)], {"kernel_size": 3, "padding": 1, "ceil_mode": True, "return_indices": True}),
    ("avg_pool1d", [numbers(2, 3, 9)], {"kernel_size": 4, "stride": 2, "padding": 2, "count_include_pad": False}),
    ("avg_pool2d", [numbers(2, 3, 9, 8)], {"kernel_size": (3, 2), "padding": 1, "ceil_mode": True}),
    ("avg_pool2d", [numbers(2, 3, 9, 8)], {"kernel_size": 3, "divisor_override": 2}),
    ("adaptive_avg_pool1d", [numbers(2, 3, 7)], {"output_size": 3}),
    ("adaptive_avg_pool2d", [numbers(2, 3, 7, 5)], {"output_size": (None, 8)}),
    ("softmax", [1e3 * numbers(3, 4)], {"dim": -1}),
    ("log_softmax", [numbers(3, 4, 2)], {"dim": 1}),
    ("cross_entropy", [numbers(4, 5), np.array([1, 0, 4, 1])], {}),
    ("cross_entropy", [numbers(4, 5, 2, 3), np.arange(24).reshape(4, 2, 3) % 5],
     {"ignore_index": 1, "label_smoothing": 0.2, "weight": np.arange(1.0, 6.0)}),
    ("cross_entropy", [numbers(4, 5, 2), np.abs(numbers(4, 5, 2))], {"reduction": "sum", "label_smoothing": 0.1}),
    ("cross_entropy", [numbers(4, 5), np.abs(numbers(4, 5))], {"reduction": "none", "weight": np.arange(1.0, 6.0)}),
    ("cross_entropy", [numbers(5), np.array(2)], {}),
    ("layer_norm", [numbers(2, 3, 4), (3, 4), numbers(3, 4), numbers(3, 4)], {}),
    ("rms_norm", [numbers(2, 3, 4), (4,), numbers(4)], {}),
    ("group_norm", [numbers(2, 6, 3), 3, numbers(6), numbers(6)], {}),
    ("batch_norm", [numbers(4, 3, 2), np.zeros(3), np.ones(3), numbers(3), numbers(3)], {"training": True}),
    ("batch_norm", [numbers(4, 3, 2), np.ones(3), np.full(3, 2.0), numbers(3), numbers(3)], {}),
    ("instance_norm", [numbers(4, 3, 5)], {}),
    ("embedding", [np.array([[1, 4, 1], [0, 1, 2]]), numbers(5, 3)], {"padding_idx": -1}),
    ("embedding", [np.array([1, 4, 1]), numbers(5, 3)], {"scale_grad_by_freq": True}),
    ("scaled_dot_product_attention", [numbers(2, 4, 3, 6), numbers(2, 4, 5, 6), numbers(2, 4, 5, 2)], {"is_causal": True}),
    ("scaled_dot_product_attention", [numbers(2, 3, 6), numbers(2, 5, 6), numbers(2, 5, 2), triangle(3, 5)], {}),
    ("scaled_dot_product_attention", [numbers(2, 3, 6), numbers(2, 5, 6), numbers(2, 5, 2), numbers(3, 5)], {"scale": 2.0}),
    ("scaled_dot_product_attention", [numbers(4, 3, 6), numbers(2, 5, 6), numbers(2, 5, 2)], {"enable_gqa": True}),
]  # fmt: skip

CONSTANT = {"batch_norm": (1, 2), "cross_entropy": (1,)}  # inputs that torch gives no gradient, or not twice


def theirs(call: Callable[..., Any], arrays: list[Any], leaves: list[int], options: dict[str, Any]) -> list[np.ndarray]:
    given = [
        torch.tensor(a, requires_grad=i in leaves) if isinstance(a, np.ndarray) else a for i, a in enumerate(arrays)
    ]
    kwargs = {key: torch.tensor(v) if isinstance(v, np.ndarray) else v for key, v in options.items()}
    wanted = [given[i] for i in leaves]
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        y = call(*given, **kwargs)
        y, *more = y if isinstance(y, tuple) else (y,)
        first = torch.autograd.grad(y, wanted, torch.tensor(numbers(*y.shape, seed=5)), create_graph=True)
        total = sum(((g * g).sum() for g in first), start=(y * 0.0).sum())
        second = torch.autograd.grad(total, wanted)
    state = [given[i] for i in CONSTANT.get(call.__name__, ()) if given[i].dtype.is_floating_point]
    return [t.detach().numpy() for t in (y, *first, *second, *more, *state)]


def ours(name: str, arrays: list[Any], leaves: list[int], options: dict[str, Any], library: str) -> list[np.ndarray]:
    given = [tensor(a, library, i in leaves) if isinstance(a, np.ndarray) else a for i, a in enumerate(arrays)]
    kwargs = {key: tensor(v, library) if isinstance(v, np.ndarray) else v for key, v in options.items()}
    wanted = [given[i] for i in leaves]
    y = getattr(functional, name)(*given, **kwargs)
    y, *more = y if isinstance(y, tuple) else (y,)
    weight = tensor(numbers(*y.shape, seed=5), library)
    direct = grad(y, wanted, weight, retain_graph=True)
    first = grad(y, wanted, weight, create_graph=True)
    for a, b in zip(direct, first, strict=True):
        np.testing.assert_allclose(to_numpy(a.data), to_numpy(b.data), rtol=1e-8, atol=1e-8)
    total: Any = sum(((g * g).sum() for g in first), start=(y * 0.0).sum())
    state = [given[i] for i in CONSTANT.get(name, ()) if given[i].dtype.kind == "f"]
    return [to_numpy(t.data) for t in (y, *first, *grad(total, wanted), *more, *state)]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("case", range(len(WITH_TORCH)), ids=lambda i: f"{WITH_TORCH[i][0]} {i}")
def test_a_function_is_that_of_torch(case: int, library: str) -> None:
    name, arrays, options = WITH_TORCH[case]
    real = [i for i, a in enumerate(arrays) if isinstance(a, np.ndarray) and a.dtype.kind == "f"]
    leaves = [i for i in real if i not in CONSTANT.get(name, ())]
    wanted = theirs(getattr(torch.nn.functional, name), arrays, leaves, options)
    found = ours(name, arrays, leaves, options, library)
    for f, w in zip(found, wanted, strict=True):
        assert f.shape == w.shape
        np.testing.assert_allclose(f, w, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("name", ["rnn_tanh", "rnn_relu", "gru", "lstm"])
def test_a_recurrent_network_is_that_of_torch(name: str, both: bool, library: str) -> None:
    n, ways = {"gru": 3, "lstm": 4}.get(name, 1), 1 + both
    arrays = [numbers(2, 5, 4), numbers(2 * ways, 2, 3), numbers(2 * ways, 2, 3, seed=1)]
    for layer in range(2):
        inputs = 4 if layer == 0 else 3 * ways
        for way in range(ways):
            seed = 10 * layer + way
            arrays += [numbers(3 * n, inputs, seed=seed), numbers(3 * n, 3, seed=seed), *numbers(2, 3 * n, seed=seed)]

    def run(module: Any, tensors: list[Any]) -> Any:
        x, h, c, *weights = tensors
        hx = (h, c) if name == "lstm" else h
        return getattr(module, name)(x, hx, weights, True, 2, 0.0, False, both, True)

    mine = [tensor(a, library, True) for a in arrays]
    other = [torch.tensor(a, requires_grad=True) for a in arrays]
    found, wanted = run(functional, mine), run(torch, other)
    for results in (found, wanted):
        sum(((y * y).sum() for y in results[1:]), start=(results[0] * 2.0).sum()).backward()
    for f, w in zip(found, wanted, strict=True):
        np.testing.assert_allclose(to_numpy(f.data), w.detach().numpy(), rtol=1e-9, atol=1e-9)
    for f, w in zip(mine, other, strict=True):
        assert (f.grad is None) == (w.grad is None)
        if w.grad is not None:
            np.testing.assert_allclose(to_numpy(f.grad.data), w.grad.numpy(), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("name", ["rnn_tanh_cell", "rnn_relu_cell", "gru_cell", "lstm_cell"])
def test_a_cell_is_that_of_torch(name: str) -> None:
    n = {"gru_cell": 3, "lstm_cell": 4}.get(name, 1)
    arrays = [
        numbers(2, 4),
        numbers(2, 5),
        numbers(2, 5, seed=1),
        numbers(5 * n, 4),
        numbers(5 * n, 5),
        *numbers(2, 5 * n),
    ]

    def run(module: Any, x: Any, h: Any, c: Any, *weights: Any) -> Any:
        y = getattr(module, name)(x, (h, c) if name == "lstm_cell" else h, *weights)
        return y if isinstance(y, tuple) else (y,)

    found, wanted = run(functional, *map(Tensor, arrays)), run(torch, *map(torch.tensor, arrays))
    for f, w in zip(found, wanted, strict=True):
        np.testing.assert_allclose(f.data, w.numpy(), rtol=1e-9)


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_row_that_may_look_at_nothing_gives_zeros(library: str) -> None:
    q, k, v = (tensor(numbers(3, 4, seed=i), library, True) for i in range(3))
    mask = tensor(np.array([[True] * 3, [False] * 3, [True] * 3]), library)
    y = functional.scaled_dot_product_attention(q, k, v, mask)
    assert np.array_equal(to_numpy(y.data)[1], np.zeros(4))
    y.sum().backward()
    for g in (q.grad, k.grad, v.grad):
        assert g is not None
        assert np.isfinite(to_numpy(g.data)).all()


def test_dropout_in_attention_keeps_the_mean() -> None:
    np.random.seed(0)
    q, k, v = Tensor(numbers(200, 3, 4)), Tensor(numbers(200, 8, 4)), Tensor(np.ones((200, 8, 1)))
    y = functional.scaled_dot_product_attention(q, k, v, dropout_p=0.3).data
    assert len(np.unique(y)) > 100
    assert abs(y.mean() - 1) < 0.1


@pytest.mark.parametrize("training", [True, False])
def test_running_statistics_are_those_of_torch(training: bool) -> None:
    x, mean, variance = numbers(4, 3, 2), numbers(3), np.abs(numbers(3))
    mine, other = [Tensor(mean.copy()), Tensor(variance.copy())], [torch.tensor(mean), torch.tensor(variance)]
    functional.batch_norm(Tensor(x), *mine, training=training, momentum=0.3)
    torch.nn.functional.batch_norm(torch.tensor(x), *other, training=training, momentum=0.3)
    for f, w in zip(mine, other, strict=True):
        np.testing.assert_allclose(f.data, w.numpy(), rtol=1e-12)


def test_long_rows_are_shortened_in_place() -> None:
    table, index = 3 * numbers(5, 3), np.array([1, 4, 1])
    mine, other = Tensor(table.copy()), torch.tensor(table)
    found = functional.embedding(Tensor(index), mine, max_norm=1.0)
    wanted = torch.nn.functional.embedding(torch.tensor(index), other, max_norm=1.0)
    np.testing.assert_allclose(found.data, wanted.numpy(), rtol=1e-9)
    np.testing.assert_allclose(mine.data, other.numpy(), rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "arrays", "options"),
    [
        ("linear", [(0, 3), (2, 3), (2,)], {}),
        ("conv2d", [(0, 2, 5, 5), (3, 2, 3, 3), (3,)], {}),
        ("conv_transpose2d", [(0, 2, 5, 5), (2, 3, 3, 3), (3,)], {}),
        ("max_pool2d", [(0, 2, 5, 5)], {"kernel_size": 2}),
        ("avg_pool2d", [(0, 2, 5, 5)], {"kernel_size": 2, "padding": 1}),
        ("softmax", [(0, 3)], {"dim": 1}),
        ("log_softmax", [(3, 0)], {"dim": 1}),
        ("layer_norm", [(0, 3), [3], (3,), (3,)], {}),
        ("scaled_dot_product_attention", [(0, 2, 3), (0, 4, 3), (0, 4, 3)], {}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("library", LIBRARIES)
def test_an_empty_batch_is_no_special_case(name: str, arrays: list[Any], options: dict[str, Any], library: str) -> None:
    leaves = [tensor(np.ones(s), library, True) if isinstance(s, tuple) else s for s in arrays]
    y = getattr(functional, name)(*leaves, **options)
    wanted = getattr(torch.nn.functional, name)(
        *(torch.ones(s) if isinstance(s, tuple) else s for s in arrays), **options
    )
    assert y.shape == tuple(wanted.shape)
    y.sum().backward()
    for x in leaves:
        if isinstance(x, Tensor):
            assert x.grad is not None
            assert x.grad.shape == x.shape
            assert not to_numpy(x.grad.data).any()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: functional.conv2d(Tensor(numbers(1, 2, 5, 5)), Tensor(numbers(3, 3, 3, 3))), "channels / groups"),
        (lambda: functional.conv2d(Tensor(numbers(1, 2, 5, 5)), Tensor(numbers(3, 2, 6, 3))), "does not fit"),
        (lambda: functional.conv2d(Tensor(numbers(5, 5)), Tensor(numbers(3, 2, 6, 3))), "4 axes"),
        (lambda: functional.conv1d(Tensor(numbers(1, 1, 5)), Tensor(numbers(1, 1, 3)), stride=2, padding="same"), "stride 1"),
        (lambda: functional.conv_transpose1d(Tensor(numbers(1, 1, 5)), Tensor(numbers(1, 1, 3)), output_padding=1), "smaller"),
        (lambda: functional.max_pool2d(Tensor(numbers(1, 5, 5)), 2, padding=2), "at most half"),
        (lambda: functional.avg_pool2d(Tensor(numbers(1, 5, 5)), 6), "does not fit"),
        (lambda: functional.layer_norm(Tensor(numbers(2, 3)), (2,)), "last axes"),
        (lambda: functional.group_norm(Tensor(numbers(2, 3)), 2), "divide the channels"),
        (lambda: functional.linear(Tensor(numbers(2, 3)), Tensor(numbers(4, 2))), "linear of"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_explained(call: Callable[[], Any], said: str) -> None:
    with pytest.raises((RuntimeError, ValueError), match=said):
        call()


def test_targets_that_are_no_class_are_found() -> None:
    with pytest.raises(IndexError, match="5 classes"):
        functional.cross_entropy(Tensor(numbers(2, 5)), Tensor(np.array([0, 5])))
    with pytest.raises(ValueError, match="reduction"):
        functional.cross_entropy(Tensor(numbers(2, 5)), Tensor(np.array([0, 4])), reduction="average")


def test_where_no_target_counts_no_gradient_arrives() -> None:
    """The mean of nothing is not a number, and its gradient is zero all the same, as in torch."""
    x = Tensor(numbers(2, 5), True)
    with np.errstate(invalid="ignore", divide="ignore"):
        loss = functional.cross_entropy(x, Tensor(np.array([-100, -100])))
        loss.backward()
    assert np.isnan(loss.item())
    assert x.grad is not None
    assert not x.grad.data.any()


def lenet() -> Callable[[], float]:
    """One step of training a small convolutional network."""
    x, target = Tensor(numbers(8, 1, 12, 12, dtype="float32")), Tensor(np.arange(8) % 4)
    shapes = [(4, 1, 3, 3), (4,), (8, 4, 3, 3), (8,), (4, 72), (4,)]
    weights = [Tensor(0.1 * numbers(*s, dtype="float32"), True) for s in shapes]

    def step() -> float:
        a, b, c, d, e, f = weights
        y = functional.max_pool2d(functional.conv2d(x, a, b, padding=1), 2)
        y = functional.layer_norm(functional.conv2d(y, c, d, padding=1), (6, 6))
        y = functional.avg_pool2d(y, 2).reshape(8, 72)
        loss = functional.cross_entropy(functional.linear(y, e, f), target)
        loss.backward()
        for w in weights:
            w.data -= 0.1 * w.grad.data  # type: ignore[union-attr]
            w.grad = None
        return float(loss.item())

    return step


def test_steps_leave_nothing_to_the_collector() -> None:
    """One map of features kept at each step would be 50 x 18 kB; Python itself keeps some small objects."""
    step = lenet()
    gc.disable()
    tracemalloc.start()
    try:
        losses = [step() for _ in range(5)]
        before = tracemalloc.get_traced_memory()[0]
        losses += [step() for _ in range(50)]
        assert tracemalloc.get_traced_memory()[0] - before < 300_000
    finally:
        tracemalloc.stop()
        gc.enable()
    assert losses[-1] < 0.5 * losses[0]


def test_a_convolution_keeps_no_columns() -> None:
    """Windows of 5 x 5 are 25 times the input; at no time is all of that in memory."""
    x, w = Tensor(numbers(64, 4, 32, 32, dtype="float32"), True), Tensor(numbers(4, 4, 5, 5, dtype="float32"), True)
    size = x.data.nbytes
    tracemalloc.start()
    try:
        functional.conv2d(x, w, padding=2).sum().backward()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12 * size


def test_equivalents_are_named() -> None:
    assert all(op.equivalent is getattr(equivalents, op.name) for op, _, _ in CASES.values())
