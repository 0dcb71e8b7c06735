"""A section runs in a world of its own: the same on every day, touched by no other section, gone without a trace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from copies import TINY, Tiny, copy

from hooks import family, job, section
from hooks.book import Book
from hooks.job import Job, Result
from hooks.pool import Pool, environment
from hooks.run import execute, state


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    """One warm process for all tests, two sections at a time, started in an environment that is not the book's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        patch.setenv("PYTHONHASHSEED", "7")
        patch.setenv("OMP_NUM_THREADS", "4")
        with Pool(Book.read(TINY / "mkdocs.yml"), 2) as started:
            yield started


def blocks(*codes: str, solutions: tuple[str, ...] = (), options: str = "") -> str:
    """A section of these blocks, and of solutions with one block each."""
    opening = f"```python {{{options}}}" if options else "```python"
    parts = ["# Rain", *(f"{opening}\n{code}\n```" for code in codes)]
    for number, code in enumerate(solutions, 1):
        inside = "".join(f"    {line}\n" if line else "\n" for line in code.split("\n"))
        parts.append(f'??? solution "{number}"\n\n    ```python\n{inside}    ```')
    return "\n\n".join(parts) + "\n"


def run_all(pool: Pool, texts: dict[str, str]) -> dict[str, Result]:
    """Results in the order in which they come."""
    read = [section.parse(text, f"book/water/{name}.md") for name, text in texts.items()]
    assert [problem for one in read for problem in one.problems] == []
    return {Path(result.file).stem: result for result in pool.run([job.job(one) for one in read])}


def run(pool: Pool, text: str) -> Result:
    return run_all(pool, {"rain": text})["rain"]


def told(result: Result) -> dict[str, str]:
    """What each cell printed or gave."""
    assert result.failures == [], result.failures
    return {cell.name: "".join(output.text for output in cell.outputs).strip() for cell in result.cells}


def gone(pid: int) -> bool:
    """Whether a process has ended; it may wait to be buried by whoever started it."""
    for _ in range(100):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.02)
    return False


# The same on every day


