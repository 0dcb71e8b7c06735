"""Archives made by a stranger: each trick is an error, and nothing is written."""

from __future__ import annotations

import io
import stat
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dlkit.data import DataError
from dlkit.data.archives import extract, members


def tar(path: Path, *entries: tarfile.TarInfo | str, mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as pack:  # type: ignore[call-overload]
        for entry in entries:
            info = tarfile.TarInfo(entry) if isinstance(entry, str) else entry
            info.size = 4 if info.isreg() else 0
            pack.addfile(info, io.BytesIO(b"data") if info.isreg() else None)
    return path


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def zipped(path: Path, *names: str, kind: int = 0) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as pack:
        for name in names:
            info = zipfile.ZipInfo(name)
            info.external_attr = kind << 16
            pack.writestr(info, b"data")
    return path


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz", "zip"])
def test_an_honest_archive(mode: str, tmp_path: Path) -> None:
    path = zipped(tmp_path / "a", "x/y.txt", "z") if mode == "zip" else tar(tmp_path / "a", "x/y.txt", "z", mode=mode)
    assert dict(members(path)) == {"x/y.txt": b"data", "z": b"data"}
    target = extract(path, tmp_path / "out")
    assert sorted(p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_file()) == ["x/y.txt", "z"]
    extract(path, target)  # again, over what stands there


TRICKS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "tar ..": (lambda p: tar(p, "good", "../bad"), "points outside"),
    "tar inner ..": (lambda p: tar(p, "a/../../bad"), "points outside"),
    "tar absolute": (lambda p: tar(p, "/tmp/bad"), "points outside"),
    "tar drive": (lambda p: tar(p, "C:bad"), "points outside"),
    "tar backslash": (lambda p: tar(p, "..\\bad"), "points outside"),
    "tar symbolic link": (lambda p: tar(p, "good", special("bad", tarfile.SYMTYPE, "/etc")), "a link or a device"),
    "tar hard link": (lambda p: tar(p, "good", special("bad", tarfile.LNKTYPE, "good")), "a link or a device"),
    "tar device": (lambda p: tar(p, special("bad", tarfile.CHRTYPE)), "a link or a device"),
    "tar pipe": (lambda p: tar(p, special("bad", tarfile.FIFOTYPE)), "a link or a device"),
    "tar twice": (lambda p: tar(p, "a", "./a"), "comes twice"),
    "tar too many": (lambda p: tar(p, *(special(n, tarfile.DIRTYPE) for n in "abcd")), "more than 3 members"),
    "tar too large": (lambda p: tar(p, "a", "b", "c"), "more than 9 bytes"),
    "zip ..": (lambda p: zipped(p, "../bad"), "points outside"),
    "zip link": (lambda p: zipped(p, "bad", kind=stat.S_IFLNK), "a link or a device"),
    "zip too large": (lambda p: zipped(p, "a", "b", "c"), "more than 9 bytes"),
}


@pytest.mark.parametrize("trick", TRICKS)
def test_a_trick_is_an_error_that_leaves_nothing(trick: str, tmp_path: Path) -> None:
    make, why = TRICKS[trick]
    path = make(tmp_path / "pack")
    with pytest.raises(DataError, match=why):
        extract(path, tmp_path / "out", limit=9, count=3)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("mode", ["w:gz", "w:xz", "zip"])
def test_a_bomb_is_not_unpacked(mode: str, tmp_path: Path) -> None:
    """50 MB of zeros, in an archive of some kB: no more is read than the limit says."""
    path = tmp_path / "pack"
    if mode == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as pack, pack.open("zeros", "w") as zeros:
            for _ in range(50):
                zeros.write(bytes(1_000_000))
    else:
        with tarfile.open(path, mode, **({"preset": 0} if mode == "w:xz" else {"compresslevel": 1})) as tarred:  # type: ignore[call-overload]
            info = tarfile.TarInfo("zeros")
            info.size = 50_000_000
            tarred.addfile(info, Zeros())
    assert path.stat().st_size < 500_000
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="more than 10,000 bytes when unpacked"):
            extract(path, tmp_path / "out", limit=10_000)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    assert list(tmp_path.iterdir()) == [path]


class Zeros(io.RawIOBase):
    def read(self, count: int = -1) -> bytes:
        return bytes(count)


def test_a_sparse_member_is_refused(tmp_path: Path) -> None:
    """It says it is larger than what the archive holds of it."""
    with pytest.raises(DataError, match="a link or a device"):
        extract(tar(tmp_path / "pack", special("holes", tarfile.GNUTYPE_SPARSE)), tmp_path / "out")


@pytest.mark.parametrize("mode", ["w:gz", "w:xz", "w:bz2", "zip"])
def test_a_truncated_archive(mode: str, tmp_path: Path) -> None:
    names = [f"file{n}" for n in range(200)]
    path = zipped(tmp_path / "a", *names) if mode == "zip" else tar(tmp_path / "a", *names, mode=mode)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match="a: a damaged archive"):
        extract(path, tmp_path / "out")
    assert list(tmp_path.iterdir()) == [path]
