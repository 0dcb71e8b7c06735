"""What a command costs: wall time, processor time and memory of all its processes.

The command is the child of a small process of its own, which adopts what the command leaves behind: so the processor
time is that of every descendant, and the memory of this program counts for nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

EVERY = 0.25  # seconds between looks at the memory
GRACE = 20  # seconds for processes that outlive the command


@dataclass(frozen=True)
class Cost:
    status: int
    said: str  # both streams, the end of them
    wall: float  # seconds until the command is done
    cpu: float  # seconds, all processes
    largest: float  # MB, the largest process
    peak: float  # MB, all processes at once; pages that they share count once. Zero where the system does not tell


def cost(command: list[str], folder: Path, environment: dict[str, str], memory: bool = False) -> Cost:
    """Run a command to its end. To look at the `memory` of all its processes holds them up, most those that fork: then
    the times are not worth much."""
    with tempfile.TemporaryFile() as said:
        runner = [sys.executable, "-I", "-S", __file__, "memory" if memory else "times", *command]
        done = subprocess.run(runner, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said)
        said.seek(0)
        text = said.read().decode(errors="replace")[-4000:]
    try:
        measured = json.loads(done.stdout)
    except ValueError:
        raise SystemExit(f"`{' '.join(command)}` could not be measured:\n{text}") from None
    return Cost(said=text, **measured)


def _adopt() -> None:
    """Become the parent of orphans among the descendants, where the system can do that."""
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def _descendants(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        try:
            threads = os.listdir(f"/proc/{parent}/task")
            for thread in threads:
                with open(f"/proc/{parent}/task/{thread}/children") as file:
                    found += map(int, file.read().split())
        except OSError:
            continue
    return found[1:]


def _memory(pid: int) -> int:
    """Proportional memory of a process in kB."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0


def _main(what: str, *command: str) -> None:
    import resource
    import signal

    _adopt()
    peak, over = 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(EVERY):
            peak = max(peak, sum(map(_memory, _descendants(os.getpid()))))

    if what == "memory":
        threading.Thread(target=watch, daemon=True).start()
    began = time.perf_counter()
    child = subprocess.Popen(command, stdout=sys.stderr, start_new_session=True)
    status = child.wait()
    wall = time.perf_counter() - began
    over.set()
    limit = time.monotonic() + GRACE
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                if time.monotonic() > limit:
                    for pid in _descendants(os.getpid()):
                        os.kill(pid, signal.SIGKILL)
                time.sleep(0.02)
        except ChildProcessError:
            break
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    largest = used.ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)
    cpu = used.ru_utime + used.ru_stime
    print(json.dumps({"status": status, "wall": wall, "cpu": cpu, "largest": largest, "peak": peak / 1024}))


if __name__ == "__main__":
    _main(*sys.argv[1:])
