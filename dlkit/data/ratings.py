"""Ratings: who gave what to which."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

import numpy as np
import torch

from dlkit.data.archives import members
from dlkit.data.fetching import fetch


@dataclass(frozen=True)
class Ratings:
    """Ratings in the order of the file, users and items numbered from 0.

    Shapes: `users`, `items`, `times` int64 (N,), times in seconds since 1970; `stars` float32 (N,).
    """

    users: torch.Tensor
    items: torch.Tensor
    stars: torch.Tensor
    times: torch.Tensor
    titles: tuple[str, ...]  # of the items
    genres: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.stars)


def movielens() -> Ratings:
    """100,836 ratings, 0.5 to 5 stars, by 610 users of 9,724 films. Source: Harper and Konstan, 2015.

    Example: `movielens().titles[0] == "Toy Story (1995)"`.

    Raises:
        DataError: the file cannot be had, or is not the catalogue's.
    """
    files = dict(members(fetch("movielens-latest-small/ml-latest-small.zip")))
    rows = np.loadtxt(io.BytesIO(files["ml-latest-small/ratings.csv"]), delimiter=",", skiprows=1)
    _, users = np.unique(rows[:, 0], return_inverse=True)
    films, items = np.unique(rows[:, 1], return_inverse=True)
    about = {int(row["movieId"]): row for row in csv.DictReader(io.StringIO(files["ml-latest-small/movies.csv"].decode("utf-8"), newline=""))}
    titles = tuple(about[int(film)]["title"] for film in films)
    genres = tuple(tuple(about[int(film)]["genres"].split("|")) for film in films)
    whole = (torch.from_numpy(column.astype(np.int64)) for column in (users, items, rows[:, 3]))
    user, item, time = whole
    return Ratings(user, item, torch.from_numpy(rows[:, 2].astype(np.float32)), time, titles, genres)