def test_the_environment_is_the_books(pool: Pool) -> None:
    names = ("PYTHONHASHSEED", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TZ", "LC_ALL", "MPLBACKEND")
    code = f"import os, time\n\nfor name in {names}:\n    print(os.environ[name])\nprint(time.tzname[0], hash('rain'))"
    other = {**os.environ, "PYTHONHASHSEED": "0"}
    wanted = subprocess.run(
        [sys.executable, "-c", "print(hash('rain'))"], env=other, capture_output=True, text=True
    ).stdout
    assert told(run(pool, blocks(code)))["block-1"].split() == [
        "0",
        "1",
        "1",
        "UTC",
        "C.UTF-8",
        "Agg",
        "UTC",
        wanted.strip(),
    ]


def test_sums_are_added_by_one_thread(pool: Pool) -> None:
    code = "import os\n\nimport numpy as np\n\na = np.ones((400, 400)) @ np.ones((400, 400))\nlen(os.listdir('/proc/self/task'))"
    assert told(run(pool, blocks(code)))["block-1"] == "1"


def test_every_section_begins_with_the_same_random_numbers(pool: Pool) -> None:
    text = blocks("import random\n\nimport numpy as np", "random.random(), np.random.rand()", "random.random()")
    first, second = run(pool, text), run(pool, text)
    assert told(first) == told(second)
    assert told(first)["block-2"] != told(first)["block-3"]


# Touched by no other


def test_a_section_leaves_nothing_to_the_next(pool: Pool) -> None:
    change = """
import builtins
import os
import sys
import types
import warnings

import matplotlib as mpl

mpl.rcParams["lines.linewidth"] = 99
sys.modules["umbrella"] = types.ModuleType("umbrella")
sys.path.insert(0, "/nowhere")
os.environ["UMBRELLA"] = "open"
os.chdir("/")
os.umask(0o077)
builtins.umbrella = umbrella = 1
warnings.simplefilter("error")
sys.setrecursionlimit(5000)
"""
    look = """
import builtins
import os
import sys
import warnings

import matplotlib as mpl

print(mpl.rcParams["lines.linewidth"], "umbrella" in sys.modules, sys.path[0] == "/nowhere", "UMBRELLA" in os.environ)
print(os.getcwd() == "/", os.umask(0), hasattr(builtins, "umbrella"), "umbrella" in dir(), sys.getrecursionlimit())
"""
    before = told(run(pool, blocks(look.strip())))
    told(run(pool, blocks(change.strip())))
    assert told(run(pool, blocks(look.strip()))) == before
    assert "umbrella" not in before["block-1"]
    assert before["block-1"].startswith("1.5 False False False\nFalse ")


def test_a_failing_section_does_not_harm_the_others(pool: Pool) -> None:
    texts = {"bad": blocks("import os\n\nos._exit(1)"), "good": blocks("1 + 1"), "worse": blocks("1 / 0")}
    results = run_all(pool, texts)
    assert told(results["good"]) == {"block-1": "2"}
    assert [len(results[name].failures) for name in ("bad", "worse")] == [1, 1]


# Solutions


def test_solutions_begin_where_the_section_ends_and_know_nothing_of_each_other(pool: Pool) -> None:
    main = "import random\n\nrain = [7.5]"
    one = "rain.append(1)\nrandom.seed(1)\nlater = True\nprint(rain)"
    two = "print(rain, 'later' in dir(), random.random())"
    shown = told(run(pool, blocks(main, solutions=(one, two, two)) + "\nIt is `{python} rain`.\n"))
    assert shown["solution-1-block-1"] == "[7.5, 1]"
    assert shown["solution-2-block-1"] == shown["solution-3-block-1"]
    assert shown["solution-2-block-1"].startswith("[7.5] False 0.")
    assert shown["value-1"] == "[7.5]"


PARENT = "import os\n\nprint(os.getpid(), os.getppid())"


def test_solutions_are_forks_of_the_section(pool: Pool) -> None:
    shown = told(run(pool, blocks(PARENT, solutions=(PARENT, PARENT))))
    main, one, two = (value.split() for value in shown.values())
    assert [one[1], two[1]] == [main[0], main[0]]
    assert len({main[0], one[0], two[0]}) == 3


def test_where_a_thread_is_left_a_solution_gets_a_fresh_process(pool: Pool) -> None:
    """To fork with threads is not safe: the section runs again, in silence."""
    thread = "import threading\n\nrain = [7.5]\nthreading.Thread(target=threading.Event().wait, daemon=True).start()"
    result = run(pool, blocks(PARENT, thread, solutions=(PARENT + "\nrain.append(1)", PARENT + "\nprint(rain)")))
    shown = told(result)
    assert set(shown) == {"block-1", "block-2", "solution-1-block-1", "solution-2-block-1"}
    assert len(result.cells) == 4, "what the section shows is shown once"
    parents = {value.split()[1] for name, value in shown.items() if name != "block-2"}
    assert len(parents) == 1, "all are children of the warm process"
    assert shown["solution-2-block-1"].endswith("[7.5]")


def test_both_kinds_of_solutions_draw_the_same_random_numbers(pool: Pool) -> None:
    draw, wait = "import random\n\nrandom.random()", "import threading\n\nwaiting = threading.Event().wait"
    thread = "threading.Thread(target=waiting, daemon=True).start()"
    forked, fresh = (
        told(run(pool, blocks(draw, wait, last, solutions=("random.random()",)))) for last in ("waiting", thread)
    )
    assert forked["solution-1-block-1"] == fresh["solution-1-block-1"]


def test_a_fault_in_such_a_solution_is_told(pool: Pool) -> None:
    thread = "import threading\n\nthreading.Thread(target=threading.Event().wait, daemon=True).start()"
    result = run(pool, blocks(thread, solutions=("1 / 0", "'dry'")))
    assert [failure.cell for failure in result.failures] == ["solution-1-block-1"]
    assert [cell.name for cell in result.cells] == ["block-1", "solution-2-block-1"]


# Gone without a trace


@pytest.mark.parametrize("end", ["'done'", "1 / 0", "os._exit(1)", "while True: pass"])
def test_the_scratch_folder_is_removed(pool: Pool, tmp_path: Path, end: str) -> None:
    code = f"import os\n\nopen('rain.txt', 'w').write('7.5')\nopen({str(tmp_path / 'where')!r}, 'w').write(os.getcwd())"
    run(pool, blocks(code, end, options="timeout=0.5"))
    folder = Path((tmp_path / "where").read_text())
    assert folder.is_absolute()
    assert not folder.is_relative_to(TINY)
    assert not folder.exists()
    assert not folder.parent.exists()


@pytest.mark.parametrize("end", ["'done'", "1 / 0", "os._exit(1)", "while True: pass"])
def test_no_process_is_left(pool: Pool, tmp_path: Path, end: str) -> None:
    code = f"""
import os
import subprocess

sleeper = subprocess.Popen(["sleep", "600"])
open({str(tmp_path / "pids")!r}, "w").write(f"{{os.getpid()}} {{sleeper.pid}}")
"""
    run(pool, blocks(code.strip(), end, options="timeout=0.5"))
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert len(pids) == 2
    assert all(gone(pid) for pid in pids)


def test_closing_ends_what_runs(tmp_path: Path) -> None:
    where = tmp_path / "where"
    code = f"import os\nimport time\n\nopen({str(where)!r}, 'w').write(f'{{os.getpid()}} {{os.getcwd()}}')\ntime.sleep(600)"
    started = Pool(Book.read(TINY / "mkdocs.yml"), 1)
    one = job.job(section.parse(blocks(code), "book/water/rain.md"))
    started.wait()
    started.connection.send(one)
    for _ in range(500):
        if where.exists() and " " in where.read_text():
            break
        time.sleep(0.01)
    pid, folder = where.read_text().split()
    started.close()
    assert started.process.returncode == 0
    assert gone(int(pid))
    assert not Path(folder).parent.exists()


def test_a_process_that_nobody_waits_for(tmp_path: Path) -> None:
    """It warms up while others go on, and is not waited for in vain."""
    tiny = copy(tmp_path / "book")
    tiny.edit("book/_runtime.py", "    import pandas  # noqa: F401", "    import time\n\n    time.sleep(600)")
    started = Pool(Book.read(tiny.root / "mkdocs.yml"), 1)
    started.close()
    assert gone(started.process.pid)


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ('environment = {"RAIN": "7"}', {"RAIN": "7"}),
        ('environment: dict[str, str] = {"RAIN": "7"}', {"RAIN": "7"}),
        ('environment = {"RAIN": str(7)}', {}),
        ('environment = dict(RAIN="7")', {}),
        ('if True:\n    environment = {"RAIN": "7"}', {}),
    ],
)
def test_variables_are_there_from_the_start(tmp_path: Path, written: str, known: dict[str, str]) -> None:
    """Those that are written out are given to the process; for others it starts itself anew."""
    tiny = copy(tmp_path / "book")
    file = tiny.root / "book/_runtime.py"
    file.write_text(f"{written}\n")
    assert environment(file) == known
    with Pool(Book.read(tiny.root / "mkdocs.yml"), 1) as started:
        assert told(run(started, blocks("import os\n\nprint(os.environ['RAIN'])"))) == {"block-1": "7"}


