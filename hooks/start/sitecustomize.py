"""Python runs this at its start, in processes that a section starts: they are watched and guarded as the section is."""

import importlib.util
import io
import os
import sys
from importlib.machinery import PathFinder

from hooks import guard, watch

watch.begin_child()
guard.begin_child()

# Several processes write to one page. Under `python -u`, as torchrun starts them, `print` writes a line in pieces, and another's line gets between.
for _stream in (sys.stdout, sys.stderr):
    if isinstance(_stream, io.TextIOWrapper):  # there may be none
        _stream.reconfigure(line_buffering=True, write_through=False)

# Another sitecustomize, which this one hides, is the machine's owner's: it runs, too.
_here = os.path.dirname(os.path.abspath(__file__))
_other = PathFinder.find_spec("sitecustomize", [path for path in sys.path if os.path.abspath(path) != _here])
if _other and _other.loader:
    _other.loader.exec_module(importlib.util.module_from_spec(_other))
