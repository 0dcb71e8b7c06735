"""Optimizers: groups, state, errors, and what they write where. Their arithmetic is held to torch's in the suite."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import torch

import dlkit
from dlkit import Tensor, optim

KINDS: dict[str, dict[str, Any]] = {
    "SGD": {"momentum": 0.9},
    "Adagrad": {},
    "RMSprop": {"momentum": 0.5, "centered": True},
    "Adadelta": {},
    "Adam": {"amsgrad": True},
    "AdamW": {},
    "Yogi": {},
    "Lion": {},
    "Muon": {},
}
BOTH = pytest.mark.parametrize("library", ["numpy", "torch"])
ALL = pytest.mark.parametrize("name", KINDS)


def parameter(values: Any, library: str = "numpy", dtype: str = "float32") -> Tensor:
    array = np.array(values, dtype)
    return Tensor(array if library == "numpy" else torch.tensor(array), requires_grad=True)


def matrices(n: int = 2, library: str = "numpy", seed: int = 0) -> list[Tensor]:
    rng = np.random.default_rng(seed)
    return [parameter(rng.normal(size=(3, 4 + i)), library) for i in range(n)]


def gradients(params: list[Tensor], seed: int) -> None:
    rng = np.random.default_rng(seed)
    for p in params:
        g = rng.normal(size=p.shape).astype(p.dtype)
        p.grad = Tensor(g if isinstance(p.data, np.ndarray) else torch.tensor(g))


def made(name: str, params: Any, **options: Any) -> optim.Optimizer:
    return getattr(optim, name)(params, **{**KINDS[name], **options})  # type: ignore[no-any-return]


# ------------------------------------------------------------------------------ the two that torch does not have


def oracle(name: str, p: Any, gradients: list[Any], lr: float, decay: float) -> Any:
    """Yogi and Lion from their papers' formulas, in float64."""
    m = np.zeros_like(p)
    v = np.full_like(p, 1e-6)
    b1, b2 = (0.9, 0.999) if name == "Yogi" else (0.9, 0.99)
    for t, g in enumerate(gradients, 1):
        if name == "Lion":
            p = p - lr * (np.sign(b1 * m + (1 - b1) * g) + decay * p)
            m = b2 * m + (1 - b2) * g
        else:
            g = g + decay * p
            m = b1 * m + (1 - b1) * g
            v = v - (1 - b2) * np.sign(v - g**2) * g**2
            p = p - lr * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + 1e-3)
    return p


@BOTH
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["Yogi", "Lion"])
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_as_the_papers_say(name: str, decay: float, dtype: str, library: str) -> None:
    rng = np.random.default_rng(0)
    start, moves = rng.normal(size=(5, 4)), [rng.normal(size=(5, 4)) for _ in range(20)]
    for maximize in (False, True):
        p = parameter(start, library, dtype)
        optimizer = getattr(optim, name)([p], lr=0.05, weight_decay=decay, maximize=maximize)
        for g in moves:
            p.grad = Tensor(parameter(-g if maximize else g, library, dtype).data)
            optimizer.step()
        assert p.dtype == dtype
        expected = oracle(name, start, moves, 0.05, decay)
        np.testing.assert_allclose(p.numpy(), expected, rtol=1e-5 if dtype == "float32" else 1e-12, atol=1e-6)


# ----------------------------------------------------------------------------------------- what a step does


@ALL
@BOTH
def test_a_loss_falls(name: str, library: str) -> None:
    (p,) = matrices(1, library)
    lr = {"SGD": 0.01, "Adadelta": 30.0, "Adagrad": 0.3}.get(name, 0.02)
    optimizer = made(name, [p], lr=lr)

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = (p * p).sum()
        value.backward()
        return value

    first = loss().item()
    for _ in range(60):
        returned = optimizer.step(loss)
    assert isinstance(returned, Tensor)
    assert returned.item() < 0.3 * first


