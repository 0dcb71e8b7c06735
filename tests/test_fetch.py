"""Fetching: the order of the sources, checksums, and every fault a clear error that leaves nothing behind."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import dlkit.data.__main__ as command
from dlkit.data import DataError, fetching, rebuilding
from dlkit.data.archives import members
from dlkit.data.catalogue import DataSet, File

ROOT = Path(__file__).resolve().parents[1]
GOOD = b"weights\n" * 4000


class Server(ThreadingHTTPServer):
    """Serves what `says` maps a path to: bytes, or a word for a fault."""

    daemon_threads = True
    says: dict[str, bytes | str]
    asked: list[str]


class Answer(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        said = self.server.says.get(self.path)
        if said is None:
            self.send_error(404)
            return
        body = said if isinstance(said, bytes) else GOOD
        self.send_response(200)
        if said != "truncated, no length":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if said == "silent":
            time.sleep(3)
            return
        self.wfile.write(body[:5000] if isinstance(said, str) else body)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Answer) as server:
        server.says, server.asked = {}, []
        threading.Thread(target=server.serve_forever, args=(0.02,)).start()
        yield server
        server.shutdown()


@pytest.fixture
def toy(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> File:
    """A catalogue of one set, whose upstream is the local server."""
    port = server.server_address[1]
    urls = (f"http://127.0.0.1:{port}/first", f"http://127.0.0.1:{port}/second")
    file = File("toy", "toy.txt", len(GOOD), hashlib.sha256(GOOD).hexdigest(), urls, "CC0", "words", "4000 lines")
    held = {"toy": DataSet("toy", "CC0", "here", True, "none", {"toy.txt": file})}
    for module in ("catalogue", "__main__"):
        monkeypatch.setattr(f"dlkit.data.{module}.sets", lambda: held)
    monkeypatch.setenv("DLKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("DLKIT_MIRROR", raising=False)
    monkeypatch.setattr(fetching, "SILENCE", 0.5)
    return file


def left(folder: Path) -> list[str]:
    """The files in the cache, but for locks."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and ".locks" not in p.parts)


def test_upstream_then_the_cache(toy: File, server: Server, tmp_path: Path) -> None:
    server.says["/first"] = GOOD
    for _ in range(2):
        assert fetching.fetch("toy/toy.txt").read_bytes() == GOOD
    assert server.asked == ["/first"]
    assert left(tmp_path / "cache") == ["toy/toy.txt"]


