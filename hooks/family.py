"""The processes of a section: whatever it has started, in whatever session, ends with it.

A section's process is a *subreaper*: what loses its parent below it becomes its child, and so stays below it. Before it
is ended it is stopped, so that this holds until nobody is left there. What it leaves behind when it dies by itself comes
to the warm process, where it is known as nobody's child. Only Linux has such calls; elsewhere the section's process
group is ended, and what has left that group is not found.

One kind lives a moment longer: the trackers of multiprocessing, which remove from the shared memory what a section's
other processes have left there, as soon as all of these are gone.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from collections.abc import Collection
from dataclasses import dataclass
from time import monotonic, sleep

from hooks.watch import TRACKER

PATIENCE = 5.0  # seconds for killed processes to be gone; one that waits for a disk may take longer
TIDYING = 2.0  # seconds for a tracker, which may only just have been started


@dataclass(frozen=True)
class Process:
    """A line of the system's table."""

    pid: int
    state: str
    parent: int
    group: int
    session: int
    began: int  # with the number, this names a process for good: numbers are used again

    @property
    def alive(self) -> bool:
        return self.state not in "ZX"


def adopt() -> None:
    """From now on, what loses its parent below this process becomes its child."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def look(pid: int | str) -> Process | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:  # it is gone, or this is no Linux
        return None
    parent, group, session = map(int, fields[1:4])
    return Process(int(pid), fields[0].decode(), parent, group, session, int(fields[19]))


def table() -> dict[int, Process]:
    """All processes; none where the system has no such table."""
    try:
        names = os.listdir("/proc")
    except OSError:
        return {}
    return {process.pid: process for name in names if name.isdigit() and (process := look(name))}


def below(root: int, everyone: dict[int, Process]) -> list[Process]:
    """The descendants of a process, zombies too."""
    children: dict[int, list[Process]] = {}
    for process in everyone.values():
        children.setdefault(process.parent, []).append(process)
    found: list[Process] = []
    waiting = [root]
    while waiting:
        mine = children.pop(waiting.pop(), [])
        found += mine
        waiting += [process.pid for process in mine]
    return found


def belongs(pid: int, root: int) -> bool:
    """Whether a process is another one, or descends from it. Where the system does not tell, it does."""
    everyone = table()
    return pid == root or not everyone or any(process.pid == pid for process in below(root, everyone))


def end(child: int, others: Collection[int]) -> int:
    """End a child of this process with all that it has started, and bury it; its exit status.

    `others` are the children of this process that live on.
    """
    _send(child, signal.SIGSTOP)  # a child that is not buried yet keeps its number, even if it has died
    _clear(child, trackers=True)
    for send in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            send(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    until = monotonic() + TIDYING
    while monotonic() < until and any(_tracks(pid) for pid in children() if pid not in others):
        sleep(0.005)
    strays(others)
    return status


def strays(others: Collection[int]) -> None:
    """End the children of this process that it has not started, with what is below them, and bury them."""
    if not set(children()) <= set(others):
        _clear(os.getpid(), others)


def children() -> list[int]:
    """The children of this process, zombies too."""
    own = os.getpid()
    try:  # a thousand times faster than the whole table
        with open(f"/proc/{own}/task/{own}/children") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return [process.pid for process in table().values() if process.parent == own]


def _clear(root: int, spared: Collection[int] = (), trackers: bool = False) -> None:
    """End what is below a process until nothing is; but for `trackers`, where they are to do their work."""
    until, pause, own = monotonic() + PATIENCE, 0.001, os.getpid()
    while True:
        mine = below(root, {pid: process for pid, process in table().items() if pid not in spared})
        living = [process for process in mine if process.alive and not (trackers and _tracks(process.pid))]
        buried = [process.pid for process in mine if process.parent == own and not process.alive and _bury(process.pid)]
        if not (living or buried) or monotonic() > until:  # who is buried may have left children
            return
        _kill(living)
        sleep(pause)
        pause = min(2 * pause, 0.05)


def _tracks(pid: int) -> bool:
    """Whether a process is such a tracker. A dead one has no command any more."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return TRACKER.encode() in file.read()
    except OSError:
        return False


def _kill(processes: list[Process]) -> None:
    """Kill processes and their groups: who multiplies faster than it is found is caught by its group.

    Each is stopped first, by a handle that no other process can come by. So the number of its group stays taken until
    that is killed, too.
    """
    held, groups, own = [], set(), os.getsid(0)
    for process in processes:
        handle = open_handle(process.pid)
        now = look(process.pid)
        if now and now.began == process.began:
            _send(process.pid, signal.SIGSTOP, handle)
            held.append((process.pid, handle))
            if now.session != own:  # a session that a section has made holds nobody else
                groups.add(now.group)
        elif handle is not None:
            os.close(handle)
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    for pid, handle in held:
        _send(pid, signal.SIGKILL, handle)
        if handle is not None:
            os.close(handle)


def open_handle(pid: int) -> int | None:
    """A descriptor that stands for a process, and becomes readable when it ends; None where there is no such thing."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def _bury(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    return False


def _send(pid: int, number: int, handle: int | None = None) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if handle is None:
            os.kill(pid, number)
        else:
            signal.pidfd_send_signal(handle, number)
