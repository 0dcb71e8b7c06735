"""The commands of the machine: python -m hooks site | serve | test | nightly | check | plan | why | update | clean | offline | install."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hooks import install
from hooks.problem import BookError, Problem

# This file imports nothing else here: `install` must run in a bare Python.
if TYPE_CHECKING:
    from hooks.book import Book
    from hooks.run import State

HINT = "Run `python -m hooks install book`, then this command with `.venv/bin/python`."


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 done, 1 the book has errors, 2 the command was not understood."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    try:
        status: int = asked.run(asked)
    except BookError as error:
        _show(error.problems)
        return 1
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "hooks":
            raise
        print(f"{error.name} is not installed. {HINT}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # who reads our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m hooks", description=__doc__)
    parser.add_argument("-f", "--file", default="mkdocs.yml", help="the book's mkdocs.yml")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: object, what: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=what, description=what)
        command.add_argument("-f", "--file", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        command.set_defaults(run=run)
        return command

    add("site", _site, "build site/; run what must run").add_argument("--strict", action="store_true", help="run nothing; fail if a record is stale or missing")
    add("serve", _serve, "live preview").add_argument("--address", default="127.0.0.1:8000")
    for name, marked, what in (("test", [], "execute every block, run all tests"), ("nightly", ["-m", "slow"], "run the tests that take minutes")):
        test = add(name, _test, what)
        test.add_argument("rest", nargs="*", help="for pytest, behind --")
        test.set_defaults(marked=marked)
    add("check", _check, "the rules a section must keep")
    plan = add("plan", _plan, "say which sections would run, and why")
    plan.add_argument("--quiet", action="store_true", help="say nothing; exit status 3 if one would")
    why = add("why", _why, "say what a section uses, and what of it has changed")
    why.add_argument("section", metavar="SECTION", help="its slug")
    update = add("update", _update, "run sections and write their records, after showing what changes")
    update.add_argument("sections", nargs="*", metavar="SECTION", help="slugs; all stale and missing ones by default")
    for command in (plan, why, update):
        command.add_argument("--json", action="store_true", help="for programs")
    add("clean", _clean, "take outputs, and what editors leave, out of notebooks").add_argument("notebooks", nargs="+", metavar="FILE")
    offline = add("offline", _offline, "pack the built site as a zip that works from a folder on a disk")
    offline.add_argument("--site", default="site", help="the built site")
    offline.add_argument("--output", help="the zip; by default the site's name, with .zip, beside it")
    add("install", _install, "make .venv and install extras into it").add_argument("extras", nargs="+", metavar="EXTRA", help=" ".join(install.EXTRAS))
    return parser


def _install(asked: argparse.Namespace) -> int:
    install.ensure(Path(asked.file).resolve().parent, asked.extras)
    return 0


def _clean(asked: argparse.Namespace) -> int:
    from hooks import disk, guest

    status = 0
    for path in map(Path, asked.notebooks):
        try:
            before = path.read_text(encoding="utf-8-sig")
            after = guest.cleaned(before)
        except (OSError, ValueError, AttributeError, TypeError) as error:
            print(f"{path}: this is no notebook: {error}", file=sys.stderr)
            status = 1
            continue
        if before != after:
            disk.replace_files({path: after.encode()}, path.parent)
        print(f"{path}: {'clean' if before == after else 'cleaned'}")
    return status


def _offline(asked: argparse.Namespace) -> int:
    from hooks import disk, offline

    root = Path(asked.file).resolve().parent
    site = root / asked.site
    target = Path(asked.output) if asked.output else site.with_suffix(".zip")
    data = offline.pack(site)
    disk.replace_files({target: data}, target.parent)
    print(f"{target.name}: {len(data) / 1e6:.1f} MB; unpack it and open {site.name}/index.html")
    return 0


def _become(*module: str, folder: Path | None = None) -> int:
    """Run another module in the place of this program: who ends the one has ended the other."""
    command = [sys.executable, "-m", *module]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    if os.name == "nt":
        return subprocess.run(command, cwd=folder, env=environment).returncode
    sys.stdout.flush()
    os.chdir(folder or ".")
    os.execve(command[0], command, environment)


def _site(asked: argparse.Namespace) -> int:
    from hooks import run, stamp
    from hooks.book import Book

    root = Path(asked.file).resolve().parent
    if said := stamp.holds(Path(asked.file), asked.strict):
        print(f"nothing has changed since the last build; {said}")
        return 0
    book = Book.read(asked.file)
    if not asked.strict and _installs(root) and any(state.must_run for state in run.states(book).values()):
        _need("run", root)
    return _become("mkdocs", "build", "--config-file", asked.file, *["--strict"] * asked.strict)


def _serve(asked: argparse.Namespace) -> int:
    from hooks.book import Book

    _need("run", Book.read(asked.file).root)
    # Live reload is asked for by name: some versions of click lose the default.
    return _become("mkdocs", "serve", "--livereload", "--config-file", asked.file, "--dev-addr", asked.address)


def _test(asked: argparse.Namespace) -> int:
    jobs = str(os.cpu_count() or 1)
    return _become("pytest", "-n", jobs, *asked.marked, *asked.rest, folder=Path(asked.file).resolve().parent)


def _need(extra: str, root: Path) -> None:
    """Install what blocks need, where the book has an environment of its own; elsewhere it is the owner's."""
    if _installs(root):
        install.ensure(root, [extra])


