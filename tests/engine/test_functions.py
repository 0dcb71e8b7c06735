"""What torch's database does not ask of the functions: element types that meet, libraries, chance, and errors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import dlkit
from dlkit import Tensor, linspace, ones, rand, tensor, zeros
from dlkit.functions import METHODS
from dlkit.nn import functional as F  # noqa: N812

LIBRARIES = ("numpy", "torch")
FLOATS = [1.5, 0.5, 2.0]
WHOLE = [3, 1, 2]


def theirs(x: Any) -> Any:
    """torch's tensor of the same numbers and type."""
    return torch.from_numpy(np.array(x.numpy())) if isinstance(x, Tensor) else x


BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
}
MEETING: list[tuple[Any, Any]] = [
    (FLOATS, WHOLE),
    (WHOLE, FLOATS),
    (WHOLE, WHOLE),
    (WHOLE, 2.0),
    (WHOLE, 2),
    (FLOATS, 2.0),
    (FLOATS, np.float64(2.0)),
    (FLOATS, np.ones(())),
    (np.ones(()), FLOATS),
    (np.ones(3), FLOATS),
    (FLOATS, 3),
]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("pair", MEETING, ids=lambda pair: " ".join(map(repr, pair)))
def test_types_meet_as_torchs_do(pair: tuple[Any, Any], name: str, library: str) -> None:
    with dlkit.use(library):
        a, b = (tensor(x) if isinstance(x, (list, np.ndarray)) else x for x in pair)
        found = BINARY[name](a, b)
    expected = BINARY[name](theirs(a), theirs(b))
    assert found.dtype.name == str(expected.dtype).removeprefix("torch.")
    np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-6)


def one_argument() -> list[str]:
    tried = []
    for name, f in METHODS.items():
        try:
            found = f(tensor([0.3, 0.7, 0.6]))
        except (TypeError, RuntimeError, ValueError, IndexError, AssertionError):
            continue
        if isinstance(found, Tensor) and found.dtype.kind == "f" and name != "double":
            tried.append(name)
    return tried


@pytest.mark.parametrize("name", one_argument())
def test_no_function_turns_float32_into_float64_or_drops_the_gradients_type(name: str) -> None:
    x = tensor([0.3, 0.7, 0.6], requires_grad=True)
    y = METHODS[name](x)
    assert y.dtype == (np.float16 if name == "half" else np.float32)
    if y.requires_grad:
        y.sum().backward()
        assert x.grad is not None
        assert x.grad.dtype == np.float32


def test_many_functions_take_one_tensor() -> None:
    assert len(one_argument()) > 40


INDICES: list[Any] = [
    (0, slice(None), [1, 0]),
    (slice(None), 1, [1, 0]),
    ([1, 0], slice(None), 2),
    (0, [1, 0]),
    (..., [2, 0]),
    (None, 0, [1, 0]),
    (0, None, [1, 0]),
    (..., 1, [0, 1]),
    [1, 0],
]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("index", INDICES, ids=str)
def test_numbers_and_lists_as_indices_together(index: Any, library: str) -> None:
    """torch takes numbers before lists; NumPy takes both together, and puts their axis in front."""
    numbers = np.arange(24.0).reshape(2, 3, 4)
    with dlkit.use(library):
        found = tensor(numbers)[index]
    np.testing.assert_array_equal(found.numpy(), torch.from_numpy(numbers)[index].numpy())


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_gradient_of_a_product_with_zeros_is_the_product_of_the_others(library: str) -> None:
    with dlkit.use(library):
        x = tensor([0.0, 2.0, 0.0, 5.0], requires_grad=True)
        (first,) = dlkit.grad(x.prod(), x, create_graph=True)
        (second,) = dlkit.grad(first[0], x)
    assert first.tolist() == [0.0, 0.0, 0.0, 0.0]
    assert second.tolist() == [0.0, 0.0, 10.0, 0.0]


