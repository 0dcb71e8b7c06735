"""How weights begin."""

from __future__ import annotations

from torch import nn


def keep_size(model: nn.Module, dense: bool = False) -> None:
    """Draw the weights of convolutions, and of `dense` layers, so that signals keep their size through ReLU; biases are 0.

    PyTorch's own are smaller: after some layers little is left of what tells two images apart.
    Source: He, Zhang, Ren and Sun, 2015, arXiv:1502.01852.

    >>> layer = nn.Conv2d(8, 8, 5)
    >>> keep_size(layer)
    >>> round(layer.weight.std().item(), 1)
    0.1
    """
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear) if dense else nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
