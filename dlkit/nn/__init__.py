"""Layers on the engine, with the names, arguments and defaults of `torch.nn`."""

from dlkit.nn import functional as functional
