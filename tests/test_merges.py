"""Two branches that touch one section: whatever git makes of its record, it is never taken for what it is not.

Each case leaves the copy of the tiny book as a merge may leave it. Then a plan says what must run, the test runner agrees,
a build makes it right, and a strict build passes.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from copies import Tiny, copy, still

from hooks import records, run, slices, testing
from hooks.book import Book
from hooks.build import Build
from hooks.pool import Pool
from hooks.run import State

FILE = "book/water/snow.md"
JSON, USES = "book/_records/water/snow.json", "book/_records/water/snow.uses.json"
SLICES = "book/_records/water/snow.slices.json"
SVG = "book/_records/water/snow/fig-flakes.svg"
TEXT = """\
# Snow

A gauge stands in the yard, and what falls into it is melted on the stove.

```python
from puddle.gauge import Gauge, melt

gauge = Gauge(area=100)
gauge.pour(50)
print(f"{melt(gauge.depth):.1f} mm of water")
```

The schoolteacher counts flakes on her sleeve for as long as it takes to say a prayer.

```python
flakes = 3
print(flakes * 7, "flakes")
```

Then she draws what she has counted.

```python {#fig-flakes caption="Flakes on a sleeve."}
import matplotlib.pyplot as plt

plt.figure(figsize=(2, 1))
plt.plot([1, 3, 2]);
```