def test_a_mirror_folder_comes_before_upstream(toy: File, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mirror" / "toy").mkdir(parents=True)
    (tmp_path / "mirror" / "toy" / "toy.txt").write_bytes(GOOD)
    monkeypatch.setenv("DLKIT_MIRROR", str(tmp_path / "mirror"))
    assert fetching.fetch("toy/toy.txt").read_bytes() == GOOD
    assert server.asked == []


def test_a_mirror_may_be_an_address(toy: File, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.says["/mirror/toy/toy.txt"] = GOOD
    monkeypatch.setenv("DLKIT_MIRROR", f"http://127.0.0.1:{server.server_address[1]}/mirror/")
    fetching.fetch("toy/toy.txt")
    assert server.asked == ["/mirror/toy/toy.txt"]


def test_a_damaged_file_in_the_cache_is_fetched_again(toy: File, server: Server) -> None:
    server.says["/first"] = GOOD
    path = fetching.fetch("toy/toy.txt")
    path.write_bytes(GOOD[:-1] + b"!")
    assert fetching.fetch("toy/toy.txt").read_bytes() == GOOD
    assert server.asked == ["/first", "/first"]


FAULTS = {
    "wrong checksum": (b"x" * len(GOOD), "checksum"),
    "truncated": ("truncated", "broke off"),
    "truncated, no length": ("truncated, no length", "checksum"),
    "too long": (GOOD + b"more", "more bytes than the catalogue promises"),
    "silent": ("silent", "timed out"),
    "absent": (None, "404"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_passed_over_for_the_next_source(fault: str, toy: File, server: Server, tmp_path: Path) -> None:
    said, _ = FAULTS[fault]
    server.says = {"/first": said, "/second": GOOD} if said is not None else {"/second": GOOD}  # type: ignore[dict-item]
    assert fetching.fetch("toy/toy.txt").read_bytes() == GOOD
    assert server.asked == ["/first", "/second"]
    assert left(tmp_path / "cache") == ["toy/toy.txt"]


@pytest.mark.parametrize("fault", FAULTS)
def test_without_another_source_it_is_a_clear_error(fault: str, toy: File, server: Server, tmp_path: Path) -> None:
    said, why = FAULTS[fault]
    server.says = {"/first": said, "/second": said} if said is not None else {}  # type: ignore[dict-item]
    began = time.monotonic()
    with pytest.raises(DataError) as caught:
        fetching.fetch("toy/toy.txt")
    message = str(caught.value)
    assert "data set 'toy': toy.txt (32,000 bytes) could not be had." in message
    assert all(url in message for url in toy.urls)
    assert message.count(why) == 2
    assert "python -m dlkit.data fetch toy" in message
    assert left(tmp_path / "cache") == []
    assert time.monotonic() - began < 30


def test_an_unreachable_mirror_is_named(toy: File, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLKIT_MIRROR", "http://127.0.0.1:9/data")
    with pytest.raises(DataError, match=r"tried http://127\.0\.0\.1:9/data/toy/toy\.txt: ConnectionError"):
        fetching.fetch("toy/toy.txt")
    monkeypatch.setenv("DLKIT_MIRROR", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match=r"nowhere/toy/toy\.txt: No such file or directory"):
        fetching.fetch("toy/toy.txt")
    assert left(tmp_path / "cache") == []


def test_a_cache_that_cannot_be_written(toy: File, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DLKIT_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(DataError, match=r"cannot be written .* set DLKIT_CACHE"):
        fetching.fetch("toy/toy.txt")


def test_what_a_killed_download_left_is_thrown_away(toy: File, server: Server, tmp_path: Path) -> None:
    server.says["/first"] = GOOD
    partial = tmp_path / "cache" / ".partial" / "toy--toy.txt"
    partial.mkdir(parents=True)
    (partial / "tmp123").write_bytes(GOOD[:100])
    assert fetching.fetch("toy/toy.txt").read_bytes() == GOOD
    assert left(tmp_path / "cache") == ["toy/toy.txt"]


def test_threads_that_want_the_same_file_fetch_it_once(toy: File, server: Server) -> None:
    server.says["/first"] = GOOD
    threads = [threading.Thread(target=fetching.fetch, args=("toy/toy.txt",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.asked == ["/first"]


def test_processes_that_want_the_same_file_do_not_collide(tmp_path: Path) -> None:
    """Both copy from a mirror, again and again; neither ever sees a file that is half there."""
    mirror, names = tmp_path / "mirror" / "names", b"anna\n"
    mirror.mkdir(parents=True)
    (mirror / "names.txt").write_bytes(names)
    code = (
        "import dataclasses; from dlkit.data import fetch, find\n"
        f"held = find('names'); file = dataclasses.replace(held.files['names.txt'], bytes=5, sha256='{hashlib.sha256(names).hexdigest()}', urls=())\n"
        "held.files['names.txt'] = file\n"
        "for _ in range(200):\n"
        "    path = fetch('names/names.txt')\n"
        "    path.unlink(missing_ok=True)\n"
    )
    environment = {"DLKIT_CACHE": str(tmp_path / "cache"), "DLKIT_MIRROR": str(tmp_path / "mirror"), "PYTHONPATH": str(ROOT), "PATH": ""}
    racers = [subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [racer.communicate(timeout=120)[1] for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0], said


def repository(files: dict[str, bytes]) -> bytes:
    """A repository's archive: everything below one top folder."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as pack:
        for name, content in files.items():
            pack.writestr(f"repo-1234/{name}", content)
    return whole.getvalue()


def listed(files: dict[str, bytes]) -> str:
    return "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))


SPOKEN = {"1_anna_0.wav": b"one", "2_anna_0.wav": b"two", "3_anna_0.wav": b"two"}


@pytest.fixture
def spoken(toy: File, server: Server, monkeypatch: pytest.MonkeyPatch) -> File:
    """A set that upstream holds as small files in a repository."""
    address = toy.urls[0].removesuffix("/first")
    content = hashlib.sha256(listed(SPOKEN).encode()).hexdigest()
    archive = {"from": f"{address}/zip", "prefix": "recordings/"}
    file = dataclasses.replace(toy, set="fsdd", name="fsdd.tar.xz", urls=(), content_sha256=content, rebuild=archive)
    held = {"fsdd": DataSet("fsdd", "CC0", "here", True, "none", {"fsdd.tar.xz": file})}
    for module in ("catalogue", "__main__"):
        monkeypatch.setattr(f"dlkit.data.{module}.sets", lambda: held)
    return file


def test_an_archive_of_small_files_is_rebuilt(spoken: File, server: Server, tmp_path: Path) -> None:
    files = {f"recordings/{name}": content for name, content in SPOKEN.items()} | {"README.md": b"words", "recordings/notes": b"not ours"}
    server.says["/zip"] = repository(files)
    for _ in range(2):
        assert dict(members(fetching.fetch("fsdd/fsdd.tar.xz"))) == SPOKEN
    assert server.asked == ["/zip"]
    assert left(tmp_path / "cache") == ["fsdd/fsdd.rebuilt.tar"]
    path = tmp_path / "cache" / "fsdd" / "fsdd.rebuilt.tar"
    path.write_bytes(path.read_bytes().replace(b"one", b"uno"))
    assert dict(members(fetching.fetch("fsdd/fsdd.tar.xz"))) == SPOKEN
    assert server.asked == ["/zip", "/zip"]


def test_a_rebuilt_archive_of_other_files_is_refused(spoken: File, server: Server, tmp_path: Path) -> None:
    server.says["/zip"] = repository({f"recordings/{name}": b"changed" for name in SPOKEN})
    with pytest.raises(DataError, match=r"/zip: the files there are not those in the catalogue"):
        fetching.fetch("fsdd/fsdd.tar.xz")
    server.says["/zip"] = repository({"../../evil": b""})
    with pytest.raises(DataError, match=r"points outside the archive"):
        fetching.fetch("fsdd/fsdd.tar.xz")
    assert left(tmp_path / "cache") == []


def test_an_archive_is_rebuilt_from_one_address_a_file(spoken: File, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert spoken.rebuild is not None
    spoken.rebuild["from"] = spoken.rebuild["from"].replace("/zip", "/raw/{member}")  # type: ignore[index]
    (tmp_path / "fsdd.SHA256SUMS").write_text(listed(SPOKEN))
    monkeypatch.setattr(rebuilding, "LISTS", tmp_path)
    server.says = {f"/raw/{name}": content for name, content in SPOKEN.items()}
    assert dict(members(fetching.fetch("fsdd/fsdd.tar.xz"))) == SPOKEN
    assert server.asked == ["/raw/1_anna_0.wav", "/raw/2_anna_0.wav"]  # equal files are fetched once
    assert left(tmp_path / "cache") == ["fsdd/fsdd.rebuilt.tar"]


def test_the_commands(toy: File, server: Server, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    server.says["/first"] = GOOD
    assert command.main(["fetch", "toy"]) == 0
    assert command.main(["list"]) == 0
    assert "cached   CC0" in capsys.readouterr().out
    assert command.main(["verify"]) == 0
    assert "1 files in" in capsys.readouterr().out
    (tmp_path / "cache" / "toy" / "toy.txt").write_bytes(b"other")
    assert command.main(["verify"]) == 1
    assert "toy/toy.txt: not the catalogue's checksum; mend: python -m dlkit.data fetch toy" in capsys.readouterr().err
    assert command.main(["fetch", "tou"]) == 1
    assert "did you mean toy?" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        command.main(["fetch"])