@ALL
@BOTH
def test_a_step_writes_in_place_and_keeps_the_type(name: str, library: str) -> None:
    params = matrices(2, library)
    arrays = [p.data for p in params]
    optimizer = made(name, params)
    for seed in range(3):
        gradients(params, seed)
        before = [g.numpy().copy() for g in (p.grad for p in params) if g is not None]
        optimizer.step()
        for p, g in zip(params, before, strict=True):
            assert p.grad is not None
            assert np.array_equal(p.grad.numpy(), g)  # a gradient is only read
    for p, a in zip(params, arrays, strict=True):
        assert p.data is a
        assert p.dtype == np.float32
        assert p.is_leaf
        for kept in optimizer.state[p].values():
            assert isinstance(kept, int) or (type(kept) is type(a) and kept.dtype == a.dtype)


@ALL
def test_the_state_is_no_ones_memory_but_the_optimizers(name: str) -> None:
    params = matrices(2)
    optimizer = made(name, params)
    gradients(params, 0)
    optimizer.step()
    arrays = [a for state in optimizer.state.values() for a in state.values() if isinstance(a, np.ndarray)]
    others = [t.data for p in params for t in (p, p.grad) if t is not None]
    for i, a in enumerate(arrays):
        assert not any(np.shares_memory(a, b) for b in [*others, *arrays[:i]])


@ALL
def test_large_arrays_are_updated_as_small_ones_are(name: str) -> None:
    """In pieces, or all at once where the entries are not in a row."""
    rng = np.random.default_rng(1)
    values, g = rng.normal(size=(300, 280)).astype("float32"), rng.normal(size=(300, 280)).astype("float32")
    whole, columns = parameter(values), Tensor(np.asfortranarray(values), requires_grad=True)
    parts = [parameter(values[i : i + 100]) for i in range(0, 300, 100)]
    for _ in range(2):
        for params, cut in (([whole], [g]), ([columns], [g]), (parts, [g[i : i + 100] for i in range(0, 300, 100)])):
            for p, c in zip(params, cut, strict=True):
                p.grad = Tensor(c)
            made(name, params, lr=0.1).step()
    tolerance = (
        0.01 if name == "Muon" else 1e-6
    )  # it rounds to 8 digits, and sums in an order that depends on the layout
    np.testing.assert_allclose(columns.numpy(), whole.numpy(), atol=tolerance)
    if name != "Muon":
        np.testing.assert_allclose(np.concatenate([p.numpy() for p in parts]), whole.numpy(), rtol=1e-6)


@BOTH
def test_one_number_is_a_parameter(library: str) -> None:
    for name in sorted(KINDS.keys() - {"Muon"}):
        p = parameter(2.0, library)
        optimizer = made(name, [p], lr=0.1)
        (p * 3.0).backward()
        optimizer.step()
        assert p.shape == ()
        assert p.item() < 2.0


def test_rates_of_numpys_do_not_spread() -> None:
    for name in sorted(KINDS):
        (p,) = matrices(1)
        optimizer = made(name, [p], lr=np.float64(0.1))
        optimizer.param_groups[0]["lr"] = np.float64(0.2)
        gradients([p], 0)
        optimizer.step()
        assert p.dtype == np.float32
        assert {a.dtype for a in optimizer.state[p].values() if isinstance(a, np.ndarray)} <= {np.dtype("float32")}
        assert type(optimizer.param_groups[0]["lr"]) is float


@ALL
def test_groups_have_options_of_their_own(name: str) -> None:
    a, b, c = matrices(3)
    optimizer = made(name, [{"params": a, "lr": 0.5}, {"params": [b]}], lr=0.0)
    optimizer.add_param_group({"params": [c], "lr": 0.25})
    before = [p.numpy().copy() for p in (a, b, c)]
    gradients([a, b, c], 0)
    optimizer.step()
    moved = [float(np.abs(p.numpy() - old).max()) for p, old in zip((a, b, c), before, strict=True)]
    assert moved[0] > moved[2] > moved[1] == 0.0
    assert [group["lr"] for group in optimizer.param_groups] == [0.5, 0.0, 0.25]