Nobody else does.
"""
CONFTEST = "from pathlib import Path\nfrom hooks.testing import collector\npytest_collect_file = collector(Path(__file__).parent)\n"
ATTRIBUTES = "* text=auto eol=lf\n*.png binary\n"
ENVIRONMENT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
for who in ("AUTHOR", "COMMITTER"):
    ENVIRONMENT |= {f"GIT_{who}_NAME": "A", f"GIT_{who}_EMAIL": "a@example.org"}


class Repository(Tiny):
    """The copy under git, and one warm process for all cases."""

    pool: Pool

    def git(self, *command: str) -> int:
        done = subprocess.run(["git", *command], cwd=self.root, env={**os.environ, **ENVIRONMENT}, capture_output=True, text=True)
        return done.returncode

    def book(self) -> Book:
        return Book.read(self.root / "mkdocs.yml")

    def states(self) -> dict[str, State]:
        return run.states(self.book())

    def snow(self) -> State:
        return self.states()[FILE]

    def build(self, update: bool = False) -> list[str]:
        """What a build does with records, or an update: run what must run, write what may be written."""
        book = self.book()
        todo = [state for state in run.states(book).values() if state.must_run]
        verdicts, recorded = [], []
        for done in run.execute(book, todo, pool=self.pool, after=lambda pool: slices.record(book, pool, recorded)):
            assert not done.problems, done.problems
            if slices.due(book, done, run.write(book, done, update)):
                recorded.append(done)
            verdicts.append(f"{Path(done.section.file).stem}: {done.verdict}")
        return sorted(verdicts)

    def strict(self) -> list[str]:
        """What is wrong in the eyes of a strict build."""
        build = Build(self.book())
        build.render_all()
        return [f"{s.section.file}: {s.kind}: {s.reasons}" for s in build.must_run] + [str(p) for p in build.problems]

    def tested(self) -> str:
        """What the test runner says of the section: the same words as under pytest."""
        book = self.book()
        return "\n".join(filter(None, testing.Page(book, book.sections[FILE]).verdicts().values()))

    def branch(self, name: str, *edits: tuple[str, str, str], update: bool = True) -> None:
        """A branch off the base on which someone edits files, updates records, commits."""
        assert self.git("checkout", "-q", "-B", name, "base") == 0
        for edit in edits:
            self.edit(*edit)
        if update:
            self.build(update=True)
            assert self.strict() == []
        assert self.git("add", "-A") == 0
        assert self.git("commit", "-q", "-m", name) == 0

    def merge(self) -> set[str]:
        """Merge `theirs` into `ours`; the files that conflict."""
        assert self.git("checkout", "-q", "ours") == 0
        self.git("merge", "-q", "--no-edit", "theirs")
        done = subprocess.run(["git", "diff", "--name-only", "--diff-filter=U"], cwd=self.root, capture_output=True, text=True)
        return set(done.stdout.split())

    def take(self, side: str, *files: str) -> None:
        for file in files:
            assert self.git("checkout", side, "--", file) == 0, file

    def text(self, file: str) -> str:
        return (self.root / file).read_text()

    def shown(self) -> list[str]:
        """What the record on disk says the section printed."""
        record, _, trouble = records.read(self.root / JSON)
        assert record, trouble
        return [output.text for cell in record.cells for output in cell.outputs if output.kind == "stdout"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """The tiny book with a fourth section, all of it recorded and committed as `base`."""
    tiny = Repository(copy(tmp_path_factory.mktemp("merges") / "book").root)
    still(tiny)
    (tiny.root / FILE).write_text(TEXT)
    tiny.edit("book/outline.yml", "snow: Snow", "snow:")
    (tiny.root / ".gitattributes").write_text(ATTRIBUTES)
    (tiny.root / ".gitignore").write_text("site/\n__pycache__/\n.*.part\n")
    (tiny.root / "conftest.py").write_text(CONFTEST)
    with (tiny.root / "puddle/gauge.py").open("a") as file:
        file.write("\n\ndef melt(depth: float) -> float:\n    return 1 * depth\n")
    with Pool(tiny.book(), 2) as tiny.pool:
        tiny.build(update=True)
        assert tiny.strict() == []
        for command in (("init", "-q", "-b", "base"), ("add", "-A"), ("commit", "-q", "-m", "base")):
            assert tiny.git(*command) == 0
        yield tiny


@pytest.fixture
def repository(whole: Repository, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.setattr(testing, "pool", lambda root: whole.pool)
    whole.git("merge", "--abort")
    for command in (("reset", "-q", "--hard"), ("clean", "-fdqx"), ("checkout", "-q", "base")):
        assert whole.git(*command) == 0
    return whole


POUR = (FILE, "gauge.pour(50)", "gauge.pour(80)")  # 8.0 mm
COUNT = (FILE, "flakes = 3", "flakes = 4")  # 28 flakes
COUNT_TOO = (FILE, "flakes = 3", "flakes = 5")  # 35
DRAW = (FILE, "plt.plot([1, 3, 2])", "plt.plot([3, 1, 2])")
DRAW_TOO = (FILE, "plt.plot([1, 3, 2])", "plt.plot([2, 1, 3])")
DEPTH, POURED = "return 10 * self.water / self.area", "self.water += water"
SAME = ("puddle/gauge.py", DEPTH, "return self.water / self.area * 10")  # another code, equal outputs
TWICE = ("puddle/gauge.py", "return 1 * depth", "return 2 * depth")  # 10.0 mm


def settled(repository: Repository, kind: str, reason: str, verdict: str, shown: list[str], tested: str | None = None) -> None:
    """What holds after every merge. `tested` is what the test runner finds: by default, that there is no record."""
    state = repository.snow()
    assert (state.kind, [reason in text for text in state.reasons]) == (kind, [True]), state.reasons
    said = repository.tested()
    expected = "Run `python -m hooks update snow`." if tested is None else tested
    assert expected in said
    assert bool(expected) == bool(said), said
    assert any(FILE in line for line in repository.strict())
    assert f"snow: {verdict}" in repository.build()
    assert {state.kind for state in repository.states().values()} == {"fresh"}
    assert repository.strict() == []
    assert repository.tested() == ""
    assert repository.shown() == shown
    named = {item[key]["file"] for cell in json.loads(repository.text(JSON))["cells"] for item in cell["outputs"] for key in ("image", "raster") if key in item}
    assert named == {path.name for path in (repository.root / SVG).parent.iterdir()}
    for path in [FILE, JSON, USES, SVG]:
        assert "<<<<<<<" not in repository.text(path), path


def test_different_blocks(repository: Repository) -> None:
    """The text merges cleanly. The record cannot: both sides have another source key."""
    repository.branch("ours", POUR)
    repository.branch("theirs", COUNT)
    conflicts = repository.merge()
    assert FILE not in conflicts
    assert JSON in conflicts
    settled(repository, "missing", "cannot be read", "new", ["8.0 mm of water\n", "28 flakes\n"])


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_different_blocks_and_one_sides_record(repository: Repository, side: str) -> None:
    repository.branch("ours", POUR)
    repository.branch("theirs", COUNT)
    repository.merge()
    repository.take(side, JSON, USES)
    settled(repository, "missing", "its code has changed", "new", ["8.0 mm of water\n", "28 flakes\n"])


def test_different_blocks_of_which_one_side_has_no_new_record(repository: Repository) -> None:
    """Then git takes the other side's record, without a word."""
    repository.branch("ours", POUR)
    repository.branch("theirs", COUNT, update=False)
    assert repository.merge() == set()
    settled(repository, "missing", "its code has changed", "new", ["8.0 mm of water\n", "28 flakes\n"])


