"""How long after saving a prose edit the served page shows it.

    python -m benchmarks.serve                        200 pages, five edits; ours, and plain MkDocs beside it
    python -m benchmarks.serve --pages 40 --tools ours

The page is asked for again and again; the time ends with the first answer that holds the new word.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from statistics import median
from types import TracebackType
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks import peers
from benchmarks.builds import LIGHT, say
from benchmarks.tools import TOOLS, Place

COMMANDS = {
    "ours": ("-m", "hooks", "serve", "--address"),
    "mkdocs": ("-m", "mkdocs", "serve", "--livereload", "--dev-addr"),
}
EVERY = 0.02  # seconds between two questions
PATIENCE = 300.0  # seconds
READING = 2.0  # seconds between an answer and the next edit
LIMIT = 1.5  # seconds: what is promised


class Server:
    """A running live preview."""

    def __init__(self, place: Place) -> None:
        self.place = place
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        self.address = f"http://{address}/"
        self.said = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [str(place.python), *COMMANDS[place.tool.name], address],
            cwd=place.root,
            env=place.environment(),
            stdin=subprocess.DEVNULL,
            stdout=self.said,
            stderr=self.said,
            start_new_session=True,
        )

    def shows(self, path: str, words: str) -> float:
        """Wait until a page shows these words; how many seconds that took."""
        began = time.perf_counter()
        while time.perf_counter() - began < PATIENCE and self.process.poll() is None:
            try:
                with urlopen(self.address + path, timeout=PATIENCE) as answer:
                    if words in answer.read().decode():
                        return time.perf_counter() - began
            except (URLError, ConnectionError):
                pass  # not there yet
            time.sleep(EVERY)
        self.said.seek(0)
        raise SystemExit(f"{self.place.tool.name}: no {words!r} on /{path}\n{self.said.read().decode(errors='replace')[-2000:]}")

    def __enter__(self) -> Server:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.said.close()


def waits(place: Place, edits: int) -> tuple[float, list[float]]:
    """Seconds until the server answers at all, and from every saved edit until its page shows it."""
    found = []
    with Server(place) as server:
        start = server.shows("", "")
        for turn in range(edits):
            time.sleep(READING)
            page = place.pages[1 + turn * 37 % len(place.pages)]
            word = f"amber{turn}x{int(time.time())}"
            place.edit(page.number, word=word)
            found.append(server.shows(f"{page.folder}/{page.slug}/", f"is {word}."))
            say(f"{place.tool.name}: visible after {found[-1]:.2f} s")
    return start, found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serve", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--edits", type=int, default=5)
    parser.add_argument("--tools", nargs="+", choices=COMMANDS, default=list(COMMANDS), metavar="TOOL", help=", ".join(COMMANDS))
    asked = parser.parse_args()
    load, found = os.getloadavg()[0], {}
    for name in asked.tools:
        place = Place(TOOLS[name], asked.pages, LIGHT, f"growth-{asked.pages}")
        if place.tool.kept:
            say(f"{name}: a build, so that all records are there")
            place.build()
        found[name] = waits(place, asked.edits)
    file = peers.CACHE / "serve.json"
    file.write_text(json.dumps({"asked": vars(asked), "load before": load, "start, waits": found}, indent=1))
    print(f"{asked.pages} pages, {asked.edits} edits of prose; seconds until the served page shows it\n")
    print("| tool | until it serves | median | min to max |\n|---|---:|---:|---|")
    for name, (start, seen) in found.items():
        print(f"| {name} | {start:.2f} | {median(seen):.2f} | {min(seen):.2f} to {max(seen):.2f} |")
    if "ours" in found:
        value = median(found["ours"][1])
        print(f"\npromise: under {LIMIT} s; {'holds' if value < LIMIT else 'BROKEN'} with {value:.2f} s")
    print(f"{os.cpu_count()} cores, load {load:.1f} before and {os.getloadavg()[0]:.1f} after; all of it: {file.relative_to(peers.ROOT)}")


if __name__ == "__main__":
    main()
