"""Two worlds in one process: that of the blocks, who may replace any part of Python, and that of the machine.

While the machine works, the standard library's modules are as they were before the first block. What the blocks have
made of them waits, and is put back for the next block.
"""

from __future__ import annotations

import sys
from operator import is_
from types import TracebackType
from typing import Any

from hooks.limits import Margin

# Modules whose names the machine looks up while it works.
NAMES = (
    "builtins collections contextlib functools hashlib importlib.metadata inspect io itertools json json.decoder json.encoder linecache "
    "os pathlib pickle posixpath random re signal struct time tokenize traceback types"
)
ALL, MAP = all, map  # at hand before the builtins are our own again
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
        self.get = sys.gettrace, sys.getprofile, sys.getrecursionlimit

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

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None) -> None:
        trace, profile, depth = self.set
        get_trace, get_profile, get_depth = self.get
        self.trace, self.profile = get_trace(), get_profile()
        trace(None)
        profile(None)
        theirs = []  # no name is looked up among the builtins until they are our own again
        for table, own in self.pairs:
            if not ALL(MAP(is_, own.values(), MAP(table.get, own))):
                theirs += [(table, own, table.copy())]
                table.update(own)
        self.depth = get_depth()
        depth(max(self.depth, DEPTH))
        self.margin.__enter__()
        self.changed = [(table, name, now) for table, own, then in theirs for name, value in own.items() if (now := then.get(name, MISSING)) is not value]
