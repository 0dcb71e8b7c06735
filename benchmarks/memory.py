"""The memory that training takes: the peak of 50 steps with the cyclic collector off, and whether it grows.

    python -m benchmarks.memory                     LeNet at batch 128
    python -m benchmarks.memory --model transformer

The measure is what the process holds (resident), less what it held with its libraries loaded, its data read and one
row trained; beside it what NumPy asked for, as `tracemalloc` tells. Linux only.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import Any

from benchmarks.peers import CACHE, ROOT
from benchmarks.training import pinned, task
from benchmarks.training.models import MODELS, TEXT

PEERS = ("torch", "autograd", "dlkit", "dlkit-torch")
KINDS = {"as is": ("rss", False), "raised": ("rss", True), "traced": ("traced", False)}
HEAD = """\
| peer | peak MB | MB grown from step 5 to 50 | peak MB, raised | NumPy's peak MB | MB grown | objects left in cycles |
|---|---:|---:|---:|---:|---:|---:|"""


def measure(name: str, model: str, kind: str) -> dict[str, Any]:
    """Bytes, and objects; or why there are none."""
    how, raised = KINDS[kind]
    try:
        python = pinned.python(name)
    except LookupError as error:
        return {"skipped": error.args[0]}
    file, peer = CACHE / "training" / f"{model}.npz", pinned.PEERS[name]
    command = [str(python), "-m", "benchmarks.training.resident", str(file), model, how, *peer.arguments]
    done = subprocess.run(command, cwd=ROOT, env=pinned.environment(1, raised), stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{name} failed: see above")
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def row(name: str, model: str) -> str:
    found = {}
    for kind in KINDS:
        found[kind] = measure(name, model, kind)
        if "skipped" in found[kind]:
            return f"| {pinned.PEERS[name].text} | left out: {found[kind]['skipped']} |{' |' * 5}"

    def mb(kind: str, what: str) -> str:
        return f"{found[kind][what] / 2**20:.2f}"

    cells = [mb("as is", "peak"), mb("as is", "grown"), mb("raised", "peak"), mb("traced", "peak"), mb("traced", "grown")]
    return f"| {pinned.PEERS[name].text} | {' | '.join(cells)} | {found['traced']['cycles']} |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", choices=MODELS, default="lenet", help=f"{', '.join(MODELS)} (lenet)")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS), metavar="PEER", help=", ".join(PEERS))
    asked = parser.parse_args()
    if not sys.platform.startswith("linux"):
        raise SystemExit("the memory of a process is read in /proc, which only Linux has")
    task.write(asked.model, CACHE / "training" / f"{asked.model}.npz")
    print(f"{TEXT[asked.model]}, 50 steps, one thread; {', '.join(pinned.versions(asked.peers))}\n\n{HEAD}")
    for name in asked.peers:
        print(row(name, asked.model), flush=True)


if __name__ == "__main__":
    main()
