"""Commands run one by one by bash, in a section's scratch folder and its environment. Runs in a section's own process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from hooks.watch import Watch

SAID = 20  # lines of what a failed command has shown, at the beginning and at the end
CLOSED = 128 + signal.SIGPIPE  # the status of a command whose reader has seen enough: `yes | head -1`
MEND = "If it is meant to, write `command || true`."


def run(command: str, folder: str, output: int, watch: Watch) -> int:
    """Run one command, in the environment and within the limits of this process; its exit status.

    A pipe fails with any of its commands: what a program printed before it failed is not what its page is to show.
    """
    environment = {**os.environ, "PATH": os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)]), "TERM": "dumb"}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"  # a file that a block writes anew within a second would not be read anew
    environment.pop("BASH_ENV", None)
    handler = signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # a block may let nobody wait for its children
    try:
        # The shell stays beside its last command: so it is known which process is whose child.
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-o", "pipefail", "-c", f"{command}\nexit $?"], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    finally:
        if handler is not None:
            signal.signal(signal.SIGCHLD, handler)
    watch.children -= 1  # a shell uses nothing of the library; the Pythons below it leave their own notes
    return 0 if done.returncode == CLOSED else done.returncode


def failure(command: str, status: int) -> tuple[str, str]:
    """Message and mend for a command that has failed."""
    name = titled(command)
    if status == 127:
        return f"the command `{name}` was not found, or one that it runs.", "Mend its name, or install what has it."
    how = f"died of {signal.Signals(-status).name}" if status < 0 else f"ended with exit status {status}"
    return f"the command `{name}` {how}.", MEND


def titled(command: str) -> str:
    """A command in one line."""
    first, more, _ = command.partition("\n")
    return first.rstrip("\\ ") + " ..." * bool(more)


def ends(text: str) -> str:
    """The first lines and the last ones of what a command has shown: an error may stand before a long summary.

    >>> len(ends("line\\n" * 100).splitlines())
    41
    """
    lines = text.splitlines()
    if len(lines) > 2 * SAID:
        lines = [*lines[:SAID], f"... {len(lines) - 2 * SAID} lines ...", *lines[-SAID:]]
    return "\n".join(lines)
