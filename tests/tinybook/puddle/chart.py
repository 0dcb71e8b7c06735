"""Pictures of rain. The only module here that needs matplotlib."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt


def bars(depths: Sequence[float], color: str = "C0") -> Any:
    """A bar for each day; `depths` in millimeters. Returns the axes."""
    _, axes = plt.subplots(figsize=(5.0, 1.8))
    axes.bar(range(1, len(depths) + 1), depths, color=color)
    axes.set(xlabel="day", ylabel="mm")
    return axes
