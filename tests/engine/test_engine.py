"""The walk back: long graphs, shared nodes, derivatives of derivatives, hooks, and where nothing is recorded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

import dlkit
from dlkit import Tensor, grad

BOTH = pytest.mark.parametrize("library", ["numpy", "torch"])


def leaf(values: Any, library: str = "numpy", dtype: str = "float64") -> Tensor:
    array = np.array(values, dtype)
    return Tensor(array if library == "numpy" else torch.tensor(array), requires_grad=True)


def the(t: Tensor | None) -> Tensor:
    assert t is not None
    return t


def memory(*tensors: Tensor) -> list[Any]:
    return [t.numpy() if not isinstance(t.data, np.ndarray) else t.data for t in tensors]


# --------------------------------------------------------------------------------------------- long and wide


@BOTH
def test_a_chain_of_100000_nodes(library: str) -> None:
    x = leaf([1.0], library)
    y = x
    for _ in range(100_000):
        y = y + 1.0
    y.sum().backward()
    assert the(x.grad).tolist() == [1.0]
    for _ in range(100_000):
        y = y * 1.0
    del y  # one after the other, not one within the other


def test_a_shared_node_is_passed_once() -> None:
    """2**60 ways lead to the leaf."""
    x = leaf([1.0])
    y = x
    for _ in range(60):
        y = y + y
    y.sum().backward()
    assert the(x.grad).tolist() == [2.0**60]


def test_inputs_without_gradient_are_not_walked() -> None:
    x, constant = leaf([2.0]), Tensor([3.0])
    (x * constant + constant).sum().backward()
    assert constant.grad is None
    assert the(x.grad).tolist() == [3.0]


@BOTH
def test_backward_from_a_leaf(library: str) -> None:
    x = leaf(2.0, library)
    x.backward()
    assert the(x.grad).item() == 1.0


@BOTH
def test_gradients_are_added_up(library: str) -> None:
    x = leaf([1.0, 2.0], library)
    for _ in range(3):
        (x * x).sum().backward()
    assert the(x.grad).tolist() == [6.0, 12.0]


# ---------------------------------------------------------------------------------- derivatives of derivatives

SMOOTH: dict[str, Callable[[Any], Any]] = {
    "sin times exp": lambda x: x.sin() * x.exp(),
    "power": lambda x: x**3.5,
    "quotient": lambda x: x / (1.0 + x * x),
    "root of log": lambda x: (1.0 + x.log() ** 2).sqrt(),
    "tanh of sigmoid": lambda x: x.sigmoid().tanh(),
    "erf": lambda x: x.erf() * x,
    "softmax": lambda x: x.softmax(-1) * x,
    "log of sums": lambda x: (x.cumsum(-1) * 2.0).logsumexp(-1),
    "product of matrices": lambda x: (x.reshape(2, 2) @ x.reshape(2, 2) @ x.reshape(2, 2)).reshape(4),
    "shapes": lambda x: (x.reshape(2, 2).T.reshape(4)[1:] * x.expand(3, 4)[:, :3]) ** 3,
    "exponent": lambda x: 2.0**x + x**x,
    "largest": lambda x: x.amax(-1) ** 4 * x.sum(),
}


@BOTH
@pytest.mark.parametrize("name", SMOOTH)
def test_third_derivatives_are_torchs(name: str, library: str) -> None:
    values = [0.7, 1.3, 0.4, 2.1]
    x, y = leaf(values, library), torch.tensor(values, dtype=torch.float64, requires_grad=True)
    ours, theirs = SMOOTH[name](x).sum(), SMOOTH[name](y).sum()
    for order in range(3):
        (ours,) = grad(ours, x, create_graph=order < 2)
        (theirs,) = torch.autograd.grad(theirs, y, create_graph=True)
        np.testing.assert_allclose(ours.numpy(), theirs.detach().numpy(), rtol=1e-8, atol=1e-10)
        weights = [1.0, -2.0, 0.5, 3.0]
        if order < 2:
            ours, theirs = (ours * Tensor(leaf(weights, library).data)).sum(), (theirs * torch.tensor(weights)).sum()


@BOTH
def test_a_gradient_with_a_graph_is_a_loss(library: str) -> None:
    """Backward with create_graph, then backward of what is on .grad: it is added to it, as in torch."""
    x = leaf([0.5, 2.0], library)
    (x**3).sum().backward(create_graph=True)
    first = the(x.grad)
    (first * first).sum().backward()
    a = np.array([0.5, 2.0])
    np.testing.assert_allclose(the(x.grad).numpy(), 3 * a**2 + 36 * a**3)
    np.testing.assert_allclose(first.numpy(), 3 * a**2)


# ------------------------------------------------------------------------------------------- random graphs

ONE: list[Callable[[Any], Any]] = [
    lambda a: a.tanh(),
    lambda a: a.sin() * 0.5,
    lambda a: a.sigmoid() - 0.25,
    lambda a: (a * a + 1.0).sqrt(),
    lambda a: -a,
    lambda a: a.sum(-1, keepdim=True) * 0.3 if a.ndim else a,
    lambda a: a.reshape(-1)[:1],
    lambda a: a.reshape(-1).cumsum(0)[-1],
    lambda a: a[..., ::2] if a.ndim else a * 2.0,
    lambda a: a.mT if a.ndim >= 2 and a.shape[-1] == a.shape[-2] else a + 0.5,
    lambda a: a.amax(-1) if a.ndim else a,
]
TWO: list[Callable[[Any, Any], Any]] = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a / (1.0 + b * b),
    lambda a, b: a.maximum(b),
    lambda a, b: (a * a + 0.5) ** b.tanh(),
]
SHAPES: list[tuple[int, ...]] = [(3, 3), (3,), (1, 3), (3, 1), (), (2, 3, 3), (2, 1, 3)]


def weave(leaves: list[Any], seed: int, kind: Any) -> Any:
    """A value computed from leaves by operations that the seed chooses, some results used several times."""
    rng = np.random.default_rng(seed)
    nodes = list(leaves)
    for _ in range(rng.integers(3, 14)):
        i, j, one, two = (
            rng.integers(len(nodes)),
            rng.integers(len(nodes)),
            rng.integers(len(ONE)),
            rng.integers(len(TWO)),
        )
        try:
            nodes.append(ONE[one](nodes[i]) if rng.random() < 0.4 else TWO[two](nodes[i], nodes[j]))
        except (RuntimeError, ValueError):
            nodes.append(nodes[i] * nodes[i] * 0.5)  # shapes that cannot be broadcast
    total: Any = 0.0
    for node in nodes[len(leaves) // 2 :]:
        total = total + (node * float(rng.normal())).sum()
    return total


@BOTH
@pytest.mark.parametrize("chunk", range(8))
def test_random_graphs_are_torchs(chunk: int, library: str) -> None:
    for seed in range(40 * chunk, 40 * (chunk + 1)):
        rng = np.random.default_rng(10_000 + seed)
        values = [rng.normal(size=SHAPES[k]) for k in rng.integers(len(SHAPES), size=rng.integers(1, 5))]
        ours = [leaf(v, library) for v in values]
        theirs = [torch.tensor(v, requires_grad=True) for v in values]
        y, expected = weave(ours, seed, Tensor), weave(theirs, seed, torch.Tensor)
        assert y.item() == pytest.approx(expected.item(), rel=1e-10), seed
        y.backward()
        expected.backward()
        for p, q in zip(ours, theirs, strict=True):
            assert (p.grad is None) == (q.grad is None), seed
            if p.grad is not None and q.grad is not None:
                assert p.grad.shape == p.shape
                np.testing.assert_allclose(p.grad.numpy(), q.grad.numpy(), rtol=1e-9, atol=1e-9, err_msg=str(seed))


@pytest.mark.parametrize("chunk", range(4))
def test_the_gradients_gradients_of_random_graphs_are_torchs(chunk: int) -> None:
    for seed in range(500 + 20 * chunk, 500 + 20 * (chunk + 1)):
        rng = np.random.default_rng(10_000 + seed)
        values = [rng.normal(size=SHAPES[k]) for k in rng.integers(len(SHAPES), size=2)]
        ours, theirs = [leaf(v) for v in values], [torch.tensor(v, requires_grad=True) for v in values]
        y, expected = weave(ours, seed, Tensor), weave(theirs, seed, torch.Tensor)
        y.backward(create_graph=True)
        first = torch.autograd.grad(expected, theirs, create_graph=True, allow_unused=True)
        slope: Any = sum((p.grad * p.grad).sum() for p in ours if p.grad is not None)
        other: Any = sum((g * g).sum() for g in first if g is not None)
        for p in ours:
            p.grad = None
        if not other.requires_grad:
            continue
        slope.backward()
        for p, g in zip(ours, torch.autograd.grad(other, theirs, allow_unused=True), strict=True):
            found = np.zeros(p.shape) if p.grad is None else p.grad.numpy()
            np.testing.assert_allclose(
                found, np.zeros(p.shape) if g is None else g.numpy(), rtol=1e-7, atol=1e-8, err_msg=str(seed)
            )


# ------------------------------------------------------------------------------------------- whose memory it is

SAME: dict[str, Callable[[Any, Any], Any]] = {
    "sum": lambda a, b: a + b,
    "sum, thrice": lambda a, b: a + b + a,
    "reshaped": lambda a, b: (a.reshape(-1) + b.reshape(-1)).reshape(2, 2),
    "transposed": lambda a, b: a.T + b.T,
    "spread": lambda a, b: (a + b).expand(3, 2, 2),
    "one of two": lambda a, b: a * 1.0 + b,
    "stacked": lambda a, b: dlkit.stack([a, b]),
    "put together": lambda a, b: dlkit.cat([a, b, a]),
    "parts": lambda a, b: a[0] + b[1],
}


@BOTH
@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("name", SAME)
def test_gradients_lie_in_memory_of_their_own(name: str, create_graph: bool, library: str) -> None:
    a, b = leaf([[1.0, 2.0], [3.0, 4.0]], library), leaf([[1.0, 2.0], [3.0, 4.0]], library)
    y = SAME[name](a, b)
    weights = Tensor(y.data * 0.0 + 2.0)
    y.backward(weights, create_graph=create_graph)
    arrays = memory(the(a.grad), the(b.grad), weights, a, b)
    for i, p in enumerate(arrays):
        assert not any(np.shares_memory(p, q) for q in arrays[:i])
    before = the(b.grad).tolist()
    the(a.grad).data[...] = 99.0
    assert the(b.grad).tolist() == before
    assert weights.numpy().max() == 2.0


@BOTH
def test_gradients_from_grad_can_be_written_to(library: str) -> None:
    a, b = leaf([1.0, 2.0], library), leaf([1.0, 2.0], library)
    ga, gb = grad((a + b).sum(), [a, b])
    ga *= 5.0
    assert (ga.tolist(), gb.tolist()) == ([5.0, 5.0], [1.0, 1.0])


# --------------------------------------------------------------------------------------------- hooks and grad()


def test_hooks_are_called_in_order_with_the_whole_gradient() -> None:
    x = leaf([1.0, 2.0])
    y = x * 2.0
    said: list[Any] = []
    y.register_hook(lambda g: said.append(("look", g.tolist())))
    double = y.register_hook(lambda g: g * 10.0)
    y.register_hook(lambda g: said.append(("then", g.tolist())))
    x.register_hook(lambda g: said.append(("leaf", g.tolist())))
    (y + y * y).sum().backward(retain_graph=True)
    assert said == [("look", [5.0, 9.0]), ("then", [50.0, 90.0]), ("leaf", [100.0, 180.0])]
    assert the(x.grad).tolist() == [100.0, 180.0]
    double.remove()
    double.remove()
    x.grad = None
    (y * 1.0).sum().backward()
    assert the(x.grad).tolist() == [2.0, 2.0]


def test_of_a_hook_that_is_there_twice_one_is_removed() -> None:
    x, count = leaf([1.0]), [0]

    def hook(g: Tensor) -> None:
        count[0] += 1

    first, _ = x.register_hook(hook), x.register_hook(hook)
    first.remove()
    first.remove()
    x.sum().backward()
    assert count == [1]


def test_a_hook_may_replace_with_create_graph() -> None:
    x = leaf([3.0])
    y = x * x
    y.register_hook(lambda g: g * y)
    (slope,) = grad(y.sum(), x, create_graph=True)
    assert slope.tolist() == [54.0]  # x * x * 2 x
    assert grad(slope.sum(), x)[0].tolist() == [342.0]  # 2 y, and what comes to y: 2 x, made 2 x y, times 2 x


def test_retain_grad() -> None:
    x = leaf([1.0, 2.0])
    y = x * 3.0
    y.retain_grad()
    (y * y).sum().backward()
    assert the(y.grad).tolist() == [6.0, 12.0]
    assert the(x.grad).tolist() == [18.0, 36.0]


@BOTH
def test_grad_of_several_inputs_touches_no_leaf(library: str) -> None:
    a, b = leaf([2.0], library), leaf([3.0], library)
    y = a * b
    z = y * y
    found = grad(z.sum(), [b, y, a, b])
    assert [g.tolist() for g in found] == [[24.0], [12.0], [36.0], [24.0]]
    assert (a.grad, b.grad, y.grad) == (None, None, None)


def test_grad_of_what_is_not_there() -> None:
    a, b = leaf([2.0]), leaf([3.0])
    with pytest.raises(RuntimeError, match="the output does not depend on input 1: nothing leads from it there"):
        grad((a * a).sum(), [a, b])


@BOTH
def test_retain_graph_lets_it_pass_again(library: str) -> None:
    x = leaf([2.0], library)
    y = (x.exp() * x).sum()
    y.backward(retain_graph=True)
    first = the(x.grad).tolist()
    y.backward()
    assert the(x.grad).tolist() == [2 * first[0]]
    with pytest.raises(RuntimeError, match="is freed"):
        y.backward()


# -------------------------------------------------------------------------------------- where nothing is recorded


def test_no_grad_as_with_and_above_functions() -> None:
    x = leaf([1.0])

    @dlkit.no_grad()
    def quiet() -> bool:
        with dlkit.enable_grad():
            inside = (x * 2.0).requires_grad
        return inside and not (x * 2.0).requires_grad

    @dlkit.no_grad
    def plain() -> bool:
        return (x * 2.0).requires_grad

    @dlkit.enable_grad
    def loud() -> bool:
        return (x * 2.0).requires_grad

    assert quiet()
    assert not plain()
    assert (x * 2.0).requires_grad
    with dlkit.no_grad():
        assert loud()
        with dlkit.set_grad_enabled(True):
            assert dlkit.is_grad_enabled()
        assert not dlkit.is_grad_enabled()
    assert plain.__name__ == "plain"


def test_no_grad_ends_with_an_error() -> None:
    with pytest.raises(KeyError), dlkit.no_grad():
        raise KeyError
    assert dlkit.is_grad_enabled()


def test_no_grad_calls_itself() -> None:
    @dlkit.no_grad()
    def down(n: int) -> list[bool]:
        return [dlkit.is_grad_enabled(), *(down(n - 1) if n else [])]

    assert down(3) == [False] * 4
    assert dlkit.is_grad_enabled()
    manager = dlkit.no_grad()
    with manager, manager:
        assert not dlkit.is_grad_enabled()
    assert dlkit.is_grad_enabled()


def test_a_thread_has_a_mode_of_its_own() -> None:
    inside, may_end, seen = threading.Event(), threading.Event(), []

    def other() -> None:
        seen.append(dlkit.is_grad_enabled())
        with dlkit.no_grad():
            inside.set()
            may_end.wait(10)

    with dlkit.no_grad():
        thread = threading.Thread(target=other)
        thread.start()
    assert inside.wait(10)
    assert dlkit.is_grad_enabled()
    may_end.set()
    thread.join()
    assert seen == [True]


def test_threads_build_graphs_side_by_side() -> None:
    found: dict[int, list[float]] = {}

    def work(k: int) -> None:
        x = leaf([float(k)])
        for _ in range(50):
            x.grad = None
            y = x
            for _ in range(20):
                y = y * 1.0 + x
            y.sum().backward()
        found[k] = the(x.grad).tolist()

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert found == {k: [21.0] for k in range(4)}


def test_generators() -> None:
    x = leaf([1.0])

    def batches() -> Iterator[bool]:
        with dlkit.no_grad():
            yield (x * 2.0).requires_grad
        yield (x * 2.0).requires_grad

    assert list(batches()) == [False, True]
    abandoned = batches()
    next(abandoned)
    abandoned.close()
    assert dlkit.is_grad_enabled()
    with pytest.raises(TypeError, match=r"write `with no_grad\(\):` in the body"):
        dlkit.no_grad(batches)
    with pytest.raises(TypeError, match="has ended when a generator's body runs"):
        dlkit.no_grad()(batches)


def test_a_detached_part_has_no_gradient() -> None:
    x = leaf([2.0])
    y = x * x
    (y.detach() * x).sum().backward()
    assert the(x.grad).tolist() == [4.0]
    assert y.detach().is_leaf
    assert not y.is_leaf
