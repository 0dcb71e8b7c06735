"""The peers: how each is started, in which environment. Other libraries are pinned as the tools of `benchmarks.peers` are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks import peers

PINS = {"autograd": ("autograd==1.9.1",), "tinygrad": ("tinygrad==0.14.0",)}
peers.PINS.update(PINS)

# glibc gives a freed block above these sizes back to the kernel, and every page of the next one is a page fault. 32 MiB is
# the most that every glibc takes as the first: older ones than 2.35 refuse more, and silently keep their default.
RAISED = {
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(2**30),
    "MALLOC_TOP_PAD_": str(64 * 2**20),
}


@dataclass(frozen=True)
class Peer:
    text: str
    arguments: tuple[str, ...]  # module of this package, and what its `start` gets first
    only: tuple[str, ...] = ()  # models; all where empty
    limit: int = 0  # seconds for the first three steps; none where 0


PEERS = {
    "torch": Peer("torch eager", ("modules", "torch", "torch")),
    "looped": Peer("torch, cell looped in Python", ("looped",), only=("gru",)),
    "autograd": Peer("HIPS autograd", ("hips",)),
    "tinygrad": Peer("tinygrad, CPU, TinyJit", ("tiny",), limit=60),
    "dlkit": Peer("dlkit on NumPy", ("modules", "dlkit", "numpy")),
    "dlkit-torch": Peer("dlkit on torch arrays", ("modules", "dlkit", "torch")),
}


def python(name: str) -> Path:
    """The peer's Python.

    Raises:
        LookupError: something has to be installed first; says what.
    """
    if name == "tinygrad" and not _clang():
        raise LookupError("tinygrad compiles with clang, and there is none: install clang, or name it in CC")
    try:
        return peers.python(name)
    except subprocess.CalledProcessError:
        pin = " ".join(PINS[name])
        raise LookupError(f"pip could not install {pin}: see above; or install it beside torch: pip install {pin}") from None


def environment(threads: int, raised: bool) -> dict[str, str]:
    """The variables of a child. What the caller has set for its BLAS (OPENBLAS_CORETYPE) stays."""
    counts = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUM_CPU_THREADS")
    own = {name: str(threads) for name in counts} | {"PYTHONPATH": str(peers.ROOT)}
    tinygrad = {"DEV": "CPU", "CC": _clang(), "PARALLEL": "0", "CCACHE": "0"}  # no kernel from an earlier run
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    return inherited | own | tinygrad | (RAISED if raised else {})


def _clang() -> str:
    named = [f"clang-{version}" for version in range(30, 13, -1)]
    return os.environ.get("CC") or next(filter(shutil.which, ["clang", *named]), "")


def versions(names: list[str]) -> list[str]:
    """What is in the environments of these peers, as `name==version`."""
    wanted = ("numpy", "torch", *(pin.partition("==")[0] for name in names for pin in PINS.get(name, ())))
    found = dict.fromkeys(line for name in names for line in _installed(name) if line.partition("==")[0] in wanted)
    return [f"Python {sys.version.partition(' ')[0]}", *found]


def kernels(threads: int) -> str:
    """Which kernels NumPy's OpenBLAS has chosen here, in its own words."""
    asked = environment(threads, raised=False) | {"OPENBLAS_VERBOSE": "2"}
    done = subprocess.run([sys.executable, "-c", "import numpy"], env=asked, capture_output=True, text=True)
    return (done.stderr + done.stdout).strip() or "it does not say"


def _installed(name: str) -> list[str]:
    try:
        python(name)
    except LookupError:
        return []
    return peers.versions(name)