def test_the_same_block_resolved_in_the_text_alone(repository: Repository) -> None:
    """With the commands that a person types, and the test runner itself."""
    pytest_ = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", FILE)
    repository.branch("ours", COUNT, DRAW)
    repository.branch("theirs", COUNT_TOO, DRAW_TOO)
    assert repository.merge() >= {FILE, JSON, USES, SVG}
    (repository.root / FILE).write_text(TEXT.replace("flakes = 3", "flakes = 6"))
    assert "<<<<<<<" in repository.text(JSON)
    plan = repository.run("plan")
    assert f"{FILE}: missing: its record cannot be read" in plan.said
    assert "1 of 4 sections would run" in plan.said
    strict = repository.run("site", "--strict")
    assert strict.status == 1
    assert f"{FILE}:1: the record is missing: its record cannot be read" in strict.said
    tested = repository.python(*pytest_)
    assert tested.status == 1
    assert "Run `python -m hooks update snow`." in tested.said
    build = repository.run("site")
    assert build.status == 0, build.said
    assert f"record written: {FILE}: all" in build.said
    strict = repository.run("site", "--strict")
    assert strict.status == 0, strict.said
    assert repository.python(*pytest_).status == 0
    assert repository.run("plan", "--quiet").status == 0
    assert repository.shown() == ["5.0 mm of water\n", "42 flakes\n"]
    assert "<<<<<<<" not in repository.text(SVG) + repository.text(USES)


@pytest.mark.parametrize(("outputs", "inputs"), [("ours", "theirs"), ("theirs", "ours")])
def test_outputs_from_one_side_and_inputs_from_the_other(repository: Repository, outputs: str, inputs: str) -> None:
    """The outputs happen to be right, but nothing vouches for them. They are confirmed, and sealed."""
    repository.branch("ours", COUNT)
    repository.branch("theirs", COUNT_TOO, POUR)
    repository.merge()
    repository.take(outputs, FILE, JSON)
    repository.take(inputs, USES)
    before = repository.text(JSON)
    shown = ["5.0 mm of water\n", "28 flakes\n"] if outputs == "ours" else ["8.0 mm of water\n", "35 flakes\n"]
    settled(repository, "stale", "not of one run", "equal", shown, tested="")
    assert repository.text(JSON) == before


def test_text_from_one_side_and_the_whole_record_from_the_other(repository: Repository) -> None:
    repository.branch("ours", COUNT)
    repository.branch("theirs", COUNT_TOO)
    repository.merge()
    repository.take("ours", FILE)
    repository.take("theirs", JSON, USES)
    settled(repository, "missing", "its code has changed", "new", ["5.0 mm of water\n", "28 flakes\n"])


# New code that no run has seen together with the new library: what is poured out again counts no longer.
BACK = (FILE, "gauge.pour(50)", "gauge.pour(50)\ngauge.pour(-20)")  # 3.0 mm with the old library, 5.0 mm with the new
NO_BACK = ("puddle/gauge.py", POURED, "self.water += max(water, 0.0)")


def test_the_library_from_one_side_and_the_section_from_the_other(repository: Repository) -> None:
    repository.branch("ours", BACK)
    assert repository.shown()[0] == "3.0 mm of water\n"
    repository.branch("theirs", NO_BACK, update=False)
    assert repository.merge() == set()
    wrong = "-3.0 mm of water\n+5.0 mm of water"
    state = repository.snow()
    assert (state.kind, state.reasons) == ("stale", ("`puddle.gauge:Gauge.pour` has changed",))
    assert wrong in repository.tested()
    assert "snow: drifted" in repository.build(), "its record is of one run: only an update may replace it"
    assert repository.strict() != []
    repository.build(update=True)
    assert repository.strict() == []
    assert repository.shown() == ["5.0 mm of water\n", "21 flakes\n"]


def test_lists_of_inputs_that_merge(repository: Repository) -> None:
    """One side confirms the old outputs with the new library, the other has new outputs with the old one.

    A list of inputs with the lines of both would say that the new outputs came from the new library.
    """
    repository.branch("ours", BACK)
    repository.branch("theirs", NO_BACK)
    assert repository.merge() == {USES}, "git sees that both have another seal"
    sides = {side: json.loads(subprocess.run(["git", "show", f"{side}:{USES}"], cwd=repository.root, capture_output=True).stdout) for side in ("ours", "theirs")}
    assert sides["ours"]["units"] != sides["theirs"]["units"]
    for seal in ("ours", "theirs"):
        mixed = {**sides["ours"], "units": sides["theirs"]["units"], "seal": sides[seal]["seal"]}
        (repository.root / USES).write_text(json.dumps(mixed, indent=1, sort_keys=True) + "\n")
        assert repository.snow().kind == "stale", seal
    settled(repository, "stale", "not of one run", "new", ["5.0 mm of water\n", "21 flakes\n"])


def test_a_conflict_in_the_list_of_inputs_alone(repository: Repository) -> None:
    repository.branch("ours", BACK)
    repository.branch("theirs", NO_BACK)
    repository.merge()
    assert "<<<<<<<" in repository.text(USES)
    settled(repository, "stale", "its list of inputs cannot be read", "new", ["5.0 mm of water\n", "21 flakes\n"])


