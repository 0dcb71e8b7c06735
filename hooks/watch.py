"""What a process uses, noted while it runs: units of the library, packages, files, and the processes it starts.

Installed in the process of a section, inherited by its forks; a Python that a section starts installs it by
`start/sitecustomize.py`. Such a process says in a folder that it began, and leaves there what it noted when it ends.
One that leaves nothing, since it is no Python or was killed, may have used anything.

The library's modules carry marks (`marked.py`). Whoever reads a file of the library in another way than by importing
it, another loader too, depends on that file's text, as on any file that is opened.

The standard library only: this runs before anything else in every process.
"""

from __future__ import annotations

import atexit
import builtins
import json
import linecache
import os
import subprocess  # noqa: F401  before its part is wrapped below
import sys
import tempfile
import warnings
from _thread import get_ident
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib.util import source_from_cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from hooks.marked import Finder

FOLDER, LIBRARY, ROOT, PAGE = "BOOK_WATCH_FOLDER", "BOOK_WATCH_LIBRARY", "BOOK_WATCH_ROOT", "BOOK_WATCH_PAGE"  # for processes that we start
STARTED = ("subprocess.Popen", "os.posix_spawn", "os.system", "os.spawn", "os.startfile")
LOOKS = ("__code__", "__defaults__", "__kwdefaults__")  # of a function: its signature is read, or its body
TRACKER = "resource_tracker import main"  # a helper of multiprocessing, or joblib's of that name: it runs nothing of ours
ASKS = ["uname", "-p"]  # what Python's `platform` asks the system, with any kernel of Jupyter's: no Python runs there
SESSION = 15  # where `fork_exec` is told whether a process gets a session of its own
NOTES = ("modules", "whole", "units", "packages", "files", "data", "devices")


