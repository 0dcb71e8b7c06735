"""What every peer starts from: one batch of data, and weights as torch makes them, as NumPy arrays in one file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.training.models import SYMBOLS, build

# Of the plain SGD: so large that a wrong gradient shows in the losses, so small that the loss falls for hundreds of steps.
RATES = {"mlp": 0.1, "lenet": 1.0, "gru": 2.0, "transformer": 0.3}


@dataclass(frozen=True)
class Task:
    inputs: list[np.ndarray]  # what the model is called with
    targets: np.ndarray  # classes, one a row of the flat logits
    weights: dict[str, np.ndarray]  # by torch's names
    rate: float

    @staticmethod
    def read(path: Path) -> Task:
        with np.load(path) as file:
            inputs = [file[name] for name in sorted(file.files) if name.startswith("input.")]
            weights = {name[7:]: file[name] for name in file.files if name.startswith("weight.")}
            return Task(inputs, file["targets"], weights, float(file["rate"]))


def write(model: str, path: Path, seed: int = 0) -> None:
    """Make the file of a model. Only this needs torch."""
    import torch

    torch.manual_seed(seed)
    inputs, targets = _batch(model, np.random.default_rng(seed))
    arrays = {f"weight.{name}": p.detach().numpy() for name, p in build(model, torch.nn).named_parameters()}
    arrays |= {f"input.{number}": array for number, array in enumerate(inputs)}
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, targets=targets, rate=RATES[model], **arrays)


def _batch(model: str, rng: np.random.Generator) -> tuple[list[np.ndarray], np.ndarray]:
    if model == "mlp":
        return [rng.random((256, 784), np.float32)], rng.integers(0, 10, 256)
    if model == "lenet":
        return [rng.random((128, 1, 28, 28), np.float32)], rng.integers(0, 10, 128)
    rows, steps = (32, 35) if model == "gru" else (16, 64)
    text = rng.integers(0, SYMBOLS, (rows, steps + 1))
    inputs, targets = np.ascontiguousarray(text[:, :-1]), text[:, 1:].ravel()
    later = np.triu(np.ones((steps, steps), bool), 1)  # True where attention must not look
    return [inputs] if model == "gru" else [inputs, later], targets
