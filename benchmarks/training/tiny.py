"""tinygrad on the processor: a whole step is traced once and compiled (TinyJit)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad import Tensor, TinyJit
from tinygrad.helpers import Context
from tinygrad.nn.optim import SGD

from benchmarks.training.task import Task

Weights = dict[str, Any]


def linear(w: Weights, name: str, x: Any) -> Any:
    return x.linear(w[name + ".weight"].T, w[name + ".bias"])


def mlp(w: Weights, x: Any) -> Any:
    return linear(w, "2", linear(w, "0", x).relu())


def lenet(w: Weights, x: Any) -> Any:
    x = x.conv2d(w["0.weight"], w["0.bias"], padding=2).relu().max_pool2d((2, 2))
    x = x.conv2d(w["3.weight"], w["3.bias"]).relu().max_pool2d((2, 2)).flatten(1)
    return linear(w, "11", linear(w, "9", linear(w, "7", x).relu()).relu())


def embedding(weight: Any, symbols: Any) -> Any:
    return symbols.one_hot(weight.shape[0]).float() @ weight


def gru(w: Weights, symbols: Any) -> Any:
    outputs = embedding(w["embedding.weight"], symbols)
    for layer in (0, 1):
        gates = outputs.linear(w[f"gru.weight_ih_l{layer}"].T, w[f"gru.bias_ih_l{layer}"])
        h, states = Tensor.zeros(gates.shape[0], 256), []
        for t in range(gates.shape[1]):
            r, z, n = gates[:, t].chunk(3, 1)
            hr, hz, hn = h.linear(w[f"gru.weight_hh_l{layer}"].T, w[f"gru.bias_hh_l{layer}"]).chunk(3, 1)
            update, new = (z + hz).sigmoid(), (n + (r + hr).sigmoid() * hn).tanh()
            h = new + update * (h - new)
            states.append(h)
        outputs = Tensor.stack(*states, dim=1)
    return linear(w, "head", outputs)


def transformer(w: Weights, symbols: Any, hidden: Any) -> Any:
    x = embedding(w["embedding.weight"], symbols)
    for layer in ("encoder.layers.0.", "encoder.layers.1."):
        rows, steps, width = x.shape
        qkv = x.linear(w[layer + "self_attn.in_proj_weight"].T, w[layer + "self_attn.in_proj_bias"])
        q, k, v = (part.reshape(rows, steps, 4, width // 4).transpose(1, 2) for part in qkv.chunk(3, 2))
        mixed = q.scaled_dot_product_attention(k, v, is_causal=True).transpose(1, 2).reshape(rows, steps, width)
        x = norm(w, layer + "norm1", x + linear(w, layer + "self_attn.out_proj", mixed))
        x = norm(w, layer + "norm2", x + linear(w, layer + "linear2", linear(w, layer + "linear1", x).relu()))
    return linear(w, "head", x)


def norm(w: Weights, name: str, x: Any) -> Any:
    return x.layernorm() * w[name + ".weight"] + w[name + ".bias"]


MODELS: dict[str, Callable[..., Any]] = {"mlp": mlp, "lenet": lenet, "gru": gru, "transformer": transformer}


def start(model: str, task: Task) -> Callable[[], float]:
    weights = {name: Tensor(array).realize() for name, array in task.weights.items()}
    inputs = [Tensor(array).is_param_(False).realize() for array in task.inputs]
    targets = Tensor(task.targets).is_param_(False).realize()
    optimizer = SGD(list(weights.values()), lr=task.rate)

    @TinyJit
    def run() -> Any:
        optimizer.zero_grad()
        logits = MODELS[model](weights, *inputs)
        loss = logits.reshape(-1, logits.shape[-1]).sparse_categorical_crossentropy(targets).backward()
        return loss.realize(*optimizer.schedule_step())

    def step() -> float:
        with Context(TRAINING=1):
            return float(run().item())

    return step
