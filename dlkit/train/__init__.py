"""Training PyTorch models: a loop you can see, and what a long run needs around it. Needs torch."""

from dlkit.train import devices, measure, metrics
from dlkit.train.checkpoint import CheckpointError, Checkpoints, load_model
from dlkit.train.history import History
from dlkit.train.loop import Loop
from dlkit.train.stopping import EarlyStopping
from dlkit.train.trainer import Trainer

__all__ = [
    "CheckpointError",
    "Checkpoints",
    "EarlyStopping",
    "History",
    "Loop",
    "Trainer",
    "devices",
    "load_model",
    "measure",
    "metrics",
]