def test_the_same_library_on_both_sides(repository: Repository) -> None:
    """Equal changes are no conflict, and nothing runs."""
    repository.branch("ours", SAME)
    repository.branch("theirs", SAME)
    assert repository.merge() == set()
    assert {state.kind for state in repository.states().values()} == {"fresh"}
    assert repository.tested() == ""


@pytest.mark.parametrize("picture", [SVG, SVG.replace(".svg", ".gray.png")])
def test_a_picture_from_one_side_and_its_record_from_the_other(repository: Repository, picture: str) -> None:
    repository.branch("ours", DRAW)
    repository.branch("theirs", DRAW_TOO)
    assert picture in repository.merge()
    repository.take("ours", FILE, JSON, USES, SLICES, *(SVG, SVG.replace(".svg", ".gray.png")))
    assert repository.snow().kind == "fresh"
    repository.take("theirs", picture)
    settled(repository, "missing", "is not the picture that was recorded", "new", ["5.0 mm of water\n", "21 flakes\n"])
    assert subprocess.run(["git", "diff", "--stat", "ours", "--", "book/_records"], cwd=repository.root, capture_output=True).stdout == b""


@pytest.mark.parametrize(
    ("gone", "kind", "reason", "verdict"),
    [
        ([JSON, USES, "book/_records/water/snow"], "missing", "it has no record", "new"),
        ([JSON], "missing", "it has no record", "new"),
        ([USES], "stale", "its list of inputs cannot be read", "equal"),
        ([SVG], "missing", "its record cannot be read", "new"),
    ],
    ids=["all", "outputs", "inputs", "a picture"],
)
def test_one_side_deletes(repository: Repository, gone: list[str], kind: str, reason: str, verdict: str) -> None:
    """The other side has changed something else: git deletes without a word."""
    repository.branch("ours", (FILE, "Nobody else does.", "Nobody else did."))
    repository.git("checkout", "-q", "-B", "theirs", "base")
    assert repository.git("rm", "-rq", *gone) == 0
    assert repository.git("commit", "-q", "-m", "gone") == 0
    assert repository.merge() == set()
    settled(repository, kind, reason, verdict, ["5.0 mm of water\n", "21 flakes\n"], tested="" if verdict == "equal" else None)


@pytest.mark.parametrize("keep", [True, False], ids=["kept", "deleted"])
def test_one_side_deletes_what_the_other_has_changed(repository: Repository, keep: bool) -> None:
    repository.branch("ours", COUNT)
    repository.git("checkout", "-q", "-B", "theirs", "base")
    assert repository.git("rm", "-q", JSON, USES) == 0
    assert repository.git("commit", "-q", "-m", "gone") == 0
    assert repository.merge() == {JSON, USES}
    if keep:
        assert repository.git("add", JSON, USES) == 0
        assert repository.snow().kind == "fresh"
        assert repository.tested() == ""
        return
    assert repository.git("rm", "-q", JSON, USES) == 0
    settled(repository, "missing", "it has no record", "new", ["5.0 mm of water\n", "28 flakes\n"])


@pytest.mark.parametrize("inputs", ["conflict", "ours", "theirs"])
def test_a_clean_merge_of_two_runs(repository: Repository, inputs: str) -> None:
    """One side's library has changed the first block's outputs, the other side has new code in the second.

    Git puts both into one file of outputs. What the second block shows is still of the old library.
    """
    both = (FILE, 'print(flakes * 7, "flakes")', 'print(flakes * 8, "flakes in", melt(gauge.depth), "mm")')
    repository.branch("ours", TWICE)
    repository.branch("theirs", both)
    assert repository.merge() == {USES}
    assert repository.shown() == ["10.0 mm of water\n", "24 flakes in 5.0 mm\n"]
    if inputs != "conflict":
        repository.take(inputs, USES)
    reason = "cannot be read" if inputs == "conflict" else "not of one run"
    settled(repository, "stale", reason, "new", ["10.0 mm of water\n", "24 flakes in 10.0 mm\n"])


def test_a_clean_merge_that_happens_to_be_right(repository: Repository) -> None:
    repository.branch("ours", TWICE)
    repository.branch("theirs", COUNT)
    assert repository.merge() == {USES}
    settled(repository, "stale", "cannot be read", "equal", ["10.0 mm of water\n", "28 flakes\n"], tested="")


def test_outputs_edited_by_hand(repository: Repository) -> None:
    """A branch of one's own, so to speak: what is shown has been computed, or it is not shown."""
    repository.edit(JSON, "21 flakes", "22 flakes")
    assert "22 flakes" not in Build(repository.book()).page(FILE)
    settled(repository, "stale", "not of one run", "new", ["5.0 mm of water\n", "21 flakes\n"])
    assert repository.git("diff", "--quiet", "base") == 0
