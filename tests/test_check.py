"""`python -m dlkit check` says what is there, and how to mend what is not."""

from pathlib import Path

import pytest
import torch

from dlkit.__main__ import main
from dlkit.data import sets


def test_it_tells_of_versions_devices_and_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DLKIT_CACHE", str(tmp_path))
    monkeypatch.setenv("DLKIT_MIRROR", str(tmp_path / "nowhere"))
    assert main(["check"]) == 0
    said = capsys.readouterr().out
    assert f"torch {torch.__version__}" in said
    assert ("cuda:0" in said) == torch.cuda.is_available()
    assert f"0 of {sum(not held.off_mirror for held in sets().values())} sets in {tmp_path}" in said
    assert "which is no folder; mend:" in said


def test_a_missing_package_has_its_mend(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("dlkit.check.PACKAGES", ("numpy", "no-such-package"))
    assert main(["check"]) == 1
    assert "missing: no-such-package; mend: python -m pip install '.[run]', in the folder of the book" in capsys.readouterr().out


def test_another_word_is_told_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage: python -m dlkit check" in capsys.readouterr().err
