"""Files that a section writes and commands that it runs: in its scratch folder, in its environment, recorded as all else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from copies import ROOT, TINY, Tiny

from hooks import imports, job, section
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
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TORCH_CPP_LOG_LEVEL", "ERROR")  # as the book's own `_runtime.py` has it: without a network, PyTorch warns
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


def console(*commands: str, options: str = "") -> str:
    lines = [command if command.startswith("> ") else f"$ {command}" for command in commands]
    return f"# T\n\n```console {{.run{options}}}\n" + "\n".join(lines) + "\n```\n"


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


def test_what_a_command_printed_is_its_own(pool: Pool) -> None:
    (cell,) = run(pool, console("echo one", "true", "echo two \\", ">   too", "echo three")).cells
    assert [(output.name, output.text) for output in cell.outputs] == [("1", "one\n"), ("3", "two too\n"), ("5", "three\n")]


def test_a_command_may_go_on_in_the_next_line(pool: Pool) -> None:
    assert told(run(pool, console("echo one \\\n>   two", "echo three"))) == ["one two\nthree\n"]


def test_a_command_that_goes_on_nowhere_is_an_error() -> None:
    (problem,) = section.parse(console("echo one", "echo two \\"), "book/water/rain.md").problems
    assert (problem.line, problem.message) == (5, "the command is not at its end: it goes on behind a backslash.")


def test_a_quotation_without_end_is_an_error(pool: Pool) -> None:
    (failure,) = run(pool, console("echo 'one")).failures
    assert (failure.line, failure.message) == (4, "the command `echo 'one` ended with exit status 2.")
    assert "unexpected EOF" in failure.detail


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


IMPORTED = """# Pouring

```python {file="pour.py"}
import colorsys

from puddle import Gauge

gauge = Gauge(area=200)


def pour(water):
    gauge.pour(water)
    return gauge.depth
```

```python
from pour import pour

print(pour(150))
```

```python {file="pour.py"}
def pour(water):
    return 0 * water
```

```console {.run}
$ python -c 'import pour; print(pour.pour(1)); print(pour.__file__)'
$ ls
```
"""


def test_what_a_section_writes_can_be_imported_and_is_watched(pool: Pool) -> None:
    result = run(pool, IMPORTED)
    assert told(result) == ["", "7.5\n", "", "0\npour.py\npour.py\n"]
    assert "puddle.gauge:Gauge.depth" in result.units
    assert "colorsys" in result.packages, "what it imports, the section does"
    assert result.unknown == 0


def test_the_packages_of_what_a_block_imports_are_known_before(tiny: Tiny) -> None:
    book = Book.read(tiny.root / "mkdocs.yml")
    read = section.parse(IMPORTED.replace("colorsys", "torch", 1), "book/water/rain.md")
    assert "torch" in imports.packages(book, [read])
    read = section.parse(IMPORTED.replace("colorsys", "torch", 1).replace("from pour import pour", "pour = str"), "book/water/rain.md")
    assert "torch" not in imports.packages(book, [read]), "a program has a process of its own"


def test_names_of_the_sections_own_folder_are_short(pool: Pool) -> None:
    code = "import os, tempfile; print(os.path.abspath(\"a.py\"), tempfile.gettempdir()); print(f\"<{os.getcwd()}>, x{os.getcwd()}\")"
    first, second = told(run(pool, console("pwd", f"python -c '{code}'", "echo $PWD-old")))[0].splitlines()[:2], None
    assert first == [".", "a.py /tmp"]
    assert second is None


def test_a_pipe_fails_with_any_of_its_commands(pool: Pool) -> None:
    (failure,) = run(pool, console("true", "bash -c 'echo half; exit 3' | cat")).failures
    assert (failure.line, failure.detail) == (5, "half")
    assert failure.message == "the command `bash -c 'echo half; exit 3' | cat` ended with exit status 3."
    assert told(run(pool, console("yes | head -1"))) == ["y\n"], "one whose reader has seen enough does not fail"


def test_of_a_long_error_both_ends_are_told(pool: Pool) -> None:
    (failure,) = run(pool, console("seq 100; exit 1")).failures
    lines = failure.detail.splitlines()
    assert (lines[0], lines[20], lines[-1]) == ("1", "... 60 lines ...", "100")


def test_a_command_that_takes_too_long_ends_with_all_that_it_has_started(pool: Pool, tmp_path: Path) -> None:
    told_by = tmp_path / "pids"
    text = console("echo before", f"sleep 600 & setsid sleep 600 & echo $! > {told_by}; jobs -p >> {told_by}; echo waiting; wait", options=" timeout=10")
    (failure,) = run(pool, text).failures
    assert failure.line == 5
    assert failure.message.endswith("is still running, 10 s after its block began.")
    assert failure.detail == "waiting"
    pids = told_by.read_text().split()
    assert len(pids) == 3
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_a_command_that_is_over_leaves_nothing_running(pool: Pool, tmp_path: Path) -> None:
    """What it has put into the background may go on beside the section's later commands, and ends with the section."""
    told_by = tmp_path / "pids"
    text = console(f"sleep 600 & setsid sleep 600 & jobs -p > {told_by}; echo $! >> {told_by}; echo begun", f"kill -0 $(head -1 {told_by}) && echo on")
    assert told(run(pool, text)) == ["begun\non\n"]
    pids = told_by.read_text().split()
    assert len(pids) >= 2
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_a_command_that_shows_a_megabyte_is_an_error_at_its_block(pool: Pool) -> None:
    (failure,) = run(pool, console("echo before", "yes rain | head -c 1000000")).failures
    assert (failure.line, failure.message) == (4, "an output of this block has 1,000 kB; 150 kB are allowed.")


