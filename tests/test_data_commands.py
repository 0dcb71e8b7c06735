"""The commands as a newcomer meets them: without packages, without a network, through a pipe."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
WITHOUT = """
import runpy, sys
from importlib import metadata

gone = set(sys.argv[1].split(","))


class Gone:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in gone:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def version(name, known=metadata.version):
    if name in gone:
        raise metadata.PackageNotFoundError(name)
    return known(name)


sys.meta_path.insert(0, Gone())
metadata.version = version
sys.argv = sys.argv[2:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def without(packages: str, *command: str, cache: Path) -> subprocess.CompletedProcess[str]:
    """`python -m COMMAND` where the packages are not installed, there is no mirror, and the proxy is dead."""
    dead = "http://127.0.0.1:9"
    environment = {**os.environ, "DLKIT_CACHE": str(cache), "DLKIT_MIRROR": "", "http_proxy": dead, "https_proxy": dead, "no_proxy": ""}
    arguments = [sys.executable, "-c", WITHOUT, packages, *command]
    return subprocess.run(arguments, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=300)


def test_check_without_torch(tmp_path: Path) -> None:
    done = without("torch", "dlkit", "check", cache=tmp_path)
    assert done.returncode == 1
    assert done.stderr == ""
    assert "missing: torch; mend: python -m pip install '.[run]', in the folder of the book" in done.stdout
    assert "devices" not in done.stdout
    assert f"0 of 31 sets in {tmp_path}" in done.stdout
    assert "all at once (140 MB): python -m dlkit.data fetch --all" in done.stdout


@pytest.mark.parametrize("packages", ["pooch", "filelock", "torch,pooch,filelock,scikit-learn,matplotlib"])
def test_check_without_what_fetches(packages: str, tmp_path: Path) -> None:
    done = without(packages, "dlkit", "check", cache=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert "mend: python -m pip install '.[run]', in the folder of the book" in done.stdout


@pytest.mark.parametrize("package", ["pooch", "filelock"])
def test_the_data_commands_say_what_they_need(package: str, tmp_path: Path) -> None:
    done = without(package, "dlkit.data", "list", cache=tmp_path)
    assert done.returncode == 1
    assert done.stderr == f"data sets need {package}, which is missing; mend: python -m pip install '.[run]', in the folder of the book\n"


def test_no_network(tmp_path: Path) -> None:
    """Without torch, too. One failure does not keep the others from being tried; no traceback."""
    done = without("torch", "dlkit.data", "fetch", "names", "namse", "series", cache=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "data set 'names': names.txt (228,145 bytes) could not be had." in done.stderr
    assert "no connection (ProxyError)" in done.stderr
    assert "the catalogue has no set 'namse'; did you mean names" in done.stderr
    assert "data set 'series'" in done.stderr


def test_the_list_through_a_pipe(tmp_path: Path) -> None:
    shell = f"{sys.executable} -m dlkit.data list | head -1"
    environment = {**os.environ, "DLKIT_CACHE": str(tmp_path)}
    done = subprocess.run(["bash", "-o", "pipefail", "-c", shell], capture_output=True, text=True, cwd=ROOT, env=environment, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["set", "size", "here", "dlkit.data.", "license"]
    done = without("torch", "dlkit.data", "list", cache=tmp_path)
    assert re.search(r"^fra-eng +3\.0 MB +french +CC BY 2\.0", done.stdout, re.MULTILINE)
    assert "From upstream alone, on no mirror" in done.stdout
    assert "too large for the mirror; in its place: cifar10-jpeg" in done.stdout


def test_generated_data_need_no_package_that_fetches() -> None:
    code = "import sys; from dlkit.data import glyphs, arithmetic; glyphs(2); print(*{'pooch', 'filelock', 'requests'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert "pooch" not in done.stdout
    assert "requests" not in done.stdout
