"""Layers agree with torch's on torch's own test inputs: on a few of each here, on all of them in the nightly run."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance import databases

databases.need()
from tests.conformance import modules  # noqa: E402

# Layers that the book and its readers use: none of them may be missing.
WANTED = """Linear Bilinear Conv1d Conv2d ConvTranspose2d MaxPool1d MaxPool2d AvgPool1d AvgPool2d AdaptiveAvgPool1d
    AdaptiveAvgPool2d BatchNorm1d BatchNorm2d LayerNorm RMSNorm GroupNorm Embedding RNN GRU LSTM RNNCell GRUCell LSTMCell
    MultiheadAttention TransformerEncoderLayer TransformerDecoderLayer TransformerEncoder ReLU GELU SiLU Sigmoid Tanh
    Softplus ELU LeakyReLU Softmax LogSoftmax Hardtanh Mish PReLU CrossEntropyLoss NLLLoss MSELoss L1Loss HuberLoss
    SmoothL1Loss BCELoss BCEWithLogitsLoss KLDivLoss"""


def test_no_layer_is_missing() -> None:
    assert {f"nn.{name}" for name in WANTED.split()} <= set(modules.NAMES)


FEW = 5


@pytest.mark.parametrize("name", modules.NAMES)
def test_a_layer_agrees_with_torch(name: str) -> None:
    found = modules.results(name, FEW)
    assert found, "torch has no samples"
    assert not modules.faults(found)


def test_nearly_all_samples_pass() -> None:
    found = [sample for name in modules.NAMES for sample in modules.results(name, FEW)]
    assert len(found) > 800
    assert sum(sample.passed for sample in found) >= 0.95 * len(found)


def test_a_wrong_layer_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = modules.nn.Linear.forward

    def larger(layer: Any, input: Any) -> Any:
        return right(layer, input * 1.001)

    def cut(layer: Any, input: Any) -> Any:
        return right(layer, input.detach())

    for wrong, said in (
        (larger, "result 0: Tensor-likes are not close"),
        (cut, "the gradient of input 0, 0: dlkit's is missing, and the other is not zero"),
    ):
        monkeypatch.setattr(modules.nn.Linear, "forward", wrong)
        found = modules.faults(modules.run("nn.Linear", 2))
        assert len(found) == 2 * 4 * 3
        assert all(said in fault for fault in found), found[0]


@pytest.mark.slow
def test_all_samples_of_all_layers() -> None:
    found = [sample for name in modules.NAMES for sample in modules.results(name)]
    assert not modules.faults(found)
    assert sum(sample.passed for sample in found) >= 0.97 * len(found)
    table = modules.rows()
    assert len(table) == len(modules.NAMES)
    assert all(len(row) == len(modules.HEAD) and int(row[1]) == sum(map(int, row[2:5])) for row in table)
    assert len(modules.section()) == len(table) + 5
