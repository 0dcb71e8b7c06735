"""What a run measured, a row an epoch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class History:
    """Rows of numbers; a name gives its column, for plots.

    >>> history = History()
    >>> history.append({"epoch": 1, "loss": 0.5}); history.append({"epoch": 2, "loss": 0.25})
    >>> history["loss"]
    [0.5, 0.25]
    """

    def __init__(self, rows: list[dict[str, Any]] | None = None) -> None:
        self.rows = rows or []

    def append(self, row: dict[str, Any]) -> None:
        self.rows.append(row)

    def __getitem__(self, name: str) -> list[Any]:
        if not any(name in row for row in self.rows):
            known = sorted({name for row in self.rows for name in row})
            raise KeyError(f"history has no {name!r}; it has: {', '.join(known) or 'nothing yet'}")
        return [row.get(name) for row in self.rows]

    def __len__(self) -> int:
        return len(self.rows)

    def write(self, path: str | Path) -> None:
        """As JSON, an object a line."""
        Path(path).write_text("".join(json.dumps(row) + "\n" for row in self.rows))
