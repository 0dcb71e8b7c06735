"""Tables: columns by name, numbers where all values are numbers, a missing number as NaN."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlkit.data.choices import one_of
from dlkit.data.fetching import fetch

Column = np.ndarray[Any, Any]
MISSING = ("", "NA")
ADULT = (
    *("age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation", "relationship", "race", "sex"),
    *("capital_gain", "capital_loss", "hours_per_week", "native_country", "income"),
)
AIRFOIL = ("frequency", "angle", "chord", "velocity", "thickness", "sound_level")


@dataclass(frozen=True)
class Table(Mapping[str, Column]):
    """Columns by name, each a NumPy array of one length: float64, or text.

    >>> table = Table.of(["a", "b"], [["1", "x"], ["", "y"]])
    >>> table["a"].tolist(), table["b"].tolist(), table.missing()
    ([1.0, nan], ['x', 'y'], 1)
    """

    columns: dict[str, Column]

    @classmethod
    def of(cls, names: Iterable[str], rows: Iterable[list[str]]) -> Table:
        """From rows of text."""
        return cls({name: _column(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)})

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(next(iter(self.columns.values()))), len(self.columns)

    def missing(self) -> int:
        """How many values are missing."""
        return sum(int(np.isnan(c).sum() if c.dtype.kind == "f" else np.isin(c, MISSING).sum()) for c in self.columns.values())

    def numbers(self) -> list[str]:
        """The names of the columns of numbers."""
        return [name for name, column in self.columns.items() if column.dtype.kind == "f"]

    def tensor(self, *names: str) -> Any:
        """Columns of numbers as a torch tensor, float32 (rows, columns); all of them without names."""
        import torch

        return torch.from_numpy(np.stack([self[name] for name in names or self.numbers()], 1).astype(np.float32))

    def frame(self) -> Any:
        """As a pandas data frame."""
        import pandas as pd  # type: ignore[import-untyped, unused-ignore]

        return pd.DataFrame(self.columns)


def _column(values: tuple[str, ...]) -> Column:
    try:
        return np.array([np.nan if value in MISSING else float(value) for value in values])
    except ValueError:
        return np.array(values)


def _read(key: str, names: tuple[str, ...] = (), delimiter: str = ",") -> Table:
    with fetch(key).open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.reader(stream, delimiter=delimiter, skipinitialspace=True) if row]
    return Table.of(names or rows[0], rows if names else rows[1:])


def california_housing() -> Table:
    """20,640 block groups of the census of 1990: incomes in 10,000 dollars, and the median value of a house in dollars, cut off
    at 500,001; 207 numbers of bedrooms are missing. Source: Pace and Barry, 1997.

    Example: `california_housing()["median_house_value"].max() == 500_001`.

    Raises:
        DataError: the file cannot be had, or is not the catalogue's.
    """
    return _read("california-housing/housing.csv")


def airfoil() -> Table:
    """1,503 measurements of an airfoil's noise: frequency in Hz, angle of attack in degrees, chord in m, velocity in m/s,
    displacement thickness in m, and the sound level in dB. Source: NASA (Brooks et al.), 1989.

    Example: `airfoil().tensor("frequency", "sound_level").shape == (1503, 2)`.

    Raises:
        DataError: the file cannot be had, or is not the catalogue's.
    """
    return _read("airfoil/airfoil_self_noise.dat", AIRFOIL, "\t")


def auto_mpg() -> Table:
    """398 cars of the model years 70 to 82, with their miles per gallon; 6 values of horsepower are missing. Source: Quinlan, 1993.

    Example: `auto_mpg().tensor("weight", "mpg").shape == (398, 2)`.

    Raises:
        DataError: the file cannot be had, or is not the catalogue's.
    """
    return _read("auto-mpg/mpg.csv")


def penguins() -> Table:
    """344 penguins of three species: lengths in mm, masses in g; 19 values are missing. Source: Horst, Hill and Gorman, 2020.

    Example: `penguins().missing() == 19`.

    Raises:
        DataError: the file cannot be had, or is not the catalogue's.
    """
    return _read("penguins/penguins.csv")


def adult(split: str = "train") -> Table:
    """Census records, and whether the income is above 50,000 dollars; split "train" (32,561) or "test" (16,281). Source: Becker
    and Kohavi, 1996.

    An unknown category is "?". The labels of both splits read "<=50K" and ">50K".

    Example: `adult("test").shape == (16_281, 15)`.

    Raises:
        DataError: the file cannot be had, or is not the catalogue's.
        ValueError: another split.
    """
    table = _read(f"adult/adult-{one_of(split, 'train', 'test')}.csv", ADULT)
    return Table({**table.columns, "income": np.char.rstrip(table["income"], ".")})


def ett() -> Table:
    """An electricity transformer's oil temperature in degrees Celsius ("OT") and six loads, hourly, 17,420 rows from July 2016 to
    June 2018. Split it by time. Source: Zhou et al., 2021.

    Example: `ett().tensor("OT").shape == (17_420, 1)`.

    Raises:
        DataError: the file cannot be had, or is not the catalogue's.
    """
    return _read("ett/ETTh1.csv")


def series(name: str = "airline-passengers") -> Table:
    """A series in time: "airline-passengers" (144 months, thousands of passengers), "daily-min-temperatures" (3,650 days in
    Melbourne, degrees Celsius) or "monthly-sunspots" (2,820 months). Split it by time. Source: Box and Jenkins, 1976, for the
    first; copies by Brownlee.

    Example: `series()["Passengers"][:2].tolist() == [112.0, 118.0]`.

    Raises:
        DataError: the file cannot be had, or is not the catalogue's.
        ValueError: another name.
    """
    return _read(f"series/{one_of(name, 'airline-passengers', 'daily-min-temperatures', 'monthly-sunspots')}.csv")
