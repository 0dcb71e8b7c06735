"""Schedules: learning rates that change while a model is trained."""

from dlkit.optim.lr_scheduler.base import LRScheduler
from dlkit.optim.lr_scheduler.factors import (
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    StepLR,
)
from dlkit.optim.lr_scheduler.onecycle import OneCycleLR
from dlkit.optim.lr_scheduler.sequential import SequentialLR

__all__ = [
    "CosineAnnealingLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "OneCycleLR",
    "SequentialLR",
    "StepLR",
]
