"""While the preview goes on, sections run beside it: the newest wish counts, and nothing that is asked for is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

import pytest
from copies import ROOT, Tiny

from hooks import run
from hooks.background import Background, Progress
from hooks.book import Book

MEASURING, MOON, WORK = (f"book/water/{slug}.md" for slug in ("measuring-rain", "the-moon-and-the-rain", "a-mornings-work"))
WARM = "def warm(packages: frozenset[str] | None) -> None:"
TOTAL = "return round(sum(rain.values()), 1)"
LIMIT = 60.0  # seconds, for what is to happen soon


def until(what: Callable[[], object]) -> None:
    end = time.monotonic() + LIMIT
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


@dataclass
class Preview:
    """A live preview without a site: it asks when files have changed, and notes what it is told."""

    tiny: Tiny
    background: Background
    news: Queue[list[str]]

    def ask(self) -> None:
        book = Book.read(self.tiny.root / "mkdocs.yml")
        self.background.ask(book, [state for state in run.states(book).values() if state.must_run])

    def next(self) -> list[str]:
        return self.news.get(timeout=LIMIT)

    def state(self, file: str) -> Progress:
        found = self.background.state(file)
        assert found is not None
        return found

    def shown(self, file: str) -> str:
        """Everything that a finished section printed and gave."""
        done = self.state(file).outcome
        assert done is not None, self.state(file)
        assert done.problems == ()
        assert done.record is not None
        return "".join(output.text for cell in done.record.cells for output in cell.outputs)

    def fault(self, file: str) -> str:
        done = self.state(file).outcome
        assert done is not None, self.state(file)
        [problem] = done.problems
        return f"{problem.line}: {problem.message}"

    def write(self, slug: str, *codes: str) -> str:
        """A section of these blocks."""
        file = f"book/water/{slug}.md"
        text = "\n\n".join([f"# {slug.title()}", *(f"```python\n{code}\n```" if "```" not in code else code for code in codes)])
        (self.tiny.root / file).write_text(text + "\n")
        return file

    def runs(self) -> list[str]:
        """What blocks have written into the file of their runs."""
        path = self.tiny.root.parent / "runs"
        return path.read_text().split() if path.exists() else []

    def noting(self, word: str) -> str:
        """Code that notes that it runs."""
        return f"with open({str(self.tiny.root.parent / 'runs')!r}, 'a') as notes:\n    print({word!r}, file=notes)"

    def waiting(self, name: str) -> str:
        """Code that runs until a file is there."""
        return f"import os, time\n\nwhile not os.path.exists({str(self.tiny.root.parent / name)!r}):\n    time.sleep(0.01)"

    def go(self, name: str) -> None:
        (self.tiny.root.parent / name).touch()


@pytest.fixture
def preview(tiny: Tiny) -> Iterator[Preview]:
    news: Queue[list[str]] = Queue()
    background = Background(news.put, jobs=2)
    yield Preview(tiny, background, news)
    background.close()


def test_nothing_starts_before_it_is_needed(preview: Preview) -> None:
    preview.ask()
    assert preview.background.state(MEASURING) is None
    assert preview.background._pool is None


def test_a_section_is_awaited_and_then_done(preview: Preview) -> None:
    preview.tiny.edit("puddle/gauge.py", TOTAL, "return 1111.5")
    preview.ask()
    before = preview.state(MEASURING)
    assert before.kind in ("waiting", "running")
    assert before.outcome is None
    assert before.state.reasons == ("`puddle.gauge:total` has changed",)
    assert preview.next() == [MEASURING]
    assert preview.state(MEASURING).kind == "done"
    assert "1111.5" in preview.shown(MEASURING)


def test_one_warm_process_sees_every_change_of_the_library(preview: Preview) -> None:
    pids, before = set(), TOTAL
    for total in ("1111.5", "2222.5", "3333.5"):
        preview.tiny.edit("puddle/gauge.py", before, before := f"return {total}")
        preview.ask()
        assert preview.next() == [MEASURING]
        assert total in preview.shown(MEASURING)
        assert preview.background._pool is not None
        pids.add(preview.background._pool.process.pid)
    assert len(pids) == 1


def test_what_would_show_the_same_does_not_run_again(preview: Preview) -> None:
    file = preview.write("dew", preview.noting("dew"))
    preview.ask()
    assert preview.next() == [file]
    preview.ask()
    preview.tiny.edit(file, "# Dew\n", "# Dew\n\nProse.\n")
    preview.ask()
    done = preview.state(file)
    assert done.kind == "done"
    assert done.outcome is not None
    assert "Prose" in done.outcome.section.text
    assert preview.runs() == ["dew"]


def test_code_that_changes_while_it_runs_is_abandoned(preview: Preview) -> None:
    file = preview.write("dew", preview.noting("old"), preview.waiting("never"))
    preview.ask()
    until(preview.runs)
    assert preview.state(file).kind == "running"
    preview.write("dew", preview.noting("new"), "print('new')")
    preview.ask()
    assert preview.next() == [file]
    assert preview.shown(file) == "new\n"
    assert preview.runs() == ["old", "new"]


def test_prose_that_changes_while_code_runs_disturbs_nothing(preview: Preview) -> None:
    file = preview.write("dew", preview.noting("once"), preview.waiting("go"))
    preview.ask()
    until(preview.runs)
    preview.tiny.edit(file, "# Dew\n", "# Dew\n\nProse.\n")
    preview.ask()
    assert preview.state(file).kind == "running"
    preview.go("go")
    assert preview.next() == [file]
    done = preview.state(file).outcome
    assert done is not None
    assert "Prose" in done.section.text
    assert preview.runs() == ["once"]


def test_a_fault_names_the_line_where_it_is_now(preview: Preview) -> None:
    file = preview.write("dew", preview.noting("dew"), preview.waiting("go") + "\n1 / 0")
    preview.ask()
    until(preview.runs)
    preview.tiny.edit(file, "# Dew\n", "# Dew\n\nProse.\n")
    preview.ask()
    preview.go("go")
    assert preview.next() == [file]
    line = (preview.tiny.root / file).read_text().splitlines().index("1 / 0") + 1
    assert preview.fault(file).startswith(f"{line}: the block raises ZeroDivisionError")


def test_the_library_that_changes_while_a_section_runs(preview: Preview) -> None:
    file = preview.write("dew", preview.noting("dew") + "\nfrom puddle import total", preview.waiting("go"), "print(total({}))")
    preview.ask()
    until(preview.runs)
    preview.tiny.edit("puddle/gauge.py", TOTAL, "return 1111.5")
    preview.ask()
    preview.go("go")
    while file not in preview.next():
        pass
    assert preview.shown(file) == "1111.5\n"
    assert preview.runs() == ["dew", "dew"]


def test_a_file_that_is_written_while_a_section_runs(preview: Preview) -> None:
    """Nobody asks for it: the section has read the old one, and runs once more."""
    path = preview.tiny.root / "puddle/drops.txt"
    path.write_text("old")
    read = f"print(open({str(path)!r}).read())"
    file = preview.write("dew", read, preview.noting("dew"), preview.waiting("go"))
    preview.ask()
    until(preview.runs)
    path.write_text("newer")
    preview.go("go")
    assert preview.next() == [file]
    assert preview.shown(file) == "newer\n"
    preview.ask()
    assert preview.state(file).kind == "done"
    assert preview.runs() == ["dew", "dew"]


def test_a_section_that_writes_its_own_file_comes_to_an_end(preview: Preview) -> None:
    path = str(preview.tiny.root / "puddle/drops.txt")
    file = preview.write("dew", f"import time\n\nopen({path!r}, 'w').write(str(time.time()))\nprint(open({path!r}).read() != '')")
    preview.ask()
    assert preview.next() == [file]
    assert preview.shown(file) == "True\n"


def test_a_fault_is_kept_until_something_changes(preview: Preview) -> None:
    path = preview.tiny.root / "puddle/drops.txt"
    file = preview.write("dew", preview.noting("dew"), f"print(open({str(path)!r}).read())")
    preview.ask()
    assert preview.next() == [file]
    assert preview.fault(file).startswith("9: the block raises FileNotFoundError")
    preview.tiny.edit(MOON, "moon", "Moon")  # another page
    preview.ask()
    assert preview.state(file).kind == "done"
    assert preview.runs() == ["dew"]
    path.write_text("7.5")
    preview.ask()
    while file not in preview.next():
        pass
    assert preview.shown(file) == "7.5\n"


def test_a_block_that_hangs_keeps_nobody_waiting(preview: Preview) -> None:
    hangs = preview.write("hail", "```python {timeout=2}\nwhile True: pass\n```")
    others = {preview.write(slug, f"print('{slug}')") for slug in ("dew", "fog", "ice")}
    preview.ask()
    told = [preview.next() for _ in range(4)]
    assert told[-1] == [hangs]
    assert {file for files in told[:3] for file in files} == others
    assert "still running after 2 s" in preview.fault(hangs)
    assert preview.shown("book/water/fog.md") == "fog\n"


def test_what_is_no_longer_asked_for_is_ended(preview: Preview) -> None:
    pids = preview.tiny.root.parent / "runs"
    for slug in ("dew", "fog", "ice"):  # two run, the third waits
        preview.write(slug, f"import os\n\nprint(os.getpid(), file=open({str(pids)!r}, 'a'))", preview.waiting("never"))
    preview.ask()
    until(lambda: len(preview.runs()) == 2)
    for slug in ("dew", "fog", "ice"):
        (preview.tiny.root / f"book/water/{slug}.md").unlink()
    file = preview.write("hail", "print('hail')")
    preview.ask()
    assert preview.next() == [file]
    until(lambda: all(gone(int(pid)) for pid in preview.runs()))
    assert len(preview.runs()) == 2
    assert preview.background.state("book/water/dew.md") is None


def test_what_was_edited_last_runs_first(preview: Preview) -> None:
    files = [preview.write(slug, preview.noting(slug)) for slug in ("dew", "fog", "ice", "hail")]
    for age, file in enumerate(files):
        os.utime(preview.tiny.root / file, (1e9 - age, 1e9 - age))
    os.utime(preview.tiny.root / files[2])
    preview.background.jobs = 1
    preview.ask()
    told = [preview.next()[0] for _ in files]
    assert told == [files[2], files[0], files[1], files[3]]


# The warm process


def test_a_warm_process_that_does_not_start_says_so_and_is_tried_again(preview: Preview) -> None:
    preview.tiny.edit("book/_runtime.py", WARM, f"{WARM}\n    1 / 0\n\ndef warmer() -> None:")
    preview.ask()
    assert set(preview.next()) == {MEASURING, MOON, WORK}
    [problem] = preview.background.problems
    assert (problem.file, problem.line) == ("book/_runtime.py", 22)
    assert "division by zero" in problem.message
    assert preview.state(MOON).kind == "waiting"
    preview.ask()  # as a preview does that shows the problem: nothing has changed
    assert preview.state(MOON).kind == "waiting"
    preview.tiny.edit("book/_runtime.py", "    1 / 0\n\ndef warmer() -> None:\n", "")
    file = preview.write("dew", "print('dew')")
    preview.ask()
    assert preview.next() == [file]
    assert preview.background.problems == []


def test_a_changed_runtime_gets_a_new_process(preview: Preview) -> None:
    file = preview.write("dew", "import os\n\nprint(os.environ['TZ'])")
    preview.ask()
    assert preview.next() == [file]
    assert preview.shown(file) == "UTC\n"
    preview.tiny.edit("book/_runtime.py", '"TZ": "UTC"', '"TZ": "Asia/Tokyo"')
    preview.ask()
    while file not in preview.next():
        pass
    assert preview.shown(file) == "Asia/Tokyo\n"


def test_a_warm_process_that_dies_is_told_and_replaced(preview: Preview) -> None:
    file = preview.write("dew", preview.noting("dew"), preview.waiting("go"))
    preview.ask()
    until(preview.runs)
    assert preview.background._pool is not None
    os.kill(preview.background._pool.process.pid, signal.SIGKILL)
    assert preview.next() == [file]
    assert [problem.message for problem in preview.background.problems] == ["the process that runs the blocks died."]
    assert preview.state(file).kind == "waiting"
    preview.go("go")
    (preview.tiny.root / "puddle/drops.txt").touch()
    preview.ask()
    assert preview.next() == [file]
    assert preview.state(file).kind == "done"
    assert preview.background.problems == []


def test_an_idle_process_that_dies_is_not_missed(preview: Preview) -> None:
    file = preview.write("dew", "print('dew')")
    preview.ask()
    assert preview.next() == [file]
    assert preview.background._pool is not None
    os.kill(preview.background._pool.process.pid, signal.SIGKILL)
    until(lambda: preview.background._pool is None)
    preview.write("dew", "print('fog')")
    preview.ask()
    assert preview.next() == [file]
    assert preview.shown(file) == "fog\n"


# The end


def test_closing_ends_what_runs(tiny: Tiny) -> None:
    preview = Preview(tiny, Background(lambda files: None, jobs=2), Queue())
    preview.write("dew", f"import os\n\nprint(os.getpid(), file=open({str(tiny.root.parent / 'runs')!r}, 'a'))", preview.waiting("never"))
    preview.ask()
    until(preview.runs)
    assert preview.background._pool is not None
    warm = preview.background._pool.process
    preview.background.close()
    assert warm.returncode == 0
    assert gone(int(preview.runs()[0]))
    assert preview.news.empty()


def test_closing_does_not_wait_for_warmth(tiny: Tiny) -> None:
    tiny.edit("book/_runtime.py", WARM, f"{WARM}\n    import time\n    time.sleep(600)\n\ndef warmer() -> None:")
    preview = Preview(tiny, Background(lambda files: None), Queue())
    preview.ask()
    until(lambda: preview.background._pool)
    assert preview.background._pool is not None
    warm = preview.background._pool.process
    preview.background.close()
    assert warm.returncode == -signal.SIGKILL


def test_a_preview_that_is_killed_leaves_no_process(preview: Preview) -> None:
    preview.write("dew", f"import os\n\nprint(os.getppid(), os.getpid(), file=open({str(preview.tiny.root.parent / 'runs')!r}, 'a'))", preview.waiting("never"))
    code = (
        "import time\nfrom hooks import run\nfrom hooks.book import Book\nfrom hooks.background import Background\n"
        "book = Book.read()\nBackground(print).ask(book, [s for s in run.states(book).values() if s.must_run])\ntime.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=preview.tiny.root, env={**os.environ, "PYTHONPATH": str(ROOT)}) as process:
        until(lambda: len(preview.runs()) == 2)
        process.kill()
    until(lambda: all(gone(int(pid)) for pid in preview.runs()))