def test_a_parameter_without_a_gradient_stays() -> None:
    a, b = matrices(2)
    optimizer = optim.Adam([a, b])
    gradients([a], 0)
    before = b.numpy().copy()
    optimizer.step()
    assert np.array_equal(b.numpy(), before)
    assert b not in optimizer.state
    assert b.version == [0]


def test_zero_grad() -> None:
    a, b = matrices(2)
    gradients([a], 0)
    kept = a.grad
    optimizer = optim.SGD([a, b])
    optimizer.zero_grad(set_to_none=False)
    assert a.grad is not None
    assert a.grad.numpy().sum() == 0.0
    assert b.grad is None
    assert kept is not None
    optimizer.zero_grad()
    assert a.grad is None


def test_a_graph_notices_a_step() -> None:
    p = parameter([1.0, 2.0])
    loss = (p * p).sum()
    loss.backward(retain_graph=True)
    optim.SGD([p], lr=0.1).step()
    with pytest.raises(RuntimeError, match=r"an input of mul was changed in place after mul had used it"):
        loss.backward()


def test_a_closure_has_gradients_even_under_no_grad() -> None:
    p = parameter([1.0])
    optimizer = optim.SGD([p], lr=0.25)

    def closure() -> float:
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return float(loss.item())

    with dlkit.no_grad():
        assert optimizer.step(closure) == 1.0
    assert p.item() == 0.5


def test_names_stay_with_their_parameters() -> None:
    a, b = matrices(2)
    optimizer = optim.SGD([("first", a), ("second", b)])
    assert optimizer.param_groups[0]["param_names"] == ["first", "second"]
    assert [p is q for p, q in zip(optimizer.param_groups[0]["params"], (a, b), strict=True)] == [True, True]
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["first", "second"]


def test_what_it_looks_like() -> None:
    shown = repr(optim.SGD(matrices(1), lr=0.5))
    assert shown.splitlines()[:2] == ["SGD (", "Parameter group 0"]
    assert "    lr: 0.5" in shown.splitlines()
    assert "params" not in shown


def test_an_optimizer_of_ones_own() -> None:
    class Signs(optim.Optimizer):
        def __init__(self, params: Any, lr: float) -> None:
            super().__init__(params, {"lr": lr})

        def update(self, param: Any, grad: Any, state: Any, group: Any) -> None:
            param -= group["lr"] * np.sign(grad)

    p = parameter([1.0, -1.0])
    p.grad = Tensor([5.0, -5.0])
    Signs([p], lr=0.5).step()
    assert p.tolist() == [0.5, -0.5]
    plain = optim.Optimizer([p], {"lr": 0.1})
    with pytest.raises(NotImplementedError, match="define update"):
        plain.step()


# --------------------------------------------------------------------------------------------- saved state


@ALL
@BOTH
@pytest.mark.parametrize("how", ["as it is", "pickled"])
def test_a_run_goes_on_from_its_state(name: str, library: str, how: str) -> None:
    params, others = matrices(2, library), matrices(2, library)
    optimizer, other = made(name, params, lr=0.1), made(name, others)
    for seed in range(3):
        gradients(params, seed)
        optimizer.step()
    saved = optimizer.state_dict()
    if how == "pickled":
        saved = pickle.loads(pickle.dumps(saved))
    kept = copy.deepcopy(saved)
    other.load_state_dict(saved)
    for p, q in zip(params, others, strict=True):
        q.data[...] = p.data
    for seed in range(3, 6):
        for made_by, leaves in ((optimizer, params), (other, others)):
            gradients(leaves, seed)
            made_by.step()
    for p, q in zip(params, others, strict=True):
        assert np.array_equal(p.numpy(), q.numpy())
    if how == "pickled":  # the other optimizer has copied what it was given
        for i, state in kept["state"].items():
            for key, value in state.items():
                assert np.array_equal(np.asarray(saved["state"][i][key]), np.asarray(value)), key