# Blocks of one section


def test_the_shell_is_the_sections_own(pool: Pool) -> None:
    """It is made once for all: names, folders and streams are those of the section."""
    code = """
import os
import pathlib
import sys

print(_dh == [pathlib.Path.cwd()], "scratch" in os.getcwd(), sys.modules["__main__"].__dict__ is globals(), _oh, len(In))
print(sorted(name for name in globals() if not name.startswith("_")))
own = get_ipython()
rain = 1
"""
    names = "['In', 'Out', 'exit', 'get_ipython', 'open', 'os', 'pathlib', 'quit', 'sys']"
    for _ in range(2):
        assert told(run(pool, blocks(code.strip())))["block-1"].splitlines() == ["True True True {} 2", names]


def test_await_goes_on_from_block_to_block(pool: Pool) -> None:
    begin = """
import asyncio

rain = asyncio.Queue()


async def pour():
    for depth in (7.5, 7.1):
        await asyncio.sleep(0)
        await rain.put(depth)
    return asyncio.get_running_loop()


pouring = asyncio.create_task(pour())
first = await rain.get()
loop = asyncio.get_running_loop()
"""
    then = "print(first, await rain.get(), (await pouring) is loop, asyncio.get_running_loop() is loop)"
    solution = "await asyncio.sleep(0.01)\nprint(asyncio.get_running_loop() is loop)"
    shown = told(
        run(
            pool,
            blocks(
                begin.strip(),
                "'a block that waits for nothing'",
                then + "\nawait asyncio.sleep(0)",
                solutions=(solution,),
            ),
        )
    )
    assert shown["block-3"] == "7.5 7.1 True True"
    assert shown["solution-1-block-1"] == "True"


