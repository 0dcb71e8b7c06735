"""Two worlds in one process: that of the blocks, who may replace any part of Python, and that of the machine.

While the machine works, the standard library's modules are as they were before the first block. What the blocks have
made of them waits, and is put back for the next block.
"""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

from hooks.limits import Margin

# What stands behind telling: a name that is looked up here while the machine works should be what it was.
NAMES = (
    "ast builtins collections contextlib functools genericpath hashlib importlib importlib.metadata inspect io itertools json json.decoder "
    "json.encoder linecache multiprocessing.connection multiprocessing.reduction ntpath os pathlib pickle posixpath random re shutil signal "
    "stat string struct tempfile textwrap time tokenize traceback types weakref"
)
MISSING = object()
DEPTH = 1000  # of calls, for the machine


class World:
    """Made before the first block. As a context, it is the blocks' world; outside of it the machine's."""

    def __init__(self) -> None:
        loaded = [vars(sys.modules[name]) for name in NAMES.split() if name in sys.modules]
        self.tables: list[dict[str, Any]] = [*loaded, sys.modules]
        self.own = [table.copy() for table in self.tables]
        self.pairs = tuple(zip(self.tables, self.own, strict=True))
        self.changed: list[tuple[dict[str, Any], str, Any]] = []  # what the blocks have in place of our own
        self.margin = Margin()
        self.margin.__enter__()
        self.trace: Any = None
        self.profile: Any = None
        self.depth = sys.getrecursionlimit()
        self.set = sys.settrace, sys.setprofile, sys.setrecursionlimit

    def __enter__(self) -> None:
        for table, name, value in self.changed:
            if value is MISSING:
                table.pop(name, None)
            else:
                table[name] = value
        trace, profile, depth = self.set
        depth(self.depth)
        self.margin.__exit__(None, None, None)
        profile(self.profile)
        trace(self.trace)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None, get_trace: Any = sys.gettrace, get_profile: Any = sys.getprofile, get_depth: Any = sys.getrecursionlimit
    ) -> None:
        trace, profile, depth = self.set
        self.trace = get_trace()
        trace(None)
        self.profile = get_profile()
        profile(None)
        theirs = []  # no name is looked up among the builtins until they are our own again
        for table, own in self.pairs:
            theirs += [(table, own, table.copy())]
            table.update(own)
        self.depth = get_depth()
        depth(max(self.depth, DEPTH))
        self.margin.__enter__()
        self.changed = [(table, name, now) for table, own, then in theirs for name, value in own.items() if (now := then.get(name, MISSING)) is not value]
