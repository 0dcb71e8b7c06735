"""Commands run one by one by bash, in a section's scratch folder and its environment. Runs in a section's own process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from hooks.watch import Watch

SAID = 2000  # characters of what a failed command has shown
MEND = "If it is meant to, write `command || true`."


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
