"""Vectors of words, and questions to test them with."""

from __future__ import annotations

import json
from dataclasses import dataclass

import torch

from dlkit.data.choices import one_of
from dlkit.data.fetching import fetch


@dataclass(frozen=True)
class Vectors:
    """A vector for each word: float32 (N, D)."""

    words: tuple[str, ...]
    vectors: torch.Tensor
    numbers: dict[str, int]

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: str) -> bool:
        return word in self.numbers

    def __getitem__(self, word: str) -> torch.Tensor:
        return self.vectors[self.numbers[word]]


def glove() -> Vectors:
    """GloVe vectors of 5,050 words, 50 numbers each. Source: Pennington et al., 2014.

    Example: `glove()["king"].shape == (50,)`.

    Raises:
        DataError: the file cannot be had, or is not the catalogue's.
    """
    held = json.loads(fetch("glove-50d-5k/glove-50d-5k.json").read_text(encoding="utf-8"))
    return Vectors(tuple(held), torch.tensor(list(held.values())), {word: number for number, word in enumerate(held)})


def analogies() -> dict[str, list[tuple[str, str, str, str]]]:
    """19,544 questions "a is to b as c is to d", by kind. Source: Mikolov et al., 2013.

    Example: `analogies()["capital-common-countries"][0] == ("Athens", "Greece", "Baghdad", "Iraq")`.

    Raises:
        DataError: the file cannot be had, or is not the catalogue's.
    """
    kinds: dict[str, list[tuple[str, str, str, str]]] = {}
    for line in fetch("word-tests/questions-words.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith(":"):
            kind = kinds.setdefault(line[1:].strip(), [])
        else:
            a, b, c, d = line.split()
            kind.append((a, b, c, d))
    return kinds


def similarities(name: str = "wordsim353") -> list[tuple[str, str, float]]:
    """Pairs of words and how similar people found them, 0 to 10: "wordsim353" (353 pairs) or "simlex999" (999). Source: Finkelstein
    et al., 2002; Hill et al., 2015.

    Example: `similarities("simlex999")[0] == ("old", "new", 1.58)`.

    Raises:
        DataError: the file cannot be had, or is not the catalogue's.
        ValueError: another name.
    """
    file = {"wordsim353": "wordsim353.tsv", "simlex999": "simlex999.txt"}[one_of(name, "wordsim353", "simlex999")]
    lines = fetch(f"word-tests/{file}").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [(first, second, float(value)) for first, second, value in rows]
