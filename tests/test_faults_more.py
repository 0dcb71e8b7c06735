"""Never hurt, less usual ways: what stays in the shared memory, who waits for whose children, what an error says of its place."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from copies import TINY, Tiny
from test_worker import blocks, run, told

from hooks.book import Book
from hooks.pool import Pool

SHARED = Path("/dev/shm")
linux = pytest.mark.skipif(sys.platform != "linux", reason="NOT TESTED: this system does not show its shared memory")


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(Book.read(TINY / "mkdocs.yml"), 2) as started:
        yield started


# Shared memory

SEGMENT = """
from multiprocessing import get_context
from multiprocessing.shared_memory import SharedMemory

memory = SharedMemory(create=True, size=10)
lock = get_context("spawn").Lock()
print(memory.name, lock._semlock.name[1:])
""".strip()
ENDS = {"by itself": "1", "an exit": "import os; os._exit(3)", "a kill": "import os; os.kill(os.getpid(), 9)", "a loop": "while True: pass"}


@linux
@pytest.mark.parametrize("how", ENDS)
def test_nothing_stays_in_the_shared_memory(pool: Pool, how: str) -> None:
    result = run(pool, blocks(SEGMENT, ENDS[how], options="timeout=1"))
    assert bool(result.failures) == (how != "by itself")
    segment, lock = result.cells[0].outputs[0].text.split()
    assert segment.startswith("psm_")
    assert lock.startswith("mp-")
    assert not (SHARED / segment).exists()
    assert not (SHARED / f"sem.{lock}").exists()
    assert "tracker" not in "".join(failure.detail for failure in result.failures), "what clears away does so in silence"


@linux
@pytest.mark.parametrize("how", ["spawn", "forkserver"])
def test_nothing_of_a_pool_that_was_left_stays(pool: Pool, how: str) -> None:
    before = set(os.listdir(SHARED))
    code = f"import math\nfrom multiprocessing import get_context\n\nworkers = get_context({how!r}).Pool(2)\nprint(workers.map(math.factorial, range(5)))"
    assert told(run(pool, blocks(code))) == {"block-1": "[1, 1, 2, 6, 24]"}
    assert {name for name in set(os.listdir(SHARED)) - before if name.startswith("sem.mp-")} == set()


@linux
def test_what_only_looks_like_a_tracker_ends_too(pool: Pool) -> None:
    code = "import subprocess, sys\n\nprint(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(603)  # resource_tracker import main']).pid)"
    pid = told(run(pool, blocks(code)))["block-1"]
    assert not Path("/proc", pid).exists()


# Processes


def test_solutions_of_a_section_without_signals(pool: Pool) -> None:
    assert told(run(pool, blocks("import signal\n\nsignal.signal = None", solutions=("signal.signal is None",))))["solution-1-block-1"] == "True"


@pytest.mark.parametrize("handler", ["signal.SIG_IGN", "bury"])
def test_solutions_of_a_section_that_waits_for_all_children(pool: Pool, handler: str) -> None:
    first = f"""
import os
import signal


def bury(*_):
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


signal.signal(signal.SIGCHLD, {handler});
"""
    same = f"signal.getsignal(signal.SIGCHLD) == {handler}"
    result = run(pool, blocks(first.strip(), solutions=(same, "os._exit(3)", same)))
    assert [(cell.name, cell.outputs[0].text) for cell in result.cells[1:]] == [("solution-1-block-1", "True"), ("solution-3-block-1", "True")]
    assert [(failure.cell, failure.message) for failure in result.failures] == [("solution-2-block-1", "the block's process ended with exit status 3.")]


def test_lines_of_copies_do_not_mix(pool: Pool) -> None:
    code = """
import os

for number in range(4):
    if os.fork() == 0:
        for _ in range(500):
            print(number, *[number] * 9)
        print("end", end="", flush=True)
        os._exit(0)
for _ in range(4):
    os.wait()
"""
    wanted = {" ".join([str(number)] * 10) for number in range(4)}
    printed = told(run(pool, blocks(code.strip())))["block-1"].replace("end", "").strip()
    assert set(printed.split("\n")) == wanted
    assert len(printed.split("\n")) == 2000


def test_what_a_copy_has_begun_is_shown_once(pool: Pool) -> None:
    code = "import os\n\nif os.fork() == 0:\n    print('drip', end='')\n    if os.fork() == 0:\n        print(' drop', end='')\n    else:\n        os.wait()\nelse:\n    os.wait();"
    assert told(run(pool, blocks(code)))["block-1"] == "dropdrip"


# Words


RING = "import signal\n\n\ndef ring(*_):\n    raise TimeoutError('ring')\n\n\nsignal.signal(signal.SIGALRM, ring)\nsignal.setitimer(signal.ITIMER_REAL, 1e-4, 1e-4)"
WORDS = {
    "a value that cannot be shown": ("class A:\n    def __repr__(self): return 1 / 0\nA()", 5, "the block's value cannot be shown: ZeroDivisionError: division by zero."),
    "one that another form shows": ("class A:\n    def _repr_html_(self): return 1 / 0\nA()", 5, "the block's value cannot be shown: ZeroDivisionError: division by zero."),
    "a breakpoint": ("breakpoint()\nx = 1", 4, "the block waits for somebody who debugs it, and nobody does."),
    "a second line": ("raise ValueError('\\nrain')", 4, "the block raises ValueError: rain."),
    "code in a string": ("exec('1 +')", 4, "the block raises SyntaxError: invalid syntax."),
}


@pytest.mark.parametrize("what", WORDS)
def test_words(pool: Pool, what: str) -> None:
    code, line, message = WORDS[what]
    (failure,) = run(pool, blocks(code)).failures
    assert (failure.line, failure.message) == (line, message)


def test_an_alarm_that_rings_for_ever_is_its_blocks_fault(pool: Pool) -> None:
    for _ in range(5):  # it rings now here, now there
        failures = run(pool, blocks(RING, "1")).failures
        assert failures
        assert {failure.line for failure in failures} <= {4, 8, 16}, "the blocks' first lines, and the handler's"


TOLD = """
import threading
import traceback


def f():
    raise ValueError("rain")


try:
    f()
except ValueError:
    traceback.print_exc()
thread = threading.Thread(target=f)
thread.start()
thread.join()
"""


def test_a_printed_traceback_has_the_names_of_every_machine(tiny: Tiny) -> None:
    with Pool(Book.read(tiny.root / "mkdocs.yml"), 1) as started:
        said = told(run(started, blocks(TOLD.strip())))["block-1"]
    assert said.count('File "book/water/rain.md", line 9, in f\n') == 2
    assert 'File "threading.py", line ' in said
    assert 'File "/' not in said
