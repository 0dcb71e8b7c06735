"""What a package is called where one installs it."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

import pytest

from hooks.book import canonical
from hooks.distributions import Distributions


def test_every_package_here_has_the_distributions_that_python_names() -> None:
    wanted = importlib.metadata.packages_distributions()
    asked = Distributions()
    assert len(asked.holders) > 50
    if sys.version_info < (3, 12):  # later ones count folders without Python, too
        assert asked.holders.keys() == wanted.keys()
    for package in asked.holders:
        names = wanted[package]
        assert asked.versions([package]) == {canonical(name): importlib.metadata.version(name) for name in names}, package


@pytest.mark.parametrize(("package", "distribution"), [("PIL", "pillow"), ("yaml", "pyyaml"), ("IPython", "ipython"), ("mpl_toolkits", "matplotlib")])
def test_names_that_differ(package: str, distribution: str) -> None:
    assert distribution in Distributions().versions([package])


def test_what_is_not_installed_has_none() -> None:
    assert Distributions().versions(["sys", "json", "umbrella_2", "hooks_2"]) == {}


def test_many_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two distributions with modules of one namespace, one that declares what it holds, and one of a single file."""
    for name, lists in {
        "rain_north": {"RECORD": "rain/north.py,sha256=a,1\nrain_north-2.dist-info/METADATA,,\n"},
        "rain_south": {"RECORD": "rain/south.py,sha256=b,1\nrain/data.txt,,\n"},
        "Snow.Flake": {"top_level.txt": "snow\nice\n", "RECORD": "hail.py,,\n"},
        "one_file": {"RECORD": "fog.py,sha256=c,9\r\n__pycache__/fog.cpython-311.pyc,,\r\n"},
    }.items():
        folder = tmp_path / f"{name}-2.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2\n")
        for file, text in lists.items():
            (folder / file).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    asked = Distributions()
    assert asked.versions(["rain", "snow", "fog"]) == {"rain-north": "2", "rain-south": "2", "snow-flake": "2", "one-file": "2"}
    assert asked.versions(["ice"]) == {"snow-flake": "2"}
    assert asked.versions(["hail"]) == {}
