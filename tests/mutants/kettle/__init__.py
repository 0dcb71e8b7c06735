"""Tea, as a library that uses every way in which Python lets one thing lead to another."""

from importlib import import_module

from kettle import rules as rules

from .base import *  # noqa: F403
from .base import pour as fill
from .pots import Pot as Pot
from .pots import Teapot as Teapot

STAFF = {"samovar": "late", "urn": "late"}


def __getattr__(name):
    if name in STAFF:
        return getattr(import_module(f"kettle.{STAFF[name]}"), name)
    raise AttributeError(name)


def order(*cups):
    """What some cups cost."""
    return sum(fill(cup) for cup in cups)
