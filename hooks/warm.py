"""What a process does before it may run sections: the book's `_runtime.py`, its environment, what it imports."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib.util
import os
import signal
import sys
import traceback
from pathlib import Path
from types import ModuleType

from hooks import capture
from hooks.job import Failure


def begin(source: Path, library: str, packages: str) -> ModuleType | Failure:
    """Warm this process up, in the book's own environment; the `_runtime` module, or why it will not do.

    `packages` are those that sections will import, as `named` writes them.
    """
    gc.disable()  # there is next to nothing to collect, and looking for it takes a third of the time
    try:
        runtime = _runtime(source)
        from hooks.shell import Shell  # IPython: what every section needs

        getattr(runtime, "warm", lambda packages: None)(None if packages == ANY else frozenset(packages.split()))
        Shell.instance()  # behind it: what is imported there shall find no shell, as in a program
        if "matplotlib.figure" in sys.modules:
            _draw()
    except BaseException as error:  # whatever it is, it is the book's error
        return _failure(error, source)
    if library in sys.modules:
        message = f"it imports {library}, whose changes would not be seen."
        return Failure("", 1, message, "Leave that to the sections.")
    return runtime


ANY = "*"


def named(packages: frozenset[str] | None) -> str:
    """Packages as an argument of a command."""
    return ANY if packages is None else " ".join(sorted(packages))


def _draw() -> None:
    """The first figure takes longer: modules are imported late, fonts are looked for."""
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().set_title("Figure")
    capture.figure(figure)


def freeze() -> None:
    """Take everything that is here out of the collector's sight: forks would look at it, and so copy it."""
    gc.freeze()
    gc.enable()


def _runtime(source: Path) -> ModuleType:
    """The book's `_runtime.py`; its environment in force. Starts this process anew where it was not: some
    variables count only if they are set before Python starts."""
    spec = importlib.util.spec_from_file_location("_runtime", source / "_runtime.py")
    if spec is None or spec.loader is None or not (source / "_runtime.py").exists():
        return ModuleType("_runtime")
    module = importlib.util.module_from_spec(spec)
    sys.modules["_runtime"] = module
    spec.loader.exec_module(module)
    wanted: dict[str, str] = getattr(module, "environment", {})
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        os.environ.update(wanted)
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    return module


def _failure(error: BaseException, source: Path) -> Failure:
    """An error of `_runtime.py`, with its own lines of the traceback."""
    path = str(source / "_runtime.py")
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    said = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
    shown = "".join(f"line {frame.lineno}, in {frame.name}: {frame.line}\n" for frame in own)
    missing = isinstance(error, ModuleNotFoundError)
    mend = "Install what the blocks need: `python -m hooks install run`." if missing else "Mend it."
    return Failure("", (own[-1].lineno if own else None) or 1, f"{said}.", mend, shown)


def end_with_parent(wanted: bool = True) -> None:
    """Let the system kill this process when the one that started it dies. Only Linux can; elsewhere nothing happens."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL if wanted else 0)  # PR_SET_PDEATHSIG


def threads() -> int:
    """Threads of this process, those of C code too where the system tells."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        import threading

        return threading.active_count()
