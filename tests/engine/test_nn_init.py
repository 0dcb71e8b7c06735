"""What parameters begin with, and what is done to all of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import dlkit
from dlkit import Tensor, nn

torch = pytest.importorskip("torch")

# Layers whose parameters are random at first: in each, all parameters of one kind follow one distribution.
RANDOM: list[tuple[str, tuple[Any, ...]]] = [
    ("Linear", (300, 200)),
    ("Bilinear", (30, 40, 50)),
    ("Conv1d", (40, 50, 9)),
    ("Conv2d", (20, 40, 5, 1, 0, 1, 2)),
    ("ConvTranspose2d", (20, 40, 5)),
    ("Embedding", (300, 40)),
    ("RNN", (60, 70)),
    ("GRU", (60, 70)),
    ("LSTM", (60, 70)),
    ("LSTMCell", (60, 70)),
    ("MultiheadAttention", (64, 4, 0.0, True, True)),
    ("MultiheadAttention", (64, 4, 0.0, True, False, False, 40, 50)),
    ("PReLU", (3,)),
    ("BatchNorm2d", (3,)),
    ("LayerNorm", (3,)),
]


@pytest.mark.parametrize(("name", "args"), RANDOM)
def test_layers_begin_as_torchs_do(name: str, args: tuple[Any, ...]) -> None:
    dlkit.manual_seed(0)
    theirs = dict(getattr(torch.nn, name)(*args).named_parameters())
    for key, p in getattr(nn, name)(*args).named_parameters():
        mine, expected = p.numpy().ravel(), theirs[key].detach().numpy().ravel()
        if len(mine) > 1000:  # the largest of many, and their spread
            assert mine.std() == pytest.approx(expected.std(), rel=0.1), key
            assert abs(mine).max() == pytest.approx(abs(expected).max(), rel=0.3), key
        elif len(set(expected)) == 1:
            assert np.array_equal(mine, expected), key
        else:
            assert mine.std() == pytest.approx(expected.std(), rel=0.5), key


FILLS: list[tuple[str, dict[str, Any]]] = [
    ("uniform_", {"a": -2.0, "b": 3.0}),
    ("normal_", {"mean": 1.0, "std": 3.0}),
    ("trunc_normal_", {"mean": 0.5, "std": 1.0, "a": 0.0, "b": 2.0}),
    ("xavier_uniform_", {"gain": 2.0}),
    ("xavier_normal_", {}),
    ("kaiming_uniform_", {"a": 0.5}),
    ("kaiming_normal_", {"mode": "fan_out", "nonlinearity": "relu"}),
    ("constant_", {"val": 0.3}),
    ("zeros_", {}),
    ("ones_", {}),
]


@pytest.mark.parametrize(("name", "how"), FILLS)
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_distributions_are_torchs(name: str, how: dict[str, Any], library: str) -> None:
    dlkit.manual_seed(0)
    with dlkit.use(library):
        tensor = dlkit.zeros(60, 50, 4, requires_grad=True)
    assert getattr(nn.init, name)(tensor, **how) is tensor
    expected = getattr(torch.nn.init, name)(torch.zeros(60, 50, 4), **how).numpy()
    mine, size = tensor.numpy(), float(abs(expected).max())
    assert tensor.dtype == np.float32
    assert tensor.op is None
    assert mine.mean() == pytest.approx(expected.mean(), abs=0.1 * size)
    for q in (0.05, 0.25, 0.75, 0.95):
        assert np.quantile(mine, q) == pytest.approx(np.quantile(expected, q), abs=0.05 * size)


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 2, 3)])
def test_orthogonal_means_orthogonal(shape: tuple[int, ...]) -> None:
    m = nn.init.orthogonal_(dlkit.zeros(*shape, dtype="float64"), gain=2.0).numpy().reshape(shape[0], -1)
    product = m @ m.T if m.shape[0] <= m.shape[1] else m.T @ m
    np.testing.assert_allclose(product, 4.0 * np.eye(len(product)), atol=1e-12)


def test_eye_is_the_identity() -> None:
    assert nn.init.eye_(dlkit.zeros(2, 3)).tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]


@pytest.mark.parametrize(
    ("nonlinearity", "param"), [("linear", None), ("tanh", None), ("relu", None), ("selu", None), ("leaky_relu", 0.2)]
)
def test_gains_are_torchs(nonlinearity: str, param: Any) -> None:
    assert nn.init.calculate_gain(nonlinearity, param) == torch.nn.init.calculate_gain(nonlinearity, param)


def test_what_cannot_be_begun_with_is_refused() -> None:
    with pytest.raises(ValueError, match="two axes or more, not the shape"):
        nn.init.kaiming_uniform_(dlkit.zeros(3))
    with pytest.raises(ValueError, match="no gain is known for 'gelu'"):
        nn.init.calculate_gain("gelu")
    with pytest.raises(ValueError, match="mode is 'fan_in' or 'fan_out'"):
        nn.init.kaiming_normal_(dlkit.zeros(3, 3), mode="fan")
    with pytest.raises(ValueError, match="nearly all of a normal distribution"):
        nn.init.trunc_normal_(dlkit.zeros(3), a=9.0, b=10.0)
    with pytest.raises(ValueError, match="slope of leaky_relu"):
        nn.init.calculate_gain("leaky_relu", "steep")  # type: ignore[arg-type]


def test_one_seed_makes_one_model() -> None:
    weights = []
    for _ in range(2):
        np.random.seed(3)
        weights.append(nn.Linear(4, 4).weight.tolist())
    assert weights[0] == weights[1]


# ------------------------------------------------------------------------------------------------- all together


@pytest.fixture(params=["numpy", "torch"])
def pairs(request: pytest.FixtureRequest) -> Any:
    """Parameters with gradients, ours and torch's."""
    rng = np.random.default_rng(0)
    ours, theirs = [], []
    for shape in ((3, 4), (5,), (2,)):
        value, slope = (rng.normal(size=shape).astype("float32") for _ in range(2))
        with dlkit.use(request.param):
            mine, yours = nn.Parameter(dlkit.tensor(value)), torch.nn.Parameter(torch.tensor(value))
            if shape != (2,):
                mine.grad, yours.grad = dlkit.tensor(slope), torch.tensor(slope)
        ours.append(mine)
        theirs.append(yours)
    return ours, theirs


