"""The eight blocks of a page, and the small library that they import.

imports | arithmetic with prints | a value | a figure | a printed table | training | a figure with two panels | the answer
"""

from __future__ import annotations

LIBRARY = "yardstick"

MODULES = {
    "__init__.py": '''"""Points on a noisy line, and rows of a table."""

from yardstick.points import points
from yardstick.rows import row

__all__ = ["points", "row"]
''',
    "points.py": '''"""Points to fit."""

import numpy as np


def points(seed, count, width=1):
    """Inputs of shape (count, width) and targets of shape (count,): a line with noise."""
    random = np.random.default_rng(seed)
    inputs = random.normal(size=(count, width))
    weights = np.linspace(1, 2, width)
    return inputs, inputs @ weights + 0.1 * random.normal(size=count)
''',
    "rows.py": '''"""Rows of a printed table."""


def row(name, *values):
    """A name and numbers, in columns."""
    return f"{name:<10}" + "".join(f"{value:>12.4f}" for value in values)
''',
}

IMPORTS = """import matplotlib.pyplot as plt
import numpy as np

from yardstick import points, row"""

TORCH_IMPORTS = """import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

from yardstick import points, row"""

ARITHMETIC = """total, product = 0, 1
for n in range(1, 13):
    total += n * {number}  # grows
    product = product * (n + {number}) % 9973
print("total:", total)
print("product:", product)"""

VALUE = "x, y = points({number}, 200)"

FIGURE = """figure, axes = plt.subplots(figsize=(5, 3))
axes.plot(x[:, 0], y, ".", label="points of day {number}")
axes.plot([-3, 3], [-3, 3], label="line")
axes.set(xlabel="input", ylabel="target", title="A line and its points")
axes.legend(loc="lower right")
axes.grid(True)"""

TABLE = """print(row("name", 1, 2, 3))
for power in range(1, 6):
    values = np.abs(x[:, 0]) ** power
    print(row(f"power {power}", values.mean(), values.std(), values.max()))"""

TRAINING = """inputs, targets = points({number}, 512, 32)
weights, losses = np.zeros(32), []
for step in range({steps}):
    errors = inputs @ weights - targets
    weights -= 0.05 / 512 * inputs.T @ errors
    losses.append(float(errors @ errors) / 512)
print(f"loss after {{len(losses)}} steps: {{losses[-1]:.4f}}")"""

TORCH_TRAINING = """torch.manual_seed({number})
inputs, targets = (torch.tensor(v).float() for v in points({number}, 256, 32))
model = nn.Sequential(nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
losses = []
for step in range({steps}):
    loss = ((model(inputs)[:, 0] - targets) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
print(f"loss after {{len(losses)}} steps: {{losses[-1]:.4f}}")"""

PANELS = """panels, (left, right) = plt.subplots(1, 2, figsize=(6, 2.5))
left.plot(losses[:100])
left.set(xlabel="step", ylabel="loss", title="day {number}")
right.hist(y, bins=20)
right.set(xlabel="target", ylabel="count")
panels.tight_layout()"""

ANSWER = """factor = {edit}
print("answer:", 1000003 * factor + {number})"""

STEPS, TORCH_STEPS = 30000, 1500  # about a quarter of a second of one core


def of(number: int, torch: bool, work: float, edit: int) -> list[tuple[str, str, str]]:
    """The blocks of a page: source, an expression behind it whose value is shown, the name of a figure."""
    steps = max(100, round(work * (TORCH_STEPS if torch else STEPS)))
    training = TORCH_TRAINING if torch else TRAINING
    return [
        (TORCH_IMPORTS if torch else IMPORTS, "", ""),
        (ARITHMETIC.format(number=number), "", ""),
        (VALUE.format(number=number), "float(round((x[:, 0] * y).mean(), 4))", ""),
        (FIGURE.format(number=number), "", "figure"),
        (TABLE, "", ""),
        (training.format(number=number, steps=steps), "", ""),
        (PANELS.format(number=number), "", "panels"),
        (ANSWER.format(number=number, edit=edit), "", ""),
    ]


def answer(number: int, edit: int) -> int:
    return 1000003 * edit + number
