"""Element types, views and their versions, changes in place, copies: what every function keeps to."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import dlkit
from dlkit import Tensor
from dlkit.functions import METHODS

BOTH = pytest.mark.parametrize("library", ["numpy", "torch"])


def tensor(values: Any, library: str = "numpy", dtype: str = "float32", requires_grad: bool = False) -> Tensor:
    array = np.array(values, dtype)
    return Tensor(array if library == "numpy" else torch.tensor(array), requires_grad)


def square(library: str = "numpy") -> Tensor:
    return tensor([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.9]], library)


def the(t: Tensor | None) -> Tensor:
    assert t is not None
    return t


S = square()
PLACES = Tensor(np.array([[0, 2, 1]]))


def each(names: str, *arguments: Any) -> dict[str, tuple[Any, ...]]:
    return dict.fromkeys(names.split(), arguments)


ARGUMENTS: dict[str, tuple[Any, ...]] = {  # of a 3 x 3 tensor's method; of those that can take a number, a number
    **each("add sub subtract mul multiply div divide pow maximum minimum remainder floor_divide", 2.5),
    **each("eq ne lt le gt ge", 0.5),
    **each("matmul mm inner tensordot isclose allclose equal logical_and logical_or logaddexp xlogy", S),
    **each("expand_as view_as reshape_as type_as", S),
    **each("softmax log_softmax logsumexp cumsum cumprod flip unsqueeze unbind", 0),
    **each("swapaxes transpose movedim", 0, 1),
    **each("split chunk tensor_split topk repeat_interleave roll", 1),
    **each("reshape view", 9),
    **each("expand repeat tile", 2, 3, 3),
    **each("new_ones new_zeros", (2,)),
    **each("clamp clip", 0.25, 0.75),
    "addmm": (S, S),
    "baddbmm": (S[None], S[None]),
    "bmm": (S[None],),
    "broadcast_to": ((2, 3, 3),),
    "dot": (S[0],),
    "full_like": (2.5,),
    "gather": (0, PLACES),
    "getitem": (1,),
    "index_add": (0, PLACES[0], S),
    "index_fill": (0, PLACES[0], 2.5),
    "index_put": ((PLACES[0],), S),
    "index_select": (0, PLACES[0]),
    "lerp": (S, 0.5),
    "masked_fill": (S > 0.5, 2.5),
    "masked_select": (S > 0.5,),
    "multinomial": (2,),
    "mv": (S[0],),
    "narrow": (0, 0, 2),
    "new_full": ((2,), 2.5),
    "new_tensor": ([2.5],),
    "outer": (S[0],),
    "permute": (1, 0),
    "scatter": (0, PLACES, 2.5),
    "scatter_add": (0, PLACES, S),
    "select": (0, 1),
    "take_along_dim": (PLACES, 0),
    "to": ("cpu",),
    "unflatten": (0, (3, 1)),
}
ROWS = {"dot", "outer", "diag_embed", "diag"}  # of a vector
STACKS = {"bmm", "baddbmm"}  # of a stack of matrices
CASTS = {"double": "float64", "half": "float16"}
ELSEWHERE = {"cuda"}  # needs a GPU


def lift(value: Any, library: str) -> Any:
    if isinstance(value, Tensor):
        return tensor(value.numpy(), library, str(value.dtype))
    return tuple(lift(v, library) for v in value) if isinstance(value, tuple) else value


def call(name: str, x: Tensor, library: str) -> list[Tensor]:
    """What a method gives for a tensor like `square`, as tensors."""
    x = x[0] if name in ROWS else x[None] if name in STACKS else x
    out = getattr(x, name)(*lift(ARGUMENTS.get(name, ()), library))
    return [t for t in (out if isinstance(out, tuple) else (out,)) if isinstance(t, Tensor)]


NAMES = pytest.mark.parametrize("name", sorted(METHODS.keys() - ELSEWHERE))

# ------------------------------------------------------------------------------------------------ element types


@BOTH
@NAMES
def test_float32_stays_float32(name: str, library: str) -> None:
    """Results are float32, or what is counted or compared; and so is the gradient."""
    x = square(library).requires_grad_()
    results = call(name, x, library)
    for out in results:
        assert out.dtype == CASTS.get(name, "float32") or out.dtype.kind in "biu", f"{name} gives {out.dtype}"
        assert type(out.data) is type(x.data)
    differentiable = [out for out in results if out.requires_grad]
    if differentiable:
        total: Any = 0.0
        for out in differentiable:
            total = total + (out * 2.0).sum()
        total.backward()
        assert the(x.grad).dtype == np.float32
        assert the(x.grad).shape == x.shape
        assert type(the(x.grad).data) is type(x.data)


@BOTH
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(), (1,), (2, 3)])
def test_numbers_of_pythons_are_weak(dtype: str, shape: tuple[int, ...], library: str) -> None:
    x = tensor(np.full(shape, 0.5), library, dtype, requires_grad=True)
    for number in (2, 2.5):
        for out in (x + number, number + x, x - number, number - x, x * number, number * x, x / number, number / x,
                    x**number, number**x, x.maximum(number), x.clamp(0, number), x.where(x > 0, number)):  # fmt: skip
            assert out.dtype == dtype
            assert out.shape == shape
            x.grad = None
            out.sum().backward()
            assert the(x.grad).dtype == dtype


@BOTH
def test_a_gradient_has_its_inputs_type(library: str) -> None:
    a, b = (tensor([0.5, 2.0], library, dtype, requires_grad=True) for dtype in ("float32", "float64"))
    whole = tensor([1, 2], library, "int64")
    y = a * b * whole
    assert y.dtype == np.float64
    y.sum().backward()
    assert (the(a.grad).dtype, the(b.grad).dtype) == (np.dtype("float32"), np.dtype("float64"))
    a.grad = None
    (a.to("float64") ** 2).sum().backward()
    assert the(a.grad).dtype == np.float32


# ---------------------------------------------------------------------------------------- views and versions


@BOTH
@NAMES
def test_what_shares_memory_shares_the_version(name: str, library: str) -> None:
    x = square(library)
    for out in call(name, x, library):
        shared = (
            np.shares_memory(out.data, x.data)
            if library == "numpy"
            else out.data.untyped_storage().data_ptr() == x.data.untyped_storage().data_ptr()
        )
        assert shared == (out.version is x.version), name


VIEWS: dict[str, Callable[[Tensor], Tensor]] = {
    "detached": lambda x: x.detach(),
    "row": lambda x: x[0],
    "slice": lambda x: x[:, 1:],
    "transposed": lambda x: x.T,
    "reshaped": lambda x: x.reshape(9),
    "view of a view": lambda x: x.reshape(9)[2:4].unsqueeze(0),
    "part": lambda x: x.chunk(3)[0],
    "copied": copy.copy,
    "flattened": lambda x: x.detach().flatten(),
}


@BOTH
@pytest.mark.parametrize("name", VIEWS)
def test_a_change_of_a_view_is_seen(name: str, library: str) -> None:
    x = square(library).requires_grad_()
    with dlkit.no_grad():
        view = VIEWS[name](x)
    y = (x * x).sum()
    with dlkit.no_grad():
        view += 1.0
    assert x.numpy().max() >= 1.1
    with pytest.raises(RuntimeError, match="an input of mul was changed in place after mul had used it"):
        y.backward()


@BOTH
@pytest.mark.parametrize("name", VIEWS)
def test_a_change_of_the_whole_is_seen_through_a_view(name: str, library: str) -> None:
    x = square(library)
    w = tensor([[1.0]], library, requires_grad=True)
    view = VIEWS[name](x)
    y = (view * w).sum()
    x.zero_()
    with pytest.raises(RuntimeError, match="was changed in place"):
        y.backward()


@BOTH
def test_a_change_of_a_copy_is_nobodys_business(library: str) -> None:
    x = square(library).requires_grad_()
    with dlkit.no_grad():
        copies = [x.clone(), x.flip(0), x[[0, 1]], x.repeat(2, 1), copy.deepcopy(x), x.to("float64"), x.tile((2, 2))]
    y = (x * x).sum()
    with dlkit.no_grad():
        for c in copies:
            c += 1.0
    y.backward()
    assert the(x.grad).numpy().max() == pytest.approx(1.8)


@BOTH
def test_what_needs_no_value_is_not_spoilt_before_it_is_used(library: str) -> None:
    """A change before the operation, or after backward, is seen by nobody."""
    x = square(library).requires_grad_()
    for _ in range(2):
        with dlkit.no_grad():
            x -= 0.01
        (x * x).sum().backward()
    assert the(x.grad).numpy().max() == pytest.approx(2 * (0.89 + 0.88))


# --------------------------------------------------------------------------------------- changes in place

CHANGES: dict[str, Callable[[Any], Any]] = {
    "+=": lambda x: x.__iadd__(1.0),
    "-=": lambda x: x.__isub__(1.0),
    "*=": lambda x: x.__imul__(2.0),
    "/=": lambda x: x.__itruediv__(2.0),
    "[]=": lambda x: x.__setitem__(0, 5.0),
    "copy_": lambda x: x.copy_(Tensor(np.ones(3, "float32"))),
    "fill_": lambda x: x.fill_(3.0),
    "zero_": lambda x: x.zero_(),
}
KINDS = pytest.mark.parametrize("how", CHANGES)


@BOTH
@KINDS
def test_a_constant_changes_in_place(how: str, library: str) -> None:
    x, y = (square(library) for _ in "xy")
    array, version = x.data, x.version[0]
    CHANGES[how](x)
    assert x.data is array
    assert x.version[0] > version
    assert x.dtype == np.float32
    assert not np.array_equal(x.numpy(), y.numpy())
    with dlkit.no_grad():
        CHANGES[how](y.requires_grad_())  # so does a leaf, where nothing is recorded
    assert np.array_equal(x.numpy(), y.numpy())


@BOTH
@KINDS
def test_a_leaf_that_requires_a_gradient_does_not(how: str, library: str) -> None:
    x = square(library).requires_grad_()
    with pytest.raises(RuntimeError, match=r"in place would change a leaf that requires a gradient.*with no_grad\(\):"):
        CHANGES[how](x)
    assert np.array_equal(x.numpy(), square().numpy())
    assert x.version == [0]


@BOTH
@pytest.mark.parametrize("how", ["[]=", "copy_", "fill_", "zero_"])
def test_the_result_of_an_operation_is_not_overwritten(how: str, library: str) -> None:
    y = square(library).requires_grad_().exp()
    for mode in (True, False):
        with dlkit.set_grad_enabled(mode), pytest.raises(RuntimeError, match="in place would change the result of exp"):
            CHANGES[how](y)


@BOTH
@pytest.mark.parametrize("how", ["+=", "-=", "*=", "/="])
def test_the_result_of_an_operation_gets_a_successor(how: str, library: str) -> None:
    """`out += shortcut`: the name stands for a new tensor, and the old one's gradient is right, too."""
    x = square(library).requires_grad_()
    y = out = x.exp()
    out = CHANGES[how](out)
    assert out is not y
    assert np.array_equal(y.numpy(), x.exp().detach().numpy())
    out.sum().backward()
    scale = {"*=": 2.0, "/=": 0.5}.get(how, 1.0)
    np.testing.assert_allclose(the(x.grad).numpy(), scale * np.exp(square().numpy()), rtol=1e-6)


