"""Whatever changes in the library, every section that executes it is stale, and hardly another one.

The book of mutants has a library that leads from one thing to another in every way that Python knows. Each mutation
changes it in one place; the sections that the machine would run again are compared with the oracle's, which executes
the sections in plain Python under line coverage (`oracle.py`). Where coverage cannot judge, since a thing is read
and not executed, what sections print under the changed library decides.
"""

from __future__ import annotations

import ast
import compileall
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import oracle
import pytest
from mutations import MUTATIONS
from oracle import Line, Touched

from hooks import gather, run, verdicts
from hooks.book import Book
from hooks.job import Result
from hooks.verdicts import Slices

MUTANTS = Path(__file__).parent / "mutants"
SLOW = {"spawn", "script", "tool"}  # they start Python anew
Pair = tuple[int, str]  # the number of a mutation, a section


@dataclass
class Mutants:
    """A copy of the book with its records, and what the oracle saw of it."""

    root: Path
    lines: dict[str, set[Line]]

    def book(self) -> Book:
        return Book.read(self.root / "mkdocs.yml")

    def record(self) -> None:
        """Run all sections through the machine, and write their records."""
        shutil.rmtree(self.root / "book" / "_records", ignore_errors=True)
        book = self.book()
        for done in run.execute(book, run.states(book).values(), 2):
            assert done.problems == (), done.problems
            assert run.write(book, done) == "all"
            verdicts.write(book, done.section, Slices(done.section.key, {}))  # which stay as they are when the library changes

    def module(self, name: str) -> Path:
        return self.root / "kettle" / f"{name}.py"

    def text(self, section: str) -> str:
        return (self.root / "book" / "tea" / f"{section}.md").read_text()

    def stale(self, module: str, text: str) -> set[str]:
        """The sections that the machine would run if a module had this text."""
        path = self.module(module)
        before = path.read_text()
        path.write_text(text)
        try:
            found = run.states(self.book())
        finally:
            path.write_text(before)
        assert {state.kind for state in found.values()} <= {"fresh", "stale"}
        return {state.section.slug for state in found.values() if state.must_run}

    def mutated(self, number: int) -> tuple[str, str, str]:
        """A mutation's module, and its text before and after."""
        _, module, old, new = MUTATIONS[number]
        text = self.module(module).read_text()
        assert text.count(old) == 1, (module, old, text.count(old))
        after = text.replace(old, new)
        ast.parse(after)
        return module, text, after

    def compare(self, number: int) -> Comparison:
        """One mutation: what the machine would run, and what executes the lines that it changes."""
        module, before, after = self.mutated(number)
        changes = oracle.touched(before, after)
        assert changes, MUTATIONS[number]
        stale = {(number, section) for section in self.stale(module, after)}
        users = [section for section, lines in self.lines.items() if any(oracle.executed(change, module, lines) for change in changes)]
        return Comparison({(number, section) for section in users}, stale)

    def missed(self, modules: set[str]) -> Iterator[Pair]:
        """Who executes what is changed in some modules, and would not run, one after the other."""
        for number, (_, module, *_) in enumerate(MUTATIONS):
            if module in modules:
                found = self.compare(number)
                yield from sorted(found.wanted - found.stale)


@dataclass
class Comparison:
    wanted: set[Pair]  # by the oracle
    stale: set[Pair]  # by the machine

    @property
    def recall(self) -> float:
        return len(self.wanted & self.stale) / len(self.wanted)


@pytest.fixture(scope="module")
def mutants(tmp_path_factory: pytest.TempPathFactory) -> Mutants:
    folder = tmp_path_factory.mktemp("mutants")
    shutil.copytree(MUTANTS, folder / "book", ignore=shutil.ignore_patterns("__pycache__", ".*"))
    made = Mutants(folder / "book", oracle.covered(folder / "book", folder / "oracle"))
    made.record()
    return made


@pytest.fixture(scope="module")
def compared(mutants: Mutants) -> Comparison:
    all_of_them = [mutants.compare(number) for number in range(len(MUTATIONS))]
    return Comparison(set().union(*(one.wanted for one in all_of_them)), set().union(*(one.stale for one in all_of_them)))


@dataclass
class Printed:
    """Sections that ran in plain Python under a mutation, and those of them that print another thing."""

    ran: set[Pair]
    other: set[Pair]


