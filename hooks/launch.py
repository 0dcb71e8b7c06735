"""How a section's process begins: forked from the warm one; or started anew where forking is not safe, slower, with the same result.

Forking copies one thread. Where the warm process has others, or on macOS, whose own libraries start some behind our
back, a lock may stay locked for ever in the copy. A new process is `python -m hooks.launch TELL PARENT FOLDER ROOT SOURCE
LIBRARY`; its job lies in the folder.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from hooks import family, marked, warm
from hooks.child import Runner
from hooks.distributions import Distributions
from hooks.job import Failure, Job
from hooks.library import Library

UNABLE = 70  # exit status of a process that cannot tell what it has to tell


@dataclass(frozen=True)
class Launch:
    """What all sections of a book have in common."""

    root: Path
    source: Path
    library: str
    runtime: ModuleType
    distributions: Distributions

    @property
    def forks(self) -> bool:
        return sys.platform != "darwin" and warm.threads() == 1 and getattr(self.runtime, "fork", True)

    def start(self, job: Job, folder: str, tell: int, close: Iterable[int]) -> int:
        """Start the process of a section: its number. It answers through the descriptor `tell`; `close` are ours alone."""
        parent = os.getpid()
        if not self.forks:
            return self._anew(job, folder, tell, parent)
        pid = os.fork()
        if pid == 0:
            try:
                for descriptor in close:
                    os.close(descriptor)
            finally:
                self.live(job, folder, Connection(tell, readable=False), parent, forks=True)
        return pid

    def _anew(self, job: Job, folder: str, tell: int, parent: int) -> int:
        Path(folder, "job").write_bytes(pickle.dumps(job))
        words = [str(tell), str(parent), folder, str(self.root), str(self.source), self.library]
        os.set_inheritable(tell, True)
        try:
            return os.posix_spawn(sys.executable, [sys.executable, "-m", "hooks.launch", *words], os.environ)
        finally:
            os.set_inheritable(tell, False)

    def live(self, job: Job, folder: str, tell: Any, parent: int, forks: bool) -> NoReturn:
        """Be the process of a section."""
        try:
            begin(parent)
            Runner(job, self.root, self.library, self.runtime, tell, parent, forks).run(folder)
        except BaseException:  # a fault of the machine itself, or a block has closed what is not its own
            tell.send(("failure", Failure("", 1, "the machine failed here.", "This is an error of `hooks`.", traceback.format_exc())))
            tell.send(("end",))
        finally:
            os._exit(UNABLE)


def begin(parent: int) -> None:
    """In a section's process: a session of its own, which ends with the warm process."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if os.getsid(0) != os.getpid():
        os.setsid()
    family.adopt()
    warm.end_with_parent()
    if os.getppid() != parent:  # it has died already
        os._exit(UNABLE)


def main(arguments: list[str]) -> None:
    tell, parent, folder, root, source, library = arguments
    begin(int(parent))
    sys.path[0] = root
    runtime = warm.begin(Path(source))
    os.set_inheritable(int(tell), False)
    connection: Any = Connection(int(tell), readable=False)
    with open(os.path.join(folder, "job"), "rb") as file:
        job: Job = pickle.load(file)
    failure = runtime if isinstance(runtime, Failure) else warm.heat(runtime, Path(source), job.packages) or warm.finish(library)
    if isinstance(runtime, Failure) or failure:
        assert failure is not None
        connection.send(("failure", replace(failure, line=1, message=f"`_runtime.py` fails at line {failure.line}: {failure.message}")))
        os._exit(UNABLE)
    marked.prepare(Library(Path(root), library).files())
    Launch(Path(root), Path(source), library, runtime, Distributions()).live(job, folder, connection, int(parent), forks=False)


if __name__ == "__main__":
    main(sys.argv[1:])
