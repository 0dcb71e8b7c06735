"""Sections that are recorded once, on a GPU or in minutes: no build runs them, every build shows them, tests run them in short."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest
from copies import Tiny
from test_scenarios import MEASURING, changed, sections

from hooks import job, section, smoke
from hooks.marks import Block

FILE = "book/water/a-mornings-work.md"
SLUG = "a-mornings-work"
PAGE = "water/a-mornings-work/"
TEXT = """---
long: true
smoke: {steps: 2, years: [1]}
---
# A morning's work

```python
from puddle import Gauge

steps = 500  # a comment
years: list[int] = [
    1,
    2,
]
gauge = Gauge(area=200)
print("poured", steps, "times,", len(years), "years")
```

It is `{python} steps` now.

```python {file="pour.py"}
print("a program")
```

```console {.run}
$ python pour.py
```

```python {.test}
assert steps == 500
```

??? solution "1"

    ```python
    assert steps == 500
    ```
"""


@pytest.fixture
def once(tiny: Tiny) -> Tiny:
    """The tiny book with a long section that was never recorded."""
    (tiny.root / FILE).write_text(TEXT)
    return tiny


def verdict(tiny: Tiny) -> tuple[int, str]:
    (tiny.root / "conftest.py").write_text("from pathlib import Path\nfrom hooks.testing import collector\npytest_collect_file = collector(Path(__file__).parent)\n")
    done = tiny.python("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", FILE)
    return done.status, done.said


def test_an_unrecorded_section_shows_its_code_and_a_notice_and_fails_nothing(once: Tiny) -> None:
    before = once.records()
    for command in (("site",), ("site", "--strict")):
        done = once.run(*command)
        assert done.status == 0, done.said
        assert sections(done.said) == "2 replayed, 0 executed, 1 unrecorded, 2 planned"
    page = once.page(PAGE)
    assert '<div class="notice unrecorded">' in page
    assert "Not recorded yet: its code has changed. This section is run where there is time for it" in once.text(PAGE)
    assert "poured" in page
    assert "07:00" not in page, "nothing of the old record"
    assert '<pre class="output' not in page
    assert once.run("plan", "--quiet").status == 0
    done = once.run("update")
    assert done.status == 0, done.said
    assert once.records() == before, "an update runs it only when it is named"


def test_it_is_recorded_by_name_and_replayed_elsewhere(once: Tiny) -> None:
    done = once.run("update", SLUG)
    assert done.status == 0, done.said
    assert f"{FILE}: record written" in done.said
    done = once.run("site", "--strict")
    assert done.status == 0, done.said
    assert sections(done.said) == "3 replayed, 0 executed, 2 planned"
    text = once.text(PAGE)
    assert "poured 500 times, 2 years" in text
    assert "Executed on" in text
    assert "notice" not in once.page(PAGE).partition("<article")[2].partition("</article>")[0]


def test_a_later_change_of_its_inputs_is_said_and_runs_nothing(once: Tiny) -> None:
    assert once.run("update", SLUG).status == 0
    before = once.records()
    once.edit("puddle/gauge.py", "class Gauge", "BRAND = 'tin'\n\n\nclass Gauge")
    done = once.run("site")
    assert done.status == 0, done.said
    assert "1 recorded before a later change" in sections(done.said)
    assert f"{FILE}: executed" not in done.said
    text = once.text(PAGE)
    assert "Recorded before a later change: what `puddle.gauge` does when it is imported has changed." in text
    assert "poured 500 times" in text, "it is shown all the same"
    assert not any(SLUG in name for name in changed(before, once.records()))
    assert once.run("site", "--strict").status == 0
    done = once.run("update", SLUG)
    assert done.status == 0, done.said
    assert f"{FILE}: outputs equal, inputs written" in done.said
    assert "1 recorded before" not in sections(once.run("site").said)


def test_a_section_for_gpus_that_ran_without_one_is_provisional(once: Tiny) -> None:
    once.edit(FILE, "long: true", "gpus: 2")
    assert "This section is run on a machine with 2 GPUs" in (once.run("site"), once.text(PAGE))[1]
    done = once.run("update", SLUG)
    assert done.status == 0, done.said
    assert "it asks for 2 GPUs, and has used none; the record is marked provisional" in done.said
    assert once.run("site", "--strict").status == 0
    assert "This record is provisional: it was made without the GPU that it is for." in once.text(PAGE)


def test_a_section_for_gpus_is_not_begun_without_them(once: Tiny, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    once.edit(FILE, "long: true", "gpus: 2")
    once.edit(FILE, "gauge = ", f"open({str(begun)!r}, 'a').close()\ngauge = ")
    runtime = once.root / "book/_runtime.py"
    plain = runtime.read_text()
    runtime.write_text(plain + "\n\ndef gpus() -> int:\n    return 1\n")
    done = once.run("update", SLUG)
    assert done.status == 1
    assert f"{FILE}:2: the section needs 2 GPUs, and this machine shows 1. Update it on a machine that has them" in done.said
    assert f"{FILE}: nothing to write" in done.said
    assert not begun.exists()
    status, said = verdict(once)
    assert status == 0, said
    assert begun.exists(), "the tests run it in short"
    for command in (("plan",), ("why", SLUG), ("site", "--strict"), ("site", "--strict")):
        assert f"1 section waits for 2 GPUs: run `python -m hooks update {SLUG}` on such a machine" in once.run(*command).said
    (waiting,) = json.loads(once.run("plan", "--json").said)["waiting"]
    assert (waiting["file"], waiting["state"]) == (FILE, "unrecorded")
    runtime.write_text(plain.replace('return "CPU"', 'return "2 x Fog"') + "\n\ndef gpus() -> int:\n    return 2\n")
    done = once.run("update", SLUG)
    assert done.status == 0, done.said
    assert f"{FILE}: record written" in done.said
    assert "provisional" not in done.said
    runtime.write_text(runtime.read_text().replace("return 2", "return 0"))
    assert f"{FILE}: fresh" in once.run("why", SLUG).said, "how many there are is no input"
    assert "waits" not in once.run("site").said
    assert "Linux x86-64, 2 x Fog, Python" in once.text(PAGE)


def test_tests_run_it_in_short_and_write_nothing(once: Tiny) -> None:
    before = once.records()
    status, said = verdict(once)
    assert status == 0, said
    assert once.records() == before
    once.edit(FILE, 'print("poured"', 'assert (steps, years) == (2, [1])\nprint("poured"')
    status, said = verdict(once)
    assert status == 0, said
    once.edit(FILE, "(2, [1])", "(500, [1, 2])")
    status, said = verdict(once)
    assert status == 1
    assert f"{FILE}:16: the block raises AssertionError" in said


def test_a_command_that_fails_in_short_fails_the_test(once: Tiny) -> None:
    once.edit(FILE, 'print("a program")', "raise SystemExit(3)")
    status, said = verdict(once)
    assert status == 1
    assert f"{FILE}:26: the command `python pour.py` ended with exit status 3." in said


def test_what_a_smoke_run_is_made_of() -> None:
    read = section.parse(TEXT, FILE)
    assert read.problems == ()
    asked = job.rehearsal(read)
    assert [task.name for task in asked.tasks] == ["block-1", "block-2", "block-3"]
    assert dict(asked.environment)["CUDA_VISIBLE_DEVICES"] == ""
    whole = job.job(read)
    assert whole.environment == ()
    assert {task.timeout for task in whole.tasks if not task.value} == {job.LONG}
    assert {task.timeout for task in asked.tasks} == {job.TIMEOUT}


@pytest.mark.parametrize(
    ("source", "value", "expected"),
    [
        ("a = 1; n = 500; b = n\n", 2, "a = 1; n = 2; b = n\n"),
        ("ä = 'ü'; n = 500  # ö\n", 2, "ä = 'ü'; n = 2  # ö\n"),
        ("n = [\n    1,\n    2,\n]\nm = n\n", [3], "n = \\\n\\\n\\\n[3]\nm = n\n"),
        ("n = -1\n", "it's", 'n = "it\'s"\n'),
        ("def f():\n    n = 1\nn: int = 7\n", 2, "def f():\n    n = 1\nn: int = 2\n"),
    ],
)
def test_only_the_literal_is_replaced_and_every_line_stays(source: str, value: object, expected: str) -> None:
    read = section.parse(f"# T\n\n```python\n{source}```\n", FILE)
    (block,) = read.every(Block)
    assert not list(smoke.problems((("n", value),), [block]))
    assert smoke.shortened((("n", value),), [block]) == {"block-1": expected}
    compile(expected, "block", "exec")


def test_nor_does_another_process_of_the_test_runner(tiny: Tiny, tmp_path: Path) -> None:
    from hooks import disk, testing
    from hooks.book import Book

    begun = tmp_path / "begun"
    book = Book.read(tiny.root / "mkdocs.yml")
    read = section.parse(f"---\nalone: true\n---\n# T\n\n```python\nopen({str(begun)!r}, 'w').close()\n```\n", FILE)
    beside = section.parse(f"# T\n\n```python\nopen({str(tmp_path / 'beside')!r}, 'w').close()\n```\n", MEASURING)
    waiting = threading.Thread(target=testing.Page(book, read).verdicts)
    with disk.alone(book.source, reading=True):  # as another does that runs a section
        testing.Page(book, beside).verdicts()
        waiting.start()
        time.sleep(0.5)
        assert (tmp_path / "beside").exists(), "others may run side by side"
        assert not begun.exists()
    waiting.join(60)
    assert begun.exists()


def times(path: Path) -> dict[str, tuple[float, float]]:
    return {file.stem: tuple(map(float, file.read_text().split())) for file in path.glob("*.time")}  # type: ignore[misc]


def test_nothing_runs_beside_a_section_that_is_alone(tiny: Tiny, tmp_path: Path) -> None:
    """Four sections at a time, two of which want to be alone: their spans touch no other's. The others wait for one another."""
    from hooks.book import Book
    from hooks.pool import Pool

    code = "import time\nfrom pathlib import Path\n\nbegan = time.monotonic()\n{}\nopen({!r}, 'w').write(f'{{began}} {{time.monotonic()}}');"
    met = f"here = Path({str(tmp_path)!r})\n(here / 'NAME.here').touch()\nwhile len(list(here.glob('*.here'))) < 2 and time.monotonic() < began + 40:\n    time.sleep(0.02)"
    texts = {}
    for name in ("one", "two", "three", "four", "five"):
        alone = name in ("two", "four")
        block = code.format("time.sleep(0.2)" if alone else met.replace("NAME", name), str(tmp_path / f"{name}.time"))
        texts[name] = ("---\nalone: true\n---\n" if alone else "") + f'# T\n\n```python\n{block}\n```\n\n??? solution "1"\n\n    ```python\n    1\n    ```\n'
    read = [section.parse(text, f"book/water/{name}.md") for name, text in texts.items()]
    with Pool(Book.read(tiny.root / "mkdocs.yml"), 4) as pool:
        results = list(pool.run(job.job(one) for one in read))
    assert [result.failures for result in results] == [[]] * 5
    spans = times(tmp_path)
    assert len(spans) == 5
    for name in ("two", "four"):
        began, ended = spans[name]
        assert all(end <= began or ended <= begin for other, (begin, end) in spans.items() if other != name)
    assert any(a != b and spans[a][0] < spans[b][1] and spans[b][0] < spans[a][1] for a in spans for b in spans), "the others run side by side"