@BOTH
def test_a_total_goes_on_from_step_to_step(library: str) -> None:
    w = tensor([1.0, 2.0], library, requires_grad=True)
    begun: list[Any] = [0.0, tensor(0.0, library)]
    for total in begun:
        w.grad = None
        for k in range(4):
            total += (w * float(k)).sum()
        assert total.item() == 18.0
        total.backward()
        assert the(w.grad).tolist() == [6.0, 6.0]
    assert begun[1].item() == 0.0


@BOTH
def test_a_gradient_is_not_lost_by_writing(library: str) -> None:
    w, buffer = tensor([1.0, 2.0], library, requires_grad=True), tensor([0.0, 0.0], library)
    for write in (lambda: buffer.__setitem__(0, w[0]), lambda: buffer.copy_(w)):
        with pytest.raises(
            RuntimeError, match=r"would lose the gradient of what is written: .*where\(\), cat\(\) or stack\(\)"
        ):
            write()
    with dlkit.no_grad():
        buffer[0] = w[1]
    buffer[1] = w[0].detach()
    assert buffer.tolist() == [2.0, 1.0]


@BOTH
def test_one_number_changes_in_place(library: str) -> None:
    x = tensor(1.0, library) + 1.0
    x += 1.0
    assert x.item() == 3.0
    w = tensor(2.0, library, requires_grad=True)
    (w * w).backward()
    the(w.grad).zero_()
    assert the(w.grad).item() == 0.0


