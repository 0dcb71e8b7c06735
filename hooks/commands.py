"""Commands of a console block: `$ command` on a line, run one by one by bash in the section's scratch folder."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import NamedTuple

from hooks.watch import Watch

PROMPT, MORE = "$ ", "> "
ALONE = re.compile(r"(?:cd|export|alias|source|pushd|popd|\w+=\S*)\b[^;&|]*\Z")  # what changes only the shell that runs it
SAID = 2000  # characters of what a failed command has shown
MEND = "If it is meant to, write `command || true`."


class Command(NamedTuple):
    line: int  # within the block, from 1
    text: str


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
    for command in commands:
        if ALONE.match(command.text):
            mend = "Each command has a shell of its own, which begins in the scratch folder: join them by `&&`."
            yield command.line, f"`{command.text}` changes nothing for the next command.", mend


def run(command: str, folder: str, output: int, watch: Watch) -> int:
    """Run one command, in the environment and within the limits of this process; its exit status."""
    environment = {**os.environ, "PATH": os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)]), "TERM": "dumb"}
    environment.pop("BASH_ENV", None)
    handler = signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # a block may let nobody wait for its children
    try:
        # The shell stays beside its last command: so it is known which process is whose child.
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-c", f"{command}\nexit $?"], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    finally:
        if handler is not None:
            signal.signal(signal.SIGCHLD, handler)
    watch.children -= 1  # a shell uses nothing of the library; the Pythons below it leave their own notes
    return done.returncode


def failure(command: str, status: int) -> tuple[str, str]:
    """Message and mend for a command that has failed."""
    name = command.partition("\n")[0]
    if status == 127:
        return f"the command `{name}` was not found.", "Mend its name, or install what has it."
    how = f"died of {signal.Signals(-status).name}" if status < 0 else f"ended with exit status {status}"
    return f"the command `{name}` {how}.", MEND
