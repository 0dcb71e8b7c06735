"""What a section's process may use. A seat belt, not a wall: it keeps an accident from taking the machine down.

Of memory, the system counts what a process may write and shares with nobody (Linux; elsewhere nothing is limited). The
limit holds for each process of a section, above what the warm process already uses.
"""

from __future__ import annotations

import errno
import re
import resource
from types import ModuleType, TracebackType
from typing import Any

MEMORY = 4_000_000_000  # bytes, where the book's `_runtime.py` does not say `memory = ...`
FILE = 8_000_000_000  # bytes of one file
LARGEST, LARGEST_SECTION = 150_000, 600_000  # bytes of one output, and of all that a section shows
FLOOD = 64_000_000  # bytes that a section's processes may write to their streams, the most of it rewound
MARGIN = 500_000_000  # bytes of memory for the machine, to tell what has happened where a block has used up its own
SCARCE = re.compile(r"(can't|cannot|unable to|failed to) allocate|bad_alloc", re.IGNORECASE)  # in the words of C code


def memory(runtime: Any) -> int:
    """The bytes of memory that a section of this book may use."""
    return int(getattr(runtime, "memory", MEMORY))


def impose(runtime: ModuleType, devices: bool = False) -> None:
    """Limit this process, and those that it will start. Drivers of `devices` claim more memory than they use: of that
    nothing is limited then."""
    if (used := _used()) and not devices:
        _lower(resource.RLIMIT_DATA, used + memory(runtime))
    _lower(resource.RLIMIT_FSIZE, FILE)
    _lower(resource.RLIMIT_CORE, 0)  # who crashes leaves no image of itself


def _lower(kind: int, wanted: int) -> None:
    _, most = resource.getrlimit(kind)
    resource.setrlimit(kind, (wanted if most == resource.RLIM_INFINITY else min(wanted, most), most))


def _used() -> int:
    """Bytes that count for the limit, in this process now; 0 where the system does not tell."""
    try:
        with open("/proc/self/status") as file:
            return next((int(line.split()[1]) * 1024 for line in file if line.startswith("VmData:")), 0)
    except OSError:
        return 0


class Margin:
    """A context in which this process may use a little more memory than its blocks."""

    def __enter__(self) -> None:
        self.before = now, most = resource.getrlimit(resource.RLIMIT_DATA)
        if now != resource.RLIM_INFINITY:
            more = now + MARGIN
            resource.setrlimit(resource.RLIMIT_DATA, (more if most == resource.RLIM_INFINITY else min(more, most), most))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        resource.setrlimit(resource.RLIMIT_DATA, self.before)


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory could not be had: Python's own, and those of C code by their words."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and bool(SCARCE.search(str(error))))


def mend(allowed: int) -> str:
    return f"A section may use {allowed / 1e9:g} GB of memory: use less, or raise `memory` in `_runtime.py`."
