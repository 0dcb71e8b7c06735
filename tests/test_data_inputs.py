"""Data sets as inputs of a section: fetched while it runs, recorded by the checksum that the catalogue promises."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from copies import Tiny
from upstream import GOOD

from hooks import job, run, section, uses
from hooks.book import Book
from hooks.pool import Pool
from hooks.records import Uses
from hooks.uses import sha256

ROOT = Path(__file__).resolve().parents[1]


def own_address() -> str:
    """This machine's address as others see it, if it has one: blocks may not connect to it, as they may to 127.0.0.1."""
    with socket.socket(type=socket.SOCK_DGRAM) as opened:
        try:
            opened.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return "127.0.0.1"
        return str(opened.getsockname()[0])


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[str]:
    """A server that serves a folder, at an address beyond loopback."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "mirror"))
    with ThreadingHTTPServer((own_address(), 0), handler) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://{server.server_address[0]}:{server.server_address[1]}"
        server.shutdown()


FETCH = """# T

```python
import dataclasses, hashlib
from dlkit.data import fetch, find

content = b"weights\\n" * 4000
files = find("names").files
files["names.txt"] = dataclasses.replace(files["names.txt"], bytes=len(content), sha256=hashlib.sha256(content).hexdigest(), urls=())
len(fetch("names/names.txt").read_bytes())
```
"""
SNEAK = "# T\n\n```python\nimport urllib.request\nurllib.request.urlopen('{mirror}/names/names.txt')\n```\n"


def test_a_block_fetches_what_the_catalogue_holds(tmp_path: Path, mirror: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once from a real server, then from the cache: the same output, and the same inputs. By itself it reaches no server."""
    (tmp_path / "mirror" / "names").mkdir(parents=True)
    (tmp_path / "mirror" / "names" / "names.txt").write_bytes(GOOD)
    monkeypatch.setenv("DLKIT_MIRROR", mirror)
    monkeypatch.setenv("DLKIT_CACHE", str(tmp_path / "cache"))
    book = Book.read(ROOT / "mkdocs.yml")
    read = section.parse(FETCH, "book_src/preliminaries/t.md")
    found: list[Uses] = []
    with Pool(book, 1) as pool:
        for _ in range(2):
            (result,) = pool.run([job.job(read)])
            assert result.failures == []
            assert [output.text for output in result.cells[0].outputs] == ["32000"]
            assert result.versions.keys() >= {"pooch", "filelock"}
            found.append(uses.identify(book, read, result))
            shutil.rmtree(tmp_path / "mirror", ignore_errors=True)  # from now on the server has nothing
        (sneaked,) = pool.run([job.job(section.parse(SNEAK.format(mirror=mirror), "book_src/preliminaries/t.md"))])
    catalogue = json.loads((ROOT / "dlkit/data/catalogue.json").read_text(encoding="utf-8"))
    assert found[0].data == {"dlkit/data/catalogue.json#names/names.txt": catalogue["names"]["files"]["names.txt"]["sha256"]}
    assert found[0] == found[1]
    assert "dlkit.data.fetching:fetch" in found[0].units
    assert not [unit for unit in found[0].units if unit.startswith("dlkit.data.downloading")]
    if "//127." not in mirror:
        assert "this block opens a connection to" in sneaked.failures[0].message


LIBRARY = '''"""Data of the puddle, on a server or in a folder."""

import os
import shutil
import sys
from pathlib import Path

from puddle.bringing import bring

CATALOGUE = Path(__file__).with_name("catalogue.json")


def fetch(key):
    CATALOGUE.read_text()
    path = Path(os.environ["PUDDLE_STORE"]) / key
    if not path.exists():
        bring(key, path)
    sys.audit("puddle.data", str(CATALOGUE), key)
    return path
'''
BRING = '''"""Brings what is not there."""

import os
import shutil


def bring(key, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(os.path.join(os.environ["PUDDLE_MIRROR"], key), path)
'''
READ = "# Measuring rain\n\n```python\nfrom puddle.store import fetch\n\nfetch('wells/depth.txt').read_text()\n```\n"
PAGE = "book/water/a-mornings-work.md"
NAME = "puddle/catalogue.json#wells/depth.txt"


