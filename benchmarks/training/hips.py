"""HIPS autograd: plain NumPy, as its users write it, each part in the fastest of the forms that were tried.

Its own `autograd.scipy.signal.convolve` takes five times as long as the convolution here, 25 slices twice as long.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd.numpy as np
import numpy as onp
from autograd import value_and_grad
from autograd.extend import defvjp, primitive
from autograd.scipy.special import logsumexp

from benchmarks.training.task import Task

Weights = dict[str, Any]


def linear(w: Weights, name: str, x: Any) -> Any:
    return np.dot(x, w[name + ".weight"].T) + w[name + ".bias"]


def relu(x: Any) -> Any:
    return np.maximum(x, 0)


def mlp(w: Weights, x: Any) -> Any:
    return linear(w, "2", relu(linear(w, "0", x)))


@primitive
def windows(x: Any, size: int) -> Any:
    """All windows of an image as columns: (n, c * size * size, places)."""
    view = onp.lib.stride_tricks.sliding_window_view(x, (size, size), (2, 3))
    n, c, height, width = view.shape[:4]
    return onp.ascontiguousarray(view.transpose(0, 1, 4, 5, 2, 3)).reshape(n, c * size * size, height * width)


def windows_gradient(_: Any, x: Any, size: int) -> Callable[[Any], Any]:
    n, c, height, width = x.shape[0], x.shape[1], x.shape[2] - size + 1, x.shape[3] - size + 1

    def back(g: Any) -> Any:
        g, out = g.reshape(n, c, size, size, height, width), onp.zeros_like(x)
        for i in range(size):
            for j in range(size):
                out[:, :, i : i + height, j : j + width] += g[:, :, i, j]
        return out

    return back


defvjp(windows, windows_gradient, argnums=(0,))


def conv(w: Weights, name: str, x: Any) -> Any:
    kernel = w[name + ".weight"]
    filters, _, size, _ = kernel.shape
    n, _, height, width = x.shape
    out = np.matmul(np.reshape(kernel, (filters, -1)), windows(x, size)) + w[name + ".bias"][:, None]
    return np.reshape(out, (n, filters, height - size + 1, width - size + 1))


def pool(x: Any) -> Any:
    n, c, height, width = x.shape
    return np.max(np.reshape(x, (n, c, height // 2, 2, width // 2, 2)), axis=(3, 5))


def lenet(w: Weights, x: Any) -> Any:
    x = np.pad(x, ((0, 0), (0, 0), (2, 2), (2, 2)), "constant")
    x = pool(relu(conv(w, "0", x)))
    x = pool(relu(conv(w, "3", x)))
    x = np.reshape(x, (len(x), -1))
    return linear(w, "11", relu(linear(w, "9", relu(linear(w, "7", x)))))


def sigmoid(x: Any) -> Any:
    return 0.5 * (np.tanh(0.5 * x) + 1)


def gru(w: Weights, symbols: Any) -> Any:
    outputs = [w["embedding.weight"][now] for now in symbols.T]
    for layer in (0, 1):
        w_x, b_x = w[f"gru.weight_ih_l{layer}"].T, w[f"gru.bias_ih_l{layer}"]
        w_h, b_h = w[f"gru.weight_hh_l{layer}"].T, w[f"gru.bias_hh_l{layer}"]
        h, inputs, outputs = np.zeros((len(symbols), 256), np.float32), outputs, []
        for now in inputs:
            x, own = np.dot(now, w_x) + b_x, np.dot(h, w_h) + b_h
            gates = sigmoid(x[:, :512] + own[:, :512])
            new = np.tanh(x[:, 512:] + gates[:, :256] * own[:, 512:])
            h = new + gates[:, 256:] * (h - new)
            outputs.append(h)
    return linear(w, "head", np.stack(outputs, 1))


def norm(w: Weights, name: str, x: Any) -> Any:
    centered = x - np.mean(x, axis=-1, keepdims=True)
    variance = np.mean(centered**2, axis=-1, keepdims=True)
    return centered / np.sqrt(variance + np.float32(1e-5)) * w[name + ".weight"] + w[name + ".bias"]


def attention(w: Weights, name: str, x: Any, hidden: Any) -> Any:
    rows, steps, width = x.shape
    qkv = np.dot(x, w[name + ".in_proj_weight"].T) + w[name + ".in_proj_bias"]
    q, k, v = np.transpose(np.reshape(qkv, (rows, steps, 3, 4, width // 4)), (2, 0, 3, 1, 4))
    scores = np.where(hidden, np.float32(-1e9), np.matmul(q, np.swapaxes(k, 2, 3)) * (width // 4) ** -0.5)
    weights = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    weights = weights / np.sum(weights, axis=-1, keepdims=True)
    mixed = np.reshape(np.swapaxes(np.matmul(weights, v), 1, 2), (rows, steps, width))
    return linear(w, name + ".out_proj", mixed)


def transformer(w: Weights, symbols: Any, hidden: Any) -> Any:
    x = w["embedding.weight"][symbols]
    for layer in ("encoder.layers.0.", "encoder.layers.1."):
        x = norm(w, layer + "norm1", x + attention(w, layer + "self_attn", x, hidden))
        x = norm(w, layer + "norm2", x + linear(w, layer + "linear2", relu(linear(w, layer + "linear1", x))))
    return linear(w, "head", x)


MODELS: dict[str, Callable[..., Any]] = {"mlp": mlp, "lenet": lenet, "gru": gru, "transformer": transformer}


def start(model: str, task: Task) -> Callable[[], float]:
    weights, rows = task.weights, np.arange(len(task.targets))

    def loss(w: Weights) -> Any:
        logits = MODELS[model](w, *task.inputs)
        logits = np.reshape(logits, (-1, logits.shape[-1]))
        return np.mean(logsumexp(logits, axis=1) - logits[rows, task.targets])

    both = value_and_grad(loss)

    def step() -> float:
        value, gradients = both(weights)
        for name, gradient in gradients.items():
            weights[name] -= task.rate * gradient
        return float(value)

    return step
