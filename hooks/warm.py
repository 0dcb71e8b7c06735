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


def begin(source: Path) -> ModuleType | Failure:
    """The book's `_runtime` module, in its own environment; or why it will not do."""
    gc.disable()  # there is next to nothing to collect, and looking for it takes a third of the time
    try:
        return _runtime(source)
    except BaseException as error:  # whatever it is, it is the book's error
        return _failure(error, source)


def heat(runtime: ModuleType, source: Path, packages: frozenset[str] | None) -> Failure | None:
    """Import what sections import that use these packages; why it fails, if it does."""
    try:
        getattr(runtime, "warm", lambda packages: None)(packages)
    except BaseException as error:
        return _failure(error, source)
    return None


def finish(library: str) -> Failure | None:
    """When all that is to be imported is there."""
    from hooks.shell import Shell  # IPython: what every section needs

    Shell.instance()  # behind the imports: what is imported there shall find no shell, as in a program
    if "matplotlib.figure" in sys.modules:
        _draw()
    if library in sys.modules:
        message = f"it imports {library}, whose changes would not be seen."
        return Failure("", 1, message, "Leave that to the sections.")
    gc.freeze()  # out of the collector's sight: forks would look at it, and so copy it
    gc.enable()
    return None


ANY = "*"


def named(packages: frozenset[str] | None) -> str:
    """Packages as an argument of a command."""
    return ANY if packages is None else " ".join(sorted(packages))


def those(named: str) -> frozenset[str] | None:
    return None if named == ANY else frozenset(named.split())


def _draw() -> None:
    """The first figure takes longer: modules are imported late, fonts are looked for."""
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().set_title("Figure")
    capture.figure(figure)


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