@pytest.mark.parametrize("name", ["SGD", "Adagrad", "RMSprop", "Adadelta", "Adam", "AdamW", "Muon"])
@BOTH
def test_a_state_of_torchs_is_gone_on_from(name: str, library: str) -> None:
    params = matrices(2, library)
    theirs = [torch.tensor(p.numpy().copy(), requires_grad=True) for p in params]
    reference = getattr(torch.optim, name)([{"params": theirs[:1], "lr": 0.05}, {"params": theirs[1:]}], **KINDS[name])
    optimizer = made(name, [{"params": params[:1]}, {"params": params[1:]}], lr=7.0)
    for seed in range(6):
        gradients(params, seed)
        for p, q in zip(theirs, params, strict=True):
            assert q.grad is not None
            p.grad = torch.tensor(q.grad.numpy())
        if seed == 3:
            saved = reference.state_dict()
            optimizer.load_state_dict(saved)
            for p, q in zip(theirs, params, strict=True):
                q.data[...] = p.detach() if library == "torch" else p.detach().numpy()
            fewer = {"step"} if name in ("SGD", "Muon") else set()
            assert {*saved["state"][0]} <= {*optimizer.state_dict()["state"][0]} | fewer
        reference.step()
        if seed >= 3:
            optimizer.step()
    for p, q in zip(theirs, params, strict=True):
        np.testing.assert_allclose(q.numpy(), p.detach().numpy(), rtol=1e-5, atol=1e-3 if name == "Muon" else 1e-6)


@pytest.mark.parametrize("name", ["SGD", "Adagrad", "RMSprop", "Adadelta", "Adam", "AdamW", "Muon"])
def test_the_state_has_torchs_names(name: str) -> None:
    (p,) = matrices(1)
    theirs = torch.tensor(p.numpy(), requires_grad=True)
    theirs.grad = torch.ones_like(theirs)
    gradients([p], 0)
    optimizer, reference = made(name, [p]), getattr(torch.optim, name)([theirs], **KINDS[name])
    optimizer.step()
    reference.step()
    ours, expected = optimizer.state_dict(), reference.state_dict()
    assert {*ours["state"][0]} == {*expected["state"][0]}
    assert {*ours["param_groups"][0]} == {*expected["param_groups"][0]} - {*optim.options.FLAGS}
    assert ours["param_groups"][0]["params"] == [0]


def test_a_state_that_does_not_fit() -> None:
    a, b, c = matrices(3)
    optimizer = optim.Adam([a, b])
    gradients([a, b], 0)
    optimizer.step()
    saved = optimizer.state_dict()
    with pytest.raises(ValueError, match=r"groups of \[2\] parameters, this optimizer of \[3\]"):
        optim.Adam([a, b, c]).load_state_dict(saved)
    with pytest.raises(ValueError, match=r"the state's exp_avg has shape \(3, 4\), its parameter \(3, 6\)"):
        optim.Adam([c, b]).load_state_dict(saved)


# -------------------------------------------------------------------------------------------------- errors


@ALL
def test_errors_name_the_optimizer_and_the_mend(name: str) -> None:
    a, b = matrices(2)
    with pytest.raises(ValueError, match=rf"{name} got an empty list of parameters"):
        made(name, [])
    with pytest.raises(TypeError, match=rf"{name} takes a list of parameters or of groups, not one Tensor"):
        made(name, a)
    with pytest.raises(ValueError, match=rf"{name}: parameter 1, of shape \(3, 4\), is given twice"):
        made(name, [a, a])
    with pytest.raises(ValueError, match=r"is given twice"):
        made(name, [{"params": [a]}, {"params": [b, a]}])
    with pytest.raises(ValueError, match=r"is the result of mul, not a leaf.*p\.detach\(\)"):
        made(name, [a * 2.0])
    with pytest.raises(TypeError, match=r"parameter 1 is a float, not a Tensor"):
        made(name, [a, 1.0])
    with pytest.raises(TypeError, match=rf"{name}: a set has another order in every run"):
        made(name, [{"params": {a, b}}])
    with pytest.raises(ValueError, match=rf"{name}: lr=-1\.0, and it must be at least 0"):
        made(name, [a], lr=-1)
    with pytest.raises(ValueError, match=r"lr=nan"):
        made(name, [{"params": [a], "lr": float("nan")}])
    with pytest.raises(ValueError, match=rf"{name}: lr must be one number"):
        made(name, [a], lr=np.array([0.1, 0.2]))
    with pytest.raises(TypeError, match=rf"{name} has no option 'learning_rat'"):
        made(name, [{"params": [a], "learning_rat": 0.1}])
    with pytest.raises(TypeError, match=r"a group is a dict"):
        made(name, [{"params": [a]}, [b]])
    with pytest.raises(ValueError, match=r"either all parameters have names, or none has"):
        made(name, [("a", a), b])
    with pytest.raises(ValueError, match=r"either the parameters of all groups have names, or none has"):
        made(name, [{"params": [("a", a)]}, {"params": [b]}])


