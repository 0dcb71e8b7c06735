"""Which part may import which: the walls of the house."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HOOKS = sorted((ROOT / "hooks").glob("*.py"))
GROUND = ("section", "outline", "records")  # these import no other stage
TOP = ("mkdocs_events", "__main__")
FOUNDATION = {"problem", "disk", "keys", "marks", "options", "front", "prose", "contents", "outline", "records"}
FOUNDATION |= {"section", "nodes", "terms", "titles", "scan", "lines", "containers", "fences", "commands", "smoke"}  # the parser


def imported(path: Path) -> set[str]:
    """Dotted names of everything a module imports, inside functions too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", HOOKS, ids=lambda path: path.stem)
def test_the_build_does_not_know_what_the_book_is_about(path: Path) -> None:
    packages = {name.partition(".")[0] for name in imported(path)}
    assert not packages & {"dlkit", "torch", "numpy", "sklearn", "pandas"}
    words = {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
    assert not words & {"dlkit", "torch"}
    assert "dlkit" not in path.read_text()
    if path.stem != "mkdocs_events":
        assert "mkdocs" not in packages


@pytest.mark.parametrize("path", HOOKS, ids=lambda path: path.stem)
def test_stages_never_import_the_top(path: Path) -> None:
    assert not {f"hooks.{name}" for name in TOP} & imported(path)


@pytest.mark.parametrize("stem", GROUND)
def test_the_ground_stands_on_nothing_but_itself(stem: str) -> None:
    stages = {name.split(".")[1] for name in imported(ROOT / "hooks" / f"{stem}.py") if name.startswith("hooks.")}
    assert stages <= FOUNDATION


def test_no_file_has_a_standard_librarys_name() -> None:
    assert not {path.stem for path in HOOKS if not path.stem.startswith("__")} & set(sys.stdlib_module_names)


@pytest.mark.parametrize("path", sorted((ROOT / "dlkit").rglob("*.py")), ids=lambda path: path.stem)
def test_the_library_does_not_know_the_build(path: Path) -> None:
    assert "hooks" not in {name.partition(".")[0] for name in imported(path)}


def test_importing_the_library_needs_numpy_alone() -> None:
    """And a step of training needs no more."""
    code = (
        "import sys, dlkit; from dlkit import nn, optim; net = nn.Linear(2, 1); net(dlkit.randn(3, 2)).sum().backward();"
        "optim.Adam(net.parameters()).step(); others = {'torch', 'scipy', 'array_api_compat', 'matplotlib', 'sklearn'};"
        "print(*sorted({n.partition('.')[0] for n in sys.modules} & others))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == ""


def test_the_records_hold_one_platform() -> None:
    """What is committed was made on the reference platform, with the pinned packages."""
    for path in (ROOT / "book_src" / "_records").rglob("*.json"):
        assert '"provisional"' not in path.read_text(), path
