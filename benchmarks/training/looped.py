"""torch with the GRU's cell written out and looped in Python: what a library of single operations can hope for."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional

from benchmarks.training.task import Task


def cell(x: torch.Tensor, h: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """One step of torch's GRU, from the input's part of the gates."""
    r, z, n = x.chunk(3, 1)
    hr, hz, hn = functional.linear(h, weight, bias).chunk(3, 1)
    reset, update = torch.sigmoid(r + hr), torch.sigmoid(z + hz)
    new = torch.tanh(n + reset * hn)
    return new + update * (h - new)


def start(model: str, task: Task) -> Callable[[], float]:
    w = {name: torch.tensor(array, requires_grad=True) for name, array in task.weights.items()}
    symbols, targets = torch.tensor(task.inputs[0]), torch.tensor(task.targets)
    optimizer = torch.optim.SGD(w.values(), lr=task.rate)

    def step() -> float:
        optimizer.zero_grad()
        outputs = functional.embedding(symbols.T, w["embedding.weight"])
        for layer in (0, 1):
            gates = functional.linear(outputs, w[f"gru.weight_ih_l{layer}"], w[f"gru.bias_ih_l{layer}"])
            h, states = gates.new_zeros(gates.shape[1], 256), []
            for x in gates.unbind(0):
                h = cell(x, h, w[f"gru.weight_hh_l{layer}"], w[f"gru.bias_hh_l{layer}"])
                states.append(h)
            outputs = torch.stack(states)
        logits = functional.linear(outputs.transpose(0, 1), w["head.weight"], w["head.bias"])
        loss = functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets)
        loss.backward()
        optimizer.step()
        return float(loss.item())

    return step