@pytest.mark.parametrize(("most", "p"), [(1.0, 2.0), (1.0, 1.0), (0.5, math.inf), (100.0, 2.0), (1.0, 3.0)])
def test_norms_are_clipped_as_torchs(pairs: Any, most: float, p: float) -> None:
    ours, theirs = pairs
    memory = ours[0].grad.data
    total = nn.utils.clip_grad_norm_(ours, most, p)
    expected = torch.nn.utils.clip_grad_norm_(theirs, most, p)
    assert total.item() == pytest.approx(expected.item(), rel=1e-5)
    assert ours[0].grad.data is memory
    for mine, yours in zip(ours[:2], theirs, strict=False):
        np.testing.assert_allclose(mine.grad.numpy(), yours.grad.numpy(), rtol=1e-5)
    assert ours[2].grad is None


def test_values_are_clipped_as_torchs(pairs: Any) -> None:
    ours, theirs = pairs
    nn.utils.clip_grad_value_(ours, 0.3)
    torch.nn.utils.clip_grad_value_(theirs, 0.3)
    assert np.array_equal(ours[0].grad.numpy(), theirs[0].grad.numpy())


def test_a_norm_that_is_not_finite() -> None:
    p = Tensor([1.0], requires_grad=True)
    p.grad = Tensor([math.nan])
    with pytest.raises(RuntimeError, match="cannot be clipped"):
        nn.utils.clip_grad_norm_([p], 1.0, error_if_nonfinite=True)
    assert math.isnan(nn.utils.clip_grad_norm_(p, 1.0).item())
    assert nn.utils.clip_grad_norm_([], 1.0).item() == 0.0


def test_parameters_become_a_vector_and_back(pairs: Any) -> None:
    ours, theirs = pairs
    vector = nn.utils.parameters_to_vector(ours)
    assert np.array_equal(vector.numpy(), torch.nn.utils.parameters_to_vector(theirs).detach().numpy())
    nn.utils.vector_to_parameters(vector.detach() * 2.0, ours)
    np.testing.assert_array_equal(ours[0].numpy(), 2 * theirs[0].detach().numpy())
    with pytest.raises(ValueError, match="19 numbers together"):
        nn.utils.vector_to_parameters(dlkit.zeros(3), ours)