@pytest.fixture(scope="module")
def printed(mutants: Mutants, compared: Comparison, tmp_path_factory: pytest.TempPathFactory) -> Printed:
    """All that load a module and do not execute what is changed there; one that does for each mutation."""
    folder = tmp_path_factory.mktemp("printed")
    compileall.compile_dir(mutants.root / "kettle", quiet=1)
    jobs: list[tuple[Path, str]] = []
    pairs: list[Pair] = []
    texts = {section: mutants.text(section) for section in mutants.lines}
    normal = dict(zip(texts, oracle.printed([(mutants.root, text) for text in texts.values()], folder / "normal"), strict=True))
    for number in range(len(MUTATIONS)):
        module, _, after = mutants.mutated(number)
        root = folder / str(number)
        shutil.copytree(mutants.root / "kettle", root / "kettle")  # compiled, but for the module that changes
        (root / "kettle" / f"{module}.py").write_text(after)
        for path in (root / "kettle" / "__pycache__").glob(f"{module}.*"):  # it may be of the same second and size
            path.unlink()
        users = sorted(section for n, section in compared.wanted if n == number and section not in SLOW)
        for section, lines in mutants.lines.items():
            loaded = any(name == module for name, *_ in lines) and (section not in SLOW or module in ("work", "tool"))
            if section in users[:1] or (loaded and (number, section) not in compared.wanted):  # others print the same
                jobs.append((root, texts[section]))
                pairs.append((number, section))
    shown = oracle.printed(jobs, folder / "shown")
    return Printed(set(pairs), {pair for pair, text in zip(pairs, shown, strict=True) if text != normal[pair[1]]})


def named(pairs: set[Pair]) -> list[tuple[str, ...]]:
    return [(section, *MUTATIONS[number]) for number, section in sorted(pairs)]


def test_there_are_enough() -> None:
    assert len(MUTATIONS) == len(set(MUTATIONS)) >= 60
    assert {"body", "signature", "decorator", "constant", "base class", "added", "table row", "import"} <= {kind for kind, *_ in MUTATIONS}


def test_nothing_is_stale_before_anything_changes(mutants: Mutants) -> None:
    assert {state.kind for state in run.states(mutants.book()).values()} == {"fresh"}


def test_whoever_executes_what_is_changed_is_stale(compared: Comparison) -> None:
    assert named(compared.wanted - compared.stale) == []
    assert len(compared.wanted) > 300


def test_whoever_prints_another_thing_is_stale(compared: Comparison, printed: Printed) -> None:
    assert named(printed.other - compared.stale) == []
    assert len(printed.other) > 60
    assert printed.other - compared.wanted, "there are things that are read and not executed"


def test_hardly_anyone_else_is_stale(mutants: Mutants, compared: Comparison, printed: Printed, capsys: pytest.CaptureFixture[str]) -> None:
    pairs = compared.stale - compared.wanted - printed.other
    extra = Counter(reason(mutants, pair) for pair in pairs)
    kinds = len({kind for kind, *_ in MUTATIONS})
    with capsys.disabled():
        print(
            f"\n{len(MUTATIONS)} mutations of {kinds} kinds, {len(mutants.lines)} sections: {len(compared.wanted)} pairs executed; "
            f"of {len(printed.ran)} tried, {len(printed.other)} print another thing, {len(printed.other - compared.wanted)} of them not executed; recall {compared.recall:.1%}; {len(compared.stale)} stale, {extra.total()} of them extra: "
            + ", ".join(f"{count} {name}" for name, count in extra.most_common())
        )
    assert extra["unexplained"] == 0, named({pair for pair in pairs if reason(mutants, pair) == "unexplained"})
    dry = {number for number, section in compared.stale if section == "dry"}
    assert not dry, "it does not use the library"


def reason(mutants: Mutants, pair: Pair) -> str:
    """Why a section is stale although it does not execute what is changed."""
    number, section = pair
    module, before, after = mutants.mutated(number)
    lines = mutants.lines[section]
    if section == "echo":
        return "a process that left no notes"
    if section == "tool" and module == "tool":
        return "a module that ran as a script"
    loaded = any(name == module and kind == "import" for name, _, kind in lines)
    if loaded and MUTATIONS[number][0] == "removed":
        return "a module or class line"
    changes = oracle.touched(before, after)
    names = {change.name for change in changes if change.function}
    if any((module, line, "function") in lines for change in changes for line in change.function or ()):
        return "another line of the function ran"
    if loaded and any(at_import(before, change) for change in changes):
        return "a module or class line"
    if loaded and names & set(re.findall(r"\w+", mutants.text(section))):
        return "a function that the section names"
    if loaded and section in ("looking", "forms") and module == "looked":
        return "a function that is looked at"
    return "unexplained"


def at_import(text: str, change: Touched) -> bool:
    """Whether what is changed is, by the design, part of its module's line."""
    if change.function is None:
        return True
    nodes = [*ast.parse(text).body]
    nodes += [inside for node in nodes if isinstance(node, ast.ClassDef) for inside in node.body]
    node = next((n for n in nodes if n.end_lineno == change.function[-1] and isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))), None)
    if node is None:
        return True  # it stands under an `if`
    computed = any(not isinstance(default, (ast.Constant, ast.Tuple)) for default in node.args.defaults)
    return change.head and (computed or any(p.annotation for p in node.args.args))


