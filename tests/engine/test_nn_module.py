"""Modules: what belongs to them, their state, their hooks, and what they say."""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest

import dlkit
from dlkit import Tensor, nn

torch = pytest.importorskip("torch")


def build(nn: Any, lib: Any) -> Any:
    """A model with everything a module can own, in either library."""

    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.late = None
            self.head = nn.Linear(3, 3)
            self.tail = nn.Linear(3, 3, bias=False)
            self.tail.weight = self.head.weight
            self.scale = nn.Parameter(lib.ones(1))
            self.register_parameter("shift", None)
            self.register_buffer("seen", lib.zeros(2))
            self.register_buffer("scratch", lib.zeros(2), persistent=False)
            self.again = self.head
            self.late = nn.BatchNorm1d(3)
            self.shift = nn.Parameter(lib.zeros(3))

        def forward(self, x: Any) -> Any:
            return self.late(self.tail(self.head(x))) * self.scale + self.shift

    return Tied()


@pytest.fixture
def ours() -> Any:
    return build(nn, dlkit)


@pytest.fixture
def theirs() -> Any:
    return build(torch.nn, torch)


@pytest.mark.parametrize("walk", ["named_parameters", "named_buffers", "named_modules", "named_children"])
def test_names_come_in_torchs_order(ours: Any, theirs: Any, walk: str) -> None:
    assert [name for name, _ in getattr(ours, walk)()] == [name for name, _ in getattr(theirs, walk)()]


def test_shared_parameters_come_once_and_are_kept_twice(ours: Any, theirs: Any) -> None:
    assert len(list(ours.parameters())) == len(list(theirs.parameters()))
    every = [name for name, _ in ours.named_parameters(remove_duplicate=False)]
    assert every == [name for name, _ in theirs.named_parameters(remove_duplicate=False)]
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert list(ours.state_dict(prefix="net.")) == list(theirs.state_dict(prefix="net."))
    assert "scratch" not in ours.state_dict()


def test_a_module_prints_like_torchs(ours: Any, theirs: Any) -> None:
    assert repr(ours) == repr(theirs)


def test_attributes_keep_their_kind(ours: Any) -> None:
    with pytest.raises(TypeError, match="'scale' is a parameter of this Tied, and cannot become a float"):
        ours.scale = 1.0
    with pytest.raises(TypeError, match="'seen' is a buffer"):
        ours.seen = np.zeros(2)
    ours.seen = dlkit.ones(2)
    assert ours.state_dict()["seen"].tolist() == [1.0, 1.0]
    ours.scale = None
    assert "scale" not in ours.state_dict()
    del ours.tail
    assert "tail.weight" not in ours.state_dict()
    with pytest.raises(AttributeError, match="Tied has no attribute 'tail'"):
        ours.tail  # noqa: B018
    with pytest.raises(KeyError, match="without a dot"):
        ours.register_buffer("a.b", None)
    with pytest.raises(KeyError, match="has an attribute 'training' already"):
        ours.register_buffer("training", None)
    with pytest.raises(TypeError, match="must be a Parameter or None"):
        ours.register_parameter("p", dlkit.ones(1))


def test_a_forgotten_super_is_explained() -> None:
    class Early(nn.Module):
        def __init__(self) -> None:
            self.layer = nn.Linear(1, 1)

    class Never(nn.Module):
        def __init__(self) -> None:
            self.size = 3

        def forward(self, x: Any) -> Any:
            return x

    with pytest.raises(AttributeError, match=r"call super\(\).__init__\(\) first"):
        Early()
    with pytest.raises(AttributeError, match=r"Never.__init__ does not call super\(\).__init__\(\)"):
        Never()(1)
    with pytest.raises(NotImplementedError, match="ModuleList has no forward"):
        nn.ModuleList()(1)


# ------------------------------------------------------------------------------------------------------ state


