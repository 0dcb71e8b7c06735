"""Fixtures that several tests share."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from copies import ROOT, Tiny, copy
from filelock import FileLock
from upstream import server as server
from upstream import toy as toy


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    """A fresh clone of the tiny book."""
    return copy(tmp_path / "tinybook")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The book's site, built once for all workers. A stale record is an error that says so, and nothing is written."""
    shared = tmp_path_factory.getbasetemp() if worker_id == "master" else tmp_path_factory.getbasetemp().parent
    folder = shared / "site"
    with FileLock(shared / "site.lock"):
        if not folder.exists():
            environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
            command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
            done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            assert done.returncode == 0, done.stdout
    return folder
