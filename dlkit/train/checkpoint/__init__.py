"""Checkpoints of a run: written whole or not at all, kept and thinned, read back to the bit."""

from dlkit.train.checkpoint.checkpoints import Checkpoints
from dlkit.train.checkpoint.collective import CheckpointError
from dlkit.train.checkpoint.manifest import load_model

__all__ = ["CheckpointError", "Checkpoints", "load_model"]
