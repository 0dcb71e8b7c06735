"""Files that a section writes and commands that it runs: in its scratch folder, in its environment, recorded as all else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from copies import TINY, Tiny

from hooks import job, section
from hooks.book import Book
from hooks.job import Result
from hooks.pool import Pool

PROGRAM = """# Pouring

```python {file="pour.py"}
from puddle import Gauge

gauge = Gauge(area=200)
gauge.pour(150)
print(gauge.depth)
```

It is run:

```console {.run}
$ python pour.py
```
"""


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(Book.read(TINY / "mkdocs.yml"), 1) as started:
        yield started


def run(pool: Pool, text: str) -> Result:
    read = section.parse(text, "book/water/rain.md")
    assert read.problems == ()
    (result,) = pool.run([job.job(read)])
    return result


def told(result: Result) -> list[str]:
    assert result.failures == [], result.failures
    return ["".join(output.text for output in cell.outputs) for cell in result.cells]


def console(*commands: str) -> str:
    return "# T\n\n```console {.run}\n" + "".join(f"$ {command}\n" for command in commands) + "```\n"


def test_a_program_is_written_and_run(pool: Pool) -> None:
    result = run(pool, PROGRAM)
    assert told(result) == ["", "7.5\n"]
    assert "puddle.gauge:Gauge.depth" in result.units, "what the program used of the library is an input"
    assert "puddle.gauge:total" not in result.units, "and nothing more"
    assert result.unknown == 0, "the shell uses nothing"


def test_a_program_below_a_pipe_is_seen_too(pool: Pool) -> None:
    result = run(pool, PROGRAM.replace("$ python pour.py", "$ python pour.py | tr 7 8"))
    assert told(result) == ["", "8.5\n"]
    assert "puddle.gauge:Gauge.depth" in result.units
    assert result.unknown == 0


def test_a_process_of_a_block_that_leaves_no_notes_is_still_missed(pool: Pool) -> None:
    text = "# T\n\n```python\nimport subprocess\n\nsubprocess.run(['true']);\n```\n\n" + console("true").partition("\n\n")[2]
    assert run(pool, text).unknown == 1


def test_both_streams_stand_in_their_order(pool: Pool) -> None:
    assert told(run(pool, console("echo one; echo two >&2; echo three", "echo four"))) == ["one\ntwo\nthree\nfour\n"]


def test_a_command_may_go_on_in_the_next_line(pool: Pool) -> None:
    assert told(run(pool, console("echo one \\\n>   two", "echo three"))) == ["one two\nthree\n"]


def test_variables_may_stand_before_a_command(pool: Pool) -> None:
    assert told(run(pool, console("SKY=gray bash -c 'echo $SKY'", "mkdir day && cd day && pwd | xargs basename"))) == ["gray\nday\n"]
    (problem,) = section.parse(console("SKY=gray"), "book/water/rain.md").problems
    assert problem.message == "`SKY=gray` changes nothing for the next command."


def test_commands_and_blocks_share_a_folder_and_an_environment(pool: Pool) -> None:
    text = """# T

```python
import os

open("rain.txt", "w").write("wet\\n")
os.environ["SKY"] = "gray";
```

```console {.run}
$ cat rain.txt
$ echo $SKY $TZ $OMP_NUM_THREADS
$ mkdir day && echo sun > day/one.txt
$ cat
```

```python {file="net/rain.py"}
print(__name__)
```

```python
print(open("day/one.txt").read(), os.listdir("net"))
```
"""
    assert told(run(pool, text)) == ["", "wet\ngray UTC 1\n", "", "sun\n ['rain.py']\n"]


def test_the_python_of_a_command_is_the_sections_own(pool: Pool) -> None:
    text = "# T\n\n```python\nimport sys\n\nprint(sys.prefix)\n```\n\n" + console("python -c 'import sys; print(sys.prefix)'").partition("\n\n")[2]
    first, second = told(run(pool, text))
    assert first == second


def test_commands_have_no_network(pool: Pool) -> None:
    code = "import socket; socket.create_connection((\"192.0.2.1\", 80), 1)"
    (failure,) = run(pool, console(f"python -c '{code}'")).failures
    assert failure.line == 4
    assert "blocks have no network" in failure.detail


def test_a_command_that_was_killed(pool: Pool) -> None:
    (failure,) = run(pool, console("kill -9 $$")).failures
    assert (failure.line, failure.message) == (4, "the command `kill -9 $$` died of SIGKILL.")


def test_a_solution_may_run_commands(pool: Pool) -> None:
    text = PROGRAM + '\n??? solution "1"\n\n    ```console {.run}\n    $ python pour.py\n    $ ls\n    ```\n'
    assert told(run(pool, text))[-1] == "7.5\npour.py\n"


def test_a_page_shows_the_program_the_command_and_what_it_printed(tiny: Tiny) -> None:
    path = tiny.root / "book/water/a-mornings-work.md"
    path.write_text(path.read_text() + PROGRAM.partition("\n\n")[2].replace("It is run", "\nIt is run"))
    done = tiny.run("site")
    assert done.status == 0, done.said
    page = tiny.page("water/a-mornings-work/")
    assert '<p class="origin">Written to <code>pour.py</code></p>' in page
    assert '<pre class="output stdout">7.5' in page
    assert "$ python pour.py" in tiny.text("water/a-mornings-work/")
    before = tiny.records()
    assert tiny.run("site", "--strict").status == 0
    tiny.edit("puddle/gauge.py", "return 10 * self.water / self.area", "return self.water / self.area * 10")
    strict = tiny.run("site", "--strict")
    assert "book/water/a-mornings-work.md:1: the record is stale: `puddle.gauge:Gauge.depth` has changed." in strict.said
    done = tiny.run("site")
    assert done.status == 0, done.said
    assert tiny.records()["water/a-mornings-work.json"] == before["water/a-mornings-work.json"]
    assert Path(tiny.root / "pour.py").exists() is False