@pytest.mark.parametrize(
    "f",
    [F.softplus, F.logsigmoid, F.elu, F.selu, F.gelu, F.silu, F.mish, dlkit.sigmoid, dlkit.logsumexp],
    ids=lambda f: str(f.__name__),
)
def test_large_numbers_do_no_harm(f: Any) -> None:
    x = tensor([-1000.0, -100.0, 0.0, 100.0, 1000.0], requires_grad=True)
    y = f(x, dim=0) if f is dlkit.logsumexp else f(x)
    y.sum().backward()
    assert x.grad is not None
    assert np.isfinite(y.numpy()).all()
    assert np.isfinite(x.grad.numpy()).all()


def test_a_gradient_finds_its_way_back_to_its_library() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    y = dlkit.autograd.rules.move(x, device="cpu", library="torch")
    assert isinstance(y.data, torch.Tensor)
    (y * y).sum().backward()
    assert isinstance(x.grad.data, np.ndarray)
    assert x.grad.tolist() == [2.0, 4.0]


def test_what_changes_nothing_is_the_tensor_itself() -> None:
    x = tensor([1.0])
    assert x.to("float32") is x.to("cpu") is x.float() is x.to(x) is x
    assert x.clone() is not x
    copied = x.to("float32", copy=True)
    copied.fill_(3.0)
    assert x.item() == 1.0


def test_torchs_names_of_element_types() -> None:
    assert tensor([1.5]).to(dlkit.long).dtype == dlkit.int64 == np.int64
    assert zeros(2, dtype=dlkit.bool).dtype == tensor([1]).bool().dtype == np.bool_
    assert ones(1, dtype=dlkit.float).dtype == np.float32


@pytest.mark.parametrize("library", LIBRARIES)
def test_chance(library: str) -> None:
    with dlkit.use(library):
        dlkit.manual_seed(0)
        numbers = dlkit.randint(2, 5, (1000,))
        assert (numbers.dtype, sorted(set(numbers.tolist()))) == (np.int64, [2, 3, 4])
        assert sorted(dlkit.randperm(50).tolist()) == list(range(50))
        assert dlkit.randperm(50).tolist() != dlkit.randperm(50).tolist()
        weights = tensor([0.0, 1.0, 3.0])
        drawn = dlkit.multinomial(weights, 4000, replacement=True)
        assert abs((drawn == 2).float().mean().item() - 0.75) < 0.04
        first = dlkit.multinomial(weights.expand(4000, 3), 2)
        assert first.shape == (4000, 2)
        assert first.sum(1).tolist() == [3] * 4000
        assert abs((first[:, 0] == 2).float().mean().item() - 0.75) < 0.04
        assert abs(dlkit.bernoulli(dlkit.full((4000,), 0.3)).mean().item() - 0.3) < 0.04
        normal = dlkit.normal(tensor([0.0, 100.0]).reshape(2, 1).expand(2, 2000), 2.0)
        assert np.abs(normal.mean(1).numpy() - [0, 100]).max() < 0.2
        assert abs(normal.std(1)[0].item() - 2) < 0.15
        dlkit.manual_seed(7)
        once = rand(5).tolist()
        dlkit.manual_seed(7)
        assert rand(5).tolist() == once


def test_dropout_leaves_its_input_alone_in_use() -> None:
    x = ones(4)
    assert F.dropout(x, training=False) is x
    with pytest.raises(ValueError, match=r"p=1\.5: it is a probability"):
        F.dropout(x, 1.5)


