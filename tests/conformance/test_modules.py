"""Layers agree with torch's on torch's own test inputs."""

from __future__ import annotations

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


@pytest.mark.parametrize("name", modules.NAMES)
def test_a_layer_agrees_with_torch(name: str) -> None:
    faults = {
        f"{r.dtype}, training={r.training}, sample {r.number}, {library}": said
        for r in modules.results(name)
        for library, said in r.wrong.items()
        if said
    }
    assert not faults, "\n".join(f"{where}: {said}" for where, said in list(faults.items())[:5])
    assert modules.results(name), "torch has no samples"


def test_nearly_all_samples_pass() -> None:
    found = [r for name in modules.NAMES for r in modules.results(name)]
    assert sum(r.passed for r in found) >= 0.95 * len(found)


def test_the_table_has_a_row_a_layer() -> None:
    table = modules.rows()
    assert len(table) == len(modules.NAMES)
    assert all(len(row) == len(modules.HEAD) and int(row[1]) == sum(map(int, row[2:5])) for row in table)