def test_the_source_of_what_a_block_defines(pool: Pool) -> None:
    pour = "def pour(glass):\n    # into the glass\n    return glass + 1"
    shown = told(run(pool, blocks("x = 1", pour, "import inspect\n\nprint(inspect.getsource(pour))")))
    assert shown["block-3"] == pour


def test_blocks_are_the_main_module(pool: Pool) -> None:
    code = "import pickle\n\n\nclass Glass:\n    pass\n\n\nprint(__name__, Glass.__module__, type(pickle.loads(pickle.dumps(Glass()))) is Glass)"
    assert told(run(pool, blocks(code)))["block-1"] == "__main__ __main__ True"


# Side by side


def test_sections_run_side_by_side(pool: Pool, tmp_path: Path) -> None:
    """Each waits for the other: one after the other, neither would end."""

    def meet(mine: str, other: str) -> str:
        return blocks(
            f"import os\nimport time\n\nopen({str(tmp_path / mine)!r}, 'w')\n"
            f"while not os.path.exists({str(tmp_path / other)!r}):\n    time.sleep(0.01)\nprint('met')",
            options="timeout=20",
        )

    results = run_all(pool, {"one": meet("a", "b"), "two": meet("b", "a")})
    assert {name: told(result)["block-1"] for name, result in results.items()} == {"one": "met", "two": "met"}


def test_results_come_as_they_are_ready(pool: Pool) -> None:
    texts = {
        "slow": blocks("import time\n\ntime.sleep(1)\n'slow'"),
        "a": blocks("'a'"),
        "b": blocks("'b'"),
        "c": blocks("'c'"),
    }
    results = run_all(pool, texts)
    assert list(results)[-1] == "slow"
    assert {name: told(result)["block-1"] for name, result in results.items()} == {name: repr(name) for name in texts}


def test_sections_run_while_other_things_are_done(tiny: Tiny) -> None:
    """And if these fail, the warm process is ended all the same."""
    (tiny.root / "book/water/dew.md").write_text(blocks(f"open({str(tiny.root / 'begun')!r}, 'w').close()"))
    book, before = Book.read(tiny.root / "mkdocs.yml"), family.children()

    def meanwhile() -> None:
        end = time.monotonic() + 60
        while not (tiny.root / "begun").exists():
            assert time.monotonic() < end, "it waits to be asked for"
            time.sleep(0.01)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(execute(book, [state(book, book.sections["book/water/dew.md"])], meanwhile=meanwhile))
    assert family.children() == before


HEAVY = """
heavy = ("wave", "chunk")


def warm(packages):
    import os, sys, time
    if packages is None or "wave" in packages:
        while not os.path.exists("heat"):
            time.sleep(0.01)
        exec(open("heat").read())
        import wave
"""


@pytest.fixture
def two(tiny: Tiny) -> Iterator[tuple[Tiny, Pool]]:
    """A pool with two warm processes: the second is warm when there is a file `heat`, and does what stands there."""
    (tiny.root / "book/_runtime.py").write_text(HEAVY)
    with Pool(Book.read(tiny.root / "mkdocs.yml"), jobs=2, packages=frozenset({"wave", "json"})) as pool:
        yield tiny, pool