# ---------------------------------------------------------------------------------------- copies and pickles


@BOTH
@pytest.mark.parametrize("how", ["deepcopy", "pickle"])
def test_a_copy_is_another_leaf(how: str, library: str) -> None:
    x = tensor([1.0, 2.0], library, requires_grad=True)
    (x * 5.0).sum().backward()
    y = copy.deepcopy(x) if how == "deepcopy" else pickle.loads(pickle.dumps(x))
    assert (y.tolist(), y.requires_grad, y.dtype, type(y.data)) == (x.tolist(), True, x.dtype, type(x.data))
    if how == "deepcopy":
        assert the(y.grad).tolist() == [5.0, 5.0]
    x.grad = y.grad = None
    (x * 2.0 + y * 3.0).sum().backward()
    assert (the(x.grad).tolist(), the(y.grad).tolist()) == ([2.0, 2.0], [3.0, 3.0])
    with dlkit.no_grad():
        y.zero_()
    assert x.tolist() == [1.0, 2.0]


def test_copies_of_a_structure_keep_what_is_the_same() -> None:
    x = tensor([1.0])
    a, b, c = copy.deepcopy([x, x, {"x": x}])
    assert a is b is c["x"]
    assert a is not x


def test_a_graph_is_not_copied() -> None:
    y = tensor([1.0], requires_grad=True) * 2.0
    for act in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(RuntimeError, match=r"the result of mul belongs to a graph.*use \.detach\(\)"):
            act(y)
    assert copy.deepcopy(y.detach()).tolist() == [2.0]


@BOTH
def test_numpy_reads_tensors(library: str) -> None:
    x = square(library).requires_grad_()
    assert np.asarray(x).dtype == np.float32
    assert np.array(x, dtype="float64").dtype == np.float64
    assert np.array_equal(np.asarray(x), square().numpy())
    array = np.asarray(x)
    array[:] = 0.0
    assert x.numpy().max() == np.float32(0.9)  # a parameter is not changed behind the graph's back


def test_an_array_leaves_the_answer_to_the_tensor() -> None:
    total = np.ones((3, 3), "float32") + square()
    assert isinstance(total, Tensor)
    assert total.dtype == np.float32


def test_requires_grad_() -> None:
    x = tensor([1.0])
    assert x.requires_grad_() is x
    assert x.requires_grad
    assert not x.requires_grad_(False).requires_grad
    assert x.is_leaf
