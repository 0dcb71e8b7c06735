"""One peer at one model, in a process that stays: asked for some steps in every round."""

from __future__ import annotations

import json
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.peers import ROOT
from benchmarks.training import pinned

CLOSE = 1e-4  # how far a loss may be from torch's, relative
FALL = 1e-3  # how far what three steps have gained may be from what torch's gain, relative: a wrong gradient shows here


@dataclass
class Run:
    model: str
    name: str
    raised: bool  # glibc's thresholds
    trouble: str = ""  # why there is nothing to time
    wrong: bool = False  # whether that is an error
    losses: list[float] = field(default_factory=list)
    began: float = 0.0  # seconds to the end of the first steps, imports and compiling with them
    rounds: list[dict[str, Any]] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None

    def start(self, file: Path, threads: int) -> None:
        """Begin; `losses` or `trouble` tell what came of it."""
        peer = pinned.PEERS[self.name]
        try:
            python = pinned.python(self.name)
        except LookupError as error:
            self.trouble = f"left out: {error.args[0]}"
            return
        command = [str(python), "-m", "benchmarks.training.child", str(file), self.model, str(peer.limit), *peer.arguments]
        environment = pinned.environment(threads, self.raised)
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        said = self._answer()
        if said is None:
            late = self.process.returncode == -signal.SIGALRM
            self.trouble = f"left out: its first steps took more than {peer.limit} s" if late else "failed: see above"
            self.wrong = not late
        elif "skipped" in said:
            self.trouble = f"left out: {said['skipped']}"
        else:
            self.losses, self.began = said["losses"], said["began"]

    def measure(self, steps: int) -> None:
        if self.process and self.process.stdin and not self.trouble:
            print(steps, file=self.process.stdin)
            said = self._answer()
            if said is None:
                self.trouble, self.wrong = "failed: see above", True
            else:
                self.rounds.append(said)

    def stop(self) -> None:
        if self.process and self.process.stdin:
            self.process.stdin.close()
            self.process.wait()

    def compare(self, torch: Run) -> None:
        """Whether this has trained as torch has."""
        if self.losses and torch.losses:
            self.wrong = not (self.off(torch) <= CLOSE and self.fall_off(torch) <= FALL)  # a NaN is wrong as well

    def off(self, torch: Run) -> float:
        return max(abs(a - b) / abs(b) for a, b in zip(self.losses, torch.losses, strict=True))

    def fall_off(self, torch: Run) -> float:
        fall, right = (run.losses[0] - run.losses[-1] for run in (self, torch))
        return abs(fall - right) / abs(right)

    def seconds(self, clock: str) -> list[float]:
        """The median step of every round."""
        return [median(each[clock]) for each in self.rounds]

    def faults(self) -> float:
        return float(median(each["faults"] for each in self.rounds))

    def _answer(self) -> dict[str, Any] | None:
        assert self.process is not None
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            return None
        answer: dict[str, Any] = json.loads(line)
        return answer
