"""The peers, each in a virtual environment of its own below `.cache/benchmarks/`, all on one torch, numpy, matplotlib.

    python -m benchmarks.peers          make those that are missing, say what is in them

A peer sees the packages of the environment that runs this, by a `.pth` file: pip finds them there and installs only
what is missing or has to be another version. So every tool executes the same blocks on the same libraries, and
nothing is downloaded twice.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".cache" / "benchmarks"

# What a peer needs beside numpy, matplotlib and torch, which are those of the running environment.
PINS = {
    "jupyter-book": ("jupyter-book==1.0.4.post1",),
    "mkdocs-jupyter": ("mkdocs-jupyter==0.26.3", "mkdocs==1.6.1", "mkdocs-material==9.8.1"),
    "markdown-exec": ("markdown-exec==1.12.6", "mkdocs==1.6.1", "mkdocs-material==9.8.1"),
}
SHOWN = ("numpy", "matplotlib", "torch", "mkdocs", "mkdocs-material", "Markdown", "Sphinx", "myst-nb", "ipykernel")
VERSIONS = """
import sys
from importlib.metadata import PackageNotFoundError, version
for name in sys.argv[1:]:
    try:
        print(f"{name}=={version(name)}")
    except PackageNotFoundError:
        pass
"""


def python(peer: str) -> Path:
    """The peer's Python; its environment is made where it is missing, or where its pins have changed.

    A tool without pins of its own runs in this environment.
    """
    if peer not in PINS:
        return Path(sys.executable)
    folder = CACHE / "peers" / peer
    found = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / ".made"
    wanted = hashlib.sha256("\n".join([sys.version, *PINS[peer], *_shared()]).encode()).hexdigest()
    if not (stamp.exists() and stamp.read_text() == wanted):
        print(f"making the environment of {peer}", file=sys.stderr, flush=True)
        _make(folder, found, PINS[peer])
        stamp.write_text(wanted)
    return found


def _shared() -> list[str]:
    """The folders in which the running environment keeps its packages."""
    return sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})


def _make(folder: Path, found: Path, pins: tuple[str, ...]) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    venv.create(folder, with_pip=True, symlinks=os.name != "nt")
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    own = Path(subprocess.run([found, "-c", ask], check=True, capture_output=True, text=True).stdout.strip())
    (own / "shared.pth").write_text("\n".join(_shared()) + "\n")
    # pip leaves alone what lies outside of the environment: where a peer wants another version, it gets its own.
    subprocess.run([found, "-m", "pip", "install", "-qq", "--disable-pip-version-check", *pins], check=True)


def versions(peer: str) -> list[str]:
    """What runs in a peer's environment, as `name==version`."""
    own = [pin.partition("==")[0] for pin in PINS.get(peer, ())]
    names = dict.fromkeys([*own, *SHOWN])
    done = subprocess.run([python(peer), "-c", VERSIONS, *names], check=True, capture_output=True, text=True)
    return done.stdout.split()


def main() -> None:
    for peer in PINS:
        print(f"{peer}: {', '.join(versions(peer))}")


if __name__ == "__main__":
    main()
