"""Every row of the table against differences, to first and second order, on both array libraries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import dlkit
from dlkit import Tensor
from dlkit.autograd import rules
from dlkit.autograd.check import gradcheck, gradgradcheck
from dlkit.autograd.graph import Primitive

MASK = np.array([[True, False, True], [False, False, True]])
ROWS = np.array([2, 0, 0])  # one twice

A, B, POSITIVE = "a", "b", "positive"  # inputs: normal numbers, others, and numbers above 0.5, all of shape (2, 3)

# What is called for each rule: its inputs, and the function of them. A name may have several cases.
CASES: dict[str, list[tuple[list[Any], Callable[..., Any]]]] = {
    "add": [([A, B], rules.add), ([A, (3,)], rules.add), ([A, ()], rules.add)],
    "sub": [([A, B], rules.sub), ([(2, 1), A], rules.sub)],
    "mul": [([A, B], rules.mul), ([A, (1, 3)], rules.mul)],
    "div": [([A, POSITIVE], rules.div), ([(3,), POSITIVE], rules.div)],
    "neg": [([A], rules.neg)],
    "pow": [([POSITIVE, B], rules.pow), ([A], lambda a: a**3), ([A], lambda a: 2.0**a), ([A], lambda a: a**0)],
    "exp": [([A], rules.exp)],
    "expm1": [([A], rules.expm1)],
    "log": [([POSITIVE], rules.log)],
    "log1p": [([POSITIVE], rules.log1p)],
    "sqrt": [([POSITIVE], rules.sqrt)],
    "sin": [([A], rules.sin)],
    "cos": [([A], rules.cos)],
    "tanh": [([A], rules.tanh)],
    "sigmoid": [([A], rules.sigmoid)],
    "softplus": [([A], rules.softplus)],
    "erf": [([A], rules.erf)],
    "abs": [([A], rules.abs)],
    "step": [([A], lambda a, how=how: rules.step(a, how=how)) for how in ("sign", "floor", "ceil", "round", "trunc")],
    "relu": [([A], rules.relu)],
    "maximum": [([A, B], rules.maximum), ([A, (3,)], rules.maximum)],
    "where": [([A, B], lambda a, b: rules.where(mask(a), a, b)), ([A], lambda a: rules.where(mask(a), a, 0.0))],
    "sum": [([A], lambda a, **o: rules.sum(a, dim=(1,))), ([A], lambda a: rules.sum(a, dim=(0, 1), keepdim=True))],
    "amax": [([A], lambda a: rules.amax(a, dim=(1,))), ([A], lambda a: rules.amax(a, dim=(0, 1), keepdim=True))],
    "cumsum": [([A], lambda a: rules.cumsum(a, dim=1))],
    "matmul": [
        ([A, (3, 2)], rules.matmul),
        ([(3,), (3,)], rules.matmul),
        ([A, (3,)], rules.matmul),
        ([(2,), A], rules.matmul),
        ([(2, 1, 2, 3), (2, 3, 2)], rules.matmul),
    ],
    "einsum": [
        ([A, (3, 2)], lambda a, b: rules.einsum(a, b, subscripts="ij,jk->ki")),
        ([A], lambda a: rules.einsum(a, subscripts="ij->j")),
        ([A, (3,), (2,)], lambda a, b, c: rules.einsum(a, b, c, subscripts="ij,j,i->")),
    ],
    "reshape": [([A], lambda a: rules.reshape(a, shape=(3, 2)))],
    "permute": [([(2, 3, 1)], lambda a: rules.permute(a, dims=(2, 0, 1)))],
    "expand": [([(2, 1)], lambda a: rules.expand(a, shape=(3, 2, 2)))],
    "flip": [([A], lambda a: rules.flip(a, dim=(1,)))],
    "cat": [([A, (2, 1)], lambda a, b: rules.cat(a, b, dim=1))],
    "stack": [([A, B], lambda a, b: rules.stack(a, b, dim=1))],
    "getitem": [
        ([A], lambda a: rules.getitem(a, index=(0, slice(1, None)))),
        ([(3, 2)], lambda a: rules.getitem(a, index=rows(a))),
        ([A], lambda a: rules.getitem(a, index=mask(a).data)),
        ([(3, 3)], lambda a: rules.getitem(a, index=(rows(a), rows(a)))),
    ],
    "put": [
        ([(3, 2)], lambda a: rules.put(a, index=rows(a), shape=(4, 2))),
        ([A], lambda a: rules.put(a, index=(slice(0, 2), slice(1, 4)), shape=(3, 5))),
    ],
    "cast": [([A], lambda a: rules.cast(a, dtype="float64"))],
    "move": [([A], lambda a: rules.move(a, device="cpu", library="torch"))],
}


def mask(like: Tensor) -> Tensor:
    return Tensor(MASK if isinstance(like.data, (np.ndarray, np.generic)) else torch.from_numpy(MASK))


def rows(like: Tensor) -> Any:
    return ROWS if isinstance(like.data, (np.ndarray, np.generic)) else torch.from_numpy(ROWS)


def made(what: Any, number: int, library: str) -> Tensor:
    """A leaf: numbers of no two the same size, none near where a rule has a corner."""
    rng = np.random.default_rng(number)
    shape = what if isinstance(what, tuple) else (2, 3)
    array = np.asarray(
        rng.permutation(np.linspace(-2.23, 2.31, max(1, int(np.prod(shape))))).reshape(shape) + 0.01 * number
    )
    if what == POSITIVE:
        array = np.abs(array) + 0.51
    return Tensor(array if library == "numpy" else torch.from_numpy(array), requires_grad=True)


def test_every_rule_has_a_case() -> None:
    assert {p.name for p in vars(rules).values() if isinstance(p, Primitive)} == set(CASES)


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("name", CASES)
def test_a_rule_agrees_with_differences(name: str, library: str) -> None:
    if name == "move" and library == "torch":
        pytest.skip("a torch tensor on the CPU is there already")
    dlkit.manual_seed(0)
    for inputs, f in CASES[name]:
        leaves = [made(what, number, library) for number, what in enumerate(inputs)]
        assert gradcheck(f, leaves)
        assert gradgradcheck(f, leaves)


def test_many_entries_are_moved_together() -> None:
    dlkit.manual_seed(0)
    x = Tensor(np.random.standard_normal((20, 20)), requires_grad=True)
    assert gradcheck(lambda x: dlkit.tanh(x @ x), [x])
    with pytest.raises(AssertionError, match="of entry direction 0 of the result by entry direction 0 of input 0"):
        gradcheck(lambda x: x.detach() * x, [x])


def test_a_wrong_gradient_is_reported_where_it_is() -> None:
    x = Tensor(np.array([[1.0, 2.0], [3.0, 4.0]]), requires_grad=True)
    said = (
        r"of entry \(2,\) of the result by entry \(1, 0\) of input 0, whose shape is \(2, 2\), is 3 by the rule, and 6 "
    )
    with pytest.raises(AssertionError, match=said):
        gradcheck(lambda x: dlkit.where(x < 3, x * x, x.detach() * x), [x])


def test_a_wrong_second_gradient_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    x = Tensor(np.array([0.5, 1.5]), requires_grad=True)
    monkeypatch.setattr(rules.sin, "rule", lambda g, y, x: (g * rules.cos(x.detach() if isinstance(x, Tensor) else x),))
    assert gradcheck(rules.sin, [x])
    with pytest.raises(AssertionError, match="by differences"):
        gradgradcheck(rules.sin, [x])


def test_differences_need_float64() -> None:
    with pytest.raises(TypeError, match=r"gradcheck of float32: .* as in x\.double\(\)"):
        gradcheck(rules.exp, [Tensor([1.0], requires_grad=True)])


def test_a_leaf_that_nothing_depends_on() -> None:
    x, y = (Tensor(np.array([1.0, 2.0]), requires_grad=True) for _ in range(2))
    assert gradcheck(lambda x, y: x * 2, [x, y])
    assert gradgradcheck(lambda x, y: x * 2, [x, y])
