"""Fetching: the order of the sources, checksums, and every fault a clear error that leaves nothing behind."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from upstream import GOOD, Server, left

import dlkit.data.__main__ as command
from dlkit.data import DataError, fetching
from dlkit.data.catalogue import File
from dlkit.data.downloading import web

ROOT = Path(__file__).resolve().parents[1]


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
    "absent": (None, "404 Client Error"),
}


@pytest.fixture
def impatient(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A silent server is given up soon; the others may be slow, on a busy machine."""
    if fault == "silent":
        monkeypatch.setattr(web, "SILENCE", 0.5)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_passed_over_for_the_next_source(fault: str, toy: File, server: Server, tmp_path: Path, impatient: None) -> None:
    said, _ = FAULTS[fault]
    server.says = {"/first": said, "/second": GOOD} if said is not None else {"/second": GOOD}  # type: ignore[dict-item]
    assert fetching.fetch("toy/toy.txt").read_bytes() == GOOD
    assert server.asked == ["/first", "/second"]
    assert left(tmp_path / "cache") == ["toy/toy.txt"]


@pytest.mark.parametrize("fault", FAULTS)
def test_without_another_source_it_is_a_clear_error(fault: str, toy: File, server: Server, tmp_path: Path, impatient: None) -> None:
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
    with pytest.raises(DataError, match=r"tried http://127\.0\.0\.1:9/data/toy/toy\.txt: no connection \(NewConnectionError\)"):
        fetching.fetch("toy/toy.txt")
    monkeypatch.setenv("DLKIT_MIRROR", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match=r"nowhere/toy/toy\.txt: No such file or directory"):
        fetching.fetch("toy/toy.txt")
    assert left(tmp_path / "cache") == []