REFUSED: dict[str, tuple[type[Exception], str, Callable[[], Any]]] = {
    "matmul, turned": (
        ValueError,
        r"matmul of \(3, 5\) and \(4, 5\): .* did you mean b\.mT\?",
        lambda: zeros(3, 5) @ zeros(4, 5),
    ),
    "matmul, the first turned": (ValueError, r"did you mean a\.mT\?", lambda: zeros(3, 5) @ zeros(3, 4)),
    "matmul, a vector": (
        ValueError,
        r"5, must be as long as the only one of the second, 4",
        lambda: zeros(3, 5) @ zeros(4),
    ),
    "matmul, before": (ValueError, r"axis -1 has the lengths 2 and 3", lambda: zeros(2, 4, 5) @ zeros(3, 5, 4)),
    "matmul, a number": (ValueError, r"did you mean a \* b\?", lambda: zeros(2) @ tensor(1.0)),
    "add": (
        ValueError,
        r"axis -1 has the lengths 3 and 4: they must be equal, or 1$",
        lambda: zeros(2, 3) + zeros(2, 4),
    ),
    "add, a column": (ValueError, r"did you mean a\[:, None\], a column\?", lambda: zeros(2) + zeros(2, 3)),
    "reshape": (ValueError, r"it has 6 entries, and \(4, 2\) would have 8", lambda: zeros(2, 3).reshape(4, 2)),
    "reshape, -1": (ValueError, r"6 is no multiple of 4", lambda: zeros(2, 3).reshape(4, -1)),
    "expand": (ValueError, r"axis -2 is 2 long and would be 4", lambda: zeros(2, 3).expand(4, 3)),
    "cat": (
        ValueError,
        r"along axis 1.*axis 0 has the lengths 2 and 3",
        lambda: dlkit.cat([zeros(2, 3), zeros(3, 3)], 1),
    ),
    "stack": (ValueError, r"must have one shape: see cat", lambda: dlkit.stack([zeros(2), zeros(3)])),
    "einsum": (
        ValueError,
        r"j is 3 long in one operand and 4 in another",
        lambda: dlkit.einsum("ij,jk", zeros(2, 3), zeros(4, 2)),
    ),
    "einsum, axes": (
        ValueError,
        r"operand 0 is called 'ijk' and has shape \(2, 3\)",
        lambda: dlkit.einsum("ijk->i", zeros(2, 3)),
    ),
    "mm": (
        ValueError,
        r"mm of \(2,\) and \(2, 3\): it wants 2 and 2 axes; see matmul",
        lambda: dlkit.mm(zeros(2), zeros(2, 3)),
    ),
    "sum": (IndexError, r"dim=2, and the tensor has 2 axes", lambda: zeros(2, 3).sum(2)),
    "index": (IndexError, r"getitem of \(2, 3\)", lambda: zeros(2, 3)[5]),
    "split": (ValueError, r"they sum to 4, not 5", lambda: zeros(5).split([1, 3])),
    "permute": (ValueError, r"each of its 2 axes must be named once", lambda: zeros(2, 3).permute(0, 0)),
    "mean": (TypeError, r"x\.float\(\)\.mean\(\)", lambda: tensor([1, 2]).mean()),
    "topk": (RuntimeError, r"the 4 first of an axis of 3", lambda: zeros(3).topk(4)),
    "nll_loss": (IndexError, r"a target is no class: there are 3", lambda: F.nll_loss(zeros(2, 3), tensor([0, 3]))),
    "mse_loss": (
        ValueError,
        r"'avg' is not a valid value for reduction",
        lambda: F.mse_loss(zeros(2), zeros(2), reduction="avg"),
    ),
    "one_hot": (ValueError, r"0 to 3 with 2 classes", lambda: F.one_hot(tensor([0, 3]), 2)),
    "pad": (RuntimeError, r"the axis has only 3 entries", lambda: F.pad(zeros(1, 3), (3, 0), mode="reflect")),
    "arange": (ValueError, r"that leads nowhere", lambda: dlkit.arange(3, 1)),
    "nuc": (NotImplementedError, r"needs its singular values", lambda: zeros(2, 2).norm("nuc")),
}


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("case", REFUSED)
def test_errors_name_the_shapes_and_the_mend(case: str, library: str) -> None:
    kind, said, wrong = REFUSED[case]
    with dlkit.use(library), pytest.raises(kind, match=said):
        wrong()


def test_a_table_of_numbers_reads_as_torchs() -> None:
    for numbers in ([[-0.5, 10.25], [3.0, 4.0]], [1.0, -2.0], [0.25], [1e6, 2.5], [1e-5, 2e-5], [3, -4]):
        assert str(tensor(numbers)) == str(torch.tensor(numbers))


def test_linspace_ends_where_it_says() -> None:
    assert linspace(0, math.pi, 7)[-1].item() == np.float32(math.pi)
