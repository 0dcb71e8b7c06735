"""What is cited: the works of the bibliography, and what a citation says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hooks.problem import Problem


@dataclass(frozen=True)
class Work:
    """One entry of the bibliography."""

    key: str
    text: str  # Polyak, 1964
    html: str  # what stands in the list; TeX stays TeX
    order: tuple[str, str, str]  # authors, year, title: the order of a list


@dataclass(frozen=True)
class Bibliography:
    works: Mapping[str, Work] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def text(self, key: str) -> str | None:
        """What a citation says; None where there is no such entry."""
        return self.works[key].text if key in self.works else None

    def listed(self, keys: Iterable[str]) -> tuple[Work, ...]:
        """The works behind these keys in the order of a list, each once."""
        return tuple(sorted({self.works[k] for k in keys if k in self.works}, key=lambda work: (work.order, work.key)))
