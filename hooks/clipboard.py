"""What a reader copies: of a section with slices, the whole text for each block, and the data from which the page's script makes it.

The data are few bytes: `3:1-4,6` are lines 1 to 4 and 6 of block 3, `+numpy` the lines that seed it; code that is not on
the page is there once, if a slice needs it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from hooks import runnable, verdicts
from hooks.facts import statements
from hooks.marks import Block
from hooks.runnable import Terms
from hooks.section import Section
from hooks.verdicts import Slices, Verdict


@dataclass(frozen=True)
class Clipboard:
    """The runnable texts of one section."""

    section: Section
    made: Slices
    said: Terms

    def blocks(self) -> dict[str, Verdict]:
        """The blocks that have one."""
        return {name: verdict for name, verdict in self.made.verdicts.items() if verdict.kind != "none"}

    def text(self, name: str) -> str:
        """What is copied with one block."""
        verdict = self.made.verdicts[name]
        return f"# {self.comment(name)}\n{runnable.before(self.section, verdict.kept, verdict.seeded, self.said)}{self._block(name).source.rstrip()}\n"

    def comment(self, name: str) -> str:
        verdict = self.made.verdicts[name]
        nodes = statements(runnable.before(self.section, verdict.kept, verdict.seeded, self.said) + self._block(name).source)
        notes = [runnable.AWAITS] * runnable.awaits(nodes) + [runnable.UNTRIED] * (verdict.kind == "untried" and bool(verdict.kept))
        return runnable.comment(runnable.needs(nodes, self.section, self.said, self.made.names), self.said, notes)

    def _block(self, name: str) -> Block:
        return next(block for block in self.section.blocks if block.name == name)

    def html(self) -> str:
        """The data of the page; nothing if no block has a text."""
        comments: dict[str, int] = {}
        told: dict[str, list[object]] = {}
        used: dict[str, None] = {}
        for name, verdict in self.blocks().items():
            used |= dict.fromkeys(earlier for earlier, _ in verdict.kept)
            parts = [*(f"+{package}" for package in verdict.seeded), *(self._lines(*one) for one in verdict.kept)]
            told[name] = [comments.setdefault(self.comment(name), len(comments)), " ".join(parts)]
        seeds = {package: self.said.seeds[package] for verdict in self.blocks().values() for package in verdict.seeded}
        files = {name: block.options.file for name in used if (block := self._block(name)).kind == "file" and not block.options.hide}
        hidden = {name: self._hidden(block) for name in used if (block := self._block(name)).options.hide or block.kind == "console"}
        if not told:
            return ""
        data = {"says": list(comments), "seeds": seeds, "files": files, "code": hidden, "blocks": told}
        text = json.dumps({key: value for key, value in data.items() if value}, ensure_ascii=False, separators=(",", ":"))
        return f'<script type="application/json" id="runnable">{text.replace("<", chr(92) + "u003c")}</script>'

    def _lines(self, name: str, numbers: tuple[int, ...]) -> str:
        number = name.removeprefix("block-")
        return f"{number}:{verdicts.ranges(runnable.lines(self._block(name).source, numbers))}" if numbers else number

    def _hidden(self, block: Block) -> str:
        """Python as it was written; what is not Python, as the Python that does it."""
        return block.source.rstrip() if block.kind == "python" else runnable.part(block)
