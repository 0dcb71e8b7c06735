"""A model file runs on torch and on dlkit: one import is changed, and nothing else."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import dlkit

torch = pytest.importorskip("torch")

# Only the first line, or the first two, are changed.
IMAGES = """
from torch import nn


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, padding="same", groups=2), nn.GroupNorm(2, channels),
        )
        self.gate = nn.Parameter(self.body[0].weight[0, 0, 0].detach() + 1.0)

    def forward(self, x):
        return nn.functional.gelu(x + self.body(x) * self.gate.mean())


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 4, kernel_size=(3, 3), stride=2)
        self.blocks = nn.ModuleList([Residual(4) for _ in range(2)])
        self.heads = nn.ModuleDict({"left": nn.Linear(4, 3), "right": nn.Linear(4, 3)})
        self.pool, self.flat = nn.AdaptiveAvgPool2d(1), nn.Flatten()
        self.loss = nn.CrossEntropyLoss(label_smoothing=0.1)

    def forward(self, x, target):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        x = self.flat(self.pool(x))
        y = sum(head(x) for head in self.heads.values())
        return self.loss(y, target) + 0.01 * sum(p.pow(2).sum() for p in self.parameters())
"""

TEXTS = """
import torch


class Model(torch.nn.Module):
    def __init__(self, size=8):
        super().__init__()
        nn = torch.nn
        self.table = nn.Embedding(10, size, padding_idx=0)
        layer = nn.TransformerEncoderLayer(size, 2, 16, dropout=0.0, batch_first=True, norm_first=True, activation="gelu")
        self.encoder = nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(size), enable_nested_tensor=False)
        self.steps = nn.LSTM(size, 5, num_layers=2, bidirectional=True, batch_first=True)
        self.out = nn.Sequential(nn.Linear(10, 10), nn.Tanh(), nn.Dropout(0.0), nn.Linear(10, 4))
        self.register_buffer("places", torch.zeros(6, size) + 0.5)
        self.register_buffer("scratch", torch.ones(1), persistent=False)

    def forward(self, words, target):
        mask = torch.triu(torch.ones(words.shape[1], words.shape[1]), diagonal=1) > 0
        x = self.encoder(self.table(words) + self.places, mask=mask, src_key_padding_mask=words == 0)
        x, (h, c) = self.steps(x)
        logits = self.out(x).mean(dim=1) + h.sum() + c.mean()
        return torch.nn.functional.cross_entropy(logits, target)
"""


def load(path: Path, text: str) -> ModuleType:
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = made
    spec.loader.exec_module(made)
    return made


@pytest.fixture(params=["images", "texts"])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """torch's model, dlkit's, and the inputs of both."""
    rng = np.random.default_rng(0)
    text, inputs = {
        "images": (IMAGES, (rng.normal(size=(4, 1, 9, 9)).astype("float32"), np.array([0, 2, 1, 1]))),
        "texts": (TEXTS, (np.array([[1, 2, 3, 4, 5, 6], [7, 8, 9, 1, 0, 0]]), np.array([3, 1]))),
    }[request.param]
    ours = text.replace("from torch import nn", "from dlkit import nn").replace(
        "import torch\n", "import dlkit as torch\n"
    )
    assert ours != text
    theirs = load(tmp_path / f"{request.param}_theirs.py", text).Model()
    return theirs, load(tmp_path / f"{request.param}_ours.py", ours).Model, inputs


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("mode", ["train", "eval"])
def test_outputs_gradients_and_keys_are_the_same(both: Any, library: str, mode: str) -> None:
    theirs, build, inputs = both
    with dlkit.use(library):
        ours = build()
        assert {k: tuple(t.shape) for k, t in theirs.state_dict().items()} == {
            k: t.shape for k, t in ours.state_dict().items()
        }
        assert list(theirs.state_dict()) == list(ours.state_dict())
        assert repr_of(theirs) == repr_of(ours)
        ours.load_state_dict(theirs.state_dict())
        getattr(ours, mode)()
        getattr(theirs, mode)()
        mine = ours(*(dlkit.tensor(x) for x in inputs))
        expected = theirs(*(torch.tensor(x) for x in inputs))
        assert isinstance(mine.data, (np.ndarray, np.generic) if library == "numpy" else torch.Tensor)
        assert mine.item() == pytest.approx(expected.item(), rel=1e-5)
        mine.backward()
        expected.backward()
    grads = {name: p.grad for name, p in ours.named_parameters()}
    for name, p in theirs.named_parameters():
        if p.grad is not None:
            np.testing.assert_allclose(grads[name].numpy(), p.grad.numpy(), rtol=1e-3, atol=1e-5, err_msg=name)
    for name, t in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[name].numpy(), t.numpy(), rtol=1e-5, atol=1e-6, err_msg=name)


def repr_of(model: Any) -> str:
    return repr(model).replace("NonDynamicallyQuantizableLinear", "Linear")


def test_a_state_goes_to_torch_and_back(both: Any) -> None:
    theirs, build, _ = both
    ours = build()
    change: Callable[[Any], Any] = lambda t: torch.from_numpy(t.numpy().copy())  # noqa: E731
    theirs.load_state_dict({key: change(t) for key, t in ours.state_dict().items()})
    for key, t in theirs.state_dict().items():
        assert np.array_equal(t.numpy(), ours.state_dict()[key].numpy()), key