def test_an_option_that_is_nearly_right_is_named() -> None:
    (a,) = matrices(1)
    with pytest.raises(TypeError, match=r"Adam has no option 'weight_decai': did you mean 'weight_decay'\?"):
        optim.Adam([a], weight_decai=0.1)
    with pytest.raises(TypeError, match=r"SGD has no option 'betas'; it has lr, momentum"):
        optim.SGD([{"params": [a], "betas": (0.9, 0.99)}])


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("SGD", {"nesterov": True}, "nesterov needs a momentum above 0 and no dampening"),
        ("SGD", {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "nesterov needs"),
        ("SGD", {"momentum": -0.1}, r"momentum=-0\.1"),
        ("Adam", {"betas": (1.0, 0.9)}, r"betas=\(1\.0, 0\.9\), and they must be two numbers from 0 to below 1"),
        ("Adam", {"betas": (0.9,)}, "they must be two numbers"),
        ("AdamW", {"eps": -1.0}, r"eps=-1\.0"),
        ("Adadelta", {"rho": 1.5}, r"rho=1\.5, and it must be at least 0 and at most 1"),
        ("RMSprop", {"alpha": -1}, r"alpha=-1\.0"),
        ("Adagrad", {"lr_decay": -1}, r"lr_decay=-1\.0"),
        ("Adagrad", {"initial_accumulator_value": -1}, "initial_accumulator_value"),
        ("Lion", {"weight_decay": -1}, "weight_decay"),
        (
            "Muon",
            {"adjust_lr_fn": "both"},
            r"adjust_lr_fn='both', and it must be None or one of original, match_rms_adamw",
        ),
    ],
)
def test_options_out_of_range(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        getattr(optim, name)(matrices(1), **options)


def test_muon_is_for_matrices() -> None:
    with pytest.raises(ValueError, match=r"Muon is for matrices, and a parameter has shape \(3,\): give it to AdamW"):
        optim.Muon([parameter([1.0, 2.0, 3.0])])


def test_flags_of_torchs() -> None:
    (a,) = matrices(1)
    optim.Adam([a], foreach=True, capturable=True, fused=False, differentiable=False)
    with pytest.raises(NotImplementedError, match="differentiable=True is not possible"):
        optim.Adam([a], differentiable=True)


def test_muons_matrix_is_nearly_orthogonal() -> None:
    rng = np.random.default_rng(0)
    for shape in ((20, 20), (10, 40), (40, 10)):
        values = np.linalg.svd(optim.muon.orthogonal(rng.normal(size=shape).astype("float32")), compute_uv=False)
        assert values.min() > 0.3
        assert values.max() < 1.3


def test_muon_rounds_as_torch_rounds() -> None:
    rng = np.random.default_rng(0)
    numbers = (rng.normal(size=4000) * 10.0 ** rng.integers(-20, 20, 4000)).astype("float32")
    halves = (np.arange(1, 4000, dtype=np.uint32) << 15).view(np.float32)  # half of them lie between two neighbors
    for a in (numbers, halves, np.array([0.0, np.inf, -np.inf, np.nan], "float32")):
        np.testing.assert_array_equal(optim.muon._short(a), torch.tensor(a).bfloat16().float().numpy())