def _installs(root: Path) -> bool:
    return Path(sys.prefix).resolve() == (root / ".venv").resolve()


def _check(asked: argparse.Namespace) -> int:
    from hooks import check
    from hooks.book import Book

    book = Book.read(asked.file)
    problems = check.check(book)
    _show(problems)
    written = len(book.sections)
    print(f"{written} files checked, {len(problems)} problems")
    return 1 if problems else 0


def _plan(asked: argparse.Namespace) -> int:
    from hooks import once, run
    from hooks.book import Book

    states = run.states(Book.read(asked.file))
    must = [state for state in states.values() if state.must_run]
    if asked.quiet:
        return 3 if must else 0
    broken = [problem for state in states.values() for problem in state.section.problems]
    if asked.json:
        waiting = [_told(state) for state in states.values() if state.kind in ("unrecorded", "older")]
        _print({"sections": [_told(state) for state in must], "waiting": waiting, "problems": [vars(problem) for problem in broken]})
        return 1 if broken else 0
    for state in must:
        print(f"{state.section.file}: {state.kind}: {state.why}")
    _show(broken)
    print(f"{len(must)} of {len(states)} sections would run")
    for line in once.waiting((state.kind, state.section) for state in states.values()):
        print(line)
    return 1 if broken else 0


def _why(asked: argparse.Namespace) -> int:
    from hooks import once, run
    from hooks.book import Book

    book = Book.read(asked.file)
    state = _named(book, run.states(book), asked.section, asked.file)
    if asked.json:
        _print({**_told(state), "uses": vars(state.uses) if state.uses else None})
        return 0
    file = state.section.file
    print(f"{file}: {state.kind}" + (f": {'; '.join(state.reasons)}" if state.reasons else ""))
    for line in once.waiting([(state.kind, state.section)]):
        print(f"    {line}")
    for change in state.changes:
        print(f"{file}:{change.line}: {change.text}" if change.kind == "block" else f"    {change.text}")
    if state.uses:
        functions = sum(":" in unit for unit in state.uses.units)
        word = "function" if functions == 1 else "functions"
        modules = sorted(unit for unit in state.uses.units if ":" not in unit and unit != "_runtime" and not unit.endswith("/"))
        if modules:
            print(f"    it uses {functions} {word} of {', '.join(modules)}")
        for name in state.uses.data:
            print(f"    the file {name}")
        for package, version in state.uses.packages.items():
            print(f"    {package} {version}")
    return 0


def _named(book: Book, states: dict[str, State], slug: str, file: str) -> State:
    """The section that a person names. Raises BookError if there is none."""
    found = next((state for state in states.values() if state.section.slug == slug and state.kind != "plain"), None)
    if found is None:
        raise BookError([Problem(file, 1, f"there is no section `{slug}` with blocks.", "Name it by its slug: the file without `.md`.")])
    return found


def _told(state: State) -> dict[str, object]:
    return {"file": state.section.file, "state": state.kind, "reasons": state.reasons, "changes": [vars(change) for change in state.changes]}


def _update(asked: argparse.Namespace) -> int:
    from hooks import run, slices
    from hooks.book import Book

    book = Book.read(asked.file)
    states = run.states(book)
    named = [_named(book, states, slug, asked.file) for slug in asked.sections]
    chosen = named or [state for state in states.values() if state.must_run]
    broken = [problem for state in chosen or states.values() for problem in state.section.problems]
    failed = bool(broken)
    told = []
    _show(broken)
    recorded: list[run.Outcome] = []
    parted: list[str] = []
    after = lambda pool: parted.extend(slices.record(book, pool, recorded))  # noqa: E731
    for done in run.execute(book, [state for state in chosen if state.kind != "broken"], after=after):
        failed |= bool(done.problems)
        if not asked.json:
            _show(done.problems)
            for difference in done.differences:
                print(f"{done.section.file}:{difference.line}: {difference.cell}\n    " + difference.text.replace("\n", "\n    "))
        written = run.write(book, done, update=True)
        if slices.due(book, done, written):
            recorded.append(done)
        told.append(
            {
                "file": done.section.file,
                "verdict": done.verdict,
                "written": written,
                "differences": [vars(difference) for difference in done.differences],
                "problems": [vars(problem) for problem in done.problems],
                "notes": done.notes,
            }
        )
        if not asked.json:
            for note in done.notes:
                print(f"    {note}" + ("; the record is marked provisional" if written == "all" else ""))
            what = {"all": "record written", "uses": "outputs equal, inputs written", "": "nothing to write"}[written]
            print(f"{done.section.file}: {what}")
    if not asked.json:
        print(*parted, sep="\n", end="\n" * bool(parted))
    if asked.json:
        _print({"slices": parted, "sections": told, "problems": [vars(problem) for problem in broken]})
    return 1 if failed else 0


def _print(data: object) -> None:
    print(json.dumps(data, indent=1, ensure_ascii=False, default=dict))


def _show(problems: object) -> None:
    for problem in problems:  # type: ignore[attr-defined]
        print(problem, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
