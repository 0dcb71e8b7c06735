"""Archives that upstream holds as small files: rebuilt, checked by the list of their members, refused if it differs."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import zipfile
from pathlib import Path

import pytest
from upstream import Server, left

from dlkit.data import DataError, fetching
from dlkit.data.archives import members
from dlkit.data.catalogue import DataSet, File


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


def test_an_archive_is_rebuilt_from_one_address_a_file(spoken: File, server: Server, tmp_path: Path) -> None:
    assert spoken.rebuild is not None
    spoken.rebuild["from"] = spoken.rebuild["from"].replace("/zip", "/raw/{member}")  # type: ignore[index]
    spoken.rebuild["members"] = {name: hashlib.sha256(content).hexdigest() for name, content in SPOKEN.items()}  # type: ignore[index]
    server.says = {f"/raw/{name}": content for name, content in SPOKEN.items()}
    assert dict(members(fetching.fetch("fsdd/fsdd.tar.xz"))) == SPOKEN
    assert server.asked == ["/raw/1_anna_0.wav", "/raw/2_anna_0.wav"]  # equal files are fetched once
    assert left(tmp_path / "cache") == ["fsdd/fsdd.rebuilt.tar"]
