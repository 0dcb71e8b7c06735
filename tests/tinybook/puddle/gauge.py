"""The gauge: a funnel, a glass, and a file in which someone writes every morning."""

import csv
from datetime import date
from pathlib import Path

RECORD = Path(__file__).with_name("rain.csv")
TRACE = 0.1  # mm: less than this wets the glass and cannot be read


class Gauge:
    """A funnel over a glass.

    >>> gauge = Gauge(area=200)
    >>> gauge.pour(150)
    >>> gauge.depth
    7.5
    """

    def __init__(self, area: float = 200.0):
        """`area` of the funnel, in square centimeters."""
        if area <= 0:
            raise ValueError("a funnel has an area above zero")
        self.area = area
        self.water = 0.0  # cubic centimeters

    def pour(self, water: float) -> None:
        """Catch some water, in cubic centimeters."""
        self.water += water

    @property
    def depth(self) -> float:
        """How deep the water would stand on the ground, in millimeters."""
        return 10 * self.water / self.area

    def empty(self) -> float:
        """Pour the water out and say how deep it was, in millimeters."""
        depth, self.water = self.depth, 0.0
        return depth


def read(path: Path = RECORD) -> dict[date, float]:
    """The town's record: each day's rain in millimeters."""
    with path.open(encoding="utf-8", newline="") as file:
        return {date.fromisoformat(row["day"]): float(row["mm"]) for row in csv.DictReader(file)}


def total(rain: dict[date, float]) -> float:
    """All the rain of a record, in millimeters.

    >>> total({date(2024, 3, 1): 1.5, date(2024, 3, 2): 0.0})
    1.5
    """
    return round(sum(rain.values()), 1)


def spells(rain: dict[date, float]) -> list[int]:
    """The lengths, in days, of the stretches without rain, in order."""
    lengths, dry = [], 0
    for day in sorted(rain):
        if rain[day] < TRACE:
            dry += 1
        elif dry:
            lengths.append(dry)
            dry = 0
    return lengths + [dry] * (dry > 0)
