"""`python -m dlkit.data list | fetch NAME... | verify`: the data sets, on the command line."""

from __future__ import annotations

import argparse
import os
import sys

from dlkit.check import MEND
from dlkit.data.catalogue import DataError, DataSet, find, sets

try:
    from dlkit.data.fetching import fetch_all
    from dlkit.data.store import cache, cached, stands

    cache()
except ModuleNotFoundError as error:
    raise SystemExit(f"data sets need {error.name}, which is missing; mend: {MEND}") from None


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m dlkit.data", description="The book's data sets.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="names, sizes, what is in the cache, loaders, licenses")
    command = commands.add_parser("fetch", help="bring sets into the cache")
    command.add_argument("names", nargs="*", metavar="NAME")
    command.add_argument("--all", action="store_true", help="every set that mirrors may hold")
    commands.add_parser("verify", help="the checksum of every cached file")
    chosen = parser.parse_args(arguments)
    if chosen.command == "fetch":
        if not chosen.names and not chosen.all:
            parser.error("fetch: which sets? Give names, or --all; python -m dlkit.data list shows them.")
        return _fetch([name for name, held in sets().items() if not held.off_mirror] if chosen.all else chosen.names)
    return _list() if chosen.command == "list" else _verify()


def _list() -> int:
    width, loaders = max(map(len, sets())), {name: ", ".join(held.loaders) for name, held in sets().items()}
    wide = max(map(len, loaders.values()))
    print(f"{'set':<{width}}      size  {'here':<7}  {'dlkit.data.':<{wide}}  license")
    for name, held in sets().items():
        if not held.off_mirror:
            print(f"{name:<{width}}  {held.bytes / 1e6:6.1f} MB  {_state(held):<7}  {loaders[name]:<{wide}}  {held.license}")
    if any(held.off_mirror for held in sets().values()):
        print("\nFrom upstream alone, on no mirror, and without a loader:")
    for name, held in sets().items():
        if held.off_mirror:
            print(f"{name:<{width}}  {held.bytes / 1e6:6.1f} MB  {_state(held):<7}  {held.off_mirror}; in its place: {held.substitute}")
    print(f"\nThe cache: {cache()}")
    return 0


def _state(held: DataSet) -> str:
    there = [stands(file) is not None for file in held.wanted]
    return "cached" if all(there) else "partly" if any(there) else ""


def _fetch(names: list[str]) -> int:
    """All of them, though one fails; the failures are told at the end of each."""
    failed = 0
    for name in names:
        try:
            find(name)
            paths = fetch_all(name)
        except DataError as error:
            print(error, file=sys.stderr)
            failed += 1
        else:
            print(f"{name}: {_files(len(paths))} in {cache() / name}")
    return 1 if failed else 0


def _files(count: int) -> str:
    return f"{count} file{'s' * (count != 1)}"


def _verify() -> int:
    files = [file for held in sets().values() for file in held.files.values() if stands(file)]
    bad = [file for file in files if not cached(file)]
    for file in bad:
        print(f"{file.key}: not the catalogue's checksum; mend: python -m dlkit.data fetch {file.set}", file=sys.stderr)
    print(f"{cache()}: {_files(len(files) - len(bad))} as in the catalogue, {len(bad)} not.")
    return 1 if bad else 0


if __name__ == "__main__":
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    raise SystemExit(status)
