"""That the databases are what the suite takes them for."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.conformance import databases

databases.need()
import torch  # noqa: E402

TESTS = Path(__file__).parents[1]


def test_one_file_knows_torchs_internals() -> None:
    for path in TESTS.rglob("*.py"):
        if path != Path(databases.__file__):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ImportFrom):
                    assert "torch.testing._internal" not in (node.module or ""), path
                elif isinstance(node, ast.Import):
                    assert not any("torch.testing._internal" in alias.name for alias in node.names), path


def test_the_databases_are_large() -> None:
    assert len(databases.operations()) > 600
    assert len(databases.layers()) > 100
    assert len(databases.optimizers()) >= 15
    assert len(databases.settings(databases.optimizers()["SGD"])) == 9
    assert len(databases.layer_samples(databases.layers()["nn.Linear"], torch.float32, training=True)) == 3


def test_samples_are_the_same_at_each_call() -> None:
    (entry,) = databases.operations()["exp"]
    first, second = (databases.samples(entry, torch.float32) for _ in range(2))
    assert len(first) == len(second) > 0
    assert all(torch.equal(a.input, b.input) for a, b in zip(first, second, strict=True))


def test_another_release_of_torch_is_refused_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "RELEASE", "0.0.0")
    databases.missing.cache_clear()
    with pytest.raises(RuntimeError, match=r"is installed, and its databases are read as release 0\.0\.0"):
        databases._load("common_modules", "module_db")
    with pytest.raises(pytest.skip.Exception, match="NOT COMPARED WITH TORCH"):
        databases.need()
    databases.missing.cache_clear()
