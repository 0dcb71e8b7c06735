"""The four models, for whatever `nn` looks like `torch.nn`: the same text runs on torch and on ours.

    logits = build("lenet", nn)(images)
"""

from __future__ import annotations

from typing import Any

SYMBOLS = 64


def mlp(nn: Any) -> Any:
    return nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))


def lenet(nn: Any) -> Any:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


def gru(nn: Any) -> Any:
    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(SYMBOLS, 256)
            self.gru = nn.GRU(256, 256, 2, batch_first=True)
            self.head = nn.Linear(256, SYMBOLS)

        def forward(self, symbols: Any) -> Any:
            outputs, _ = self.gru(self.embedding(symbols))
            return self.head(outputs)

    return Recurrent()


def transformer(nn: Any) -> Any:
    class Causal(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(SYMBOLS, 128)
            layer = nn.TransformerEncoderLayer(128, 4, dim_feedforward=512, dropout=0.0, batch_first=True)
            self.encoder = nn.TransformerEncoder(layer, 2)
            self.head = nn.Linear(128, SYMBOLS)

        def forward(self, symbols: Any, mask: Any) -> Any:
            return self.head(self.encoder(self.embedding(symbols), mask=mask, is_causal=True))

    return Causal()


MODELS = {"mlp": mlp, "lenet": lenet, "gru": gru, "transformer": transformer}
TEXT = {
    "mlp": "MLP 784-256-10, batch 256",
    "lenet": "LeNet 28x28, batch 128",
    "gru": "GRU 2 layers, 32x35, 256",
    "transformer": "Transformer 2x128, 16x64",
}


def build(model: str, nn: Any) -> Any:
    return MODELS[model](nn)
