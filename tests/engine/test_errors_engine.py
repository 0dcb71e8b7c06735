"""What the engine says where something is wrong: which operation, what is the matter, and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import dlkit
from dlkit import Tensor

BOTH = pytest.mark.parametrize("library", ["numpy", "torch"])


def tensor(
    shape: tuple[int, ...] = (2, 3), library: str = "numpy", dtype: str = "float32", grad: bool = False
) -> Tensor:
    array = np.full(shape, 2, dtype)
    return Tensor(array if library == "numpy" else torch.tensor(array), requires_grad=grad)


def said(error: type[Exception], *words: str) -> Any:
    """An error whose message has these words, in this order."""
    return pytest.raises(error, match="(?s)" + ".*".join(map(re.escape, words)))


# ------------------------------------------------------------------------------------------------- the graph


@BOTH
def test_writing_into_the_result_of_an_operation(library: str) -> None:
    y = tensor(library=library, grad=True) * 2.0
    for act, how in (
        (lambda: y.__setitem__(0, 1.0), "writing to entries"),
        (lambda: y.fill_(0.0), "fill_"),
        (lambda: y.copy_(y.detach()), "copy_"),
    ):
        with said(RuntimeError, how, "in place would change the result of mul", "wrong gradient", "with no_grad():"):
            act()


@BOTH
def test_changing_a_leaf_that_is_trained(library: str) -> None:
    w = tensor(library=library, grad=True)
    with said(
        RuntimeError, "+= in place would change a leaf that requires a gradient", "`x = x + y`", "with no_grad():"
    ):
        w += 1.0
    with said(RuntimeError, "/= in place would change a leaf"):
        w /= 2.0


@BOTH
def test_an_input_that_was_changed_before_backward(library: str) -> None:
    w = tensor(library=library, grad=True)
    y = w.exp().sum() + (w * w).sum()
    with dlkit.no_grad():
        w -= 0.1
    with said(
        RuntimeError, "an input of", "was changed in place after", "had used it", "after backward", "x = x.clone()"
    ):
        y.backward()


@BOTH
def test_a_second_backward(library: str) -> None:
    loss = (tensor(library=library, grad=True) ** 2).sum()
    loss.backward()
    with said(
        RuntimeError, "the graph behind this result of sum is freed", "Compute the value again", "retain_graph=True"
    ):
        loss.backward()


@BOTH
def test_a_second_backward_through_a_shared_part(library: str) -> None:
    h = tensor(library=library, grad=True).exp()
    first, second = h.sum(), (h * 2.0).sum()
    first.backward()
    with said(RuntimeError, "the graph behind this result of exp is freed"):
        second.backward()


@BOTH
def test_backward_of_many_numbers(library: str) -> None:
    y = tensor(library=library, grad=True) * 2.0
    with said(RuntimeError, "from one number", "shape (2, 3)", ".sum() or .mean()", "`gradient`"):
        y.backward()


@BOTH
def test_a_gradient_of_another_shape(library: str) -> None:
    y = tensor(library=library, grad=True) * 2.0
    with said(RuntimeError, "`gradient` has shape (3,), the tensor (2, 3)", "the same"):
        y.backward(tensor((3,), library))


@BOTH
def test_backward_without_a_graph(library: str) -> None:
    w = tensor(library=library, grad=True)
    with dlkit.no_grad():
        under = (w * 2.0).sum()
    for y in (under, tensor(library=library).sum(), w.detach().sum()):
        with said(RuntimeError, "no graph", "requires_grad=True", "no_grad()"):
            y.backward()
        with said(RuntimeError, "no graph"):
            dlkit.grad(y, w)


@BOTH
@pytest.mark.parametrize("dtype", ["int64", "bool", "uint8"])
def test_whole_numbers_have_no_gradient(dtype: str, library: str) -> None:
    for act in (
        lambda: tensor(library=library, dtype=dtype, grad=True),
        lambda: tensor(library=library, dtype=dtype).requires_grad_(),
    ):
        with said(TypeError, f"a tensor of {dtype} has no gradient", ".float()"):
            act()


@BOTH
def test_a_result_cannot_stop_to_require_a_gradient(library: str) -> None:
    y = tensor(library=library, grad=True) * 2.0
    with said(RuntimeError, "the result of mul depends on tensors that require a gradient", ".detach()"):
        y.requires_grad = False


# ------------------------------------------------------------------------------------------------- shapes

TWO: dict[str, tuple[Callable[[Any, Any], Any], str]] = {  # what is computed, and what it is called
    "add": (lambda a, b: a + b, "add"),
    "subtract": (lambda a, b: a - b, "sub"),
    "multiply": (lambda a, b: a * b, "mul"),
    "divide": (lambda a, b: a / b, "div"),
    "power": (lambda a, b: a**b, "pow"),
    "maximum": (lambda a, b: a.maximum(b), "maximum"),
    "choose": (lambda a, b: dlkit.where(a > 0, a, b), "where"),
    "product": (lambda a, b: a @ b, "matmul"),
    "product, mm": (lambda a, b: a.mm(b), "matmul"),
    "einsum": (lambda a, b: dlkit.einsum("ij,jk->ik", a, b), "einsum"),
    "together": (lambda a, b: dlkit.cat([a, b], 1), "cat"),
    "stacked": (lambda a, b: dlkit.stack([a, b]), "stack"),
    "less": (lambda a, b: a < b, "lt"),
    "equal": (lambda a, b: a == b, "eq"),
}


@BOTH
@pytest.mark.parametrize("grad", [False, True])
@pytest.mark.parametrize("name", TWO)
def test_shapes_that_do_not_fit(name: str, grad: bool, library: str) -> None:
    compute, called = TWO[name]
    a, b = tensor((2, 3), library, grad=grad), tensor((4, 5), library, grad=grad)
    with said(ValueError, f"{called} of ", "(2, 3) and (4, 5): ") as caught:
        compute(a, b)
    assert caught.value.__cause__ is not None  # what the array library said


CHANGES: dict[str, Callable[[Any, Any], Any]] = {
    "+=": lambda a, b: a.__iadd__(b),
    "-=": lambda a, b: a.__isub__(b),
    "*=": lambda a, b: a.__imul__(b),
    "/=": lambda a, b: a.__itruediv__(b),
}


@BOTH
@pytest.mark.parametrize("sign", CHANGES)
def test_shapes_that_do_not_fit_in_place(sign: str, library: str) -> None:
    a, b = tensor((2, 3), library), tensor((4, 5), library)
    with pytest.raises((ValueError, RuntimeError), match=re.escape(f"{sign} of (2, 3): ")):
        CHANGES[sign](a, b)


ONE: dict[str, tuple[Callable[[Any], Any], type[Exception], list[str]]] = {
    "reshape": (lambda x: x.reshape(4, 2), ValueError, ["reshape of (2, 3): "]),
    "expand": (lambda x: x.expand(2, 4), ValueError, ["expand of (2, 3): "]),
    "index": (lambda x: x[5], IndexError, ["getitem of (2, 3): "]),
    "axis": (lambda x: x.sum(2), IndexError, ["dim=2", "2 axes", "-2 to 1"]),
    "axis twice": (lambda x: x.sum((0, 0)), RuntimeError, ["dim=(0, 0) names an axis twice"]),
    "one number": (
        lambda x: x.item(),
        RuntimeError,
        ["a tensor of shape (2, 3) is not one number", "index it or reduce it"],
    ),
    "truth": (lambda x: bool(x), RuntimeError, ["a tensor of shape (2, 3) is not one number"]),
    "length": (lambda x: len(x.sum()), TypeError, ["a tensor of shape () is one number and has no length"]),
    "no such method": (lambda x: x.exponential(), AttributeError, ["a tensor has no method 'exponential'"]),
    "comparison": (lambda x: x < "a", TypeError, ["lt of (2, 3) and 'a': "]),
    "string": (lambda x: x + "a", (TypeError, ValueError), ["add of (2, 3) and 'a': "]),  # type: ignore[dict-item]
}


@BOTH
@pytest.mark.parametrize("name", ONE)
def test_what_a_tensor_cannot_do(name: str, library: str) -> None:
    act, error, words = ONE[name]
    with said(error, *words):
        act(tensor(library=library, grad=True))


def test_libraries() -> None:
    with said(ValueError, "no array library is called 'jax'", "'numpy' or 'torch'"), dlkit.use("jax"):
        pass
    with (
        said(ValueError, "NumPy computes on the CPU, not on 'cuda'", "use('torch', 'cuda')"),
        dlkit.use("numpy", "cuda"),
    ):
        pass
