"""Optimizers and schedules of their rates, with the names, arguments, defaults and arithmetic of `torch.optim`."""

from dlkit.optim import lr_scheduler
from dlkit.optim.adam import Adam, AdamW
from dlkit.optim.adaptive import Adadelta, Adagrad, RMSprop
from dlkit.optim.lion import Lion
from dlkit.optim.muon import Muon
from dlkit.optim.optimizer import Optimizer
from dlkit.optim.sgd import SGD
from dlkit.optim.yogi import Yogi

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Lion",
    "Muon",
    "Optimizer",
    "RMSprop",
    "Yogi",
    "lr_scheduler",
]
