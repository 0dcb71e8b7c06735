"""The commands of a console block: `$ command` on a line. `console.py` runs them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

PROMPT, MORE = "$ ", "> "
ALONE = re.compile(r"(?:cd|export|alias|source|pushd|popd)(?:\s[^;&|]*)?\Z|\w+=\S*\Z")  # what changes only the shell that runs it


class Command(NamedTuple):
    line: int  # within the block, from 1
    text: str

    @property
    def shown(self) -> str:
        """As a terminal shows it."""
        return PROMPT + self.text.replace("\n", "\n" + MORE)


def read(source: str) -> list[Command]:
    """The commands of a block. Behind a backslash at a line's end the command goes on, with or without a `> ` in front.

    >>> read("$ ls\\n\\n$ echo a \\\\\\n>   b\\n")
    [Command(line=1, text='ls'), Command(line=3, text='echo a \\\\\\n  b')]
    """
    found: list[Command] = []
    for number, line in enumerate(source.splitlines(), 1):
        if found and found[-1].text.endswith("\\"):
            before = found.pop()
            found.append(Command(before.line, f"{before.text}\n{line.removeprefix(MORE)}"))
        elif line.startswith(PROMPT) and line.removeprefix(PROMPT).strip():
            found.append(Command(number, line.removeprefix(PROMPT).strip()))
    return found


def problems(source: str) -> Iterator[tuple[int, str, str]]:
    """What is wrong with a block of commands: line within the block, message, mend."""
    commands = read(source)
    lines = source.splitlines()
    mine = {at for command in commands for at in range(command.line, command.line + command.text.count("\n") + 1)}
    if not any(line.strip() for line in lines):
        yield 0, "the block is empty.", "Fill it or take it out."
    for number, line in enumerate(lines, 1):
        if line.strip() and number not in mine:
            yield number, "the line is no command.", "Write `$ command`; what it shows is recorded, and not written by hand."
    if commands and commands[-1].text.endswith("\\"):
        yield commands[-1].line, "the command is not at its end: it goes on behind a backslash.", "Take the backslash out, or write the rest below it."
    for command in commands:
        if ALONE.match(command.text):
            mend = "Each command has a shell of its own, which begins in the scratch folder: join them by `&&`."
            yield command.line, f"`{command.text}` changes nothing for the next command.", mend