@pytest.mark.parametrize("kind", ["torch", "torch parameters", "numpy", "dlkit"])
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_states_of_all_kinds_are_loaded(theirs: Any, kind: str, library: str) -> None:
    state = dict(theirs.state_dict(keep_vars=kind == "torch parameters"))
    if kind in ("numpy", "dlkit"):
        state = {k: t.numpy() for k, t in state.items()}
    if kind == "dlkit":
        state = {k: Tensor(a) for k, a in state.items()}
    with dlkit.use(library):
        ours = build(nn, dlkit)
        before = ours.head.weight.data
        assert ours.load_state_dict(state) == ([], [])
    assert ours.head.weight.data is before, "the memory must stay, for the optimizer's sake"
    for key, t in theirs.state_dict().items():
        assert np.array_equal(ours.state_dict()[key].numpy(), t.numpy()), key
    assert ours.tail.weight is ours.head.weight


def test_what_does_not_fit_is_told_all_at_once(ours: Any) -> None:
    state: dict[str, Any] = dict(ours.state_dict())
    del state["late.weight"]
    state["extra"], state["shift"] = np.zeros(1), np.zeros(7)
    with pytest.raises(RuntimeError) as told:
        ours.load_state_dict(state)
    said = str(told.value)
    assert said.startswith("the state does not fit this Tied:")
    for part in ("missing: late.weight", "unexpected: extra", "shape of shift: the module has (3,), the state (7,)"):
        assert part in said
    with pytest.raises(RuntimeError, match="shape of shift"):
        ours.load_state_dict(state, strict=False)
    del state["shift"]
    missing, unexpected = ours.load_state_dict(state, strict=False)
    assert (missing, unexpected) == (["shift", "late.weight"], ["extra"])
    with pytest.raises(TypeError, match="a state is a dictionary"):
        ours.load_state_dict([1])
    with pytest.raises(TypeError, match="has a str under 'scale'"):
        ours.load_state_dict({**ours.state_dict(), "scale": "one"})


def test_nothing_is_loaded_where_something_does_not_fit(ours: Any) -> None:
    before = ours.scale.item()
    with pytest.raises(RuntimeError):
        ours.load_state_dict({**ours.state_dict(), "scale": np.full(1, 9.0), "shift": np.zeros(7)})
    assert ours.scale.item() == before


def test_assign_takes_over_the_array() -> None:
    layer, weight = nn.Linear(2, 1, bias=False), np.ones((1, 2), dtype="float64")
    layer.load_state_dict({"weight": weight}, assign=True)
    assert layer.weight.data is weight


