"""Sections that are recorded once, on GPUs or in minutes: what is said of those that nobody has recorded yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hooks.front import Front
from hooks.section import Section


def counted(gpus: int) -> str:
    """
    >>> counted(1), counted(4)
    ('a GPU', '4 GPUs')
    """
    return "a GPU" if gpus == 1 else f"{gpus} GPUs"


def place(front: Front) -> str:
    """Where such a section is run.

    >>> place(Front(gpus=1)), place(Front(long=True))
    ('on a machine with a GPU', 'where there is time for it')
    """
    return f"on a machine with {counted(front.gpus)}" if front.gpus else "where there is time for it"


def waiting(states: Iterable[tuple[str, Section]]) -> Iterator[str]:
    """Of sections with their states, those that no build runs and that are not as recorded: how many, which, the mend."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for kind, section in states:
        if kind == "unrecorded":
            what = counted(section.front.gpus) if section.front.gpus else "a run that takes minutes"
            there = " on such a machine" if section.front.gpus else ""
            found.setdefault((f"waits for {what}", f"wait for {what}", there), []).append(section.slug)
        elif kind == "older":
            found.setdefault(("was recorded before a later change", "were recorded before a later change", ""), []).append(section.slug)
    for (one, many, place), slugs in sorted(found.items()):
        said = f"1 section {one}" if len(slugs) == 1 else f"{len(slugs)} sections {many}"
        yield f"{said}: run `python -m hooks update {' '.join(slugs)}`{place}"
