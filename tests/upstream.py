"""An upstream on this machine: a catalogue of one set, and a server that serves it or shows a fault."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dlkit.data.catalogue import DataSet, File

GOOD = b"weights\n" * 4000


class Server(ThreadingHTTPServer):
    """Serves what `says` maps a path to: bytes, or a word for a fault."""

    daemon_threads = True
    says: dict[str, bytes | str]
    asked: list[str]
    closing = False


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
            while not self.server.closing:
                time.sleep(0.01)
            return
        while said == "drips" and not self.server.closing:
            self.wfile.write(b"x" * 64)
            time.sleep(0.01)
        self.wfile.write(body[:5000] if isinstance(said, str) else body)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Answer) as server:
        server.says, server.asked = {}, []
        threading.Thread(target=server.serve_forever, args=(0.02,)).start()
        yield server
        server.closing = True
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
    return file


def left(folder: Path) -> list[str]:
    """The files in the cache, but for locks."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and ".locks" not in p.parts)
