"""Layers: what the suite does not look at. Arguments of torch's that it has no samples of, and errors for people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dlkit
from dlkit import Tensor, nn

torch = pytest.importorskip("torch")

RNG = np.random.default_rng(0)


def same(name: str, args: tuple[Any, ...], kwargs: dict[str, Any], *inputs: Any, **given: Any) -> None:
    """A layer gives what torch's gives, and the same gradients for its first input, on both libraries."""
    theirs = getattr(torch.nn, name)(*args, **kwargs)
    lifted = [torch.tensor(x) for x in inputs]
    if lifted[0].is_floating_point():
        lifted[0].requires_grad_()
    expected = first(
        theirs(*lifted, **{k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in given.items()})
    )
    slope = torch.cos(torch.arange(expected.numel(), dtype=expected.dtype)).reshape(expected.shape)
    (expected * slope).sum().backward()
    for library in ("numpy", "torch"):
        with dlkit.use(library):
            ours = getattr(nn, name)(*args, **kwargs)
            assert repr(ours) == repr(theirs).replace("NonDynamicallyQuantizableLinear", "Linear")
            ours.load_state_dict(theirs.state_dict())
            mine = [dlkit.tensor(x) for x in inputs]
            mine[0].requires_grad = lifted[0].requires_grad
            extra = {k: dlkit.tensor(v) if isinstance(v, np.ndarray) else v for k, v in given.items()}
            y = first(ours(*mine, **extra))
            (y * dlkit.tensor(slope.numpy())).sum().backward()
        np.testing.assert_allclose(y.numpy(), expected.detach().numpy(), rtol=1e-5, atol=1e-5)
        if lifted[0].requires_grad:
            np.testing.assert_allclose(mine[0].grad.numpy(), lifted[0].grad.numpy(), rtol=1e-4, atol=1e-5)
        for key, p in theirs.named_parameters():
            if p.grad is not None:
                grad = dict(ours.named_parameters())[key].grad.numpy()
                np.testing.assert_allclose(grad, p.grad.numpy(), rtol=1e-4, atol=2e-5, err_msg=key)


def first(result: Any) -> Any:
    return result[0] if isinstance(result, tuple) else result


def normal(*shape: int) -> Any:
    return RNG.normal(size=shape).astype("float32")


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("padding", [2, "same", "valid"])
def test_convolutions_pad_as_torchs(mode: str, padding: Any) -> None:
    same("Conv1d", (2, 4, 3), {"padding": padding, "padding_mode": mode, "groups": 2}, normal(2, 2, 7))
    same("Conv2d", (2, 3, (3, 4)), {"padding": padding, "padding_mode": mode, "bias": False}, normal(1, 2, 7, 8))


@pytest.mark.parametrize("wanted", [[9, 10], [10, 9], [2, 3, 9, 9]])
def test_transposed_convolutions_give_the_lengths_wanted(wanted: list[int]) -> None:
    same("ConvTranspose2d", (4, 3, 3), {"stride": 2, "padding": 1, "groups": 1}, normal(2, 4, 5, 5), output_size=wanted)
    with pytest.raises(ValueError, match=r"lengths from \[9, 9\] to \[10, 10\], not \[11, 9\]"):
        nn.ConvTranspose2d(4, 3, 3, stride=2, padding=1)(dlkit.ones(2, 4, 5, 5), output_size=[11, 9])