def asked(name: str, *packages: str, code: str = "import os, sys\nprint('wave' in sys.modules, os.getppid())") -> Job:
    return job.job(section.parse(blocks(code), f"book/water/{name}.md"), frozenset(packages))


def printed(result: Result) -> str:
    assert not result.failures, result.failures
    return result.cells[0].outputs[0].text


def test_what_is_light_does_not_wait_for_what_is_heavy(two: tuple[Tiny, Pool]) -> None:
    tiny, pool = two
    pool.wait()
    for one in (asked("heavy", "wave"), asked("one"), asked("two", "json")):
        pool.connection.send(one)
    light = [pool.connection.recv(), pool.connection.recv()]
    assert [result.file for result in light] == ["book/water/one.md", "book/water/two.md"]
    assert {printed(result).split()[0] for result in light} == {"False"}
    (tiny.root / "heat").write_text("")
    heavy = pool.connection.recv()
    assert printed(heavy).split()[0] == "True"
    assert printed(heavy).split()[1] != printed(light[0]).split()[1], "each has its own parent"


def test_a_second_process_that_fails_says_so_in_the_sections_that_need_it(two: tuple[Tiny, Pool]) -> None:
    tiny, pool = two
    (tiny.root / "heat").write_text("1 / 0")
    results = {result.file: result for result in pool.run([asked("heavy", "wave"), asked("one"), asked("more", "wave")])}
    assert printed(results["book/water/one.md"])
    for name in ("heavy", "more"):
        (failure,) = results[f"book/water/{name}.md"].failures
        assert failure.message.startswith("`_runtime.py` fails at line "), failure
        assert "ZeroDivisionError" in failure.message


def begun(two: tuple[Tiny, Pool]) -> tuple[int, int]:
    """A section runs in the second process: the numbers of that, and of what the section has started."""
    tiny, pool = two
    (tiny.root / "heat").write_text("")
    pool.wait()
    note = str(tiny.root / "pids")
    code = f"""import os, subprocess, time
sleeps = subprocess.Popen(["sleep", "60"], start_new_session=True)
with open({note + ".part"!r}, "w") as file:
    print(os.getppid(), sleeps.pid, file=file)
os.rename({note + ".part"!r}, {note!r})
time.sleep(60)"""
    pool.connection.send(asked("heavy", "wave", code=code))
    while not Path(note).exists():
        time.sleep(0.01)
    second, started = map(int, Path(note).read_text().split())
    return second, started


def test_a_second_process_that_dies_is_told_and_not_missed(two: tuple[Tiny, Pool]) -> None:
    _, pool = two
    second, started = begun(two)
    os.kill(second, signal.SIGKILL)
    (failure,) = pool.connection.recv().failures
    assert "the warm process in which this section ran died" in failure.message
    assert family.look(started) is None, "nothing is left of what ran there"
    pool.connection.send(asked("heavy", "wave"))
    assert printed(pool.connection.recv()).split()[0] == "False", "it runs in the first, and imports for itself"


def test_a_second_process_that_dies_leaves_nothing_when_all_ends(two: tuple[Tiny, Pool]) -> None:
    """Nobody is told any more."""
    _, pool = two
    second, started = begun(two)
    os.kill(pool.process.pid, signal.SIGSTOP)
    os.kill(second, signal.SIGKILL)
    os.kill(pool.process.pid, signal.SIGTERM)
    os.kill(pool.process.pid, signal.SIGCONT)
    pool.process.wait()
    assert family.look(started) is None


def test_a_section_is_dropped_whose_process_has_just_died(two: tuple[Tiny, Pool]) -> None:
    """The first process hears of both at once."""
    _, pool = two
    second, _ = begun(two)
    os.kill(pool.process.pid, signal.SIGSTOP)
    os.kill(second, signal.SIGKILL)
    assert gone(second)
    pool.connection.send("book/water/heavy.md")
    os.kill(pool.process.pid, signal.SIGCONT)
    assert pool.connection.recv().file == "book/water/heavy.md"
    pool.connection.send(asked("one"))
    assert printed(pool.connection.recv())