@pytest.mark.parametrize("how", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_are_equal_and_independent(how: Any) -> None:
    first = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    second = how(first)
    assert isinstance(second[0].weight, nn.Parameter)
    assert second[0].weight.requires_grad
    x = Tensor(np.random.default_rng(0).normal(size=(4, 2)).astype("float32"))
    (first(x) * second(x)).sum().backward()
    assert np.array_equal(first[0].weight.grad.numpy(), second[0].weight.grad.numpy())
    with dlkit.no_grad():
        second[0].weight.zero_()
    assert np.any(first[0].weight.numpy())


# ------------------------------------------------------------------------------------------- modes and hooks


def test_modes_and_gradients_reach_every_module(ours: Any) -> None:
    assert not any(m.training for m in ours.eval().modules())
    assert all(m.training for m in ours.train().modules())
    with pytest.raises(ValueError, match="True or False"):
        ours.train("yes")
    ours(dlkit.randn(4, 3)).sum().backward()
    ours.zero_grad(set_to_none=False)
    assert ours.scale.grad.tolist() == [0.0]
    ours.zero_grad()
    assert all(p.grad is None for p in ours.parameters())
    assert not any(p.requires_grad for p in ours.requires_grad_(False).parameters())
    names: list[str] = []
    ours.apply(lambda m: names.append(type(m).__name__))
    assert names == ["Linear", "Linear", "BatchNorm1d", "Tied"]


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_element_types_of_floats_are_changed(library: str) -> None:
    with dlkit.use(library):
        layer = nn.BatchNorm1d(2)
        weight = layer.weight
        layer(dlkit.randn(4, 2)).sum().backward()
        assert layer.double().weight is weight
        assert [t.dtype.name for t in layer.state_dict().values()] == ["float64"] * 4 + ["int64"]
        assert weight.grad.dtype == np.float64
        assert layer.to(dtype="float16").running_mean.dtype == np.float16
        assert layer.to(dlkit.zeros(1)).weight.dtype == np.float32
        with pytest.raises(TypeError, match="parameters are floats"):
            layer.to("int64")
    assert nn.Linear(2, 2, dtype="float64").weight.dtype == np.float64
    assert nn.Linear(2, 2, device="cpu").weight.device == "cpu"
    assert isinstance(layer.to("cpu").weight.data, np.ndarray if library == "numpy" else torch.Tensor)


def test_hooks_see_and_change_what_passes() -> None:
    layer, seen = nn.Linear(2, 2), []
    first = layer.register_forward_pre_hook(lambda m, args: (args[0] * 0.0,))
    last = layer.register_forward_hook(lambda m, args, result: seen.append((args[0].tolist(), result.tolist())))
    layer(Tensor([1.0, 2.0]))
    assert seen == [([0.0, 0.0], layer.bias.tolist())]
    first.remove()
    last.remove()
    with layer.register_forward_hook(lambda m, args, kwargs, y: kwargs["input"] * 3.0, with_kwargs=True):
        assert layer(input=Tensor([1.0, 2.0])).tolist() == [3.0, 6.0]
    with (
        layer.register_forward_hook(lambda m, args, y: y * 0.0 + 2.0),
        layer.register_forward_hook(lambda m, args, y: y * 0.0 + 1.0, prepend=True),
    ):
        assert layer(Tensor([1.0, 2.0])).tolist() == [2.0, 2.0]
    assert layer(Tensor([0.0, 0.0])).tolist() == layer.bias.tolist()
    assert len(seen) == 1


# -------------------------------------------------------------------------------------------------- containers


def test_a_sequence_is_indexed_sliced_and_changed() -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    assert [type(m).__name__ for m in net[1:]] == ["ReLU", "Linear"]
    theirs = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
    assert list(net[1:].state_dict()) == list(theirs[1:].state_dict())
    assert net[-1].out_features == 1
    net[1] = nn.Tanh()
    net.append(nn.Sigmoid()).insert(0, nn.Identity())
    assert [type(m).__name__ for m in net] == ["Identity", "Linear", "Tanh", "Linear", "Sigmoid"]
    del net[0]
    assert [name for name, _ in net.named_children()] == ["0", "1", "2", "3"]
    with pytest.raises(IndexError, match="Sequential has 4 modules, and none is number 7"):
        net[7]
    named = nn.Sequential(OrderedDict(first=nn.Linear(1, 1), then=nn.ReLU()))
    assert list(named.state_dict()) == ["first.weight", "first.bias"]
    assert named.then is named[1]


def test_lists_and_dictionaries_of_modules() -> None:
    layers = nn.ModuleList([nn.Linear(1, 1)])
    layers += [nn.ReLU()]
    layers.insert(0, nn.Tanh())
    assert [type(m).__name__ for m in layers] == ["Tanh", "Linear", "ReLU"]
    assert list(layers.state_dict()) == ["1.weight", "1.bias"]
    by_name = nn.ModuleDict([["a", nn.Linear(1, 1)]])
    by_name["b"] = nn.ReLU()
    assert (list(by_name), "b" in by_name, len(by_name)) == (["a", "b"], True, 2)
    assert type(by_name.pop("b")).__name__ == "ReLU"
    assert next(iter(by_name.items()))[0] == "a"
    with pytest.raises(KeyError):
        by_name["c"]
    by_name.clear()
    assert not by_name.keys()
    assert nn.Sequential(nn.Linear(1, 1)).get_submodule("0").out_features == 1
    with pytest.raises(AttributeError, match=r"there is no path '1\.0'"):
        layers.get_submodule("1.0")
