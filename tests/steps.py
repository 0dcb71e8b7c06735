"""What is on disk when a process is killed at any one of its steps. A program, since it forks: python tests/steps.py WHAT

For each number n, a process of its own does the thing and is killed before its n-th step on files. Then the other side of
the promise is checked. It prints how often each state of affairs was found.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from hooks import disk, records
from hooks.records import Cell, Output, Ran, Record, Uses

STEPS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "shutil.rmtree", "ctypes.dlsym"}


def at_every_step(prepare: Callable[[Path], None], act: Callable[[Path], None], check: Callable[[Path], str]) -> Counter[str]:
    """Kill `act` before each of its steps; what `check` says of the folder that `prepare` has filled."""
    found: Counter[str] = Counter()
    step = 0
    while True:
        step += 1
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            prepare(folder)
            child = os.fork()
            if child == 0:
                kill_at(step)
                act(folder)
                os._exit(0)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            found[check(folder)] += 1
            if status == 0:  # it has fewer steps
                return found
            assert status == -signal.SIGKILL, status


def kill_at(step: int) -> None:
    left = [step]

    def count(event: str, _: object) -> None:
        left[0] -= event in STEPS
        if event in STEPS and not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)


# Records


def record(*names: str, key: str = "a") -> Record:
    """A record with a figure of each name; what the figure shows depends on the key, too."""
    figures = tuple(Cell(name, (Output("figure", name, "image/svg+xml", f"<svg>{name} {key}</svg>".encode(), key.encode()),)) for name in names)
    return Record(key, (Cell("block-1", (Output("stdout", f"{key}\n"),)), *figures), Ran("2026-01-01", "Linux x86-64", "3.11.7", 1.0))


OLD, OLD_USES = record("rain", "snow", key="old"), Uses({"puddle": "1"})
NEW, NEW_USES = record("rain", "hail", "fog", key="new"), Uses({"puddle": "2"}, {"rain.csv": "3"})

KNOWN = {None: "none", OLD: "old", NEW: "new"}


def place(folder: Path) -> Path:
    return folder / "_records" / "water" / "rain.json"


def tell(folder: Path) -> str:
    """Which record is there; it is made right, and nothing is left over."""
    file = place(folder)
    found, uses, trouble = records.read(file)
    assert bool(trouble) == (uses is None)
    seal = "unsealed" if uses is None else "old" if uses == OLD_USES else "new"
    said = f"{KNOWN[found]}, {seal}"
    assert uses in (None, OLD_USES, NEW_USES)
    records.sweep(folder / "_records")
    records.write(file, NEW, NEW_USES, {})
    assert records.read(file) == (NEW, NEW_USES, "")
    left = {path.name for path in (folder / "_records").rglob("*") if path.is_file()}
    assert left == {"rain.json", "rain.uses.json"} | {f"{name}{end}" for name in ("rain", "hail", "fog") for end in (".svg", ".gray.png")}, left
    return said


def old(folder: Path) -> None:
    records.write(place(folder), OLD, OLD_USES, {})


def new(folder: Path) -> None:
    records.write(place(folder), NEW, NEW_USES, {})


def inputs(folder: Path) -> None:
    assert records.write_uses(place(folder), OLD, NEW_USES)


# A site


def site(folder: Path) -> None:
    fill(folder / "site", "old")


def fill(folder: Path, what: str) -> None:
    folder.mkdir(exist_ok=True)
    for name in "abc":
        (folder / name).write_text(what)


def remake(folder: Path) -> None:
    made = disk.Making(folder / "site")
    fill(made.folder, "new")
    made.finish()


def look(folder: Path) -> str:
    """Which site is there, before and after what the next build does first."""
    before, _ = which(folder), disk.sweep_folders(folder / "site")
    after = which(folder)
    assert {path.name for path in folder.iterdir()} <= {"site"}
    assert after == before or (before, after) == ("none", "old")
    return before


def which(folder: Path) -> str:
    files = {path.read_text() for path in (folder / "site").glob("*")} if (folder / "site").exists() else {"none"}
    assert len(files) == 1
    assert files == {"none"} or len(list((folder / "site").iterdir())) == 3
    return files.pop()


def renames(folder: Path) -> None:
    disk._exchange = lambda one, other: False
    remake(folder)


def nothing(folder: Path) -> None:
    """There is nothing yet."""


def main(what: str) -> None:
    prepare, act, check = {
        "first record": (nothing, new, tell),
        "another record": (old, new, tell),
        "inputs": (old, inputs, tell),
        "first site": (nothing, remake, look),
        "another site": (site, remake, look),
        "another site, without exchange": (site, renames, look),
    }[what]
    found = at_every_step(prepare, act, check)
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
