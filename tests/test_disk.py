"""Files and folders are whole or not there: at every step of a killed process, on a full disk, with two writers at once."""

from __future__ import annotations

import ctypes
import errno
import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import steps
from steps import NEW, NEW_USES, OLD, OLD_USES

from hooks import disk, records

# Killed


@pytest.mark.parametrize(
    ("what", "possible"),
    [
        ("first record", {"none, unsealed", "new, unsealed", "new, new"}),
        ("another record", {"old, old", "none, unsealed", "new, unsealed", "new, new"}),
        ("inputs", {"old, old", "old, new"}),
        ("first site", {"none", "new"}),
        ("another site", {"old", "new"}),
        ("another site, without exchange", {"old", "none", "new"}),
    ],
)
def test_killed_at_every_step(what: str, possible: set[str]) -> None:
    """No other state of affairs is ever found, and each of these is; what comes next makes it right."""
    done = subprocess.run([sys.executable, steps.__file__, what], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)) == possible, done.stdout


# A full disk


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("room", range(9))
def test_a_disk_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    """Wherever the space runs out, the old record stays, and nothing is left over."""
    steps.old(tmp_path)
    before = files(tmp_path)
    left, real = [room], os.fdopen

    def fdopen(*arguments: Any) -> Any:
        file = real(*arguments)
        left[0] -= 1
        if left[0] < 0:
            file.close()
            raise OSError(errno.ENOSPC, "No space left on device")
        return file

    monkeypatch.setattr(disk.os, "fdopen", fdopen)
    if room == 8:  # three figures with their rasters, outputs, inputs
        steps.new(tmp_path)
        assert records.read(steps.place(tmp_path)) == (NEW, NEW_USES, "")
        return
    with pytest.raises(OSError, match="No space left"):
        steps.new(tmp_path)
    assert files(tmp_path) == before
    assert records.read(steps.place(tmp_path)) == (OLD, OLD_USES, "")


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = sys.platform == "linux" and not subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", folder], capture_output=True).returncode
    if not mounted:
        pytest.skip("NOT TESTED: a real full disk. Mounting one needs root; the test above only pretends.")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_real_disk_that_is_full(small: Path) -> None:
    steps.old(small)
    before = files(small)
    (small / "ballast").write_bytes(b"x" * (os.statvfs(small).f_bavail - 3) * 4096)
    with pytest.raises(OSError, match="No space left"):
        steps.new(small)
    (small / "ballast").unlink()
    assert files(small) == before
    steps.new(small)
    assert records.read(steps.place(small)) == (NEW, NEW_USES, "")


def test_a_file_that_cannot_be_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    disk.replace_files({path: b"old"}, tmp_path)

    def refuse(*_: object) -> None:
        raise OSError("refused")

    monkeypatch.setattr(disk.os, "replace", refuse)
    with pytest.raises(OSError, match="refused"):
        disk.replace_files({path: b"new"}, tmp_path)
    assert files(tmp_path) == {"a.json": b"old"}


# Two at once


def together(folder: Path, *steps_: Callable[[Path], object]) -> None:
    """Let processes do things at the same time, each many times."""
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(len(steps_))
    processes = [spawn.Process(target=repeat, args=(barrier, step, folder)) for step in steps_]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert {process.exitcode for process in processes} == {0}


def repeat(barrier: Any, step: Callable[[Path], object], folder: Path) -> None:
    barrier.wait()
    end, count = time.monotonic() + 0.4, 0
    while time.monotonic() < end or count < 20:
        step(folder)
        count += 1


def seal_old(folder: Path) -> None:
    """Seal the old record, if it is there just now: never another one."""
    records.write_uses(steps.place(folder), OLD, OLD_USES)


def read_record(folder: Path) -> None:
    assert records.read(steps.place(folder)) in ((OLD, OLD_USES, ""), (NEW, NEW_USES, ""))


def sweep(folder: Path) -> None:
    records.sweep(folder / "_records")
    disk.sweep_folders(folder / "site")


def open_site(folder: Path) -> None:
    """There always is one."""
    os.close(os.open(folder / "site", os.O_RDONLY))


def test_writers_and_readers_of_one_record(tmp_path: Path) -> None:
    steps.old(tmp_path)
    together(tmp_path, steps.old, steps.new, seal_old, sweep, read_record)
    assert records.read(steps.place(tmp_path)) in ((OLD, OLD_USES, ""), (NEW, NEW_USES, ""))
    assert not [name for name in files(tmp_path) if name.endswith(".part")]


def exchanges(tmp_path: Path) -> bool:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    done = disk._exchange(tmp_path / "one", tmp_path / "other")
    for name in ("one", "other"):
        (tmp_path / name).rmdir()
    return done


def test_makers_of_one_site(tmp_path: Path) -> None:
    if not exchanges(tmp_path):
        pytest.skip("NOT TESTED: this system cannot exchange two folders in one step")
    steps.site(tmp_path)
    together(tmp_path, steps.remake, steps.remake, sweep, open_site)
    assert steps.which(tmp_path) == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_makers_of_one_site_without_exchange(tmp_path: Path) -> None:
    steps.site(tmp_path)
    together(tmp_path, steps.renames, steps.renames, sweep)
    assert steps.which(tmp_path) == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


# What is nobody's is removed, and nothing else


def test_what_is_still_being_made_stays(tmp_path: Path) -> None:
    steps.site(tmp_path)
    made = disk.Making(tmp_path / "site")
    disk.sweep_folders(tmp_path / "site")
    assert made.folder.is_dir()
    steps.fill(made.folder, "new")
    made.finish()
    assert steps.which(tmp_path) == "new"


def test_the_folders_of_others_stay(tmp_path: Path) -> None:
    names = {".site-backup", ".site-old", ".sites-made-abcdefgh", ".site-made-abcdefgh-older", "site-made-abcdefgh", ".site-made-made-abcdefgh"}
    for name in names:
        (tmp_path / name).mkdir()
    disk.sweep_folders(tmp_path / "site")
    assert {path.name for path in tmp_path.iterdir()} == names


def test_a_record_beside_a_chapter_of_its_name(tmp_path: Path) -> None:
    """The pictures of `rain.md` and the records of `rain/hail.md` share a folder."""
    above, below = tmp_path / "rain.json", tmp_path / "rain" / "hail.json"
    records.write(below, OLD, OLD_USES, {})
    records.write(above, steps.record("rain"), NEW_USES, {})
    records.write(above, steps.record(), NEW_USES, {})
    assert records.read(below) == (OLD, OLD_USES, "")
    assert records.read(above)[0] == steps.record()


def test_a_site_that_is_a_link(tmp_path: Path) -> None:
    """What the link leads to is replaced; the link stays."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "site").symlink_to(tmp_path / "elsewhere" / "rain")
    steps.fill(tmp_path / "elsewhere" / "rain", "old")
    steps.remake(tmp_path)
    assert (tmp_path / "site").is_symlink()
    assert steps.which(tmp_path) == "new"
    assert [path.name for path in (tmp_path / "elsewhere").iterdir()] == ["rain"]


@pytest.mark.parametrize("step", ["_lock", "_exchange"])
def test_a_system_without_such_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    monkeypatch.setattr(disk, "fcntl", None) if step == "_lock" else monkeypatch.setattr(ctypes, "CDLL", dict)
    steps.site(tmp_path)
    steps.old(tmp_path)
    steps.remake(tmp_path)
    steps.new(tmp_path)
    assert steps.which(tmp_path) == "new"
    assert records.read(steps.place(tmp_path)) == (NEW, NEW_USES, "")