@dataclass
class Wells:
    """The tiny book with a page that reads a data set: its store, and a mirror."""

    tiny: Tiny
    store: Path
    mirror: Path

    def state(self) -> run.State:
        return run.states(Book.read(self.tiny.root / "mkdocs.yml"))[PAGE]

    def promise(self, digest: str, **more: str) -> None:
        held = {"wells": {"files": {"depth.txt": {"sha256": digest, **more}}}}
        (self.tiny.root / "puddle/catalogue.json").write_text(json.dumps(held))

    def used(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = json.loads(self.tiny.records()["water/a-mornings-work.uses.json"])
        return found


@pytest.fixture
def wells(tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wells:
    made = Wells(tiny, tmp_path / "store", tmp_path / "mirror")
    monkeypatch.setenv("PUDDLE_STORE", str(made.store))
    monkeypatch.setenv("PUDDLE_MIRROR", str(made.mirror))
    (made.mirror / "wells").mkdir(parents=True)
    (made.mirror / "wells/depth.txt").write_text("12 m")
    (tiny.root / "puddle/store.py").write_text(LIBRARY)
    (tiny.root / "puddle/bringing.py").write_text(BRING)
    (tiny.root / PAGE).write_text(READ)
    tiny.edit("book/_runtime.py", "network: tuple[str, ...] = ()", 'network: tuple[str, ...] = ("puddle.bringing",)')
    made.promise(sha256(made.mirror / "wells/depth.txt"))
    done = tiny.run("update", "a-mornings-work")
    assert done.status == 0, done.said
    return made


def test_what_is_recorded_is_the_promise(wells: Wells, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the file lay, in the book's own folder too, and whether it had to be brought or not."""
    first = wells.used()
    assert first["data"] == {NAME: sha256(wells.mirror / "wells/depth.txt")}
    assert "puddle.store:fetch" in first["units"]
    assert not [unit for unit in first["units"] if unit.startswith("puddle.bringing")]
    monkeypatch.setenv("PUDDLE_STORE", str(wells.tiny.root / "downloads"))
    for _ in range(2):  # brought, then there
        (wells.tiny.root / "book/_records/water/a-mornings-work.uses.json").unlink()
        assert wells.tiny.run("update", "a-mornings-work").status == 0
        assert wells.used()["data"] == first["data"]
        assert wells.used()["units"] == first["units"]
    assert str(tmp_path) not in (wells.tiny.root / "book/_records/water/a-mornings-work.uses.json").read_text()


def test_a_fresh_section_needs_no_data(wells: Wells) -> None:
    shutil.rmtree(wells.store)
    shutil.rmtree(wells.mirror)
    wells.promise(wells.used()["data"][NAME], urls="another address")
    (wells.tiny.root / "puddle/bringing.py").write_text(BRING + "\n\ndef other():\n    pass\n")
    assert wells.state().kind == "fresh", "what is said besides in the catalogue counts for nothing, nor does what fetches"
    done = wells.tiny.run("site")
    assert done.status == 0, done.said
    assert f"{PAGE}: " not in done.said, "it was replayed"
    assert "12 m" in wells.tiny.text("water/a-mornings-work/")
    assert "data: depth.txt" in wells.tiny.text("water/a-mornings-work/")


def test_another_promise_makes_it_stale(wells: Wells) -> None:
    wells.promise("0" * 64)
    state = wells.state()
    assert state.kind == "stale"
    assert state.reasons == ("the data wells/depth.txt have another checksum in puddle/catalogue.json",)
    (wells.tiny.root / "puddle/catalogue.json").write_text("{}")
    assert wells.state().reasons == ("puddle/catalogue.json no longer holds the data wells/depth.txt",)
    (wells.tiny.root / "puddle/catalogue.json").unlink()
    assert wells.state().reasons == ("puddle/catalogue.json no longer holds the data wells/depth.txt",)
    strict = wells.tiny.run("plan")
    assert f"{PAGE}: stale: puddle/catalogue.json no longer holds the data wells/depth.txt" in strict.said


def test_a_stale_section_without_its_data_is_an_error_of_the_loader(wells: Wells) -> None:
    shutil.rmtree(wells.store)
    shutil.rmtree(wells.mirror)
    wells.promise("0" * 64)
    done = wells.tiny.run("site")
    assert done.status == 1
    assert "FileNotFoundError" in done.said
