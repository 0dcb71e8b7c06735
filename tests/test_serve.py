"""`hooks serve`, as an author meets it: the page at once, what runs beside it, errors and all."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from urllib.request import urlopen

import pytest
from copies import ROOT, Tiny

MEASURING = "book/water/measuring-rain.md"
PAGE = "water/measuring-rain/"
LIMIT = 45.0  # seconds, for what is to happen soon


class Served:
    """A running preview of a copy of the tiny book."""

    def __init__(self, tiny: Tiny) -> None:
        self.tiny = tiny
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        self.address = f"http://{address}/"
        self.log = tempfile.NamedTemporaryFile()  # read by its name: a seek here would move where the preview writes
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"}
        command = [sys.executable, "-m", "hooks", "serve", "--address", address]
        self.process = subprocess.Popen(command, cwd=tiny.root, env=environment, stdout=self.log, stderr=self.log, start_new_session=True)

    def said(self) -> str:
        return Path(self.log.name).read_bytes().decode()

    def builds(self) -> int:
        """How many were begun: MkDocs leaves out that one has ended if it took as long as an earlier one."""
        return self.said().count("Building documentation")

    def page(self, address: str = PAGE) -> str:
        try:
            with urlopen(self.address + address, timeout=LIMIT) as answer:
                return str(answer.read().decode())
        except (OSError, HTTPException):
            return ""

    def shows(self, words: str, address: str = PAGE) -> str:
        """Wait until a page shows these words."""
        end = time.monotonic() + LIMIT
        while words not in (page := self.page(address)):
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < end, self.said()
            time.sleep(0.05)
        return page

    def notice(self) -> str:
        found = re.search(r'<div class="notice stale">(.*?)</div>', self.page(), re.DOTALL)
        return re.sub("<[^>]+>", "", found[1]) if found else ""


@pytest.fixture
def served(tiny: Tiny) -> Iterator[Served]:
    assert tiny.run("site", "--strict").status == 0
    found = Served(tiny)
    found.shows("7.5")
    yield found
    with suppress(ProcessLookupError):
        os.killpg(found.process.pid, signal.SIGKILL)
    found.process.wait()
    found.log.close()


def test_an_authors_hour(served: Served) -> None:
    tiny, records = served.tiny, served.tiny.records()
    tiny.edit(MEASURING, "Every morning", "Each morning")
    assert "notice stale" not in served.shows("Each morning"), "prose runs nothing"
    # A block is edited: the page is there at once and says why it has no outputs; they come by themselves.
    tiny.edit(MEASURING, "gauge.pour(150)\ngauge.depth", "import time\ntime.sleep(4)\ngauge.pour(150)\ngauge.depth * 1")
    served.shows("its code has changed. It is being run, and will show itself here.")
    tiny.edit(MEASURING, "Each morning", "Every single morning")
    served.shows("Every single morning")
    assert "is being run" in served.notice(), "an edit of prose does not begin it anew"
    assert "notice stale" not in served.shows('<span class="computed">7.5</span>')
    # An error stands on the page; the other pages are as they were, and the mend is enough.
    tiny.edit(MEASURING, "gauge.depth * 1", "gauge.deep")
    assert "Gauge" in served.shows("has no attribute")
    assert "notice" not in served.page("water/a-mornings-work/")
    tiny.edit(MEASURING, "time.sleep(4)\ngauge.pour(150)\ngauge.deep", "gauge.pour(150)\ngauge.depth")
    served.shows('<span class="computed">7.5</span>')
    # The library is edited: its users run.
    tiny.edit("puddle/gauge.py", "return round(sum(rain.values()), 1)", "return round(sum(rain.values()), 1) + 55000")
    served.shows("<span class=\"computed\">55")
    assert tiny.records() == records, "a preview writes no records"


def test_a_new_chapter_and_a_broken_outline(served: Served) -> None:
    outline = served.tiny.root / "book/outline.yml"
    text = outline.read_text()
    outline.write_text("parts: [")
    time.sleep(2)
    assert "7.5" in served.shows("7.5"), "the old page is there"
    folder = served.tiny.root / "book/wind"
    folder.mkdir()
    (folder / "breeze.md").write_text("---\nstars: 1\nneeds: []\nable: [feel it, name it]\n---\n\n# Breeze\n\nIt blows.\n")
    outline.write_text(text.replace("appendices:", "      - slug: wind\n        title: Wind\n        sections: [breeze: ]\nappendices:"))
    served.shows("It blows.", "wind/breeze/")
    time.sleep(1)
    (folder / "breeze.md").write_text((folder / "breeze.md").read_text().replace("blows.", "blows again."))
    served.shows("It blows again.", "wind/breeze/")


def test_records_are_not_watched(served: Served) -> None:
    before = served.builds()
    path = served.tiny.root / "book/_records/water/measuring-rain.json"
    path.write_bytes(path.read_bytes())
    time.sleep(3)
    assert served.builds() == before
    served.tiny.edit(MEASURING, "Every morning", "Each morning")
    served.shows("Each morning")


def test_a_chapter_that_was_away(served: Served) -> None:
    folder, away = served.tiny.root / "book/water", served.tiny.root / "book/_away"
    folder.rename(away)
    end = time.monotonic() + LIMIT
    while "7.5" in served.page():
        assert time.monotonic() < end, served.said()
        time.sleep(0.1)
    away.rename(folder)
    served.shows("7.5")
    served.tiny.edit(MEASURING, "Every morning", "Each morning")
    served.shows("Each morning")


def test_data_that_a_block_has_begun_to_read(served: Served) -> None:
    wells = served.tiny.root / "wells"
    wells.mkdir()
    (wells / "deep.txt").write_text("11111")
    code = f"print(open({str(wells / 'deep.txt')!r}).read())\ngauge.pour(150)\ngauge.depth"
    served.tiny.edit(MEASURING, "gauge.pour(150)\ngauge.depth", code)
    served.shows("11111")
    (wells / "deep.txt").write_text("22222")
    served.shows("22222")


def test_the_mend_of_a_block_lies_somewhere_in_the_project(served: Served) -> None:
    """In a file that has not been there, and then in one that the block has found."""
    served.tiny.edit(MEASURING, "gauge.pour(150)\ngauge.depth", "import wells.deep\nprint(wells.deep.water)\ngauge.pour(150)\ngauge.depth")
    served.shows("No module named")
    wells = served.tiny.root / "wells"
    wells.mkdir()
    (wells / "deep.py").write_text("dry = 33333\n")
    served.shows("has no attribute")
    (wells / "deep.py").write_text("water = 44444\n")
    served.shows("44444")


def test_a_page_of_the_website_is_built_once(served: Served) -> None:
    """MkDocs does not watch it, too, which looks later."""
    before = served.builds()
    for number in range(3):
        with (served.tiny.root / "docs/index.md").open("a") as file:
            file.write(f"\nShower {number}.\n")
        served.shows(f"Shower {number}.", "")
        time.sleep(1.5)
    assert served.builds() == before + 3, served.said()


def test_an_edit_during_the_first_build(tiny: Tiny) -> None:
    served = Served(tiny)
    try:
        end = time.monotonic() + LIMIT
        while "Building documentation" not in served.said():
            assert time.monotonic() < end, served.said()
            time.sleep(0.01)
        for number in range(30):
            tiny.edit(MEASURING, "Every morning" if not number else f"Morning {number - 1}", f"Morning {number}")
            time.sleep(0.05)
        served.shows("Morning 29")
    finally:
        served.process.kill()
        served.process.wait()
        served.log.close()


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "scratch").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    return tmp_path / "scratch"


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_is_left_when_it_ends(scratch: Path, served: Served, end: signal.Signals) -> None:
    if signal.getsignal(end) is signal.SIG_IGN:
        pytest.skip("whoever started the tests, such as nohup, has told all processes to ignore this signal")
    served.tiny.edit(MEASURING, "gauge.pour(150)\ngauge.depth", "import time\ntime.sleep(50)\ngauge.pour(150)\ngauge.depth")
    served.shows("It is being run")
    served.process.send_signal(end)
    served.process.wait(timeout=LIMIT)
    limit = time.monotonic() + LIMIT
    while left := [p for p in Path("/proc").glob("[0-9]*/cmdline") if str(served.tiny.root).encode() in _read(p)]:
        assert time.monotonic() < limit, left
        time.sleep(0.1)
    assert end == signal.SIGKILL or list(scratch.iterdir()) == []


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