# What changes nothing


def harmless(text: str) -> Iterator[tuple[str, str]]:
    """Changes of a module's text that change nothing that it does."""
    yield "formatted", ast.unparse(ast.parse(text)) + "\n"
    yield "comments", "".join(f"{line}  # why\n" if _plain(line) else f"{line}\n" for line in text.splitlines())
    yield "blank lines", re.sub(r"(\n +(?:return|yield|self) [^{}\n]*$)", r"\n\1", text, flags=re.M).replace("\n\n\n", "\n\n\n\n")
    yield "parentheses", re.sub(r"^( +return) ([^{}\n]*[^(\[{,\\\n])$", r"\1 (\2)", text, flags=re.M)
    for found in re.finditer(r'"""([^"\n]+)"""', text):
        yield "docstring", text[: found.start()] + '"""Other words.\n\n    And more of them.\n    """' + text[found.end() :]
    for found in re.finditer(r'( +)"""[^"\n]+"""\n(?= *\S)', text):
        rest = text[found.end() :]
        if rest.startswith(found[1]) and not rest.startswith(found[1] + " "):  # something else stands below
            yield "no docstring", text[: found.start()] + rest
    for found in re.finditer(r"^( *)(async )?def \w+\(.*\):\n( +)", text, re.M):
        yield "comment", text[: found.start(3)] + f"{found[3]}# {found[3]}\n\n{found[3]}" + text[found.end() :]


def _plain(line: str) -> bool:
    return bool(line.strip()) and not line.endswith("\\") and '"""' not in line and "{name}" not in line and "{factor}" not in line


def test_docstrings_comments_and_layout_are_nobodys_business(mutants: Mutants) -> None:
    count = 0
    for path in sorted((mutants.root / "kettle").glob("*.py")):
        text = path.read_text()
        for what, after in harmless(text):
            ast.parse(after)
            if after != text:
                count += 1
                assert mutants.stale(path.stem, after) == set(), (what, path.name)
    assert count >= len(MUTATIONS)


def test_a_new_module_concerns_those_who_looked_for_it(mutants: Mutants) -> None:
    path = mutants.module("robot")
    path.write_text("arms = 2\n")
    try:
        stale = {state.section.slug for state in run.states(mutants.book()).values() if state.must_run}
    finally:
        path.unlink()
    assert stale == set(mutants.lines) - {"dry"}, "all but one load `rules`, which looks for it"


# A machine that is wrong is found out


def record_with(mutants: Mutants, change: Callable[[Result], None], patch: pytest.MonkeyPatch) -> None:
    identify = run.uses.identify

    def wrong(book: Book, section: object, result: Result) -> object:
        change(result)
        return identify(book, section, result)  # type: ignore[arg-type]

    patch.setattr(run.uses, "identify", wrong)
    mutants.record()


def without(sign: str) -> Callable[[Result], None]:
    return lambda result: result.units.difference_update([unit for unit in result.units if sign in unit.partition(":")[2]])


FAULTS: dict[str, tuple[str, Callable[[Result], None]]] = {
    "functions that ran are not told": ("rules", lambda result: result.units.clear()),
    "methods are not told": ("pots", without(".")),
    "functions of equal name are not told": ("rules", without("#")),
    "modules are not told": ("rules", lambda result: result.modules.clear()),
    "modules that are loaded late are not told": ("later", lambda result: result.modules.discard("kettle.later")),
    "scripts are not told": ("tool", lambda result: result.whole.clear()),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_notes_is_found(mutants: Mutants, fault: str, tmp_path: Path) -> None:
    module, change = FAULTS[fault]
    copy = Mutants(tmp_path / "book", mutants.lines)
    shutil.copytree(mutants.root, copy.root, ignore=shutil.ignore_patterns("__pycache__"))
    with pytest.MonkeyPatch.context() as patch:
        record_with(copy, change, patch)
        assert next(copy.missed({module}), None), fault


def test_a_fault_in_the_watch_is_found(mutants: Mutants, tmp_path: Path) -> None:
    """A machine that does not read what children leave."""
    copy = Mutants(tmp_path / "book", mutants.lines)
    hooks = tmp_path / "other" / "hooks"
    shutil.copytree(mutants.root, copy.root, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(Path(gather.__file__).parent, hooks, ignore=shutil.ignore_patterns("__pycache__"))
    text = (hooks / "gather.py").read_text()
    read = "    for one in left:\n        notes["
    assert read in text
    (hooks / "gather.py").write_text(text.replace(read, read.replace("in left", "in []")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hooks.pool.__file__", str(hooks / "pool.py"))
        copy.record()
    assert {section for _, section in copy.missed({"work", "tool"})} == {"forks", "spawn", "script", "tool", "pool"}