CASES: list[tuple[str, tuple[Any, ...], dict[str, Any], tuple[Any, ...]]] = [
    ("Dropout", (0.0,), {}, (normal(3, 4),)),
    ("Dropout1d", (0.0,), {"inplace": False}, (normal(3, 4),)),
    ("Dropout2d", (0.0,), {}, (normal(3, 4, 2, 2),)),
    ("Flatten", (1, 2), {}, (normal(2, 3, 4, 5),)),
    ("Flatten", (0,), {}, (normal(2, 3),)),
    ("Unflatten", (1, (2, -1)), {}, (normal(2, 6),)),
    ("Identity", (), {}, (normal(2),)),
    ("Hardsigmoid", (), {}, (normal(20) * 3,)),
    ("Embedding", (9, 3, 2), {"scale_grad_by_freq": True}, (np.array([[1, 2, 2], [1, 1, 4]]),)),
    ("Embedding", (9, 3), {"max_norm": 1.0, "norm_type": 1.0}, (np.array([1, 8, 1]),)),
    ("AvgPool2d", ((2, 3), 2), {"padding": 1, "count_include_pad": False, "ceil_mode": True}, (normal(2, 3, 7, 8),)),
    ("AdaptiveAvgPool2d", ((3, None),), {}, (normal(2, 3, 7, 8),)),
    ("BatchNorm1d", (3,), {"momentum": None}, (normal(4, 3, 5),)),
    ("BatchNorm2d", (3,), {"bias": False}, (normal(4, 3, 2, 2),)),
    ("GroupNorm", (2, 4), {"affine": False}, (normal(4, 4, 3),)),
    ("LayerNorm", ([2, 3],), {"bias": False}, (normal(4, 2, 3),)),
    ("MultiheadAttention", (8, 2), {"kdim": 5, "vdim": 6, "batch_first": True}, (normal(2, 3, 8), normal(2, 4, 5), normal(2, 4, 6))),
    ("MultiheadAttention", (8, 2), {"add_bias_kv": True, "add_zero_attn": True, "bias": False}, (normal(3, 8), normal(4, 8), normal(4, 8))),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "args", "kwargs", "inputs"), CASES, ids=lambda case: case if isinstance(case, str) else ""
)
def test_arguments_mean_what_they_mean_in_torch(
    name: str, args: tuple[Any, ...], kwargs: dict[str, Any], inputs: tuple[Any, ...]
) -> None:
    same(name, args, kwargs, *inputs)


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("extra", [{}, {"add_bias_kv": True, "add_zero_attn": True}])
def test_masks_of_attention_are_torchs(need_weights: bool, extra: dict[str, Any]) -> None:
    q, k = normal(3, 2, 8), normal(4, 2, 8)
    hidden = np.array([[False, False, True, False], [False, True, False, False]])
    looks = normal(4, 3, 4)  # two heads for each of a batch of two
    for attn in (np.array([[False, True, False, False]] * 3), looks[0], looks):
        if attn.dtype == bool:
            given = {"key_padding_mask": hidden, "attn_mask": attn}
        else:
            given = {"key_padding_mask": np.where(hidden, np.float32(-np.inf), np.float32(0)), "attn_mask": attn}
        same("MultiheadAttention", (8, 2), extra, q, k, k, need_weights=need_weights, **given)


def test_weights_of_attention_are_torchs() -> None:
    theirs, ours = torch.nn.MultiheadAttention(8, 2), nn.MultiheadAttention(8, 2)
    ours.load_state_dict(theirs.state_dict())
    x = normal(3, 2, 8)
    for average in (True, False):
        mine = ours(*[Tensor(x)] * 3, average_attn_weights=average)[1]
        expected = theirs(*[torch.tensor(x)] * 3, average_attn_weights=average)[1]
        assert mine is not None
        np.testing.assert_allclose(mine.numpy(), expected.detach().numpy(), rtol=1e-5)


@pytest.mark.parametrize("norm_first", [True, False])
def test_decoders_are_torchs(norm_first: bool) -> None:
    how = {"dropout": 0.0, "norm_first": norm_first, "batch_first": True, "activation": "gelu"}
    theirs = torch.nn.TransformerDecoder(torch.nn.TransformerDecoderLayer(8, 2, 16, **how), 2, torch.nn.LayerNorm(8))
    ours = nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16, **how), 2, nn.LayerNorm(8))
    assert ours.layers[0].linear1.weight.tolist() == ours.layers[1].linear1.weight.tolist()
    ours.load_state_dict(theirs.state_dict())
    x, memory, mask = normal(2, 3, 8), normal(2, 4, 8), np.triu(np.ones((3, 3), dtype=bool), 1)
    mine = ours(Tensor(x), Tensor(memory), tgt_mask=Tensor(mask), tgt_is_causal=True)
    expected = theirs(torch.tensor(x), torch.tensor(memory), tgt_mask=torch.tensor(mask), tgt_is_causal=True)
    np.testing.assert_allclose(mine.numpy(), expected.detach().numpy(), rtol=1e-4, atol=1e-5)