class Watch:
    """Notes on one process. There is one in a process, from `install` to its end."""

    def __init__(self, root: str, library: str, imported: Callable[[str], None] = lambda package: None, device: Callable[[], str] = str) -> None:
        self.root, self.library, self.tell, self.device = root, library, imported, device
        self.before: Callable[[], Any] = lambda: None  # called before a package is imported for the first time; what it says is given to `after`
        self.after: Callable[[Any], None] = lambda before: None
        self.packages: set[str] = set()
        self.files: set[str] = set()
        self.data: set[str] = set()  # data sets, as `catalogue#name`: where its checksum stands
        self.glanced: set[str] = set()  # sources that were read for the lines of a traceback
        self.modules: list[tuple[str, dict[str, int], list[int]]] = []  # as they were executed: name, units, marks
        self.places: dict[tuple[str, int], tuple[list[int], int]] = {}  # file and first line of a unit -> its mark
        self.found: set[str] = set()  # modules that were looked for, and are there
        self.whole: set[str] = set()  # modules of which anything may have run
        self.listed = False  # whether it counts which modules the library has
        self.processes = [os.getpid()]  # this one, and those that it was forked from by ourselves
        self.parent = os.getppid()
        self.children = 0
        self.became = 0  # other programs in this process's place
        self.quiet = False  # while we read the library ourselves, or fork for ourselves
        self.looking: set[int] = set()  # threads in which we look at a function ourselves
        self.file = ""  # where a process that a section started leaves its notes, without suffix

    def install(self, folder: str) -> None:
        """From now on; processes that start from here write into `folder`."""
        hooks = str(Path(__file__).resolve().parent)
        paths = [os.path.join(hooks, "start"), os.path.dirname(hooks), self.root, os.environ.get("PYTHONPATH", "")]
        self.folder = folder
        self.scratch = os.path.join(os.path.dirname(folder), "scratch", "")
        os.environ.update({FOLDER: folder, LIBRARY: self.library, ROOT: self.root})
        if paths[0] not in paths[-1].split(os.pathsep):
            os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        self._watch_imports()
        sys.meta_path.insert(0, Finder(self))
        sys.addaudithook(self._audit)
        self._watch_children()

    def _watch_imports(self) -> None:
        original = builtins.__import__

        def watched(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
            caller, package = str((globals or {}).get("__name__", "")), name.partition(".")[0]
            ours = level == 0 and (caller == "__main__" or caller.partition(".")[0] == self.library or self._written(globals))
            if not ours or package in self.packages:
                return original(name, globals, locals, fromlist, level)
            before = self.before()
            module = original(name, globals, locals, fromlist, level)
            if package not in self.packages:
                self.packages.add(package)
                self.tell(package)
                self.after(before)
            return module

        builtins.__import__ = watched

    def _written(self, globals: Any) -> bool:
        """Whether a module is one that a block has written: what it imports, the section does."""
        return str((globals or {}).get("__file__", "")).startswith(self.scratch)

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open" and not self.quiet:
            path, _, flags = args
            if isinstance(path, (str, bytes)) and not (flags or 0) & (os.O_WRONLY | os.O_RDWR):
                self._opened(os.path.abspath(os.fsdecode(path)))
        elif event == "object.__getattr__" and args[1] in LOOKS:
            self._looked(args[0])
        elif event in ("os.listdir", "os.scandir") and not self.quiet:
            self._listed(args[0])
        elif event in STARTED:
            self.children += list(args[1]) != ASKS if event == "subprocess.Popen" else 1
        elif event == "os.exec":  # this process becomes another one
            self.became += 1
            self.leave()
        elif event == f"{self.library}.data":  # the library tells that a file of a catalogue is used: a JSON file, its name there
            catalogue, name = args
            self.data.add(f"{os.path.relpath(catalogue, self.root)}#{name}")

    def _opened(self, path: str) -> None:
        if path.endswith(".py") and for_a_traceback():
            self._glanced(path)
        else:
            self.files.add(path)
        if path.endswith(".pyc"):  # code that another loader runs
            with suppress(ValueError):
                self.files.add(source_from_cache(path))

    def _glanced(self, path: str) -> None:
        """A source is read for a traceback: what ran counts as code. But whoever wants it by `inspect` later reads it anew."""
        if not self.glanced:
            import inspect

            original = inspect.findsource

            def findsource(thing: Any) -> Any:
                for name in self.glanced:
                    linecache.cache.pop(name, None)
                return original(thing)

            inspect.findsource = findsource  # type: ignore[assignment]
        self.glanced.add(path)

    def _looked(self, function: Any) -> None:
        """A function that is looked at counts as one that runs."""
        thread = get_ident()
        if thread in self.looking:
            return
        self.looking.add(thread)
        try:
            code = getattr(function, "__code__", None)
        finally:
            self.looking.discard(thread)
        if isinstance(code, CodeType) and (place := self.places.get((code.co_filename, code.co_firstlineno))):
            marks, number = place
            marks[number] = 1

    def _listed(self, folder: Any) -> None:
        """Someone lists a folder; where the library is, that tells its modules. Python's own search does it, too."""
        if isinstance(folder, (str, bytes)) and not sys._getframe(2).f_code.co_filename.startswith("<frozen importlib"):
            path = os.path.abspath(os.fsdecode(folder))
            own = os.path.join(self.root, self.library)
            self.listed = self.listed or path == own or path.startswith(own + os.sep)

    def _watch_children(self) -> None:
        os.register_at_fork(after_in_parent=self._forked, after_in_child=self._born)
        try:
            import _posixsubprocess
        except ImportError:
            return
        original: Callable[..., int] = _posixsubprocess.fork_exec  # what `subprocess` has taken already, and tells by an event

        def fork_exec(*arguments: Any) -> int:
            if any(TRACKER in os.fsdecode(part) for part in arguments[0]):  # it outlives the section's other processes: see `family.py`
                return original(*arguments[:SESSION], True, *arguments[SESSION + 1 :])
            self.children += 1
            return original(*arguments)

        _posixsubprocess.fork_exec = fork_exec

    def _forked(self) -> None:
        if not self.quiet:
            self.children += 1

    def _born(self) -> None:
        """In a fork: it has started nothing yet, and leaves its notes however it ends by itself."""
        if self.quiet:
            self.processes.append(os.getpid())
            return
        self.processes, self.parent, self.children, self.became = [os.getpid()], os.getppid(), 0, 0
        self.begin()
        ending = os._exit

        def leave_and_exit(status: int) -> Any:
            self.leave()
            ending(status)

        os._exit = leave_and_exit
        atexit.register(self.leave)

    @contextmanager
    def ours(self) -> Iterator[None]:
        """For what the machine does itself, in the process of a section."""
        before, self.quiet = self.quiet, True
        try:
            yield
        finally:
            self.quiet = before

    # What was noted

    def notes(self) -> dict[str, Any]:
        """Everything noted so far, as JSON can hold it."""
        ran = [f"{module}:{name}" for module, names, marks in self.modules for name, mark in zip(names, marks, strict=True) if mark]
        return {
            "modules": sorted({module for module, *_ in self.modules} | self.found | self.whole),
            "whole": sorted(self.whole),
            "units": sorted(ran),
            "packages": sorted(self.packages - {self.library}),
            "files": sorted(self.files),
            "data": sorted(self.data),
            "devices": sorted(filter(None, [self.device()])),
            "listed": self.listed,
            "processes": self.processes,
            "parent": self.parent,
            "children": self.children,
            "became": self.became,
        }

    def begin(self) -> None:
        """Say that a process that a section has started is there: were it killed, it would be missed.

        Asked to end by SIGTERM it is killed, too, and is missed. A handler in Python could leave its notes first; but
        one that is called while the process goes to wait in C runs only when that waiting ends, and may never.
        """
        with self.ours():
            number, self.file = tempfile.mkstemp(dir=self.folder, prefix="process-")
            os.close(number)

    def leave(self) -> None:
        """Write the notes of such a process; again if it goes on."""
        if not self.file or not os.path.isdir(self.folder):
            return
        with self.ours():
            with open(self.file + ".part", "w") as file:
                json.dump(self.notes(), file)
            os.replace(self.file + ".part", self.file + ".json")


def begin_child() -> None:
    """In a Python that a section has started: watch, and leave the notes at its end."""
    folder, library, root, page = (os.environ.get(name) for name in (FOLDER, LIBRARY, ROOT, PAGE))
    if any(TRACKER in part for part in sys.orig_argv):
        warnings.simplefilter("ignore")  # it would tell what it removes, when nobody listens any more
    elif folder and library and root:
        watch = Watch(root, library, device=partial(_device, page or ""))
        watch.install(folder)
        watch.begin()
        atexit.register(watch.leave)


def _device(page: str) -> str:
    """What the book's page of code says of the device of a process that does not know that page."""
    if not page or not os.path.isfile(page):
        return ""
    with suppress(Exception):  # whatever it is: the notes are worth more
        from runpy import run_path

        return str(run_path(page).get("devices", str)())
    return ""


def for_a_traceback() -> bool:
    """Whether a source is being read for the lines of a traceback, as PyTorch prepares them in plain calls, too."""
    frame: FrameType | None = sys._getframe(1)
    while frame and frame.f_globals.get("__name__") != "linecache":
        frame = frame.f_back
    while frame and frame.f_globals.get("__name__") == "linecache":
        frame = frame.f_back
    return frame is not None and frame.f_globals.get("__name__") == "traceback"
