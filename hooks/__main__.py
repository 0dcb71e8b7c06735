"""The commands of the machine: python -m hooks site | serve | test | check | plan | update | install."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from hooks import install
from hooks.problem import BookError, Problem

# This file imports nothing else here: `install` must run in a bare Python.

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
    add("test", _test, "execute every block, run all tests").add_argument("rest", nargs="*", help="for pytest, behind --")
    add("check", _check, "the rules a section must keep")
    add("plan", _plan, "say which sections would run, and why").add_argument("--quiet", action="store_true", help="say nothing; exit status 3 if one would")
    update = add("update", _update, "run sections and write their records, after showing what changes")
    update.add_argument("sections", nargs="*", metavar="SECTION", help="slugs; all stale and missing ones by default")
    add("install", _install, "make .venv and install extras into it").add_argument("extras", nargs="+", metavar="EXTRA", help=" ".join(install.EXTRAS))
    return parser


def _install(asked: argparse.Namespace) -> int:
    install.ensure(Path(asked.file).resolve().parent, asked.extras)
    return 0


def _environment() -> dict[str, str]:
    return {**os.environ, "NO_MKDOCS_2_WARNING": "1"}


def _site(asked: argparse.Namespace) -> int:
    from hooks import run
    from hooks.book import Book

    book = Book.read(asked.file)
    if not asked.strict and any(state.must_run for state in run.states(book).values()):
        _need("run", book.root)
    command = [sys.executable, "-m", "mkdocs", "build", "--config-file", asked.file]
    return subprocess.run(command + ["--strict"] * asked.strict, env=_environment()).returncode


def _serve(asked: argparse.Namespace) -> int:
    from hooks.book import Book

    _need("run", Book.read(asked.file).root)
    # Live reload is asked for by name: some versions of click lose the default.
    command = [sys.executable, "-m", "mkdocs", "serve", "--livereload", "--config-file", asked.file, "--dev-addr", asked.address]
    return subprocess.run(command, env=_environment()).returncode


def _test(asked: argparse.Namespace) -> int:
    jobs = str(os.cpu_count() or 1)
    return subprocess.run([sys.executable, "-m", "pytest", "-n", jobs, *asked.rest], cwd=Path(asked.file).resolve().parent).returncode


def _need(extra: str, root: Path) -> None:
    """Install what blocks need, where the book has an environment of its own; elsewhere it is the owner's."""
    if Path(sys.prefix).resolve() == (root / ".venv").resolve():
        install.ensure(root, [extra])


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
    from hooks import run
    from hooks.book import Book

    states = run.states(Book.read(asked.file))
    must = [state for state in states.values() if state.must_run]
    if asked.quiet:
        return 3 if must else 0
    for state in must:
        print(f"{state.section.file}: {state.kind}: {'; '.join(state.reasons)}")
    broken = [problem for state in states.values() for problem in state.section.problems]
    _show(broken)
    print(f"{len(must)} of {len(states)} sections would run")
    return 1 if broken else 0


def _update(asked: argparse.Namespace) -> int:
    from hooks import run
    from hooks.book import Book

    book = Book.read(asked.file)
    states = run.states(book)
    by_slug = {state.section.slug: state for state in states.values() if state.kind != "plain"}
    if unknown := [slug for slug in asked.sections if slug not in by_slug]:
        raise BookError([Problem(asked.file, 1, f"there is no section `{unknown[0]}` with blocks.", "Name it by its slug: the file without `.md`.")])
    chosen = [by_slug[slug] for slug in asked.sections] or [state for state in states.values() if state.must_run]
    broken = [problem for state in chosen or states.values() for problem in state.section.problems]
    failed = bool(broken)
    _show(broken)
    for done in run.execute(book, [state for state in chosen if state.kind != "broken"]):
        _show(done.problems)
        failed |= bool(done.problems)
        for difference in done.differences:
            print(f"{done.section.file}:{difference.line}: {difference.cell}\n    " + difference.text.replace("\n", "\n    "))
        written = run.write(book, done, update=True)
        for note in done.notes:
            print(f"    {note}" + ("; the record is marked provisional" if written == "all" else ""))
        what = {"all": "record written", "uses": "outputs equal, inputs written", "": "nothing to write"}[written]
        print(f"{done.section.file}: {what}")
    return 1 if failed else 0


def _show(problems: object) -> None:
    for problem in problems:  # type: ignore[attr-defined]
        print(problem, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
