"""One full step of training (forward, backward, SGD) of four models, by several libraries in turn, beside torch eager.

    python -m benchmarks.training                                   what counts: all models, all peers, 15 rounds
    python -m benchmarks.training --models mlp --peers dlkit        a quick look
    OPENBLAS_CORETYPE=Haswell python -m benchmarks.training         with other kernels of NumPy's BLAS

A table on standard output, every single step in a JSON file below `.cache/benchmarks/`. The exit status is 1 if a
library did not train as torch does, or failed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from dataclasses import asdict, replace

from benchmarks.peers import CACHE, ROOT
from benchmarks.training import pinned, report, task
from benchmarks.training.models import MODELS
from benchmarks.training.run import Run


def train(model: str, asked: argparse.Namespace) -> list[Run]:
    """All peers at one model, their rounds interleaved; the peers begin in turn."""
    file = CACHE / "training" / f"{model}.npz"
    task.write(model, file)
    named = [name for name in asked.peers if model in (pinned.PEERS[name].only or MODELS)]
    runs = [Run(model, name, raised) for name in named for raised in ((False, True) if asked.malloc == "both" else (False,))]
    try:
        for before, run in zip([None, *runs], runs, strict=False):
            if before and before.name == run.name and before.trouble:
                run.trouble = before.trouble  # once is enough
                continue
            run.start(file, asked.threads)
            if runs[0].trouble:
                raise SystemExit(f"torch {runs[0].trouble}")
            run.compare(runs[0])
            say(f"{model}, {run.name}{', raised' * run.raised}: {run.trouble or f'begun after {run.began:.1f} s'}")
        for turn in range(asked.rounds):
            first = turn % len(runs)
            for run in runs[first:] + runs[:first]:
                run.measure(asked.steps)
            say(f"{model}, round {turn + 1} of {asked.rounds}")
    finally:
        for run in runs:
            run.stop()
    return runs


def main() -> None:
    asked = _asked()
    began, load = time.strftime("%Y-%m-%d %H:%M"), os.getloadavg()[0]
    versions = pinned.versions(asked.peers)
    runs = [run for model in asked.models for run in train(model, asked)]
    kernels = pinned.kernels(asked.threads)
    settings = {name: os.environ[name] for name in sorted(os.environ) if name.startswith(("OPENBLAS_", "MKL_", "ONEDNN_", "DNNL_"))}
    machine = {
        "began": began, "load before": load, "load after": os.getloadavg()[0], "system": platform.platform(), "libc": platform.libc_ver(),
        "versions": versions, "kernels": kernels, "settings": settings, "raised": pinned.RAISED, "asked": vars(asked),
    }  # fmt: skip
    file = CACHE / "training.json"
    file.write_text(json.dumps({"machine": machine, "runs": [asdict(replace(run, process=None)) for run in runs]}, indent=1))
    clock = "processor time" if asked.clock == "cpu" else "wall time"
    print(f"{clock}, threads: {asked.threads}, median of {asked.steps} steps in each of {asked.rounds} rounds; {', '.join(versions)}")
    print(f"NumPy's BLAS: {kernels}; set by the caller: {_pairs(settings) or 'nothing'}")
    print(f"raised: {_pairs(pinned.RAISED)}; {' '.join(platform.libc_ver())}\n")
    print(report.table(runs, asked.clock))
    print(f"\n{os.cpu_count()} cores, load {load:.1f} before and {os.getloadavg()[0]:.1f} after; all of it: {file.relative_to(ROOT)}")
    sys.exit(1 if any(run.wrong for run in runs) else 0)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS), metavar="MODEL", help=", ".join(MODELS))
    what = f"{', '.join(pinned.PEERS)}; torch is always there"
    parser.add_argument("--peers", nargs="+", choices=pinned.PEERS, default=list(pinned.PEERS), metavar="PEER", help=what)
    parser.add_argument("--rounds", type=int, default=15, help="how often every peer has its turn (15)")
    parser.add_argument("--steps", type=int, default=4, help="steps in a turn (4)")
    parser.add_argument("--threads", type=int, default=1, help="for the arithmetic (1)")
    parser.add_argument("--clock", choices=("cpu", "wall"), default="cpu", help="processor time of all threads (cpu), or wall time")
    parser.add_argument("--malloc", choices=("both", "default"), default="both", help="with glibc's thresholds raised as well (both)")
    asked = parser.parse_args()
    asked.peers = list(dict.fromkeys(["torch", *asked.peers]))
    return asked


def _pairs(settings: dict[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in settings.items())


def say(text: str) -> None:
    print(time.strftime("%H:%M:%S"), text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