def test_dropout_drops_in_training_alone() -> None:
    layer, x = nn.Dropout2d(0.5), dlkit.ones(50, 4, 3, 3)
    channels = layer(x).numpy().reshape(200, 9)
    assert set(channels.ravel().tolist()) == {0.0, 2.0}
    assert all(len(set(row)) == 1 for row in channels.tolist())
    assert layer.eval()(x).numpy().min() == 1.0
    rnn = nn.LSTM(2, 3, num_layers=2, dropout=1.0)
    assert not np.allclose(rnn(dlkit.ones(4, 1, 2))[0].numpy(), rnn.eval()(dlkit.ones(4, 1, 2))[0].numpy())


def test_pretrained_vectors_are_frozen() -> None:
    vectors = dlkit.randn(4, 3)
    layer = nn.Embedding.from_pretrained(vectors)
    assert not layer.weight.requires_grad
    assert nn.Embedding.from_pretrained(vectors, freeze=False, padding_idx=-1).padding_idx == 3
    assert layer(dlkit.tensor([2])).tolist() == [vectors[2].tolist()]


def test_old_arguments_of_losses_are_understood() -> None:
    assert nn.MSELoss(size_average=False).reduction == "sum"
    assert nn.MSELoss(reduce=False).reduction == "none"
    assert nn.CrossEntropyLoss(None, True).reduction == "mean"
    assert nn.KLDivLoss(reduction="batchmean").reduction == "batchmean"
    assert list(nn.BCEWithLogitsLoss(pos_weight=dlkit.ones(2)).state_dict()) == ["pos_weight"]


# ------------------------------------------------------------------------------------------- errors for people