def test_a_cache_that_cannot_be_written(toy: File, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DLKIT_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(DataError, match=r"cannot be written \(Not a directory\).*\n.*set DLKIT_CACHE to a folder that can"):
        fetching.fetch("toy/toy.txt")


@pytest.mark.skipif(sys.platform != "linux", reason="the folder that nobody may write is Linux's")
def test_a_read_only_cache(toy: File, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLKIT_CACHE", "/proc/dlkit")
    with pytest.raises(DataError, match=r"the cache /proc/dlkit cannot be written .*\n.*set DLKIT_CACHE"):
        fetching.fetch("toy/toy.txt")


def test_what_is_in_the_cache_needs_no_writing(toy: File, server: Server, tmp_path: Path) -> None:
    server.says["/first"] = GOOD
    fetching.fetch("toy/toy.txt")
    shutil.rmtree(tmp_path / "cache" / ".locks")
    before = sorted((tmp_path / "cache").rglob("*"))
    (tmp_path / "cache").chmod(0o555)
    try:
        assert fetching.fetch("toy/toy.txt").read_bytes() == GOOD
    finally:
        (tmp_path / "cache").chmod(0o755)
    assert sorted((tmp_path / "cache").rglob("*")) == before


@pytest.mark.parametrize("source", ["upstream", "a mirror folder"])
def test_a_full_disk(source: str, toy: File, server: Server, tmp_path: Path) -> None:
    """The system lets the process write no file of more than 10,000 bytes: the second address is not asked."""
    server.says = {"/first": GOOD, "/second": GOOD}
    mirror = tmp_path / "mirror" / "names"
    mirror.mkdir(parents=True)
    (mirror / "names.txt").write_bytes(GOOD)
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
    done = child(limit + "fetch('names/names.txt')", toy, DLKIT_MIRROR="" if source == "upstream" else str(tmp_path / "mirror"))
    said = done.communicate(timeout=120)[1]
    assert done.returncode == 1
    assert f"the cache {tmp_path / 'cache'} cannot be written (File too large); names.txt needs 32,000 bytes." in said
    assert "make room there, or set DLKIT_CACHE" in said
    assert server.asked == (["/first"] if source == "upstream" else [])
    assert left(tmp_path / "cache") == []


def test_an_address_that_does_not_answer(toy: File, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mirror whose queue is full: connections wait, until the time for it is over. Then upstream is asked."""
    monkeypatch.setattr(web, "CONNECT", 0.3)
    server.says["/first"] = GOOD
    with socket.socket() as deaf, ExitStack() as stack:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for _ in range(8):
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(deaf.getsockname())
        monkeypatch.setenv("DLKIT_MIRROR", f"http://127.0.0.1:{deaf.getsockname()[1]}")
        assert fetching.fetch("toy/toy.txt").read_bytes() == GOOD
    assert server.asked == ["/first"]
    assert left(tmp_path / "cache") == ["toy/toy.txt"]


def test_what_a_killed_download_left_is_thrown_away(toy: File, server: Server, tmp_path: Path) -> None:
    server.says["/first"] = GOOD
    partial = tmp_path / "cache" / ".partial" / "toy--toy.txt"
    partial.mkdir(parents=True)
    (partial / "tmp123").write_bytes(GOOD[:100])
    assert fetching.fetch("toy/toy.txt").read_bytes() == GOOD
    assert left(tmp_path / "cache") == ["toy/toy.txt"]


def test_a_server_that_drips_is_given_up(toy: File, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "PATIENCE", 0.1)
    monkeypatch.setattr(web, "SLOWEST", 1_000_000)
    server.says = {"/first": "drips", "/second": GOOD}
    assert fetching.fetch("toy/toy.txt").read_bytes() == GOOD
    assert left(tmp_path / "cache") == ["toy/toy.txt"]


def child(code: str, file: File, **environment: str) -> subprocess.Popen[str]:
    """A process whose catalogue holds, as names.txt, the file."""
    before = (
        "import dataclasses, signal; from dlkit.data import fetch, find\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # what started the tests may ignore it
        "files = find('names').files\n"
        f"files['names.txt'] = dataclasses.replace(files['names.txt'], bytes={file.bytes}, sha256={file.sha256!r}, urls={file.urls!r})\n"
    )
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.Popen([sys.executable, "-c", before + code], env=variables, stderr=subprocess.PIPE, text=True)


def test_a_process_killed_in_a_download_leaves_no_lock_and_no_half(toy: File, server: Server, tmp_path: Path) -> None:
    server.says["/first"] = "drips"
    victim = child("fetch('names/names.txt')", toy)
    while not list((tmp_path / "cache").glob(".partial/*/*")):
        assert victim.poll() is None
        time.sleep(0.01)
    victim.kill()
    victim.communicate()
    assert len(left(tmp_path / "cache")) == 1  # what had come so far, and not where a loader looks
    server.says["/first"] = GOOD
    heir = child("fetch('names/names.txt')", toy)
    assert heir.wait(60) == 0, heir.communicate()
    heir.communicate()
    assert left(tmp_path / "cache") == ["names/names.txt"]


def test_a_download_that_is_interrupted_leaves_nothing(toy: File, server: Server, tmp_path: Path) -> None:
    server.says["/first"] = "drips"
    victim = child("fetch('names/names.txt')", toy)
    while not list((tmp_path / "cache").glob(".partial/*/*")):
        assert victim.poll() is None
        time.sleep(0.01)
    victim.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in victim.communicate(timeout=60)[1]
    assert left(tmp_path / "cache") == []


def test_threads_that_want_the_same_file_fetch_it_once(toy: File, server: Server) -> None:
    server.says["/first"] = GOOD
    threads = [threading.Thread(target=fetching.fetch, args=("toy/toy.txt",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.asked == ["/first"]


def test_processes_that_want_the_same_file_do_not_collide(toy: File, tmp_path: Path) -> None:
    """Both copy from a mirror, again and again; neither ever sees a file that is half there."""
    mirror = tmp_path / "mirror" / "names"
    mirror.mkdir(parents=True)
    (mirror / "names.txt").write_bytes(GOOD)
    code = "for _ in range(200): fetch('names/names.txt').unlink(missing_ok=True)"
    racers = [child(code, toy, DLKIT_MIRROR=str(tmp_path / "mirror")) for _ in range(2)]
    said = [racer.communicate(timeout=120)[1] for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0], said


def test_the_commands(toy: File, server: Server, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    server.says["/first"] = GOOD
    assert command.main(["fetch", "toy"]) == 0
    assert command.main(["list"]) == 0
    assert re.search(r"cached +CC0", capsys.readouterr().out)
    assert command.main(["verify"]) == 0
    assert ": 1 file as in the catalogue, 0 not." in capsys.readouterr().out
    (tmp_path / "cache" / "toy" / "toy.txt").write_bytes(b"other")
    assert command.main(["verify"]) == 1
    assert "toy/toy.txt: not the catalogue's checksum; mend: python -m dlkit.data fetch toy" in capsys.readouterr().err
    assert command.main(["fetch", "tou"]) == 1
    assert "did you mean toy?" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        command.main(["fetch"])