def test_a_command_that_asks_hears_nothing(pool: Pool) -> None:
    """It ends, and does not wait for ever: nobody is there to answer."""
    (failure,) = run(pool, console("python -c 'input(\"how wet? \")'")).failures
    assert failure.line == 4
    assert "EOFError" in failure.detail
    assert told(run(pool, console("read -r answer || echo nobody"))) == ["nobody\n"]


@pytest.mark.parametrize(
    ("before", "file", "why"),
    [("mkdir net", "net", "Is a directory"), ("touch net", "net/rain.py", "File exists")],
)
def test_a_file_where_none_can_be_written_is_an_error_at_its_block(pool: Pool, before: str, file: str, why: str) -> None:
    (failure,) = run(pool, console(before) + f'\n```python {{file="{file}"}}\n1\n```\n').failures
    assert (failure.line, failure.message) == (8, f'`file="{file}"` cannot be written: {why}.')
    assert failure.detail == ""


def test_the_device_of_a_process_that_a_section_started_is_its_own(tiny: Tiny) -> None:
    tiny.edit("book/_runtime.py", 'return "CPU"', 'return "2 x Fog" if "colorsys" in sys.modules else "CPU"')
    with Pool(Book.read(tiny.root / "mkdocs.yml"), 1) as own:
        assert run(own, console("python -c 'print(1)'")).device == "CPU"
        assert run(own, console("python -c 'import colorsys'")).device == "2 x Fog"
        result = run(own, "# T\n\n```python\nimport os\n\nif not os.fork():\n    import colorsys\nelse:\n    os.wait();\n```\n")
        assert (result.device, result.unknown) == ("2 x Fog", 0), "a copy of the section's own process, too"


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
    assert '<p class="name">File <code>pour.py</code></p><div class="highlight">' in page
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


def test_on_a_page_each_output_stands_below_its_command(tiny: Tiny) -> None:
    path = tiny.root / "book/water/a-mornings-work.md"
    text = console("echo one", "true", "echo two \\", "> too").partition("\n\n")[2]
    path.write_text(path.read_text() + "\n" + text + "\n" + text.replace(".run", ".run .fold") + "\n" + text.replace(".run", ".run .hide"))
    done = tiny.run("site")
    assert done.status == 0, done.said
    page = re.sub(r"<code>|</code>|<pre><span></span>|</?span[^>]*>", "", tiny.page("water/a-mornings-work/"))
    commands, code = ("$ echo one\n", "$ true\n$ echo two \\\n&gt; too\n"), '<div class="highlight">{}</pre></div>'
    outputs = ['<pre class="output stdout">one</pre>', '<pre class="output stdout">two too</pre>']
    assert "".join([code.format(commands[0]), outputs[0], code.format(commands[1]), outputs[1]]) in page
    assert "</summary>" + code.format("".join(commands)) + "</details>" + "".join(outputs) in page
    assert 'class="block output-only" id="block-15">' + "".join(outputs) in page


EXAMPLE = re.compile(r"^`````markdown\n(.*?)^`````$", re.DOTALL | re.MULTILINE)


def test_what_is_said_of_all_this_holds(pool: Pool) -> None:
    """The examples of the page for contributors are sections, and that of a program runs."""
    examples = EXAMPLE.findall((ROOT / "docs/contributing.md").read_text())
    assert len(examples) == 5
    texts = [text if "# " in text else f"# T\n\n{text}" for text in examples]
    assert [section.parse(text, "book/water/rain.md").problems for text in texts] == [()] * 5
    (program,) = (text for text in texts if "halve.py" in text)
    assert told(run(pool, program)) == ["", "1.5\n0,0005\n", ""]


TRAINING = """# Training

```python {file="train.py"}
import torch
import torch.distributed as dist

from puddle import Gauge

dist.init_process_group("gloo")
rank = dist.get_rank()
shared = torch.tensor(Gauge(area=100).area * (rank + 1.0))
dist.all_reduce(shared)
print(f"rank {rank} of {dist.get_world_size()}: {shared.item()}")
dist.destroy_process_group()
```

```console {.run timeout=110}
$ torchrun --nproc-per-node 2 train.py | sort
```
"""


SPEAKERS = """# Speakers

```python {file="speak.py"}
import subprocess
import sys

if len(sys.argv) > 1:
    for _ in range(20000):
        print("speaker", sys.argv[1])
else:
    both = [subprocess.Popen([sys.executable, "-u", "speak.py", name]) for name in "ab"]
    print(sum(process.wait() for process in both))
```

```console {.run}
$ python speak.py | sort | uniq -c | sed "s/^ *//"
```
"""


def test_two_processes_do_not_write_into_each_others_lines(pool: Pool) -> None:
    assert told(run(pool, SPEAKERS)) == ["", "1 0\n20000 speaker a\n20000 speaker b\n"]


def test_two_processes_train_without_a_word_too_many(pool: Pool) -> None:
    result = run(pool, TRAINING)
    assert told(result) == ["", "rank 0 of 2: 300.0\nrank 1 of 2: 300.0\n"]
    assert "puddle.gauge:Gauge.__init__" in result.units
    assert "torch" in result.packages
    assert result.unknown == 0, "every process has left its notes"