WRONG: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (
        lambda: nn.Linear(3, 2)(dlkit.ones(4, 5)),
        RuntimeError,
        "Linear(in_features=3, out_features=2, bias=True) takes 3 features along the last axis, and the input has shape (4, 5)",
    ),
    (lambda: nn.Bilinear(3, 2, 1)(dlkit.ones(4, 3), dlkit.ones(4, 3)), RuntimeError, "takes 2 features along the last axis"),
    (
        lambda: nn.Conv2d(3, 2, 1)(dlkit.ones(4, 5, 6, 6)),
        RuntimeError,
        "takes (batch, 3, height, width), with or without the batch, and the input has shape (4, 5, 6, 6)",
    ),
    (lambda: nn.Conv1d(3, 4, 1, groups=2), ValueError, "groups=2 must divide in_channels=3 and out_channels=4"),
    (lambda: nn.Conv1d(3, 4, 1, padding="all"), ValueError, "padding is numbers, 'same' or 'valid', not 'all'"),
    (lambda: nn.Conv1d(3, 4, 1, stride=2, padding="same"), ValueError, "goes with stride=1 alone"),
    (lambda: nn.ConvTranspose2d(3, 4, 1, padding_mode="reflect"), ValueError, "padding_mode is one of ('zeros',)"),
    (lambda: nn.MaxPool2d(2)(dlkit.ones(4, 5)), RuntimeError, "takes (batch, channels, height, width), with or without"),
    (lambda: nn.BatchNorm1d(3)(dlkit.ones(4, 5)), RuntimeError, "takes (batch, 3) or (batch, 3, length), and the input"),
    (lambda: nn.LayerNorm((2, 3))(dlkit.ones(4, 5)), RuntimeError, "takes (2, 3) as its last axes, and the input has shape"),
    (lambda: nn.GroupNorm(2, 3), ValueError, "3 channels cannot be split into 2 groups"),
    (lambda: nn.GroupNorm(2, 4)(dlkit.ones(1, 3)), RuntimeError, "takes (batch, 4, ...), and the input has shape (1, 3)"),
    (lambda: nn.Dropout(1.5), ValueError, "p is a probability, between 0 and 1, not 1.5"),
    (lambda: nn.Dropout2d()(dlkit.ones(4)), RuntimeError, "takes (batch, channels, height, width)"),
    (lambda: nn.PReLU(3)(dlkit.ones(4, 2)), RuntimeError, "takes (batch, 3, ...), and the input has shape (4, 2)"),
    (lambda: nn.Embedding(3, 2, padding_idx=3), ValueError, "padding_idx=3 is none of 3 vectors"),
    (lambda: nn.Embedding(3, 2)(dlkit.tensor([3])), IndexError, "3"),
    (lambda: nn.Embedding.from_pretrained(dlkit.ones(3)), ValueError, "the vectors make a matrix"),
    (lambda: nn.Flatten(2)(dlkit.ones(3, 2)), IndexError, "has no axis 2"),
    (lambda: nn.Unflatten(1, (2, 4))(dlkit.ones(3, 6)), RuntimeError, "that is the product of (2, 4)"),
    (lambda: nn.Hardtanh(2.0, 1.0), ValueError, "max_val=1.0 must be above min_val=2.0"),
    (lambda: nn.L1Loss(reduction="average"), ValueError, "reduction is 'none', 'mean' or 'sum', not 'average'"),
    (lambda: nn.LSTM(3, 4)(dlkit.ones(2, 1, 5)), RuntimeError, "LSTM(3, 4) takes (steps, batch, 3) or (steps, 3), and the input"),
    (lambda: nn.GRU(3, 4)(dlkit.ones(2, 1, 3), dlkit.ones(1, 2, 4)), RuntimeError, "takes a state of shape (1, 1, 4), not (1, 2, 4)"),
    (lambda: nn.LSTMCell(3, 4)(dlkit.ones(2, 3), (dlkit.ones(2, 4),)), RuntimeError, "takes two states of shape (2, 4), not (2, 4)"),
    (lambda: nn.RNN(3, 4, nonlinearity="sin"), ValueError, "nonlinearity is 'tanh' or 'relu', not 'sin'"),
    (lambda: nn.RNN(3, 0), ValueError, "sizes are positive: input_size=3, hidden_size=0"),
    (lambda: nn.MultiheadAttention(8, 3), ValueError, "embed_dim=8 cannot be split into num_heads=3"),
    (
        lambda: nn.MultiheadAttention(8, 2)(dlkit.ones(3, 8), dlkit.ones(3, 7), dlkit.ones(3, 8)),
        RuntimeError,
        "takes query, key and value with (8, 8, 8) features, and their shapes are (3, 8), (3, 7), (3, 8)",
    ),
    (
        lambda: nn.MultiheadAttention(8, 2)(*[dlkit.ones(3, 8)] * 3, attn_mask=dlkit.ones(2, 3)),
        RuntimeError,
        "attn_mask has the shape (2, 3), and it must be (3, 3) or (2, 3, 3)",
    ),
    (
        lambda: nn.MultiheadAttention(8, 2)(*[dlkit.ones(3, 8)] * 3, is_causal=True),
        RuntimeError,
        "is_causal=True describes attn_mask, which is missing",
    ),
    (lambda: nn.TransformerEncoderLayer(8, 2, activation="sin"), RuntimeError, "activation is 'relu', 'gelu' or a function"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "said"), WRONG, ids=[said[:40] for _, _, said in WRONG])
def test_errors_say_which_layer_what_it_takes_and_what_it_got(call: Any, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind) as told:
        call()
    assert said in str(told.value)
